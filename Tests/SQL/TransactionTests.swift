// All or nothing, also one inside the other.

import Randomness
import SQL
import TestSupport
import Testing

private func names(_ database: Database) throws -> [String] {
  try database.query("SELECT name FROM people ORDER BY id") { row in row.text(0) }
}

private func insert(_ name: String, _ database: Database) throws(SQLError) {
  try database.execute("INSERT INTO people (name) VALUES (?1)", name)
}

/// An error of a caller's own.
private enum Refusal: SQLFailure, Equatable {
  case unwanted
  case database(SQLError)

  init(_ error: SQLError) { self = .database(error) }
}

@Suite struct TransactionTests {
  @Test func `what a transaction did stays`() throws {
    let database = try makeDatabase()
    let result = try database.transaction { () throws(SQLError) in
      try insert("a", database)
      try insert("b", database)
      return database.isInTransaction
    }
    #expect(result)
    #expect(!database.isInTransaction)
    #expect(try names(database) == ["a", "b"])
  }

  @Test func `what a failed transaction did is undone`() throws {
    let database = try makeDatabase()
    #expect(throws: SQLError.self) {
      try database.transaction { () throws(SQLError) in
        try insert("a", database)
        try insert("a", database)
      }
    }
    #expect(!database.isInTransaction)
    #expect(try names(database) == [])
  }

  @Test func `a failure inside undoes only the inside`() throws {
    let database = try makeDatabase()
    try database.transaction { () throws(SQLError) in
      try insert("a", database)
      do throws(Refusal) {
        try database.transaction(failing: Refusal.self) { () throws(Refusal) in
          do throws(SQLError) { try insert("b", database) } catch { throw .database(error) }
          throw .unwanted
        }
      } catch {
        #expect(error == .unwanted)
      }
      try insert("c", database)
    }
    #expect(try names(database) == ["a", "c"])
  }

  @Test func `a deferred constraint fails the commit and undoes all`() throws {
    let database = try makeDatabase()
    try database.script("CREATE TABLE pets (owner INTEGER REFERENCES people(id) DEFERRABLE INITIALLY DEFERRED)")
    let error = try #require(throws: SQLError.self) {
      try database.transaction { () throws(SQLError) in
        try database.execute("INSERT INTO pets (owner) VALUES (?1)", 5)
      }
    }
    #expect(error.isForeignKey)
    #expect(!database.isInTransaction)
    #expect(try !database.exists("SELECT 1 FROM pets"))
  }
}
