// The order of channels, all in one call: what dragging in a list of channels comes to (MQ-085).

import API
import Access
import Identifiers
import JSON
import Problems
import SQL

enum ChannelOrder {
  private struct Place {
    var id: Identifier
    var category: Identifier?
    var position: Int
  }

  @Sendable static func put(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    let wanted = call.body["channels"]?.array ?? []
    let ids = wanted.compactMap { $0["id"]?.string.flatMap { Identifier($0) } }
    guard Set(ids).count == wanted.count else { throw .invalid("/channels", "must not name a channel twice") }
    return .write { writing throws(Problem) in
      let old = try places(writing.tables)
      let byID = Dictionary(old.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
      var listed: [Place] = []
      for (id, entry) in zip(ids, wanted) {
        guard var place = byID[id] else { throw .notFound("channel") }
        try writing.directory.require(.manageChannels, of: user, in: id, at: writing.at)
        if let category = entry["category_id"] { place.category = category.string.flatMap { Identifier($0) } }
        listed.append(place)
      }
      try check(categories: Set(listed.compactMap(\.category)), writing.tables)
      try store(merged(old, listed), old: byID, &writing, call)
      return .reply(
        "channels",
        .array(try ChannelView.all(visibleTo: user, writing.tables, writing.directory, at: writing.at)))
    }
  }

  private static func places(_ tables: Tables) throws(Problem) -> [Place] {
    let sql = "SELECT id, category_id, position FROM channels WHERE type IN ('text', 'voice') ORDER BY position, id"
    return try tables.query(sql) { row in
      Place(id: row.identifier(0), category: row.optionalIdentifier(1), position: row.int(2))
    }
  }

  private static func check(categories: Set<Identifier>, _ tables: Tables) throws(Problem) {
    for id in categories where try !tables.exists("SELECT 1 FROM categories WHERE id = ?1", id) {
      throw .notFound("category")
    }
  }

  /// The listed channels in their new order, in the slots that listed channels had; the others keep theirs.
  private static func merged(_ old: [Place], _ listed: [Place]) -> [Place] {
    let moving = Set(listed.map(\.id))
    var rest = listed[...]
    return old.map { moving.contains($0.id) ? rest.popFirst() ?? $0 : $0 }
  }

  /// Numbers them anew, and tells about those that moved.
  private static func store(
    _ places: [Place], old: [Identifier: Place], _ writing: inout Writing, _ call: Call
  ) throws(Problem) {
    var moved: [Identifier] = []
    for (position, place) in places.enumerated() {
      guard let before = old[place.id], before.position != position || before.category != place.category else {
        continue
      }
      try writing.tables.execute(
        "UPDATE channels SET position = ?2, category_id = ?3 WHERE id = ?1", place.id, position, place.category)
      moved.append(place.id)
    }
    guard !moved.isEmpty else { return }
    try writing.directoryChanged()
    for id in moved {
      let channel = try ChannelView.channel(id, writing.tables, writing.directory) ?? .null
      writing.emit("channel_update", ["channel": channel], to: .channel(id))
    }
    try writing.record(
      AuditEntry(
        "channel_order_update", "community",
        old: ["order": .array(old.values.sorted { ($0.position, $0.id) < ($1.position, $1.id) }.map(entry))],
        new: ["order": .array(places.map(entry))]), call)
  }

  private static func entry(_ place: Place) -> JSONValue {
    ["id": .string(place.id.description), "category_id": place.category.map { .string($0.description) } ?? .null]
  }
}
