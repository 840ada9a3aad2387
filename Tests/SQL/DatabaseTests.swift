// Statements, values, rows and errors of one connection.

import SQL
import Testing

/// A database in memory with one table of every storage class.
func makeDatabase() throws -> Database {
  let database = try Database(path: "", mode: .memory)
  try database.script(
    """
    CREATE TABLE people (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, height REAL, picture BLOB, is_bot INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE friends (person INTEGER NOT NULL REFERENCES people(id), other INTEGER NOT NULL REFERENCES people(id));
    """)
  return database
}

@Suite struct DatabaseTests {
  @Test func `values come back as they were bound`() throws {
    let database = try makeDatabase()
    let picture: [UInt8] = [0, 255, 7]
    let changed = try database.execute(
      "INSERT INTO people (id, name, height, picture, is_bot) VALUES (?1, ?2, ?3, ?4, ?5)",
      7, "Ayşe 🐈 \u{0}end", 1.75, picture, true)
    #expect(changed == 1)
    #expect(database.lastInsertedRowID == 7)
    let row = try database.first("SELECT id, name, height, picture, is_bot FROM people WHERE id = ?1", 7) { row in
      (row.int(0), row.text(1), row.double(2), row.blob(3), row.bool(4))
    }
    let found = try #require(row)
    #expect(found == (7, "Ayşe 🐈 \u{0}end", 1.75, picture, true))
  }

  @Test func `every value keeps its storage class`() throws {
    let database = try Database(path: "", mode: .memory)
    let values: [SQLValue] = [
      .null, .integer(.min), .integer(.max), .real(-0.5), .text(""), .text("ü"), .blob([]), .blob([1, 2]),
    ]
    for value in values {
      let back = try database.first("SELECT ?1", value) { row in row.value(0) }
      #expect(back == value)
    }
    #expect(try database.first("SELECT ?1", UInt64.max) { row in row.uint64(0) } == .max)
  }

  @Test func `nil is NULL and reads as nil`() throws {
    let database = try makeDatabase()
    let height: Double? = nil
    try database.execute("INSERT INTO people (name, height) VALUES (?1, ?2)", "a", height)
    let found = try database.first("SELECT height, picture, name FROM people") { row in
      (row.optionalDouble(0), row.optionalBlob(1), row.optionalText(2), row.isNull(0), row.text(0), row.int(0))
    }
    let row = try #require(found)
    #expect(row.0 == nil && row.1 == nil && row.2 == "a" && row.3 && row.4 == "" && row.5 == 0)
  }

  @Test func `a column that is not there reads as NULL`() throws {
    let database = try Database(path: "", mode: .memory)
    let found = try database.first("SELECT 1") { row in (row.isNull(1), row.isNull(-1), row.text(.max), row.int(9)) }
    let row = try #require(found)
    #expect(row == (true, true, "", 0))
  }

  @Test func `a query gives its rows in order`() throws {
    let database = try makeDatabase()
    for name in ["c", "a", "b"] { try database.execute("INSERT INTO people (name) VALUES (?1)", name) }
    #expect(try database.query("SELECT name FROM people ORDER BY name") { row in row.text(0) } == ["a", "b", "c"])
    #expect(try database.first("SELECT name FROM people WHERE id = ?1", 99) { row in row.text(0) } == nil)
    #expect(try database.exists("SELECT 1 FROM people WHERE name = ?1", "a"))
    #expect(try !database.exists("SELECT 1 FROM people WHERE name = ?1", "z"))
  }

  @Test func `values may be many and known only at run time`() throws {
    let database = try makeDatabase()
    try database.execute("INSERT INTO people (name) VALUES (?1), (?2)", values: [.text("a"), .text("b")])
    let names = try database.query(
      "SELECT name FROM people WHERE name IN (?1, ?2, ?3)", values: [.text("a"), .text("b"), .text("c")]
    ) { row in row.text(0) }
    #expect(names == ["a", "b"])
  }

