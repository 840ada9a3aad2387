// From an empty database to a schema, once each, in order; and which databases are left alone.

import Randomness
import SQL
import TestSupport
import Testing

private let first = Migration(number: 1, name: "first", sql: "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);")
private let second = Migration(number: 2, name: "second", sql: "ALTER TABLE a ADD COLUMN y TEXT")
private let third = Migration(number: 3, name: "third", sql: "CREATE TABLE b (x INTEGER REFERENCES c(x))")

private func memory() throws -> Database { try Database(path: "", mode: .memory) }

private func tables(_ database: Database) throws -> [String] {
  try database.query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") { row in row.text(0) }
}

@Suite struct MigrationTests {
  @Test func `each runs once, in order`() throws {
    let database = try memory()
    #expect(try Migrations.run([first], on: database) == 1)
    #expect(try Migrations.run([first, second, third], on: database) == 2)
    #expect(try Migrations.run([first, second, third], on: database) == 0)
    #expect(try database.query("SELECT x, y FROM a") { row in row.int(0) } == [1])
    #expect(try tables(database) == ["a", "b", "schema_migrations"])
    #expect(try Migrations.inspect(database, knowing: [first, second, third]).version == 3)
  }

  @Test func `the file says whose it is and how new`() throws {
    let database = try memory()
    try Migrations.run([first, second], on: database)
    #expect(try database.first("PRAGMA application_id") { row in row.int(0) } == Migrations.applicationID)
    #expect(try database.first("PRAGMA user_version") { row in row.int(0) } == 2)
  }

  @Test func `no migrations make an empty database ours`() throws {
    let database = try memory()
    #expect(try Migrations.run([], on: database) == 0)
    let record = try Migrations.inspect(database, knowing: [])
    #expect(!record.isEmpty && record.version == 0)
    #expect(try Migrations.run([first], on: database) == 1)
  }

  @Test func `one that fails leaves nothing of itself and all before it`() throws {
    let database = try memory()
    let bad = Migration(number: 2, name: "bad", sql: "CREATE TABLE good (x); CREATE TABLE a (x);")
    let error = try #require(throws: MigrationError.self) { try Migrations.run([first, bad], on: database) }
    #expect(error.description.contains("already exists"))
    #expect(try tables(database) == ["a", "schema_migrations"])
    #expect(try Migrations.run([first, second], on: database) == 1)
  }

  @Test func `a newer database is refused in words`() throws {
    let database = try memory()
    try Migrations.run([first, second], on: database)
    let error = try #require(throws: MigrationError.self) { try Migrations.run([first], on: database) }
    #expect(error == .newer(found: 2, known: 1))
    #expect(error.description.contains("use the newer mqvi that made it"))
  }

  @Test func `a migration whose text has changed is refused`() throws {
    let database = try memory()
    try Migrations.run([first, second], on: database)
    let other = Migration(number: 1, name: "first", sql: first.sql + " ")
    let error = try #require(throws: MigrationError.self) { try Migrations.run([other, second, third], on: database) }
    #expect(error == .changed(number: 1, name: "first"))
    #expect(try !tables(database).contains("b"))
  }

  @Test func `a gap in the records is refused`() throws {
    let database = try memory()
    try Migrations.run([first, second], on: database)
    try database.execute("DELETE FROM schema_migrations WHERE number = 1")
    #expect(throws: MigrationError.incomplete(number: 1)) { try Migrations.run([first, second], on: database) }
  }

  @Test func `another program's database is refused and left alone`() throws {
    let database = try memory()
    try database.script("CREATE TABLE theirs (x)")
    #expect(throws: MigrationError.foreign(path: ":memory:")) { try Migrations.run([first], on: database) }
    #expect(try tables(database) == ["theirs"])
  }

  @Test func `a table that others refer to can be made anew`() throws {
    let database = try memory()
    let begin = Migration(
      number: 1, name: "begin",
      sql: """
        CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE pets (owner INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE);
        INSERT INTO people VALUES (1, 'a');
        INSERT INTO pets VALUES (1);
        """)
    let anew = Migration(
      number: 2, name: "anew",
      sql: """
        CREATE TABLE new_people (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
        INSERT INTO new_people SELECT id, name FROM people;
        DROP TABLE people;
        ALTER TABLE new_people RENAME TO people;
        """)
    try Migrations.run([begin, anew], on: database)
    #expect(try database.exists("SELECT 1 FROM pets"))
    #expect(throws: SQLError.self) { try database.execute("INSERT INTO pets VALUES (?1)", 9) }
  }

  @Test func `one that would leave references to nothing is undone`() throws {
    let database = try memory()
    let begin = Migration(
      number: 1, name: "begin",
      sql: """
        CREATE TABLE people (id INTEGER PRIMARY KEY);
        CREATE TABLE pets (owner INTEGER NOT NULL REFERENCES people(id));
        INSERT INTO people VALUES (1);
        INSERT INTO pets VALUES (1);
        """)
    let careless = Migration(number: 2, name: "careless", sql: "DELETE FROM people")
    #expect(throws: MigrationError.dangling(number: 2, table: "pets")) {
      try Migrations.run([begin, careless], on: database)
    }
    #expect(try database.exists("SELECT 1 FROM people"))
    #expect(throws: SQLError.self) { try database.execute("INSERT INTO pets VALUES (?1)", 9) }
  }

  @Test func `checksums tell texts apart`() {
    forEachSeed(200) { seed, random in
      let text = String(
        (0..<Int.random(in: 1...60, using: &random)).map { _ in
          "abc 日;\n".randomElement(using: &random) ?? "x"
        })
      let a = Migration(number: 1, name: "a", sql: text)
      #expect(a.checksum == Migration(number: 9, name: "b", sql: text).checksum, "seed \(seed)")
      #expect(a.checksum.count == 16, "seed \(seed)")
      #expect(a.checksum != Migration(number: 1, name: "a", sql: text + "x").checksum, "seed \(seed)")
    }
  }
}
