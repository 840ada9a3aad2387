// What the tests of chat share: a seeded community, and short words for what people do in it.

import API
import Access
import Chat
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL
import Testing

struct Talk {
  let community: TestCommunity
  let seeded: Seeded

  init(_ routes: [Route] = ChatRoutes.all) throws {
    community = try TestCommunity(routes)
    seeded = try community.seed()
  }

  var text: Identifier { seeded.text }
  var owner: Identifier { seeded.owner }
  var moderator: Identifier { seeded.moderator }
  var member: Identifier { seeded.member }

  /// Sends a message and returns it as the answer shows it.
  @discardableResult
  func send(
    _ content: String, as user: Identifier? = nil, in channel: Identifier? = nil, _ extra: JSONValue = [:]
  ) throws -> JSONValue {
    let answer = trySend(content, as: user, in: channel, extra)
    try #require(answer.status == 201, "\(answer.json)")
    return answer["message"]
  }

  func trySend(
    _ content: String, as user: Identifier? = nil, in channel: Identifier? = nil, _ extra: JSONValue = [:]
  ) -> Answer {
    var body = JSONObject()
    body["content"] = .string(content)
    for member in extra.object?.members ?? [] { body[member.key] = member.value }
    return community.call(
      "POST", "/api/channels/\(channel ?? text)/messages", .object(body), as: user ?? member)
  }

  func get(_ path: String, as user: Identifier? = nil) -> Answer {
    community.call("GET", "/api" + path, as: user ?? member)
  }

  func call(_ method: String, _ path: String, _ body: JSONValue? = nil, as user: Identifier? = nil) -> Answer {
    community.call(method, "/api" + path, body, as: user ?? member)
  }

  /// Events since the last look, as name, data and audience.
  func events() throws -> [(op: String, data: JSONValue, audience: Audience)] {
    try community.takeEvents().map { ($0.op, try JSONValue(parsing: $0.data), $0.audience) }
  }

  /// Rows of a query with one number.
  func number(_ sql: String) throws -> Int { try community.database.first(sql) { row in row.int(0) } ?? 0 }
}

extension JSONValue {
  var id: Identifier? { self["id"]?.string.flatMap { Identifier($0) } }
  var key: String { self["id"]?.string ?? "" }
  var content: String? { self["content"]?.string }
}

extension Answer {
  /// The ids of the listed messages.
  var ids: [String] { (self["messages"].array ?? []).map(\.key) }
  var contents: [String] { (self["messages"].array ?? []).compactMap(\.content) }
}

extension Talk {
  /// A new text channel that everybody sees.
  func channel(_ name: String = "oda") throws -> Identifier {
    try community.write { writing throws(Problem) in
      let id = try writing.channel(name, .text)
      try writing.directoryChanged()
      return id
    }
  }

  func execute(_ sql: String, _ id: Identifier) throws {
    try community.write { writing throws(Problem) in
      try writing.tables.execute(sql, id)
      try writing.directoryChanged()
    }
  }

  /// The read state of one channel.
  func state(_ channel: Identifier, of user: Identifier) -> (unread: Int, mentions: Int) {
    let states = get("/read-states", as: user)["read_states"].array ?? []
    let state = states.first { $0["channel_id"]?.string == channel.description }
    return (state?["unread_count"]?.int ?? -1, state?["mention_count"]?.int ?? -1)
  }
}