  @Test func `changes are counted without those of triggers`() throws {
    let database = try makeDatabase()
    try database.script(
      """
      CREATE TABLE log (line TEXT);
      CREATE TRIGGER logged AFTER UPDATE ON people BEGIN INSERT INTO log VALUES (NEW.name); END;
      INSERT INTO people (name) VALUES ('a'), ('b'), ('c');
      """)
    #expect(try database.execute("UPDATE people SET height = ?1 WHERE name <> ?2", 1.0, "a") == 2)
    #expect(try database.execute("SELECT 1") == 0)
    #expect(try database.execute("DELETE FROM people WHERE id = ?1", 99) == 0)
  }

  @Test func `a statement can be at work inside itself`() throws {
    let database = try makeDatabase()
    try database.execute("INSERT INTO people (name) VALUES ('a'), ('b')")
    let sql = "SELECT id FROM people WHERE id >= ?1 ORDER BY id"
    let pairs = try database.query(sql, 1) { outer throws(SQLError) in
      (outer.int(0), try database.query(sql, outer.int(0)) { inner in inner.int(0) })
    }
    #expect(pairs.map(\.0) == [1, 2])
    #expect(pairs.map(\.1) == [[1, 2], [2]])
  }

  @Test func `an error names what happened and the statement, not the values`() throws {
    let database = try makeDatabase()
    try database.execute("INSERT INTO people (name) VALUES (?1)", "secret")
    let error = try #require(throws: SQLError.self) {
      try database.execute("INSERT INTO people (name) VALUES (?1)", "secret")
    }
    #expect(error.isUnique && error.isConstraint && !error.isForeignKey && !error.isBusy)
    #expect(error.description.contains("INSERT INTO people"))
    #expect(!error.description.contains("secret"))
  }

  @Test func `kinds of constraints are told apart`() throws {
    let database = try makeDatabase()
    let foreign = try #require(throws: SQLError.self) {
      try database.execute("INSERT INTO friends (person, other) VALUES (?1, ?2)", 1, 2)
    }
    #expect(foreign.isForeignKey && !foreign.isUnique)
    try database.execute("INSERT INTO people (id, name) VALUES (1, 'a')")
    let key = try #require(throws: SQLError.self) {
      try database.execute("INSERT INTO people (id, name) VALUES (1, 'b')")
    }
    #expect(key.isUnique)
    let null = try #require(throws: SQLError.self) {
      try database.execute("INSERT INTO people (name) VALUES (?1)", SQLValue.null)
    }
    #expect(null.isConstraint && !null.isUnique)
  }

  @Test func `a wrong number of values is refused`() throws {
    let database = try makeDatabase()
    #expect(throws: SQLError.self) { try database.execute("INSERT INTO people (name) VALUES (?1)") }
    #expect(throws: SQLError.self) { try database.execute("INSERT INTO people (name) VALUES (?1)", "a", "b") }
    #expect(try !database.exists("SELECT 1 FROM people"))
  }

  @Test func `one call is one statement`() throws {
    let database = try makeDatabase()
    #expect(throws: SQLError.self) { try database.execute("DELETE FROM people; DELETE FROM friends") }
    #expect(throws: SQLError.self) { try database.execute("") }
    try database.execute("DELETE FROM people;\n")
  }

  @Test func `text in double quotes is a name and never text`() throws {
    let database = try makeDatabase()
    #expect(throws: SQLError.self) { try database.execute(#"SELECT "no such column""#) }
  }

  @Test func `a failed statement can be used again`() throws {
    let database = try makeDatabase()
    let sql = "INSERT INTO people (name) VALUES (?1)"
    try database.execute(sql, "a")
    for _ in 0..<3 { #expect(throws: SQLError.self) { try database.execute(sql, "a") } }
    try database.execute(sql, "b")
    #expect(try database.first("SELECT count(*) FROM people") { row in row.int(0) } == 2)
  }

  @Test func `full-text search is there`() throws {
    let database = try Database(path: "", mode: .memory)
    try database.script("CREATE VIRTUAL TABLE search USING fts5(content)")
    try database.execute("INSERT INTO search (content) VALUES (?1)", "hello world")
    #expect(try database.exists("SELECT 1 FROM search WHERE search MATCH ?1", "world"))
  }
}
