// What the machine does to a database: processes that die, disks that are full, directories that are closed, locks.

import Foundation
import Randomness
import SQL
import Store
import TestSupport
import Testing

/// `MQVI_LONG=1` tries ten times as often.
private let rounds = ProcessInfo.processInfo.environment["MQVI_LONG"] == "1" ? 200 : 20

@Suite(.serialized) struct FaultTests {
  @Test func `a process that is killed loses nothing that it acknowledged`() throws {
    var directory = try TemporaryDirectory()
    try forEachSeed(rounds) { seed, random in
      // A database that has been killed a few times is another case than a fresh one.
      if seed % 10 == 0 { directory = try TemporaryDirectory() }
      // Now and then enough for the log to be moved into the file in between.
      let enough = seed % 7 == 0 ? 9000 : Int.random(in: 0...600, using: &random)
      let victim = try VictimProcess(["write", directory.database])
      var acknowledged: [Int] = []
      while acknowledged.count < enough {
        let line = try #require(victim.line(), "seed \(seed)")
        acknowledged.append(try #require(Int(line), "seed \(seed): \(line)"))
      }
      victim.kill()
      acknowledged += victim.lines().compactMap { Int($0) }
      try check(directory, acknowledged, seed)
    }
  }

  /// The file is whole, has every acknowledged entry and a shadow for each of them.
  private func check(_ directory: TemporaryDirectory, _ acknowledged: [Int], _ seed: UInt64) throws {
    // Killed before it made the file.
    guard FileManager.default.fileExists(atPath: directory.database) else {
      #expect(acknowledged.isEmpty, "seed \(seed)")
      return
    }
    let database = try Database(path: directory.database, mode: .readWrite)
    #expect(try database.faults(.everything) == [], "seed \(seed)")
    guard try database.exists("SELECT 1 FROM sqlite_schema WHERE name = 'shadows'") else {
      #expect(acknowledged.isEmpty, "seed \(seed)")
      return
    }
    let entries = try database.query("SELECT number, content FROM entries ORDER BY number") { row in
      (row.int(0), row.text(1))
    }
    let shadows = try database.query("SELECT number, content FROM shadows ORDER BY number") { row in
      (row.int(0), row.text(1))
    }
    #expect(entries.map(\.0) == Array(1..<(entries.count + 1)), "seed \(seed)")
    #expect(entries.elementsEqual(shadows, by: ==), "seed \(seed)")
    #expect(entries.allSatisfy { $0.1.hasPrefix("entry \($0.0) x") }, "seed \(seed)")
    #expect(acknowledged.max() ?? 0 <= entries.count, "seed \(seed)")
  }

  @Test func `when the disk takes no more, writes fail in words and go on once it does`() throws {
    let directory = try TemporaryDirectory()
    let lines = try VictimProcess(["limited", directory.database, "2000000"]).lines()
    let numbers = lines.compactMap { Int($0) }
    let failure = try #require(lines.first { $0.hasPrefix("failed ") })
    #expect(["failed the disk is full", "failed the disk cannot be read or written"].contains(failure))
    #expect(numbers.count > 100)
    let last = try #require(lines.last)
    #expect(last.hasPrefix("again "), "\(last)")
    try check(directory, numbers + [try #require(Int(last.dropFirst(6)))], 0)
  }

  @Test func `a full database fails a write, keeps the rest, and takes writes again when there is room`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    func fill(_ number: Int) throws -> Result<Int, Refusal> {
      try store.now { database, state throws(Refusal) in
        state.append(number)
        try database.change("INSERT INTO numbers (number, filling) VALUES (?1, zeroblob(3000))", number)
        return state.count
      }
    }
    func allow(_ pages: Int) throws {
      _ = try store.now { database, _ throws(Refusal) in
        do throws(SQLError) { try database.script("PRAGMA max_page_count = \(pages)") } catch { throw .database(error) }
        return 0
      }
    }
    try allow(50)
    var written = 0
    while true {
      let result = try fill(written)
      if case .failure(let error) = result {
        #expect(error.sql?.isFull == true)
        #expect(error.sql?.description.hasPrefix("the disk is full") == true)
        break
      }
      written += 1
      try #require(written < 100)
    }
    #expect(written > 10)
    #expect(try numbersOnDisk(directory) == Array(0..<written))
    try allow(10_000)
    #expect(try fill(written) == .success(written + 1))
  }

  @Test func `a directory that may not be written to is named`() throws {
    let directory = try TemporaryDirectory()
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: directory.path)
    let lines = try VictimProcess(["stranger", directory.database]).lines()
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
    #expect(lines == ["error open \(directory.database).lock: Permission denied"])
  }

  @Test func `a database that may not be written to is named`() throws {
    let directory = try TemporaryDirectory()
    try openNumbers(directory).stop()
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory.path)
    try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: directory.database)
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: directory.database + ".lock")
    let line = try #require(try VictimProcess(["stranger", directory.database]).lines().first)
    #expect(line.hasPrefix("error the database cannot be written to: \(directory.database) is write-protected"))
  }

  @Test func `while another process has the lock, writes fail in words and reads go on`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    #expect(store.insert(1))
    _ = try store.settle(1)
    let victim = try VictimProcess(["hold", directory.database])
    #expect(victim.line() == "held")
    #expect(store.insert(2))
    #expect(store.read(id: 5) { database throws(Refusal) in try database.count() })
    let outcomes = try store.settle(2)
    #expect(outcomes[0].id == 5)
    #expect(outcomes[0].result == .success(1))
    let error = try #require(outcomes[1].result.failure?.sql)
    #expect(error.isBusy)
    #expect(error.description.hasPrefix("the database is locked by another process"))
    victim.finish()
    #expect(store.insert(2))
    #expect(try store.settle(1)[0].result == .success(2))
  }

  @Test func `only the owner may read the database and what lies beside it`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    #expect(store.insert(1))
    _ = try store.settle(1)
    for name in ["mqvi.db", "mqvi.db-wal", "mqvi.db-shm", "mqvi.db.lock"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + name)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
  }

  @Test func `two servers cannot have one database`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    let error = try #require(throws: StoreError.self) { try openNumbers(directory) }
    #expect(error.description == "\(directory.database) is in use by a running mqvi: stop that one first")
    store.stop()
    try openNumbers(directory).stop()
  }

  @Test func `a file that is no database is refused in words and left alone`() throws {
    let directory = try TemporaryDirectory()
    let text = String(repeating: "not a database ", count: 1000)
    try text.write(toFile: directory.database, atomically: true, encoding: .utf8)
    let error = try #require(throws: StoreError.self) { try openNumbers(directory) }
    #expect(error.description.hasPrefix("the file is no database"))
    #expect(try String(contentsOfFile: directory.database, encoding: .utf8) == text)
  }
}
