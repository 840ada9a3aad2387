// Roles, as clients see them (MQ-070).

public import API
import Access
public import Identifiers
public import JSON
public import Problems
import SQL

public enum RoleView {
  private static let columns = "id, kind, name, color, position, permissions, hoist, mentionable"

  /// All roles, the highest first.
  public static func all(_ tables: Tables) throws(Problem) -> [JSONValue] {
    try tables.query("SELECT \(columns) FROM roles ORDER BY position DESC, id") { view($0) }
  }

  public static func role(_ id: Identifier, _ tables: Tables) throws(Problem) -> JSONValue? {
    try tables.first("SELECT \(columns) FROM roles WHERE id = ?1", id) { view($0) }
  }

  private static func view(_ row: borrowing Row) -> JSONValue {
    let permissions = Permissions(rawValue: row.int64(5))
    return [
      "id": .string(row.identifier(0).description), "name": .string(row.text(2)), "color": .string(row.text(3)),
      "position": .integer(row.int64(4)), "permissions": .integer(permissions.rawValue),
      "permission_codes": codes(permissions), "hoist": .bool(row.bool(6)), "mentionable": .bool(row.bool(7)),
      "is_default": .bool(row.int(1) == Role.Kind.everyone.rawValue),
      "is_owner": .bool(row.int(1) == Role.Kind.owner.rawValue),
    ]
  }

  static func codes(_ permissions: Permissions) -> JSONValue { .array(permissions.codes.map { .string($0) }) }
}
