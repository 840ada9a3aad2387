// Roles: made, edited, ordered and deleted, always below one's own (MQ-070…MQ-073, MQ-114, MQ-115, UN-054).

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

enum RoleRoutes {
  private static let fields: [Shape.Field] = [
    .optional("color", Shapes.color, "`#RRGGBB`."), .optional("permissions", Shapes.bits),
    .optional("permission_codes", .array(.string(1...40), 0...64), "The same as codes; in place of `permissions`."),
    .optional("hoist", .boolean, "Shown as a group of their own in the list of members."),
    .optional("mentionable", .boolean),
  ]
  private static let answer: [Shape.Field] = [.init("role", .reference("Role"))]
  private static let list: [Shape.Field] = [.init("roles", .array(.reference("Role"), 0...Limit.roles))]

  static let all: [Route] = [
    Route(
      .get, "/roles", "listRoles", "All roles, the highest first.", tag: "Roles", access: .member,
      scope: "channels.read",
      answer: list, handle: all),
    Route(
      .post, "/roles", "createRole", "Makes a role, right above the one of everybody.", tag: "Roles",
      access: .server(.manageRoles), scope: "roles.manage", body: .json(.object([.init("name", Names.shape)] + fields)),
      answer: answer, status: 201, problems: [.conflict], handle: create),
    Route(
      .patch, "/roles/{role_id}", "updateRole", "Changes the members that the body names.", tag: "Roles",
      access: .server(.manageRoles), scope: "roles.manage",
      body: .json(.object([.optional("name", Names.shape)] + fields)),
      answer: answer, problems: [.notFound, .conflict], handle: update),
    Route(
      .delete, "/roles/{role_id}", "deleteRole", "Deletes a role; who held it holds it no more.", tag: "Roles",
      access: .server(.manageRoles), scope: "roles.manage", problems: [.notFound, .conflict], handle: remove),
    Route(
      .put, "/roles/positions", "orderRoles",
      "Brings all roles that people made into an order, the highest first. Those at or above the caller's own stay.",
      tag: "Roles", access: .server(.manageRoles), scope: "roles.manage",
      body: .json(.object([.init("roles", .array(.identifier, 1...Limit.roles))])), answer: list,
      problems: [.conflict], handle: RoleOrder.put),
    Route(
      .get, "/permissions/me", "getMyPermissions", "What the caller may do on the server.", tag: "Permissions",
      access: .member, scope: "channels.read",
      answer: [
        .init("permissions", Shapes.bits), .init("permission_codes", .array(.string(1...40), 0...64)),
        .init("is_owner", .boolean),
      ], handle: mine),
  ]

  @Sendable private static func all(_ call: Call) throws(Problem) -> Step {
    .read { reading throws(Problem) in .reply("roles", .array(try RoleView.all(reading.tables))) }
  }

  @Sendable private static func mine(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    let held = call.directory.permissions(of: user, at: call.at.wall)
    return .reply(
      Reply(
        status: 200,
        [
          "permissions": .integer(held.rawValue), "permission_codes": RoleView.codes(held),
          "is_owner": .bool(call.directory.isOwner(user)),
        ]))
  }

  // MARK: Making

  @Sendable private static func create(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    guard let name = try Names.read(call) else { throw .invalid("/name", "is missing") }
    let color = try color(call) ?? "#99AAB5"
    let permissions = try permissions(call) ?? []
    return .write { writing throws(Problem) in
      guard writing.directory.roles.count < Limit.roles else {
        throw Problem(.conflict, "there are \(Limit.roles) roles already", reason: "limit_roles")
      }
      // At position 1 it stands below whoever makes it, unless they hold no role but the one of everybody.
      guard writing.directory.rank(of: user) > 0, writing.directory.mayGrant(user, permissions, at: writing.at) else {
        throw .forbidden
      }
      let id = writing.newIdentifier()
      let raised = try writing.tables.query(
        "SELECT id FROM roles WHERE kind <> 1 AND EXISTS (SELECT 1 FROM roles WHERE position = 1)"
      ) {
        $0.identifier(0)
      }
      if !raised.isEmpty { try writing.tables.execute("UPDATE roles SET position = position + 1 WHERE kind <> 1") }
      try writing.tables.execute(
        """
        INSERT INTO roles (id, name, color, position, permissions, hoist, mentionable, created_at)
        VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7)
        """, id, name, color, permissions.rawValue, call.body["hoist"]?.bool ?? false,
        call.body["mentionable"]?.bool ?? false, writing.at)
      try writing.directoryChanged()
      let role = try RoleView.role(id, writing.tables) ?? .null
      try writing.record(AuditEntry("role_create", "community", record: ("role", id.description), new: role), call)
      writing.emit("role_create", ["role": role], to: .everyone)
      for other in raised { try tell(other, &writing) }
      return .reply("role", role, status: 201)
    }
  }

