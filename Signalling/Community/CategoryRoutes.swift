// Categories: headings that channels stand under (MQ-056…MQ-059, MQ-129).

import API
import Access
import Identifiers
import JSON
import Problems
import SQL

enum CategoryRoutes {
  private static let answer: [Shape.Field] = [.init("category", .reference("Category"))]
  private static let list: [Shape.Field] = [.init("categories", .array(.reference("Category"), 0...Limit.categories))]

  static let all: [Route] = [
    Route(
      .get, "/categories", "listCategories", "All categories in their order.", tag: "Categories", access: .member,
      scope: "channels.read", answer: list, handle: all),
    Route(
      .post, "/categories", "createCategory", "Makes a category, below the others.", tag: "Categories",
      access: .server(.manageChannels), scope: "channels.manage", body: .json(.object([.init("name", Names.shape)])),
      answer: answer, status: 201, problems: [.conflict], handle: create),
    Route(
      .patch, "/categories/{category_id}", "updateCategory", "Renames or moves a category.", tag: "Categories",
      access: .server(.manageChannels), scope: "channels.manage",
      body: .json(
        .object([.optional("name", Names.shape), .optional("position", .integer(0...Int64(Limit.categories)))])),
      answer: answer, problems: [.notFound], handle: update),
    Route(
      .delete, "/categories/{category_id}", "deleteCategory", "Deletes a category; its channels stay, without one.",
      tag: "Categories", access: .server(.manageChannels), scope: "channels.manage", problems: [.notFound],
      handle: remove),
    Route(
      .put, "/categories/positions", "orderCategories", "Brings all categories into the order of the list.",
      tag: "Categories", access: .server(.manageChannels), scope: "channels.manage",
      body: .json(.object([.init("categories", .array(.identifier, 1...Limit.categories))])), answer: list,
      problems: [.conflict], handle: order),
  ]

  @Sendable private static func all(_ call: Call) throws(Problem) -> Step {
    .read { reading throws(Problem) in .reply("categories", .array(try CategoryView.all(reading.tables))) }
  }

  @Sendable private static func create(_ call: Call) throws(Problem) -> Step {
    guard let name = try Names.read(call) else { throw .invalid("/name", "is missing") }
    return .write { writing throws(Problem) in
      let count = try writing.tables.first("SELECT count(*) FROM categories") { $0.int(0) } ?? 0
      guard count < Limit.categories else {
        throw Problem(.conflict, "there are \(Limit.categories) categories already", reason: "limit_categories")
      }
      let id = writing.newIdentifier()
      try writing.tables.execute(
        """
        INSERT INTO categories (id, name, position, created_at)
        VALUES (?1, ?2, (SELECT coalesce(max(position), -1) + 1 FROM categories), ?3)
        """, id, name, writing.at)
      let category = try CategoryView.category(id, writing.tables) ?? .null
      try writing.record(
        AuditEntry("category_create", "community", record: ("category", id.description), new: category), call)
      writing.emit("category_create", ["category": category], to: .everyone)
      return .reply("category", category, status: 201)
    }
  }

  @Sendable private static func update(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("category_id")
    let name = try Names.read(call)
    return .write { writing throws(Problem) in
      guard let old = try CategoryView.category(id, writing.tables) else { throw .notFound("category") }
      try writing.tables.execute(
        "UPDATE categories SET name = coalesce(?2, name), position = coalesce(?3, position) WHERE id = ?1", id, name,
        call.body["position"]?.int)
      let new = try CategoryView.category(id, writing.tables) ?? .null
      if let change = Difference.between(old, new) {
        try writing.record(
          AuditEntry(
            "category_update", "community", record: ("category", id.description), old: change.old, new: change.new),
          call)
        writing.emit("category_update", ["category": new], to: .everyone)
      }
      return .reply("category", new)
    }
  }

  @Sendable private static func remove(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("category_id")
    return .write { writing throws(Problem) in
      guard let old = try CategoryView.category(id, writing.tables) else { throw .notFound("category") }
      let children = try writing.tables.query("SELECT id FROM channels WHERE category_id = ?1", id) {
        $0.identifier(0)
      }
      try writing.tables.execute("DELETE FROM categories WHERE id = ?1", id)
      try writing.directoryChanged()
      for child in children {
        let channel = try ChannelView.channel(child, writing.tables, writing.directory) ?? .null
        writing.emit("channel_update", ["channel": channel], to: .channel(child))
      }
      try writing.record(
        AuditEntry("category_delete", "community", record: ("category", id.description), old: old), call)
      writing.emit("category_delete", ["id": .string(id.description)], to: .everyone)
      return .done
    }
  }

  @Sendable private static func order(_ call: Call) throws(Problem) -> Step {
    let wanted = (call.body["categories"]?.array ?? []).compactMap { $0.string.flatMap { Identifier($0) } }
    return .write { writing throws(Problem) in
      let old = try writing.tables.query("SELECT id, position FROM categories ORDER BY position, id") { row in
        (id: row.identifier(0), position: row.int(1))
      }
      guard wanted.count == old.count, Set(wanted) == Set(old.map(\.id)) else {
        throw Problem(.conflict, "the list must name every category once", reason: "order_incomplete")
      }
      let positions = Dictionary(old.map { ($0.id, $0.position) }, uniquingKeysWith: { first, _ in first })
      for (position, id) in wanted.enumerated() where positions[id] != position {
        try writing.tables.execute("UPDATE categories SET position = ?2 WHERE id = ?1", id, position)
        let category = try CategoryView.category(id, writing.tables) ?? .null
        writing.emit("category_update", ["category": category], to: .everyone)
      }
      if wanted != old.map(\.id) {
        func list(_ ids: [Identifier]) -> JSONValue { ["order": .array(ids.map { .string($0.description) })] }
        try writing.record(
          AuditEntry("category_order_update", "community", old: list(old.map(\.id)), new: list(wanted)), call)
      }
      return .reply("categories", .array(try CategoryView.all(writing.tables)))
    }
  }
}
