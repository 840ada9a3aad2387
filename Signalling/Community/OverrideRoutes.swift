// What one channel gives and takes (MQ-082, MQ-120…MQ-122), and why somebody may or may not.

import API
import Access
import Identifiers
import JSON
import Problems

enum OverrideRoutes {
  static let body = Route.Body.json(
    .object([.optional("allow", Shapes.bits), .optional("deny", Shapes.bits)]))
  static let list: [Shape.Field] = [
    .init("permissions", .array(.reference("Override"), 0...Limit.overrides)),
    .init("synced", .boolean, "Whether they are those of the channel's category, and follow its changes."),
  ]

  static let all: [Route] = [
    Route(
      .get, "/channels/{channel_id}/permissions", "listChannelOverrides", "The overrides of a channel.",
      tag: "Permissions", access: .channel(.viewChannel), scope: "channels.read", answer: list, handle: get),
    Route(
      .put, "/channels/{channel_id}/permissions/{role_id}", "setChannelRoleOverride",
      "What a channel allows and denies a role.", tag: "Permissions", access: .channel(.manageRoles),
      scope: "channels.manage",
      body: body, answer: list, problems: [.conflict], handle: setForRole),
    Route(
      .delete, "/channels/{channel_id}/permissions/{role_id}", "deleteChannelRoleOverride",
      "Takes the override of a role away.", tag: "Permissions", access: .channel(.manageRoles),
      scope: "channels.manage",
      answer: list, handle: removeForRole),
    Route(
      .put, "/channels/{channel_id}/permissions/members/{user_id}", "setChannelMemberOverride",
      "What a channel allows and denies one member.", tag: "Permissions", access: .channel(.manageRoles),
      scope: "channels.manage", body: body, answer: list, problems: [.conflict], handle: setForMember),
    Route(
      .delete, "/channels/{channel_id}/permissions/members/{user_id}", "deleteChannelMemberOverride",
      "Takes the override of a member away.", tag: "Permissions", access: .channel(.manageRoles),
      scope: "channels.manage",
      answer: list, handle: removeForMember),
    Route(
      .post, "/channels/{channel_id}/permissions/sync", "syncChannelOverrides",
      "Gives a channel the overrides of its category in place of its own.", tag: "Permissions",
      access: .channel(.manageRoles), scope: "channels.manage", answer: list, problems: [.conflict], handle: sync),
    Route(
      .get, "/channels/{channel_id}/permissions/explain", "explainPermissions",
      "What a member may do in a channel, and by which role or override. Others than oneself need MANAGE_ROLES there.",
      tag: "Permissions", access: .channel(.viewChannel), scope: "channels.read",
      query: [QueryParameter("user_id", .identifier, "The member; the caller when it is left out.")],
      answer: [
        .init("user_id", .identifier), .init("channel_id", .identifier), .init("permissions", Shapes.bits),
        .init("permission_codes", .array(.string(1...40), 0...64)),
        .init("steps", .array(.reference("PermissionStep"), 0...Limit.roles * 2 + 10)),
      ], handle: explain),
  ]

  // MARK: Handlers

  @Sendable private static func get(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("channel_id")
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
    let id = try call.id("channel_id")
    let user = try call.member().user
    return .write { writing throws(Problem) in
      let old = try overrides(of: id, writing.directory)
      if override == nil, old[target] == nil { throw .notFound("override") }
      var new = old
      new[target] = override
      try replace(id, new, by: user, &writing)
      try writing.directoryChanged()
      try tell(id, old, &writing, call)
      return try answer(id, writing.tables, writing.directory)
    }
  }

  @Sendable private static func sync(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("channel_id")
    let user = try call.member().user
    return .write { writing throws(Problem) in
      let old = try overrides(of: id, writing.directory)
      guard let category = writing.directory.channels[id]?.category else {
        throw Problem(.conflict, "the channel has no category", reason: "no_category")
      }
      try replace(id, try OverrideTable.category.read(category, writing.tables), by: user, &writing)
      try writing.directoryChanged()
      try tell(id, old, &writing, call)
      return try answer(id, writing.tables, writing.directory)
    }
  }

