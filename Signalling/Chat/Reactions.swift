// Emojis under messages (MQ-256) and messages pinned to their channel (MQ-257).

import API
import Access
import Identifiers
import JSON
import Problems
import SQL

/// One emoji of Unicode.
struct Emoji: Hashable, Sendable {
  let text: String

  /// Nil for what is not exactly one emoji.
  init?(_ text: String) {
    guard text.utf8.count <= Limit.emojiBytes, text.count == 1, let first = text.unicodeScalars.first else {
      return nil
    }
    // Digits, `#` and `*` are emojis with the mark of a keycap behind them.
    let isKeycap = first.isASCII && text.unicodeScalars.last?.value == 0x20e3
    guard first.properties.isEmoji, !first.isASCII || isKeycap else { return nil }
    self.text = text
  }
}

enum Reactions {
  /// A message under which `user` may react: with everything that writing needs.
  private static func message(
    _ id: Identifier, for user: Identifier, _ writing: borrowing Writing
  ) throws(Problem) -> Message {
    let message = try Messages.find(id, seenBy: user, writing.directory, at: writing.at, writing.tables)
    try writing.directory.require(.sendMessages, of: user, in: message.channel, at: writing.at)
    return message
  }

  static func add(_ emoji: Emoji, to id: Identifier, by user: Identifier, _ writing: inout Writing) throws(Problem) {
    let message = try message(id, for: user, writing)
    let tables = writing.tables
    if try !tables.exists("SELECT 1 FROM reactions WHERE message_id = ?1 AND emoji = ?2", id, emoji.text) {
      let sql = "SELECT count(DISTINCT emoji) FROM reactions WHERE message_id = ?1"
      let kinds = try tables.first(sql, id) { row in row.int(0) } ?? 0
      guard kinds < Limit.reactions else {
        throw Problem(
          .conflict, "a message has at most \(Limit.reactions) different reactions", reason: "reaction_limit")
      }
    }
    let added = try tables.execute(
      "INSERT OR IGNORE INTO reactions (message_id, emoji, user_id, created_at) VALUES (?1, ?2, ?3, ?4)", id,
      emoji.text,
      user, writing.at)
    guard added > 0 else { return }
    if !message.flags.contains(.reactions) {
      try tables.execute(
        "UPDATE messages SET flags = flags | ?2 WHERE id = ?1", id, MessageFlags.reactions.rawValue)
    }
    writing.emit("reaction_add", event(message, emoji, user), to: .channel(message.channel))
  }

  static func remove(
    _ emoji: Emoji, from id: Identifier, by user: Identifier, _ writing: inout Writing
  ) throws(Problem) {
    let message = try Messages.find(id, seenBy: user, writing.directory, at: writing.at, writing.tables)
    let removed = try writing.tables.execute(
      "DELETE FROM reactions WHERE message_id = ?1 AND emoji = ?2 AND user_id = ?3", id, emoji.text, user)
    guard removed > 0 else { return }
    writing.emit("reaction_remove", event(message, emoji, user), to: .channel(message.channel))
  }

  /// Takes an emoji with all who chose it from a message; for who manages messages.
  static func clear(_ emoji: Emoji, from id: Identifier, by user: Identifier, _ writing: inout Writing) throws(Problem)
  {
    let message = try Messages.find(id, seenBy: user, writing.directory, at: writing.at, writing.tables)
    try writing.directory.require(.manageMessages, of: user, in: message.channel, at: writing.at)
    let removed = try writing.tables.execute(
      "DELETE FROM reactions WHERE message_id = ?1 AND emoji = ?2", id, emoji.text)
    guard removed > 0 else { return }
    writing.emit("reaction_remove", event(message, emoji, nil), to: .channel(message.channel))
  }

  static let whoReacted = """
    SELECT user_id FROM reactions WHERE message_id = ?1 AND emoji = ?2 AND user_id > ?3 ORDER BY user_id LIMIT ?4
    """

  /// Who chose the emoji, by id, after `user`.
  static func users(
    _ emoji: Emoji, of id: Identifier, after user: Identifier, limit: Int, _ tables: Tables
  ) throws(Problem) -> [Identifier] {
    try tables.query(whoReacted, id, emoji.text, user, limit) { row in row.identifier(0) }
  }

  /// `user_id` is null where everybody's were taken away.
  private static func event(_ message: Message, _ emoji: Emoji, _ user: Identifier?) -> JSONValue {
    [
      "message_id": .id(message.id), "channel_id": .id(message.channel), "user_id": user.map { .id($0) } ?? .null,
      "emoji": .string(emoji.text),
    ]
  }
}

enum Pins {
  /// Who manages messages pins them; in a conversation everybody who writes there.
  private static func message(
    _ id: Identifier, for user: Identifier, _ writing: borrowing Writing
  ) throws(Problem) -> Message {
    let message = try Messages.find(id, seenBy: user, writing.directory, at: writing.at, writing.tables)
    let isConversation = writing.directory.channels[message.channel]?.kind.isConversation == true
    try writing.directory.require(
      isConversation ? .sendMessages : .manageMessages, of: user, in: message.channel, at: writing.at)
    return message
  }

  static func add(_ id: Identifier, by user: Identifier, _ writing: inout Writing) throws(Problem) {
    let old = try message(id, for: user, writing)
    guard !old.flags.contains(.pinned) else { return }
    let tables = writing.tables
    let count = try tables.first("SELECT count(*) FROM pins WHERE channel_id = ?1", old.channel) { row in row.int(0) }
    guard count ?? 0 < Limit.pins else {
      throw Problem(.conflict, "a channel has at most \(Limit.pins) pinned messages", reason: "pin_limit")
    }
    try tables.execute(
      "INSERT INTO pins (message_id, channel_id, pinned_by, pinned_at) VALUES (?1, ?2, ?3, ?4)", id, old.channel, user,
      writing.at)
    try mark(old, isPinned: true, by: user, &writing)
  }

  static func remove(_ id: Identifier, by user: Identifier, _ writing: inout Writing) throws(Problem) {
    let old = try message(id, for: user, writing)
    guard old.flags.contains(.pinned) else { return }
    try writing.tables.execute("DELETE FROM pins WHERE message_id = ?1", id)
    try mark(old, isPinned: false, by: user, &writing)
  }

  private static func mark(
    _ old: Message, isPinned: Bool, by user: Identifier, _ writing: inout Writing
  ) throws(Problem) {
    var message = old
    if isPinned { message.flags.insert(.pinned) } else { message.flags.remove(.pinned) }
    try Messages.update(message, from: old, writing.tables)
    writing.emit(
      isPinned ? "message_pin" : "message_unpin",
      ["message_id": .id(old.id), "channel_id": .id(old.channel), "user_id": .id(user)], to: .channel(old.channel))
  }

  static let ofChannel = """
    SELECT \(Message.columns) FROM pins p CROSS JOIN messages m ON m.id = p.message_id JOIN users u ON u.id = m.user_id
    WHERE p.channel_id = ?1 ORDER BY p.pinned_at DESC, p.message_id DESC
    """

  /// The pinned messages of a channel, the one pinned last first.
  static func all(of channel: Identifier, _ tables: Tables) throws(Problem) -> [Message] {
    try tables.query(ofChannel, channel) { row in Message(row) }
  }
}
