// The rows of `ready` (MQ-092, MQ-107): what a new client has to know, as its reader may see it.

import API
import Access
import Chat
import Chronology
import Community
import Identifiers
import Identity
import JSON
import Problems
import SQL

enum ReadyView {
  static func load(
    _ reading: borrowing Reading, _ user: Identifier, _ online: [Identifier]
  ) throws(Problem) -> GatewayView {
    let directory = reading.directory
    guard directory.members[user] != nil else { throw .unauthorized }
    let tables = reading.tables
    let listed = try choose(tables, directory, user, online)
    var body = JSONObject()
    body["user"] = try UserView.own(user, tables, directory, at: reading.at)
    body["server"] = try ServerView.server(tables)
    body["categories"] = .array(try CategoryView.all(tables))
    body["channels"] = .array(try channels(tables, directory, user, at: reading.at))
    body["roles"] = .array(try RoleView.all(tables))
    body["members"] = .array(try users(tables, directory, listed, at: reading.at))
    body["read_states"] = try Chat.readStates(for: user, reading)
    body["member_count"] = .integer(Int64(directory.members.count))
    let status = try tables.user(user)?.chosenStatus
    return GatewayView(
      body: JSONValue.object(body).serialized, commit: 0, version: 0, status: status, members: listed)
  }

  /// The channels of the server that the reader sees, then its open conversations.
  private static func channels(
    _ tables: Tables, _ directory: Directory, _ user: Identifier, at time: WallTime
  ) throws(Problem) -> [JSONValue] {
    var result = try ChannelView.all(visibleTo: user, tables, directory, at: time)
    let conversations = try tables.query(
      "SELECT channel_id FROM participants WHERE user_id = ?1 AND is_open = 1 ORDER BY channel_id", user,
      row: { $0.identifier(0) })
    for id in conversations where directory.sees(user, id, at: time) {
      if let view = try ChannelView.channel(id, for: user, tables, directory, at: time) { result.append(view) }
    }
    return result
  }

  /// What `channel_create` says of each channel of the server, for a gateway that begins.
  static func channelBodies(_ reading: borrowing Reading) throws(Problem) -> [Identifier: [UInt8]] {
    var result: [Identifier: [UInt8]] = [:]
    for channel in reading.directory.channels.values where !channel.kind.isConversation {
      guard let view = try ChannelView.channel(channel.id, reading.tables, reading.directory) else { continue }
      let data: JSONValue = ["channel": view]
      result[channel.id] = data.serialized
    }
    return result
  }

  static func members(_ reading: borrowing Reading, _ ids: [Identifier]) throws(Problem) -> GatewayView {
    let directory = reading.directory
    let known = ids.filter { directory.members[$0] != nil }
    let body: JSONValue = [
      "members": .array(try users(reading.tables, directory, known, at: reading.at)),
      "not_found": .array(ids.filter { directory.members[$0] == nil }.map { .string($0.description) }),
    ]
    return GatewayView(body: body.serialized, commit: 0, version: 0, members: known)
  }

  /// Members whose user name or shown name begins with `prefix`, by user name.
  static func search(_ reading: borrowing Reading, _ prefix: String, _ limit: Int) throws(Problem) -> [Identifier] {
    let pattern = escaped(prefix.lowercased()) + "%"
    return try reading.tables.query(
      """
      SELECT id FROM users WHERE state = 'active' AND kind <> 'imported'
        AND (username_key LIKE ?1 ESCAPE '\\' OR display_name LIKE ?1 ESCAPE '\\') ORDER BY username_key LIMIT ?2
      """, pattern, limit, row: { $0.identifier(0) })
  }

  /// The characters that LIKE takes for others.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      if character == "%" || character == "_" || character == "\\" { result.append("\\") }
      result.append(character)
    }
    return result
  }

  /// Whose entries a new client gets: all members of a small community; of a large one itself, who is online, and as
  /// many others as fit.
  private static func choose(
    _ tables: Tables, _ directory: Directory, _ user: Identifier, _ online: [Identifier]
  ) throws(Problem) -> [Identifier] {
    guard directory.members.count > Limit.readyMembers else { return directory.members.keys.sorted() }
    var chosen: Set<Identifier> = [user]
    for other in online where chosen.count < Limit.readyMembers && directory.members[other] != nil {
      chosen.insert(other)
    }
    for other in directory.members.keys.sorted() where chosen.count < Limit.readyMembers { chosen.insert(other) }
    return chosen.sorted()
  }

  private static func users(
    _ tables: Tables, _ directory: Directory, _ ids: [Identifier], at time: WallTime
  ) throws(Problem) -> [JSONValue] {
    var result: [JSONValue] = []
    for id in ids {
      if let row = try tables.user(id) { result.append(UserView.json(row, directory, at: time)) }
    }
    return result
  }
}
