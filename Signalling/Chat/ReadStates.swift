// How far people have read, and what is new to them (MQ-030, MQ-086, MQ-145, MQ-147).
//
// Only positions are stored. What is new, and how often it names the reader, is counted when somebody asks, from the
// index of messages and the rows of `mentions`: a message to everybody in a channel of ten thousand costs one row, edits
// and deletions need no correction, and a role that somebody gets tomorrow counts from then on.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

struct ReadState: Hashable, Sendable {
  var channel: Identifier
  /// Read up to here; nil when never anything was.
  var lastRead: Identifier?
  var last: Identifier?
  /// Messages of others after it, at most `Limit.counted`.
  var unread: Int64 = 0
  /// Those of them that name the reader, a role of theirs or everybody; in a conversation all. At most `Limit.counted`.
  var mentions: Int64 = 0

  var json: JSONValue {
    [
      "channel_id": .id(channel), "last_read_message_id": lastRead.map { .id($0) } ?? .null,
      "last_message_id": last.map { .id($0) } ?? .null, "unread_count": .integer(unread),
      "mention_count": .integer(mentions),
    ]
  }
}

enum ReadStates {
  // MARK: Counting

  /// Of every channel that `user` sees, in the order of ids.
  static func all(
    of user: Identifier, _ directory: Directory, at time: WallTime, _ tables: Tables
  ) throws(Problem) -> [ReadState] {
    let channels = directory.channels.keys.filter { directory.sees(user, $0, at: time) }.sorted()
    let sql = """
      SELECT c.id, c.last_message_id, r.last_read_message_id FROM json_each(?2) j
      CROSS JOIN channels c ON c.id = j.value LEFT JOIN read_states r ON r.user_id = ?1 AND r.channel_id = c.id
      ORDER BY c.id
      """
    var states = try tables.query(sql, user, list(channels)) { row in
      ReadState(channel: row.identifier(0), lastRead: row.optionalIdentifier(2), last: row.optionalIdentifier(1))
    }
    for index in states.indices { try count(&states[index], user, directory, tables) }
    return states
  }

  static func one(
    of user: Identifier, in channel: Identifier, _ directory: Directory, _ tables: Tables
  ) throws(Problem) -> ReadState {
    let sql = """
      SELECT c.last_message_id, r.last_read_message_id FROM channels c
      LEFT JOIN read_states r ON r.user_id = ?1 AND r.channel_id = c.id WHERE c.id = ?2
      """
    let found = try tables.first(sql, user, channel) { row in
      ReadState(channel: channel, lastRead: row.optionalIdentifier(1), last: row.optionalIdentifier(0))
    }
    guard var state = found else { throw .notFound("channel") }
    try count(&state, user, directory, tables)
    return state
  }

  static let countMessages = """
    SELECT count(*) FROM (SELECT 1 FROM messages WHERE channel_id = ?1 AND id > ?2 AND user_id <> ?3 LIMIT ?4)
    """
  static let countMentions = """
    SELECT count(*) FROM (SELECT DISTINCT n.message_id FROM json_each(?5) j
      CROSS JOIN mentions n ON n.channel_id = ?1 AND n.target_id = j.value AND n.message_id > ?2
      CROSS JOIN messages m ON m.id = n.message_id WHERE m.user_id <> ?3 LIMIT ?4)
    """

  private static func count(
    _ state: inout ReadState, _ user: Identifier, _ directory: Directory, _ tables: Tables
  ) throws(Problem) {
    // To who has never read here, what was there before they came is not new; an id says when its account was made.
    let from = state.lastRead ?? user
    guard let last = state.last, last > from else { return }
    state.unread =
      try tables.first(countMessages, state.channel, from, user, Limit.counted) { row in row.int64(0) } ?? 0
    if directory.channels[state.channel]?.kind.isConversation == true {
      state.mentions = state.unread
    } else if state.unread > 0 {
      let targets = list([MentionSet.everybody, user] + (directory.members[user]?.roles ?? []))
      state.mentions =
        try tables.first(countMentions, state.channel, from, user, Limit.counted, targets) { row in row.int64(0) } ?? 0
    }
  }

  // MARK: Reading on

  private static let forward = """
    INSERT INTO read_states (user_id, channel_id, last_read_message_id) VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET last_read_message_id = excluded.last_read_message_id
    WHERE excluded.last_read_message_id > last_read_message_id
    """
  private static let anywhere = """
    INSERT INTO read_states (user_id, channel_id, last_read_message_id) VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET last_read_message_id = excluded.last_read_message_id
    """

  /// `user` has read up to `message`. Backwards only when `isManual`: a device that lags must not make read things new,
  /// a person may. Tells the user's devices. Returns the state that follows.
  static func read(
    _ channel: Identifier, upTo message: Identifier, isManual: Bool, by user: Identifier, _ writing: inout Writing
  ) throws(Problem) -> ReadState {
    let last = try writing.tables.first("SELECT last_message_id FROM channels WHERE id = ?1", channel) { row in
      row.optionalIdentifier(0)
    }
    // Nobody has read what is not written yet.
    let position = min(message, (last ?? nil) ?? message)
    let changed = try writing.tables.execute(isManual ? anywhere : forward, user, channel, position)
    let state = try one(of: user, in: channel, writing.directory, writing.tables)
    if changed > 0 { writing.emit("read_state_update", state.json, to: .users([user])) }
    return state
  }

  /// `user` has read everything everywhere.
  static func readAll(by user: Identifier, _ writing: inout Writing) throws(Problem) {
    for state in try all(of: user, writing.directory, at: writing.at, writing.tables) {
      guard let last = state.last, last > state.lastRead ?? user else { continue }
      _ = try read(state.channel, upTo: last, isManual: false, by: user, &writing)
    }
  }

  /// Who writes has read what was there, and is counted by slow mode.
  static func wrote(_ message: Message, _ tables: Tables) throws(Problem) {
    try tables.execute(
      """
      INSERT INTO read_states (user_id, channel_id, last_read_message_id, last_sent_at) VALUES (?1, ?2, ?3, ?4)
      ON CONFLICT DO UPDATE SET last_read_message_id = max(last_read_message_id, excluded.last_read_message_id),
        last_sent_at = excluded.last_sent_at
      """, message.author.id, message.channel, message.id, message.createdAt)
  }
}
