// Conversations between people, outside the channels of the server (MQ-255, UN-085…UN-087).

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

enum Conversations {
  private static let select = """
    SELECT c.id, c.name, c.type, c.owner_id, c.last_message_id, c.created_at,
      (SELECT json_group_array(p.user_id) FROM participants p WHERE p.channel_id = c.id)
    FROM channels c
    """

  private static func view(_ row: borrowing Row) -> JSONValue {
    let people = (try? JSONValue(parsing: row.text(6)))?.array ?? []
    return [
      "id": .id(row.identifier(0)), "name": .string(row.text(1)), "type": .string(row.text(2)), "category_id": nil,
      "topic": nil, "position": 0, "user_limit": 0, "bitrate": 64_000, "slow_mode": 0,
      "owner_id": row.optionalIdentifier(3).map { .id($0) } ?? .null,
      "last_message_id": row.optionalIdentifier(4).map { .id($0) } ?? .null, "overrides": [],
      "participants": .array(people.compactMap(\.integer).sorted().map { .id(Identifier(rawValue: $0)) }),
      "created_at": .time(row.time(5)),
    ]
  }

  /// As every participant gets it.
  static func view(_ id: Identifier, _ tables: Tables) throws(Problem) -> JSONValue {
    guard let json = try tables.first("\(select) WHERE c.id = ?1", id, row: { row in view(row) }) else {
      throw .notFound("conversation")
    }
    return json
  }

  /// The ones that are open in the list of `user`, the one with the newest message first.
  static func open(
    of user: Identifier, _ directory: Directory, at time: WallTime, _ tables: Tables
  ) throws(Problem) -> [JSONValue] {
    let sql = """
      \(select) JOIN participants mine ON mine.channel_id = c.id
      WHERE mine.user_id = ?1 AND mine.is_open = 1 ORDER BY coalesce(c.last_message_id, c.id) DESC
      """
    return try tables.query(sql, user) { row in with(row.identifier(0), view(row), user, directory, at: time) }
  }

  /// The view with what `user` may do there.
  static func with(
    _ id: Identifier, _ view: JSONValue, _ user: Identifier, _ directory: Directory, at time: WallTime
  ) -> JSONValue {
    var view = view
    view.set("permissions", .integer(directory.permissions(of: user, in: id, at: time).rawValue))
    return view
  }

  // MARK: Beginning

  /// The conversation of two, which is made when there is none, and opened again for `user` when they had closed it.
  static func direct(
    _ user: Identifier, _ other: Identifier, _ writing: inout Writing
  ) throws(Problem) -> (id: Identifier, isNew: Bool) {
    guard other != user else { throw .invalid("/user_ids", "nobody talks to themselves") }
    try check([other], for: user, writing)
    let pair = [user, other].sorted().map(\.description).joined(separator: ":")
    let found = try writing.tables.first("SELECT id FROM channels WHERE pair_key = ?1", pair) { row in
      row.identifier(0)
    }
    if let found {
      let opened = try writing.tables.execute(
        "UPDATE participants SET is_open = 1 WHERE channel_id = ?1 AND user_id = ?2 AND is_open = 0", found, user)
      if opened > 0 { writing.emit("channel_create", ["channel": try view(found, writing.tables)], to: .users([user])) }
      return (found, false)
    }
    let id = try make(.direct, name: "", owner: nil, pair: pair, [user, other], &writing)
    // The other person sees it from the first message on.
    try writing.tables.execute(
      "UPDATE participants SET is_open = 0 WHERE channel_id = ?1 AND user_id = ?2", id, other)
    writing.emit("channel_create", ["channel": try view(id, writing.tables)], to: .users([user]))
    return (id, true)
  }

  static func group(
    _ user: Identifier, _ others: [Identifier], name: String, _ writing: inout Writing
  ) throws(Problem) -> Identifier {
    var people = [user]
    for other in others where !people.contains(other) { people.append(other) }
    guard people.count <= Limit.participants else {
      throw .invalid("/user_ids", "a group has at most \(Limit.participants) people")
    }
    try check(people.filter { $0 != user }, for: user, writing)
    let id = try make(.group, name: name, owner: user, pair: nil, people, &writing)
    writing.emit("channel_create", ["channel": try view(id, writing.tables)], to: .users(people))
    return id
  }

  private static func make(
    _ kind: Channel.Kind, name: String, owner: Identifier?, pair: String?, _ people: [Identifier],
    _ writing: inout Writing
  ) throws(Problem) -> Identifier {
    let id = writing.newIdentifier()
    try writing.tables.execute(
      "INSERT INTO channels (id, name, type, owner_id, pair_key, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", id, name,
      kind.rawValue, owner, pair, writing.at)
    for person in people { try add(person, to: id, writing) }
    try writing.directoryChanged()
    return id
  }

