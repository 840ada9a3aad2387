// A message as its row says it, with the author's name.

import API
import Chronology
import Identifiers
import SQL

/// Who shows as the author.
struct Author: Sendable {
  var id: Identifier
  var username: String
  var displayName: String?
  var avatar: String?
  var isBot: Bool

  /// Columns of `users u` in the order that `init(_:from:)` reads.
  static let columns = "u.id, u.username, u.display_name, u.avatar_blob, u.kind = 'bot'"

  static let byID = "SELECT \(columns) FROM users u WHERE u.id = ?1"

  init(_ row: borrowing Row, from column: Int) {
    id = row.identifier(column)
    username = row.text(column + 1)
    displayName = row.optionalText(column + 2)
    avatar = row.optionalText(column + 3)
    isBot = row.bool(column + 4)
  }
}

/// The sender behind a message that came through a webhook.
public struct WebhookAuthor: Sendable, Hashable {
  public var id: Identifier
  /// What the message shows instead of an account's name.
  public var name: String
  /// The address of a picture.
  public var avatar: String?

  public init(id: Identifier, name: String, avatar: String? = nil) {
    self.id = id
    self.name = name
    self.avatar = avatar
  }
}

public enum MessageType: Int, Sendable, Hashable {
  case ordinary = 0
  /// Told by the server itself.
  case system = 1

  var word: String { self == .ordinary ? "default" : "system" }
}

struct Message: Sendable {
  var id: Identifier
  var channel: Identifier
  var content: String?
  var type: MessageType
  var flags: MessageFlags
  var createdAt: WallTime
  var editedAt: WallTime?
  var replyTo: Identifier?
  var nonce: String?
  var webhook: WebhookAuthor?
  /// A JSON array.
  var embeds: String?
  var author: Author

  /// Columns of `messages m JOIN users u` in the order that `init(_:)` reads.
  static let columns = """
    m.id, m.channel_id, m.content, m.type, m.flags, m.created_at, m.edited_at, m.reply_to, m.nonce, m.webhook_id,
    m.webhook_name, m.webhook_avatar, m.embeds, \(Author.columns)
    """

  init(_ row: borrowing Row) {
    id = row.identifier(0)
    channel = row.identifier(1)
    content = row.optionalText(2)
    type = MessageType(rawValue: row.int(3)) ?? .ordinary
    flags = MessageFlags(rawValue: row.int64(4))
    createdAt = row.time(5)
    editedAt = row.optionalTime(6)
    replyTo = row.optionalIdentifier(7)
    nonce = row.optionalText(8)
    if let id = row.optionalIdentifier(9) {
      webhook = WebhookAuthor(id: id, name: row.text(10), avatar: row.optionalText(11))
    }
    embeds = row.optionalText(12)
    author = Author(row, from: 13)
  }

  init(id: Identifier, channel: Identifier, author: Author, createdAt: WallTime) {
    self.id = id
    self.channel = channel
    self.author = author
    self.createdAt = createdAt
    type = .ordinary
    flags = []
  }

  /// Whether `user` wrote it and may therefore change it: what a webhook or the server said is nobody's.
  func isWritten(by user: Identifier) -> Bool { author.id == user && webhook == nil && type == .ordinary }
}
