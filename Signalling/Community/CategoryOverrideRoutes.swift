// Overrides of categories: what new channels begin with and what synced channels follow.

import API
import Access
import Identifiers
import JSON
import Problems

enum CategoryOverrideRoutes {
  private static let list: [Shape.Field] = [
    .init("permissions", .array(.reference("Override"), 0...Limit.overrides)),
    .init("synced_channels", .array(.identifier, 0...Limit.channels), "Channels that follow the category's changes."),
  ]

  static let all: [Route] = [
    Route(
      .get, "/categories/{category_id}/permissions", "listCategoryOverrides", "The overrides of a category.",
      tag: "Permissions", access: .server(.manageRoles), scope: "channels.manage", answer: list, problems: [.notFound],
      handle: get),
    Route(
      .put, "/categories/{category_id}/permissions/{role_id}", "setCategoryRoleOverride",
      "What the synced channels of a category allow and deny a role.", tag: "Permissions",
      access: .server(.manageRoles), scope: "channels.manage", body: OverrideRoutes.body, answer: list,
      problems: [.conflict, .notFound], handle: setForRole),
    Route(
      .delete, "/categories/{category_id}/permissions/{role_id}", "deleteCategoryRoleOverride",
      "Takes the override of a role away.", tag: "Permissions", access: .server(.manageRoles), scope: "channels.manage",
      answer: list, problems: [.notFound], handle: removeForRole),
    Route(
      .put, "/categories/{category_id}/permissions/members/{user_id}", "setCategoryMemberOverride",
      "What the synced channels of a category allow and deny one member.", tag: "Permissions",
      access: .server(.manageRoles), scope: "channels.manage", body: OverrideRoutes.body, answer: list,
      problems: [.conflict, .notFound], handle: setForMember),
    Route(
      .delete, "/categories/{category_id}/permissions/members/{user_id}", "deleteCategoryMemberOverride",
      "Takes the override of a member away.", tag: "Permissions", access: .server(.manageRoles),
      scope: "channels.manage",
      answer: list, problems: [.notFound], handle: removeForMember),
    Route(
      .post, "/categories/{category_id}/permissions/sync", "syncCategoryOverrides",
      "Gives every channel of the category its overrides, in place of their own.", tag: "Permissions",
      access: .server(.manageRoles), scope: "channels.manage", answer: list, problems: [.notFound], handle: sync),
  ]

  @Sendable private static func get(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("category_id")
    return .read { reading throws(Problem) in try answer(id, reading.tables, reading.directory) }
  }

  @Sendable private static func setForRole(_ call: Call) throws(Problem) -> Step {
    try change(.role(call.id("role_id")), to: Override.read(call.body), call)
  }

  @Sendable private static func removeForRole(_ call: Call) throws(Problem) -> Step {
    try change(.role(call.id("role_id")), to: nil, call)
  }

  @Sendable private static func setForMember(_ call: Call) throws(Problem) -> Step {
    try change(.member(call.id("user_id")), to: Override.read(call.body), call)
  }

  @Sendable private static func removeForMember(_ call: Call) throws(Problem) -> Step {
    try change(.member(call.id("user_id")), to: nil, call)
  }

  private static func change(
    _ target: OverrideTarget, to override: Override?, _ call: Call
  ) throws(Problem) -> Step {
    let id = try call.id("category_id")
    let user = try call.member().user
    return .write { writing throws(Problem) in
      let directory = writing.directory
      let old = try read(id, writing.tables)
      if override == nil, old[target] == nil { throw .notFound("override") }
      var new = old
      new[target] = override
      guard new.count <= Limit.overrides else { throw OverrideRoutes.tooMany }
      if override != nil { try OverrideRoutes.check(target, directory) }
      guard
        directory.mayOverride(
          user, target, from: old[target] ?? Override(), to: override ?? Override(), in: nil, at: writing.at)
      else { throw .forbidden }
      try OverrideTable.category.write(override, for: target, of: id, writing.tables)
      let followers = children(of: id, directory).filter { directory.channels[$0]?.overrides == old }
      try apply(new, to: followers, by: user, &writing)
      try record(id, old, new, followers, &writing, call)
      return try answer(id, writing.tables, writing.directory)
    }
  }

  @Sendable private static func sync(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("category_id")
    let user = try call.member().user
    return .write { writing throws(Problem) in
      let overrides = try read(id, writing.tables)
      let directory = writing.directory
      let others = children(of: id, directory).filter { directory.channels[$0]?.overrides != overrides }
      try apply(overrides, to: others, by: user, &writing)
      if !others.isEmpty { try record(id, overrides, overrides, others, &writing, call) }
      return try answer(id, writing.tables, writing.directory)
    }
  }

  private static func apply(
    _ overrides: Overrides, to channels: [Identifier], by user: Identifier, _ writing: inout Writing
  ) throws(Problem) {
    guard !channels.isEmpty else { return }
    for id in channels { try OverrideRoutes.replace(id, overrides, by: user, &writing) }
    try writing.directoryChanged()
    for id in channels {
      let channel = try ChannelView.channel(id, writing.tables, writing.directory) ?? .null
      writing.emit("channel_update", ["channel": channel], to: .channel(id))
    }
  }

  private static func record(
    _ id: Identifier, _ old: Overrides, _ new: Overrides, _ channels: [Identifier], _ writing: inout Writing,
    _ call: Call
  ) throws(Problem) {
    let names: JSONValue = .array(channels.map { .string($0.description) })
    try writing.record(
      AuditEntry(
        "category_override_update", "community", record: ("category", id.description),
        old: ["overrides": ChannelView.overrides(old)],
        new: ["overrides": ChannelView.overrides(new), "applied_to": names]), call)
  }

  private static func read(_ id: Identifier, _ tables: Tables) throws(Problem) -> Overrides {
    guard try tables.exists("SELECT 1 FROM categories WHERE id = ?1", id) else { throw .notFound("category") }
    return try OverrideTable.category.read(id, tables)
  }

  private static func children(of category: Identifier, _ directory: Directory) -> [Identifier] {
    directory.channels.values.filter { $0.category == category && !$0.kind.isConversation }.map(\.id).sorted()
  }

  private static func answer(_ id: Identifier, _ tables: Tables, _ directory: Directory) throws(Problem) -> Step {
    let overrides = try read(id, tables)
    let synced = children(of: id, directory).filter { directory.channels[$0]?.overrides == overrides }
    return .reply(
      Reply(
        status: 200,
        [
          "permissions": ChannelView.overrides(overrides),
          "synced_channels": .array(synced.map { .string($0.description) }),
        ]))
  }
}