  private static func add(
    _ person: Identifier, to channel: Identifier, _ writing: borrowing Writing
  ) throws(Problem) {
    try writing.tables.execute(
      "INSERT INTO participants (channel_id, user_id, joined_at) VALUES (?1, ?2, ?3)", channel, person, writing.at)
  }

  /// Passes when each is a member who has not blocked `user`, nor `user` them.
  private static func check(
    _ others: [Identifier], for user: Identifier, _ writing: borrowing Writing
  ) throws(Problem) {
    for other in others {
      guard writing.directory.members[other] != nil else { throw .notFound("user") }
      guard try !Blocks.exists(between: user, and: other, writing.tables) else { throw Blocks.refusal }
    }
  }

  /// A new message opens the conversation in the lists of all who had closed it.
  static func reopen(_ channel: Channel, _ writing: inout Writing) throws(Problem) {
    let closed = try writing.tables.query(
      "SELECT user_id FROM participants WHERE channel_id = ?1 AND is_open = 0", channel.id
    ) { row in row.identifier(0) }
    guard !closed.isEmpty else { return }
    try writing.tables.execute("UPDATE participants SET is_open = 1 WHERE channel_id = ?1", channel.id)
    writing.emit("channel_create", ["channel": try view(channel.id, writing.tables)], to: .users(closed))
  }

  // MARK: Changing

  /// The conversation, for somebody who takes part in it.
  static func find(
    _ id: Identifier, for user: Identifier, _ directory: Directory
  ) throws(Problem) -> Channel {
    guard let channel = directory.channels[id], channel.kind.isConversation, channel.participants.contains(user) else {
      throw .notFound("conversation")
    }
    return channel
  }

  static func group(_ id: Identifier, for user: Identifier, _ directory: Directory) throws(Problem) -> Channel {
    let channel = try find(id, for: user, directory)
    guard channel.kind == .group else {
      throw Problem(.conflict, "a conversation of two cannot be changed", reason: "not_a_group")
    }
    return channel
  }

  static func rename(_ id: Identifier, _ name: String, _ writing: inout Writing) throws(Problem) {
    try writing.tables.execute("UPDATE channels SET name = ?2 WHERE id = ?1", id, name)
    writing.emit("channel_update", ["channel": try view(id, writing.tables)], to: .channel(id))
  }

  static func add(_ other: Identifier, to group: Channel, by user: Identifier, _ writing: inout Writing) throws(Problem)
  {
    guard !group.participants.contains(other) else { return }
    guard group.participants.count < Limit.participants else {
      throw Problem(
        .conflict, "a group has at most \(Limit.participants) people", reason: "group_full")
    }
    try check([other], for: user, writing)
    try add(other, to: group.id, writing)
    try writing.directoryChanged()
    let json = try view(group.id, writing.tables)
    writing.emit("channel_create", ["channel": json], to: .users([other]))
    writing.emit("channel_update", ["channel": json], to: .channel(group.id))
  }

  /// Takes somebody out of a group. The last one takes the group with them; an owner hands it on.
  static func remove(_ person: Identifier, from group: Channel, _ writing: inout Writing) throws(Problem) {
    guard group.participants.contains(person) else { throw .notFound("participant") }
    let tables = writing.tables
    try tables.execute("DELETE FROM participants WHERE channel_id = ?1 AND user_id = ?2", group.id, person)
    try tables.execute("DELETE FROM read_states WHERE user_id = ?1 AND channel_id = ?2", person, group.id)
    writing.emit("channel_delete", ["id": .id(group.id)], to: .users([person]))
    if group.participants.count == 1 {
      try tables.execute("DELETE FROM channels WHERE id = ?1", group.id)
      writing.then(.channelRemoved(group.id))
      try writing.directoryChanged()
      return
    }
    try tables.execute(
      """
      UPDATE channels SET owner_id = (SELECT user_id FROM participants WHERE channel_id = ?1 ORDER BY joined_at, user_id)
      WHERE id = ?1 AND owner_id = ?2
      """, group.id, person)
    try writing.directoryChanged()
    writing.emit("channel_update", ["channel": try view(group.id, writing.tables)], to: .channel(group.id))
  }

  /// Out of the list of `user` until the next message.
  static func close(_ id: Identifier, for user: Identifier, _ writing: inout Writing) throws(Problem) {
    let closed = try writing.tables.execute(
      "UPDATE participants SET is_open = 0 WHERE channel_id = ?1 AND user_id = ?2 AND is_open = 1", id, user)
    if closed > 0 { writing.emit("channel_delete", ["id": .id(id)], to: .users([user])) }
  }
}
