// Who holds which role (MQ-074, MQ-115, MQ-124).
//
// "Admin or moderator" may do it, says the requirement: holders of MANAGE_ROLES, and of MODERATE_MEMBERS, who give only
// roles below their own with bits that they hold. Making and editing roles stays with MANAGE_ROLES.

import API
import Access
import Chronology
import Identifiers
import Identity
import JSON
import Problems

enum RoleAssignment {
  @Sendable static func replace(_ call: Call) throws(Problem) -> Step {
    let wanted = Set((call.body["roles"]?.array ?? []).compactMap { $0.string.flatMap { Identifier($0) } })
    return try change(call) { _, _ in wanted }
  }

  @Sendable static func add(_ call: Call) throws(Problem) -> Step {
    try change(call) { $0.union([$1]) }
  }

  @Sendable static func remove(_ call: Call) throws(Problem) -> Step {
    try change(call) { $0.subtracting([$1]) }
  }

  /// - Parameter target: what the roles become, from what they are and from the role that the path names, if it does.
  private static func change(
    _ call: Call, _ target: @escaping @Sendable (Set<Identifier>, Identifier) -> Set<Identifier>
  ) throws(Problem) -> Step {
    let actor = try call.member().user
    let user = try call.id("user_id")
    let named = call.path["role_id"] == nil ? nil : try call.id("role_id")
    return .write { writing throws(Problem) in
      let held = writing.directory.permissions(of: actor, at: writing.at)
      guard !held.isDisjoint(with: [.manageRoles, .moderateMembers]) else { throw .forbidden }
      guard let member = writing.directory.members[user] else { throw .notFound("member") }
      if let named, writing.directory.roles[named] == nil { throw .notFound("role") }
      let old = Set(member.roles)
      let new = target(old, named ?? user)
      guard new != old else {
        return .reply("user", try UserView.json(user, writing.tables, writing.directory, at: writing.at))
      }
      for id in new.symmetricDifference(old).sorted() {
        try check(id, of: user, by: actor, taking: old.contains(id), writing.directory, at: writing.at)
      }
      try store(old, new, of: user, writing.tables)
      try writing.directoryChanged()
      guard !writing.directory.owners.isEmpty else {
        throw Problem(.conflict, "the last owner stays owner", reason: "last_owner")
      }
      func list(_ ids: Set<Identifier>) -> JSONValue {
        ["roles": .array(ids.sorted().map { .string($0.description) })]
      }
      try writing.record(
        AuditEntry(
          "role_change", "community", record: ("user", user.description), old: list(old), new: list(new)), call)
      return try MemberRoutes.tell(user, &writing)
    }
  }

  private static func check(
    _ id: Identifier, of user: Identifier, by actor: Identifier, taking: Bool, _ directory: Directory,
    at time: WallTime
  ) throws(Problem) {
    guard let role = directory.roles[id] else { throw .notFound("role") }
    guard role.kind != .everyone else {
      throw Problem(.conflict, "everybody holds this role", reason: "default_role")
    }
    guard directory.mayAssign(actor, role, to: user, taking: taking, at: time) else { throw .forbidden }
    // A token in a script is no owner.
    guard taking || role.kind != .owner || directory.members[user]?.isBot != true else {
      throw Problem(.conflict, "a bot cannot be an owner", reason: "bot_owner")
    }
  }

  private static func store(
    _ old: Set<Identifier>, _ new: Set<Identifier>, of user: Identifier, _ tables: Tables
  ) throws(Problem) {
    for id in old.subtracting(new) {
      try tables.execute("DELETE FROM user_roles WHERE user_id = ?1 AND role_id = ?2", user, id)
    }
    for id in new.subtracting(old) {
      try tables.execute("INSERT INTO user_roles (user_id, role_id) VALUES (?1, ?2)", user, id)
    }
  }
}
