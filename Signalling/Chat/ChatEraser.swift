// Everything that chat keeps of one person: to hand it over, and to remove it.

public import API
import Access
import Chronology
public import Identifiers
public import JSON
public import Problems
import SQL

public enum ChatEraser {
  static let written = """
    SELECT \(Message.columns) FROM messages m JOIN users u ON u.id = m.user_id
    WHERE m.user_id = ?1 AND m.id > ?2 ORDER BY m.id LIMIT ?3
    """

  /// What `user` wrote, oldest first, after the message `position`: at most `limit` messages, as the author gets them.
  public static func messages(
    of user: Identifier, after position: Identifier?, limit: Int, _ reading: borrowing Reading
  ) throws(Problem) -> [JSONValue] {
    let page = try reading.tables.query(written, user, position ?? Identifier(rawValue: 0), limit) { row in Message(row)
    }
    return try MessageView.render(page, for: user, reading.tables)
  }

  /// The rest, which is little: reactions, read positions, conversations and blocks.
  public static func remainder(of user: Identifier, _ reading: borrowing Reading) throws(Problem) -> JSONValue {
    let tables = reading.tables
    let reactions = try tables.query(
      "SELECT message_id, emoji, created_at FROM reactions WHERE user_id = ?1 ORDER BY message_id, emoji", user
    ) { row -> JSONValue in
      ["message_id": .id(row.identifier(0)), "emoji": .string(row.text(1)), "created_at": .time(row.time(2))]
    }
    let positions = try tables.query(
      "SELECT channel_id, last_read_message_id FROM read_states WHERE user_id = ?1 ORDER BY channel_id", user
    ) { row -> JSONValue in
      ["channel_id": .id(row.identifier(0)), "last_read_message_id": .id(row.identifier(1))]
    }
    let conversations = try tables.query(
      "SELECT channel_id, joined_at FROM participants WHERE user_id = ?1 ORDER BY channel_id", user
    ) { row -> JSONValue in ["channel_id": .id(row.identifier(0)), "joined_at": .time(row.time(1))] }
    return [
      "reactions": .array(reactions), "read_states": .array(positions), "conversations": .array(conversations),
      "blocks": .array(try Blocks.all(by: user, tables).map { .id($0) }),
    ]
  }

  /// One turn of forgetting `user`: messages with their files, some hundred at a time, then the rest. True while there
  /// is more: run it again, in a transaction of its own, so that others get their turn.
  public static func erase(_ user: Identifier, _ writing: inout Writing) throws(Problem) -> Bool {
    if try deleteSome(of: user, from: Identifier(rawValue: 0), &writing) > 0 { return true }
    let tables = writing.tables
    try tables.execute("DELETE FROM reactions WHERE user_id = ?1", user)
    try tables.execute("DELETE FROM read_states WHERE user_id = ?1", user)
    try tables.execute("DELETE FROM blocks WHERE user_id = ?1", user)
    try tables.execute("DELETE FROM blocks WHERE blocked_id = ?1", user)
    try tables.execute(
      "DELETE FROM mentions WHERE message_id IN (SELECT message_id FROM mentions WHERE target_id = ?1) AND target_id = ?1",
      user)
    for group in writing.directory.channels.values where group.kind == .group && group.participants.contains(user) {
      try Conversations.remove(user, from: group, &writing)
    }
    return false
  }

  private static let some = """
    SELECT \(Message.columns) FROM messages m JOIN users u ON u.id = m.user_id
    WHERE m.user_id = ?1 AND m.id >= ?2 ORDER BY m.id LIMIT ?3
    """

  /// Removes some messages of `user` from `first` on, and tells the channels.
  static func deleteSome(
    of user: Identifier, from first: Identifier, _ writing: inout Writing
  ) throws(Problem) -> Int {
    let found = try writing.tables.query(some, user, first, Limit.removedPerTurn) { row in Message(row) }
    for (channel, messages) in Dictionary(grouping: found, by: \.channel).sorted(by: { $0.key < $1.key }) {
      try Messages.remove(messages, of: channel, writing.tables)
      writing.emit(
        "messages_bulk_delete", ["channel_id": .id(channel), "ids": .array(messages.map { .id($0.id) })],
        to: .channel(channel))
    }
    return found.count
  }
}
