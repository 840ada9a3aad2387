// Sending a message: the hottest write of the server, in as few statements as it takes.

public import API
import Access
import Chronology
public import Identifiers
public import JSON
public import Problems
import SQL

/// A message that is to be sent.
public struct Draft: Sendable {
  public var channel: Identifier
  /// The account that it is counted to.
  public var author: Identifier
  /// Taken as it is, but for white space around it.
  public var content: String
  /// Uploads of the author that belong to no message yet.
  public var attachments: [Identifier] = []
  public var replyTo: Identifier?
  /// What the sender calls it: sent again under the same name, it is the same message.
  public var nonce: String?
  public var type = MessageType.ordinary
  /// Shown instead of the author.
  public var webhook: WebhookAuthor?
  /// Whether it may notify everybody and all roles. Nil: as the author may.
  public var mayMentionAll: Bool?

  public init(channel: Identifier, author: Identifier, content: String) {
    self.channel = channel
    self.author = author
    self.content = content
  }
}

/// A message that is stored.
public struct Posted: Sendable {
  public var id: Identifier
  /// As its author gets it.
  public var json: JSONValue
  /// False when it had been there already, under the same nonce.
  public var isNew: Bool
}

/// What other modules do with messages.
public enum Chat {
  /// Stores `draft` and tells everybody who sees the channel. Who may write there has been asked by the caller, except
  /// for the rules of time (slow mode) and of conversations (blocks), which are here.
  public static func post(_ draft: Draft, _ writing: inout Writing) throws(Problem) -> Posted {
    guard let channel = writing.directory.channels[draft.channel] else { throw .notFound("channel") }
    let content = draft.content.trimmed
    guard content.unicodeScalars.count <= Limit.contentCharacters else {
      throw .invalid("/content", "must have at most \(Limit.contentCharacters) characters")
    }
    guard !content.isEmpty || !draft.attachments.isEmpty else {
      throw .invalid("/content", "a message has text or attachments")
    }
    let before = try Precedent(draft, writing)
    if let first = before.duplicate {
      let message = try Messages.find(first, writing.tables)
      return Posted(id: first, json: try MessageView.render(message, for: draft.author, writing.tables), isNew: false)
    }
    try before.allow(draft, writing)
    return try store(draft, content, channel, before.author, &writing)
  }

  private static func store(
    _ draft: Draft, _ content: String, _ channel: Channel, _ author: Author, _ writing: inout Writing
  ) throws(Problem) -> Posted {
    let tables = writing.tables
    try checkReply(draft, tables)
    let tokens = MentionTokens(content)
    let mayAll =
      draft.mayMentionAll
      ?? writing.directory.permissions(of: draft.author, in: draft.channel, at: writing.at).contains(.mentionEveryone)
    let mentions = try MentionSet.resolve(tokens, mayAll: mayAll, writing.directory, tables)
    var message = Message(
      id: writing.newIdentifier(), channel: draft.channel, author: author, createdAt: writing.at)
    message.content = content.isEmpty ? nil : content
    message.type = draft.type
    message.replyTo = draft.replyTo
    message.nonce = draft.nonce
    message.webhook = draft.webhook
    message.flags = mentions.marking(channel.kind.isConversation ? .conversation : [])
    if !tokens.links.isEmpty { message.flags.insert(.links) }
    message.flags.formUnion(try MessageFiles.kinds(of: draft.attachments, by: draft.author, tables))
    try Messages.insert(message, tables)
    try MessageFiles.link(draft.attachments, to: message.id, in: draft.channel, tables)
    try mentions.store(for: message.id, in: draft.channel, tables)
    if draft.webhook == nil, draft.type == .ordinary { try ReadStates.wrote(message, tables) }
    if channel.kind.isConversation { try Conversations.reopen(channel, &writing) }
    let event = try MessageView.render(message, for: nil, tables)
    writing.emit("message_create", ["message": event], to: .channel(draft.channel))
    if message.flags.contains(.links) { writing.then(.linksPosted(message: message.id)) }
    return Posted(id: message.id, json: event, isNew: true)
  }

  private static func checkReply(_ draft: Draft, _ tables: Tables) throws(Problem) {
    guard let id = draft.replyTo else { return }
    guard try tables.exists("SELECT 1 FROM messages WHERE id = ?1 AND channel_id = ?2", id, draft.channel) else {
      throw .invalid("/reply_to", "there is no such message in this channel")
    }
  }
}

/// What has to be known before a message is stored, in one query.
struct Precedent {
  var author: Author
  /// Seconds between two messages of a member.
  var slowMode: Int64
  var lastSent: WallTime?
  /// The message that has the nonce already.
  var duplicate: Identifier?

  static let sql = """
    SELECT \(Author.columns), c.slow_mode, r.last_sent_at,
      (SELECT n.id FROM messages n WHERE n.user_id = ?2 AND n.channel_id = ?1 AND n.nonce = ?3 AND n.id > ?4)
    FROM channels c JOIN users u ON u.id = ?2
    LEFT JOIN read_states r ON r.user_id = ?2 AND r.channel_id = ?1
    WHERE c.id = ?1
    """

  init(_ draft: Draft, _ writing: borrowing Writing) throws(Problem) {
    let since = Identifier(from: WallTime(milliseconds: writing.at.milliseconds - Limit.nonceMilliseconds))
    let found = try writing.tables.first(Self.sql, draft.channel, draft.author, draft.nonce, since) { row in
      Precedent(
        author: Author(row, from: 0), slowMode: row.int64(5), lastSent: row.optionalTime(6),
        duplicate: row.optionalIdentifier(7))
    }
    guard let found else { throw .notFound("channel") }
    self = found
  }

  private init(author: Author, slowMode: Int64, lastSent: WallTime?, duplicate: Identifier?) {
    self.author = author
    self.slowMode = slowMode
    self.lastSent = lastSent
    self.duplicate = duplicate
  }

  /// Passes when it is not too soon and nobody has closed the door.
  func allow(_ draft: Draft, _ writing: borrowing Writing) throws(Problem) {
    if slowMode > 0, draft.webhook == nil, let lastSent {
      let wait = lastSent.milliseconds + slowMode * 1_000 - writing.at.milliseconds
      let held = writing.directory.permissions(of: draft.author, in: draft.channel, at: writing.at)
      if wait > 0, !held.contains(.bypassSlowMode) {
        throw Problem(
          .rateLimit, "this channel is in slow mode", reason: "slow_mode", retryAfter: Double(wait) / 1_000)
      }
    }
    guard let channel = writing.directory.channels[draft.channel], channel.kind == .direct else { return }
    for other in channel.participants where other != draft.author {
      guard try !Blocks.exists(between: draft.author, and: other, writing.tables) else { throw Blocks.refusal }
    }
  }
}

extension String {
  /// Without white space and line breaks at both ends.
  var trimmed: String {
    let scalars = unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }
}