  @Sendable private static func explain(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("channel_id")
    let asking = try call.member().user
    let user = try call.queryID("user_id") ?? asking
    return .read { reading throws(Problem) in
      if user != asking { try reading.directory.require(.manageRoles, of: asking, in: id, at: reading.at) }
      guard reading.directory.members[user] != nil else { throw .notFound("member") }
      let steps = reading.directory.explanation(of: user, in: id, at: reading.at)
      let held = reading.directory.permissions(of: user, in: id, at: reading.at)
      return .reply(
        Reply(
          status: 200,
          [
            "user_id": .string(user.description), "channel_id": .string(id.description),
            "permissions": .integer(held.rawValue), "permission_codes": RoleView.codes(held),
            "steps": .array(steps.map(view)),
          ]))
    }
  }

  private static func view(_ step: EvaluationStep) -> JSONValue {
    [
      "step": .string(step.source.name), "role_id": step.source.role.map { .string($0.description) } ?? .null,
      "allow": .integer(step.allow.rawValue), "deny": .integer(step.deny.rawValue),
      "result": .integer(step.result.rawValue), "result_codes": RoleView.codes(step.result),
    ]
  }

  // MARK: Shared with channels and categories

  /// The overrides of a channel of the server; conversations have none.
  static func overrides(of id: Identifier, _ directory: Directory) throws(Problem) -> Overrides {
    guard let channel = directory.channels[id], !channel.kind.isConversation else { throw .notFound("channel") }
    return channel.overrides
  }

  /// Replaces the overrides of a channel, when `actor` may make every single change; otherwise nothing happens. The
  /// directory is for the caller to read again, once for however many channels.
  static func replace(
    _ id: Identifier, _ new: Overrides, by actor: Identifier, _ writing: inout Writing
  ) throws(Problem) {
    let directory = writing.directory
    let old = try overrides(of: id, directory)
    guard new.count <= Limit.overrides else { throw tooMany }
    for target in new.targetsThatDiffer(from: old) {
      if new[target] != nil { try check(target, directory) }
      guard
        directory.mayOverride(
          actor, target, from: old[target] ?? Override(), to: new[target] ?? Override(), in: id, at: writing.at)
      else { throw .forbidden }
      try OverrideTable.channel.write(new[target], for: target, of: id, writing.tables)
    }
  }

  static var tooMany: Problem {
    Problem(.conflict, "there are \(Limit.overrides) overrides already", reason: "limit_overrides")
  }

  /// An override needs somebody whom it is for.
  static func check(_ target: OverrideTarget, _ directory: Directory) throws(Problem) {
    switch target {
    case .role(let id):
      guard let role = directory.roles[id] else { throw .notFound("role") }
      guard role.kind != .owner else { throw Problem(.conflict, "owners may do everything", reason: "owner_role") }
    case .member(let id):
      guard directory.members[id] != nil else { throw .notFound("member") }
    }
  }

  private static func tell(
    _ id: Identifier, _ old: Overrides, _ writing: inout Writing, _ call: Call
  ) throws(Problem) {
    let new = try overrides(of: id, writing.directory)
    guard new != old else { return }
    try writing.record(
      AuditEntry(
        "channel_override_update", "community", record: ("channel", id.description),
        old: ["overrides": ChannelView.overrides(old)], new: ["overrides": ChannelView.overrides(new)]), call)
    let channel = try ChannelView.channel(id, writing.tables, writing.directory) ?? .null
    writing.emit("channel_update", ["channel": channel], to: .channel(id))
  }

  private static func answer(_ id: Identifier, _ tables: Tables, _ directory: Directory) throws(Problem) -> Step {
    guard let channel = directory.channels[id] else { throw .notFound("channel") }
    return .reply(
      Reply(
        status: 200,
        [
          "permissions": ChannelView.overrides(channel.overrides),
          "synced": .bool(try Inheritance.isSynced(channel, tables)),
        ]))
  }
}
