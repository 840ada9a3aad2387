// Messages that come from elsewhere, with the times and authors that they had there.

public import API
import Access
public import Chronology
public import Identifiers
public import Problems
import SQL

/// A message of another server.
public struct ImportedMessage: Sendable {
  /// Its name there, with the name of the place: two with the same are one (UN-088).
  public var externalID: String
  public var channel: Identifier
  /// An account here, as a rule one of kind `imported`.
  public var author: Identifier
  public var content: String
  public var createdAt: WallTime
  public var editedAt: WallTime?
  /// The `externalID` of the message that it answers.
  public var replyTo: String?
  public var isPinned = false
  public var type = MessageType.ordinary
  /// Files that are stored already and belong to no message.
  public var attachments: [Identifier] = []
  /// Emojis and the accounts that chose them.
  public var reactions: [(emoji: String, users: [Identifier])] = []

  public init(
    externalID: String, channel: Identifier, author: Identifier, content: String, createdAt: WallTime
  ) {
    self.externalID = externalID
    self.channel = channel
    self.author = author
    self.content = content
    self.createdAt = createdAt
  }
}

extension Chat {
  /// Stores an imported message at its place in time. Nil when it is there already; then nothing changes. It tells
  /// nobody and notifies nobody, whatever it names. The text may be longer than people may write.
  public static func store(
    _ imported: ImportedMessage, _ writing: inout Writing
  ) throws(Problem) -> Identifier? {
    let tables = writing.tables
    let known = "SELECT id FROM messages WHERE external_message_id = ?1"
    guard try !tables.exists(known, imported.externalID) else { return nil }
    guard let author = try tables.first(Author.byID, imported.author, row: { row in Author(row, from: 0) }) else {
      throw .notFound("user")
    }
    var message = Message(
      id: try free(at: imported.createdAt, tables), channel: imported.channel, author: author,
      createdAt: imported.createdAt)
    message.content = imported.content.isEmpty ? nil : imported.content
    message.type = imported.type
    message.editedAt = imported.editedAt
    if let answered = imported.replyTo {
      message.replyTo = try tables.first(known, answered) { row in row.identifier(0) }
    }
    if !MentionTokens(imported.content).links.isEmpty { message.flags.insert(.links) }
    if imported.isPinned { message.flags.insert(.pinned) }
    if !imported.reactions.isEmpty { message.flags.insert(.reactions) }
    message.flags.formUnion(try MessageFiles.kinds(of: imported.attachments, by: imported.author, tables))
    try Messages.insert(message, externalID: imported.externalID, tables)
    try MessageFiles.link(imported.attachments, to: message.id, in: imported.channel, tables)
    try storeExtras(imported, message, writing)
    return message.id
  }

  private static func storeExtras(
    _ imported: ImportedMessage, _ message: Message, _ writing: borrowing Writing
  ) throws(Problem) {
    for (emoji, users) in imported.reactions.prefix(Limit.reactions) {
      for user in users {
        try writing.tables.execute(
          "INSERT OR IGNORE INTO reactions (message_id, emoji, user_id, created_at) VALUES (?1, ?2, ?3, ?4)",
          message.id, emoji, user, imported.createdAt)
      }
    }
    guard imported.isPinned else { return }
    try writing.tables.execute(
      "INSERT INTO pins (message_id, channel_id, pinned_at) VALUES (?1, ?2, ?3)", message.id, imported.channel,
      imported.createdAt)
  }

  /// The first id of this moment that no message has.
  private static func free(at time: WallTime, _ tables: Tables) throws(Problem) -> Identifier {
    let first = Identifier(from: time)
    // After the last of this millisecond; at its very end that is the next millisecond, where there may be more.
    let last = try tables.first(
      "SELECT max(id) FROM messages WHERE id >= ?1 AND id < ?2", first, Identifier(rawValue: first.rawValue + 1 << 22)
    ) { row in row.optionalIdentifier(0) }
    guard let last = last ?? nil else { return first }
    var id = Identifier(rawValue: last.rawValue + 1)
    while try tables.exists("SELECT 1 FROM messages WHERE id = ?1", id) { id = Identifier(rawValue: id.rawValue + 1) }
    return id
  }
}
