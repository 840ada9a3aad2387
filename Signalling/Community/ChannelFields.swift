// The members of a channel that people set, between the body of a request and the row.

import API
import Access
import Identifiers
import JSON
import Problems
import SQL

struct ChannelFields {
  var name: String
  let kind: Channel.Kind
  var category: Identifier?
  var topic: String?
  /// Nil for a new channel that goes to the end.
  var position: Int?
  var userLimit = 0
  var bitrate = 64_000
  var slowMode = 0

  init(name: String, kind: Channel.Kind) {
    self.name = name
    self.kind = kind
  }

  /// A channel of the server as it is; nil for conversations and for none.
  init?(_ id: Identifier, _ tables: Tables) throws(Problem) {
    let sql = """
      SELECT name, type, category_id, topic, position, user_limit, bitrate, slow_mode FROM channels
      WHERE id = ?1 AND type IN ('text', 'voice')
      """
    let found = try tables.first(sql, id) { row -> ChannelFields in
      var fields = ChannelFields(name: row.text(0), kind: Channel.Kind(rawValue: row.text(1)) ?? .text)
      fields.category = row.optionalIdentifier(2)
      fields.topic = row.optionalText(3)
      fields.position = row.int(4)
      fields.userLimit = row.int(5)
      fields.bitrate = row.int(6)
      fields.slowMode = row.int(7)
      return fields
    }
    guard let found else { return nil }
    self = found
  }

  /// Takes over what the body names, the name aside.
  mutating func apply(_ call: Call, _ tables: Tables) throws(Problem) {
    if call.names("category_id") {
      category = call.bodyID("category_id")
      if let category, try !tables.exists("SELECT 1 FROM categories WHERE id = ?1", category) {
        throw .notFound("category")
      }
    }
    if call.names("topic") {
      let text = Names.trimmed(call.body["topic"]?.string ?? "")
      topic = text.isEmpty ? nil : text
    }
    if let number = call.body["position"]?.int { position = number }
    if let seconds = call.body["slow_mode"]?.int { slowMode = seconds }
    for member in ["user_limit", "bitrate"] where call.names(member) && kind != .voice {
      throw .invalid("/\(member)", "only voice channels have it")
    }
    if let number = call.body["user_limit"]?.int { userLimit = number }
    if let number = call.body["bitrate"]?.int { bitrate = number }
  }

  func insert(_ id: Identifier, _ writing: inout Writing) throws(Problem) {
    try writing.tables.execute(
      """
      INSERT INTO channels (id, name, type, category_id, topic, position, user_limit, bitrate, slow_mode, created_at)
      VALUES (?1, ?2, ?3, ?4, ?5,
        coalesce(?6, (SELECT coalesce(max(position), -1) + 1 FROM channels WHERE type IN ('text', 'voice'))),
        ?7, ?8, ?9, ?10)
      """, id, name, kind.rawValue, category, topic, position, userLimit, bitrate, slowMode, writing.at)
  }

  func update(_ id: Identifier, _ tables: Tables) throws(Problem) {
    try tables.execute(
      """
      UPDATE channels SET name = ?2, category_id = ?3, topic = ?4, position = ?5, user_limit = ?6, bitrate = ?7,
        slow_mode = ?8 WHERE id = ?1
      """, id, name, category, topic, position ?? 0, userLimit, bitrate, slowMode)
  }
}
