// Who does not want to hear from whom: it closes the way of direct messages, in both directions.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

enum Blocks {
  static let refusal = Problem(
    .forbidden, "one of you has blocked the other", reason: "blocked")

  static func exists(
    between one: Identifier, and other: Identifier, _ tables: Tables
  ) throws(Problem) -> Bool {
    try tables.exists(
      """
      SELECT 1 FROM blocks WHERE user_id = ?1 AND blocked_id = ?2
      UNION ALL SELECT 1 FROM blocks WHERE user_id = ?2 AND blocked_id = ?1
      """, one, other)
  }

  static func add(_ other: Identifier, by user: Identifier, _ writing: inout Writing) throws(Problem) {
    guard other != user else { throw .invalid("/user_id", "nobody can block themselves") }
    let tables = writing.tables
    guard try tables.exists("SELECT 1 FROM users WHERE id = ?1 AND state <> 'erased'", other) else {
      throw .notFound("user")
    }
    let count = try tables.first("SELECT count(*) FROM blocks WHERE user_id = ?1", user) { row in row.int(0) } ?? 0
    guard count < Limit.blocks else { throw Problem(.conflict, "you block too many people", reason: "block_limit") }
    let added = try tables.execute(
      "INSERT OR IGNORE INTO blocks (user_id, blocked_id, created_at) VALUES (?1, ?2, ?3)", user, other, writing.at)
    if added > 0 { writing.emit("block_add", ["user_id": .id(other)], to: .users([user])) }
  }

  static func remove(_ other: Identifier, by user: Identifier, _ writing: inout Writing) throws(Problem) {
    let removed = try writing.tables.execute(
      "DELETE FROM blocks WHERE user_id = ?1 AND blocked_id = ?2", user, other)
    if removed > 0 { writing.emit("block_remove", ["user_id": .id(other)], to: .users([user])) }
  }

  static func all(by user: Identifier, _ tables: Tables) throws(Problem) -> [Identifier] {
    try tables.query("SELECT blocked_id FROM blocks WHERE user_id = ?1 ORDER BY blocked_id", user) { row in
      row.identifier(0)
    }
  }
}
