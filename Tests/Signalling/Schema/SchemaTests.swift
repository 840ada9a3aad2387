// The migrations as a whole: that an empty database takes them, and what every table of the server must be like.

import SQL
import Schema
import Testing

@Suite struct SchemaTests {
  private func migrated() throws -> Database {
    let database = try Database(path: "", mode: .memory)
    try Migrations.run(Schema.migrations, on: database)
    return database
  }

  /// Names of the tables that are ours: not those of SQLite, nor the ones that a full-text index keeps for itself.
  private func tables(_ database: Database) throws -> [String] {
    try database.query(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
    ) { row in row.text(0) }
  }

  @Test func `an empty database takes every migration`() throws {
    let database = try migrated()
    #expect(try Migrations.inspect(database, knowing: Schema.migrations).version == Schema.migrations.count)
    #expect(try database.faults(.everything) == [])
    #expect(try tables(database).count > 5)
  }

  @Test func `names of migrations are told apart`() {
    #expect(Set(Schema.migrations.map(\.name)).count == Schema.migrations.count)
  }

  @Test func `tables keep values of their columns' types only`() throws {
    let database = try migrated()
    for table in try tables(database) {
      let isStrict = try database.first("SELECT strict FROM pragma_table_list WHERE name = ?1", table) { row in
        row.bool(0)
      }
      #expect(isStrict == true, "\(table) is not STRICT")
    }
  }

  /// Only the commit would notice that one is broken, and every job of the group would fail with it.
  @Test func `no rule waits for the commit`() throws {
    for migration in Schema.migrations { #expect(!migration.sql.uppercased().contains("INITIALLY DEFERRED")) }
  }

  /// Tables whose size an administrator decides about: reading one whole costs nothing.
  private static let small: Set = [
    "bans", "bot_tokens", "category_permissions", "channel_permissions", "channels", "incoming_webhooks", "invites",
    "outgoing_webhooks", "password_resets", "pins",
  ]

  /// Without it, deleting one row reads every row that could refer to it.
  @Test func `in tables that grow, every reference has an index that begins with it`() throws {
    let database = try migrated()
    #expect(Self.small.isSubset(of: try tables(database)))
    for table in try tables(database) where !Self.small.contains(table) {
      let references = try database.query(
        "SELECT \"from\" FROM pragma_foreign_key_list(?1) WHERE seq = 0", table
      ) { row in row.text(0) }
      let indexed = try database.query(
        """
        SELECT i.name FROM pragma_index_list(?1) AS l, pragma_index_info(l.name) AS i WHERE i.seqno = 0
        UNION SELECT name FROM pragma_table_info(?1) WHERE pk = 1
        """, table
      ) { row in row.text(0) }
      for column in references { #expect(indexed.contains(column), "\(table).\(column)") }
    }
  }
}
