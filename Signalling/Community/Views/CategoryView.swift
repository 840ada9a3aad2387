// Categories, as clients see them (MQ-056). Their names are no secret: every member sees all of them.

public import API
public import Identifiers
public import JSON
public import Problems
import SQL

public enum CategoryView {
  /// All categories in their order.
  public static func all(_ tables: Tables) throws(Problem) -> [JSONValue] {
    try tables.query("SELECT id, name, position FROM categories ORDER BY position, id") { view($0) }
  }

  public static func category(_ id: Identifier, _ tables: Tables) throws(Problem) -> JSONValue? {
    try tables.first("SELECT id, name, position FROM categories WHERE id = ?1", id) { view($0) }
  }

  private static func view(_ row: borrowing Row) -> JSONValue {
    [
      "id": .string(row.identifier(0).description), "name": .string(row.text(1)), "position": .integer(row.int64(2)),
    ]
  }
}
