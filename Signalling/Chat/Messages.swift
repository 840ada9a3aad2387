// Rows of messages: finding, paging, storing, changing and removing them. Who may has been asked before.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

enum Messages {
  private static let select = "SELECT \(Message.columns) FROM messages m JOIN users u ON u.id = m.user_id"

  static func find(_ id: Identifier, _ tables: Tables) throws(Problem) -> Message {
    guard let found = try tables.first("\(select) WHERE m.id = ?1", id, row: { row in Message(row) }) else {
      throw .notFound("message")
    }
    return found
  }

  /// The message, for somebody who sees its channel. To everybody else there is no such message.
  static func find(
    _ id: Identifier, seenBy user: Identifier, _ directory: Directory, at time: WallTime, _ tables: Tables
  ) throws(Problem) -> Message {
    let message = try find(id, tables)
    guard directory.sees(user, message.channel, at: time) else { throw .notFound("message") }
    return message
  }

  // MARK: Pages

  enum Place: Hashable {
    case newest
    /// Older than the message.
    case before(Identifier)
    /// The ones that follow the message.
    case after(Identifier)
    /// The message in the middle.
    case around(Identifier)
  }

  static let older = "\(select) WHERE m.channel_id = ?1 AND m.id < ?2 ORDER BY m.id DESC LIMIT ?3"
  static let newer = "\(select) WHERE m.channel_id = ?1 AND m.id > ?2 ORDER BY m.id ASC LIMIT ?3"

  /// At most `limit` messages of the channel, newest first. The messages that the place names need not exist any more.
  static func page(
    _ place: Place, of channel: Identifier, limit: Int, _ tables: Tables
  ) throws(Problem) -> [Message] {
    switch place {
    case .newest: return try older(Int64.max, channel, limit, tables)
    case .before(let id): return try older(id.rawValue, channel, limit, tables)
    case .after(let id): return try newer(id.rawValue, channel, limit, tables)
    case .around(let id):
      let half = limit / 2
      let below = try older(min(id.rawValue, Int64.max - 1) + 1, channel, half + 1, tables)
      return try newer(id.rawValue, channel, limit - half - 1, tables) + below
    }
  }

  private static func older(
    _ id: Int64, _ channel: Identifier, _ limit: Int, _ tables: Tables
  ) throws(Problem) -> [Message] {
    try tables.query(older, channel, id, limit) { row in Message(row) }
  }

  private static func newer(
    _ id: Int64, _ channel: Identifier, _ limit: Int, _ tables: Tables
  ) throws(Problem) -> [Message] {
    try tables.query(newer, channel, id, limit) { row in Message(row) }.reversed()
  }

  // MARK: Changes

  /// Stores the message, makes it findable, and makes it the last of its channel.
  static func insert(_ message: Message, externalID: String? = nil, _ tables: Tables) throws(Problem) {
    try tables.execute(
      """
      INSERT INTO messages (id, channel_id, user_id, content, type, flags, created_at, edited_at, reply_to, nonce,
        external_message_id, webhook_id, webhook_name, webhook_avatar)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
      """, message.id, message.channel, message.author.id, message.content, message.type.rawValue,
      message.flags.rawValue, message.createdAt, message.editedAt, message.replyTo, message.nonce, externalID,
      message.webhook?.id, message.webhook?.name, message.webhook?.avatar)
    try SearchIndex.add(message, tables)
    // An imported one may be older than what is there.
    try tables.execute(
      "UPDATE channels SET last_message_id = ?2 WHERE id = ?1 AND coalesce(last_message_id, 0) < ?2", message.channel,
      message.id)
  }

  /// Makes the row say `message` where it said `old`.
  static func update(_ message: Message, from old: Message, _ tables: Tables) throws(Problem) {
    try tables.execute(
      "UPDATE messages SET content = ?2, flags = ?3, edited_at = ?4, embeds = ?5 WHERE id = ?1", message.id,
      message.content, message.flags.rawValue, message.editedAt, message.embeds)
    try SearchIndex.update(message, from: old, tables)
  }

  /// Removes messages of one channel, with everything that hangs on them.
  static func remove(_ messages: [Message], of channel: Identifier, _ tables: Tables) throws(Problem) {
    guard !messages.isEmpty else { return }
    try MessageFiles.remove(of: messages.filter { $0.flags.contains(.files) }.map(\.id), tables)
    for message in messages {
      try SearchIndex.remove(message, tables)
      try tables.execute("DELETE FROM messages WHERE id = ?1", message.id)
    }
    try tables.execute(
      "UPDATE channels SET last_message_id = (SELECT max(id) FROM messages WHERE channel_id = ?1) WHERE id = ?1",
      channel)
  }

  /// As many messages of `channel` as `ids` name.
  static func find(_ ids: [Identifier], in channel: Identifier, _ tables: Tables) throws(Problem) -> [Message] {
    let sql = """
      SELECT \(Message.columns) FROM json_each(?1) j CROSS JOIN messages m ON m.id = j.value
      JOIN users u ON u.id = m.user_id WHERE m.channel_id = ?2 ORDER BY m.id
      """
    return try tables.query(sql, list(ids), channel) { row in Message(row) }
  }
}