  // MARK: Changing

  @Sendable private static func update(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    let id = try call.id("role_id")
    let name = try Names.read(call)
    let color = try color(call)
    let permissions = try permissions(call)
    return .write { writing throws(Problem) in
      guard let role = writing.directory.roles[id], let old = try RoleView.role(id, writing.tables) else {
        throw .notFound("role")
      }
      guard writing.directory.outranks(user, role: role) else { throw .forbidden }
      if let permissions, permissions != role.permissions {
        guard role.kind != .owner else {
          throw Problem(.conflict, "owners may do everything", reason: "owner_role")
        }
        let changed = permissions.symmetricDifference(role.permissions.intersection(.all))
        guard writing.directory.mayGrant(user, changed, at: writing.at) else { throw .forbidden }
      }
      try writing.tables.execute(
        """
        UPDATE roles SET name = coalesce(?2, name), color = coalesce(?3, color),
          permissions = coalesce(?4, permissions), hoist = coalesce(?5, hoist), mentionable = coalesce(?6, mentionable)
        WHERE id = ?1
        """, id, name, color, permissions?.rawValue, call.body["hoist"]?.bool, call.body["mentionable"]?.bool)
      try writing.directoryChanged()
      let new = try RoleView.role(id, writing.tables) ?? .null
      if let change = Difference.between(old, new) {
        try writing.record(
          AuditEntry(
            "role_update", "community", record: ("role", id.description), old: change.old, new: change.new), call)
        writing.emit("role_update", ["role": new], to: .everyone)
      }
      return .reply("role", new)
    }
  }

  @Sendable private static func remove(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    let id = try call.id("role_id")
    return .write { writing throws(Problem) in
      guard let role = writing.directory.roles[id], let old = try RoleView.role(id, writing.tables) else {
        throw .notFound("role")
      }
      guard role.kind == .ordinary else {
        throw Problem(
          .conflict, "this role cannot be deleted", reason: role.kind == .owner ? "owner_role" : "default_role")
      }
      guard writing.directory.outranks(user, role: role) else { throw .forbidden }
      let channels = writing.directory.channels.values.filter { $0.overrides[.role(id)] != nil }.map(\.id).sorted()
      try writing.tables.execute("DELETE FROM roles WHERE id = ?1", id)
      try writing.directoryChanged()
      try writing.record(AuditEntry("role_delete", "community", record: ("role", id.description), old: old), call)
      writing.emit("role_delete", ["id": .string(id.description)], to: .everyone)
      for channel in channels {
        let view = try ChannelView.channel(channel, writing.tables, writing.directory) ?? .null
        writing.emit("channel_update", ["channel": view], to: .channel(channel))
      }
      return .done
    }
  }

  static func tell(_ role: Identifier, _ writing: inout Writing) throws(Problem) {
    writing.emit("role_update", ["role": try RoleView.role(role, writing.tables) ?? .null], to: .everyone)
  }

  // MARK: Reading bodies

  private static func color(_ call: Call) throws(Problem) -> String? {
    guard let text = call.body["color"]?.string else { return nil }
    guard text.utf8.count == 7, text.utf8.first == UInt8(ascii: "#"), text.dropFirst().allSatisfy(\.isHexDigit) else {
      throw .invalid("/color", "must be #RRGGBB")
    }
    return text.uppercased()
  }

  /// The bits, in either spelling.
  private static func permissions(_ call: Call) throws(Problem) -> Permissions? {
    if let codes = call.body["permission_codes"]?.array {
      guard !call.names("permissions") else { throw .invalid("/permission_codes", "must not stand beside permissions") }
      guard let permissions = Permissions(codes: codes.compactMap(\.string)) else {
        throw .invalid("/permission_codes", "has a code that is not known")
      }
      return permissions
    }
    return call.body["permissions"]?.integer.map { Permissions(rawValue: $0) }
  }
}
