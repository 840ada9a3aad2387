// The order of roles, all in one call (MQ-085). Rank is power, so nobody moves what stands at or above them.

import API
import Access
import Identifiers
import JSON
import Problems

enum RoleOrder {
  @Sendable static func put(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    let wanted = (call.body["roles"]?.array ?? []).compactMap { $0.string.flatMap { Identifier($0) } }
    return .write { writing throws(Problem) in
      let directory = writing.directory
      let ordinary = directory.roles.values.filter { $0.kind == .ordinary }
        .sorted { ($0.position, $1.id) > ($1.position, $0.id) }
      guard wanted.count == ordinary.count, Set(wanted) == Set(ordinary.map(\.id)) else {
        throw Problem(.conflict, "the list must name every role that people made once", reason: "order_incomplete")
      }
      // The roles that the caller does not stand above are a beginning of the list, and must stay it.
      let fixed = ordinary.prefix { !directory.outranks(user, role: $0) }.map(\.id)
      guard Array(wanted.prefix(fixed.count)) == fixed else { throw .forbidden }
      let moved = try store(wanted, directory, writing.tables)
      if !moved.isEmpty {
        try writing.directoryChanged()
        for id in moved { try RoleRoutes.tell(id, &writing) }
        try record(ordinary.map(\.id), wanted, &writing, call)
      }
      return .reply("roles", .array(try RoleView.all(writing.tables)))
    }
  }

  /// Numbers them from the bottom up, Owner above all; returns those that got another number.
  private static func store(
    _ order: [Identifier], _ directory: Directory, _ tables: Tables
  ) throws(Problem) -> [Identifier] {
    var positions: [(id: Identifier, position: Int)] = []
    for (index, id) in order.enumerated() { positions.append((id, order.count - index)) }
    for role in directory.roles.values where role.kind == .owner { positions.append((role.id, order.count + 1)) }
    var moved: [Identifier] = []
    for (id, position) in positions where directory.roles[id]?.position != position {
      try tables.execute("UPDATE roles SET position = ?2 WHERE id = ?1", id, position)
      moved.append(id)
    }
    return moved
  }

  private static func record(
    _ old: [Identifier], _ new: [Identifier], _ writing: inout Writing, _ call: Call
  ) throws(Problem) {
    guard old != new else { return }
    func list(_ ids: [Identifier]) -> JSONValue { ["order": .array(ids.map { .string($0.description) })] }
    try writing.record(AuditEntry("role_order_update", "community", old: list(old), new: list(new)), call)
  }
}
