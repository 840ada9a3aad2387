// Copies, checks, the log and statements in number, on files.

import Foundation
import SQL
import Testing

private final class Directory {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("mqvi-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct DatabaseFileTests {
  private func fill(_ database: Database, _ rows: Int) throws {
    try database.script("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, filling BLOB)")
    try database.transaction { () throws(SQLError) in
      for _ in 0..<rows { try database.execute("INSERT INTO rows (filling) VALUES (zeroblob(?1))", 2000) }
    }
  }

  @Test func `a connection enforces what its file cannot`() throws {
    let directory = try Directory()
    let database = try Database(path: directory.path + "/a.db", mode: .readWrite)
    func pragma(_ name: String) throws -> String? {
      try database.first("SELECT * FROM pragma_\(name)") { row in row.text(0) }
    }
    #expect(try pragma("journal_mode") == "wal")
    #expect(try pragma("synchronous") == "2")
    #expect(try pragma("foreign_keys") == "1")
    #expect(try pragma("trusted_schema") == "0")
    #expect(try pragma("cell_size_check") == "1")
    #expect(throws: SQLError.self) { try database.script("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema") }
  }

  @Test func `a read-only connection needs a file and cannot change it`() throws {
    let directory = try Directory()
    let path = directory.path + "/a.db"
    #expect(throws: SQLError.self) { try Database(path: path, mode: .readOnly) }
    let writer = try Database(path: path, mode: .readWrite)
    try fill(writer, 3)
    let reader = try Database(path: path, mode: .readOnly)
    #expect(try reader.first("SELECT count(*) FROM rows") { row in row.int(0) } == 3)
    let error = try #require(throws: SQLError.self) { try reader.execute("DELETE FROM rows") }
    #expect(error.isReadOnly)
  }

  @Test func `a file name is a file name, also when it looks like more`() throws {
    let directory = try Directory()
    let path = directory.path + "/file:a?mode=memory#b"
    _ = try Database(path: path, mode: .readWrite)
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func `the log is counted, moved and emptied`() throws {
    let directory = try Directory()
    let path = directory.path + "/a.db"
    let database = try Database(path: path, mode: .readWrite)
    let log = LogMeter(database)
    try fill(database, 3000)
    // Without a meter SQLite would have emptied it at 1000 pages.
    #expect(log.pages > 1400)
    let checkpoint = try database.checkpoint()
    #expect(checkpoint.isComplete)
    #expect(checkpoint.logged == log.pages)
    log.reset()
    try fill(database, 1)
    #expect(log.pages < 10)
    #expect(try database.emptyLog())
    let size = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
    #expect(size == 0)
  }

  @Test func `a reader keeps its pages in the log`() throws {
    let directory = try Directory()
    let path = directory.path + "/a.db"
    let database = try Database(path: path, mode: .readWrite)
    let log = LogMeter(database)
    try fill(database, 10)
    let reader = try Database(path: path, mode: .readOnly)
    try reader.execute("BEGIN")
    #expect(try reader.first("SELECT count(*) FROM rows") { row in row.int(0) } == 10)
    try fill(database, 10)
    #expect(try !database.checkpoint().isComplete)
    #expect(try reader.first("SELECT count(*) FROM rows") { row in row.int(0) } == 10)
    try reader.execute("COMMIT")
    #expect(try database.checkpoint().isComplete)
    #expect(log.pages > 0)
  }

  @Test func `a copy is one file with the same rows`() throws {
    let directory = try Directory()
    let database = try Database(path: directory.path + "/a.db", mode: .readWrite)
    try fill(database, 5000)
    var steps: [Int] = []
    try database.copy(to: directory.path + "/b.db") { copied, total in
      steps.append(copied)
      return copied <= total
    }
    #expect(steps.count > 1 && steps == steps.sorted())
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: directory.path)).subtracting([
        "a.db", "a.db-wal", "a.db-shm",
      ]) == ["b.db"])
    let copy = try Database(path: directory.path + "/b.db", mode: .readOnly)
    #expect(try copy.first("SELECT count(*), sum(length(filling)) FROM rows") { row in row.int(1) } == 10_000_000)
    #expect(try copy.faults(.everything) == [])
  }

  @Test func `faults are found`() throws {
    let directory = try Directory()
    let path = directory.path + "/a.db"
    do {
      let database = try Database(path: path, mode: .readWrite)
      try database.script(
        "CREATE TABLE people (id INTEGER PRIMARY KEY); CREATE TABLE pets (owner REFERENCES people(id))")
      #expect(try database.faults(.everything) == [])
      try database.script("PRAGMA foreign_keys = OFF")
      try database.execute("INSERT INTO pets VALUES (?1)", 5)
      #expect(try database.faults(.structure) == [])
      #expect(try database.faults(.everything) == ["a row of pets refers to nothing"])
      try fill(database, 500)
    }
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    try file.seek(toOffset: 4096 * 50)
    try file.write(contentsOf: Data(repeating: 0xff, count: 4096))
    try file.close()
    #expect(try !Database(path: path, mode: .readOnly).faults(.structure).isEmpty)
  }

  @Test func `more statements than are kept still work`() throws {
    let database = try Database(path: "", mode: .memory)
    for round in 0..<3 {
      for number in 0..<SQLLimit.preparedStatements + 100 {
        #expect(try database.first("SELECT ?1 + \(number)", round) { row in row.int(0) } == number + round)
      }
    }
  }
}
