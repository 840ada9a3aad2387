// Backups of a database that is in use, which of them are kept, and putting one back.

import Chronology
import Foundation
import Randomness
import SQL
import Store
import TestSupport
import Testing

private let now = WallTime(milliseconds: 1_795_167_000_000)

/// Overwrites bytes in the middle of a file.
private func damage(_ path: String) throws {
  let file = try #require(FileHandle(forUpdatingAtPath: path))
  let size = try file.seekToEnd()
  for page in 1..<(size / 4096) {
    try file.seek(toOffset: page * 4096)
    try file.write(contentsOf: Data(repeating: 0xa5, count: 600))
  }
  try file.close()
}

@Suite struct BackupTests {
  /// A store with some numbers, and a backup of it.
  private func backedUp(_ count: Int) throws -> (directory: TemporaryDirectory, backup: String) {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    for number in 0..<count { #expect(store.insert(number)) }
    _ = try store.settle(count)
    let target = directory.path + "/copy.db"
    let backup = try Backups.make(of: directory.database, at: target)
    #expect(backup.path == target)
    #expect(backup.version == 1)
    #expect(backup.bytes > 4096)
    store.stop()
    return (directory, target)
  }

  private func numbers(in path: String) throws -> [Int] {
    try allNumbers(Database(path: path, mode: .readOnly))
  }

  @Test func `a backup is one private file with everything that was committed`() throws {
    let (directory, backup) = try backedUp(200)
    #expect(directory.files.filter { $0.hasPrefix("copy") } == ["copy.db"])
    let mode = try FileManager.default.attributesOfItem(atPath: backup)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try numbers(in: backup) == Array(0..<200))
    #expect(directory.files.filter { $0.hasPrefix("copy") } == ["copy.db"])
  }

  @Test func `a backup is one moment while writes go on`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    func writeGroup(_ group: Int) {
      #expect(
        store.write(id: 0) { database, _ throws(Refusal) in
          for number in 0..<10 {
            try database.change(
              "INSERT INTO numbers (number, filling) VALUES (?1, zeroblob(3000))", group * 10 + number)
          }
          return 0
        })
    }
    for group in 0..<300 { writeGroup(group) }
    _ = try store.settle(300)
    var group = 300
    let backup = try Backups.make(of: directory.database, at: directory.path + "/copy.db") { copied, total in
      // One write is through before each further step of the copy.
      writeGroup(group)
      group += 1
      _ = try? store.settle(1)
      return copied <= total
    }
    #expect(group > 301)
    #expect(try numbers(in: backup.path) == Array(0..<3000))
    #expect(try numbersOnDisk(directory) == Array(0..<group * 10))
  }

  @Test func `a backup that is called off or has no room leaves nothing`() throws {
    let (directory, _) = try backedUp(10)
    let database = try Database(path: directory.database, mode: .readWrite)
    for number in 0..<2000 {
      try database.execute("INSERT INTO numbers (number, filling) VALUES (?1, zeroblob(4000))", 1000 + number)
    }
    #expect(throws: StoreError.self) {
      try Backups.make(of: directory.database, at: directory.path + "/second.db") { _, _ in false }
    }
    #expect(!directory.files.contains { $0.hasPrefix("second") })
    #expect(throws: StoreError.self) {
      try Backups.make(of: directory.database, at: directory.path + "/missing/third.db")
    }
  }

  @Test func `a backup replaces no file`() throws {
    let (directory, backup) = try backedUp(10)
    let error = try #require(throws: StoreError.self) { try Backups.make(of: directory.database, at: backup) }
    #expect(error.description == "\(backup) exists already: name another file")
  }

  @Test func `two backups in one second have two names`() throws {
    let (directory, _) = try backedUp(10)
    let archive = directory.path + "/backups"
    let paths = try (0..<3).map { _ in try Backups.make(of: directory.database, in: archive, at: now).path }
    #expect(paths == ["00", "01", "02"].map { archive + "/mqvi-20261120T0930\($0)Z.db" })
  }

  @Test func `there is nothing to back up without a database`() throws {
    let directory = try TemporaryDirectory()
    let error = try #require(throws: StoreError.self) {
      try Backups.make(of: directory.database, at: directory.path + "/copy.db")
    }
    #expect(error.description == "there is no database at \(directory.database)")
    #expect(directory.files == [])
  }

  // MARK: Restoring

  @Test func `a restored database is the backup, and the old one is kept whole`() throws {
    let (directory, backup) = try backedUp(20)
    let store = try openNumbers(directory)
    #expect(store.insert(99))
    _ = try store.settle(1)
    store.stop()
    let kept = try Backups.restore(backup, to: directory.database, knowing: schema, at: now)
    #expect(kept == directory.database + ".before-20261120T093000Z")
    #expect(try numbersOnDisk(directory) == Array(0..<20))
    #expect(try numbers(in: try #require(kept)) == Array(0..<20) + [99])
    let again = try openNumbers(directory)
    #expect(again.insert(21))
    #expect(try again.settle(1)[0].result == .success(21))
  }

  @Test func `what is only in the log of the old database is kept too`() throws {
    let (directory, backup) = try backedUp(5)
    let old = try Database(path: directory.database, mode: .readWrite)
    try old.execute("INSERT INTO numbers (number) VALUES (?1)", 77)
    // Copied while the log is full: as a crash leaves it.
    let crashed = try TemporaryDirectory()
    #expect(directory.files.contains("mqvi.db-wal"))
    for name in ["mqvi.db", "mqvi.db-wal"] {
      try FileManager.default.copyItem(atPath: directory.path + "/" + name, toPath: crashed.path + "/" + name)
    }
    let kept = try #require(try Backups.restore(backup, to: crashed.database, knowing: schema, at: now))
    #expect(try numbers(in: kept).last == 77)
    #expect(try numbersOnDisk(crashed) == Array(0..<5))
  }

  @Test func `a database that is rubbish can be replaced, and is kept`() throws {
    let (directory, backup) = try backedUp(5)
    try damage(directory.database)
    let kept = try #require(try Backups.restore(backup, to: directory.database, knowing: schema, at: now))
    #expect(FileManager.default.fileExists(atPath: kept))
    #expect(try numbersOnDisk(directory) == Array(0..<5))
  }

  @Test func `a restore makes the data directory when there is none`() throws {
    let (directory, backup) = try backedUp(5)
    let target = directory.path + "/new/data/mqvi.db"
    #expect(try Backups.restore(backup, to: target, knowing: schema, at: now) == nil)
    #expect(try numbers(in: target) == Array(0..<5))
  }

  /// What must be refused, and that it changed nothing.
  private func expectRefusal(
    _ directory: TemporaryDirectory, _ backup: String, knowing migrations: [Migration] = schema, _ words: String
  ) throws {
    let before = directory.files
    let numbers = try numbersOnDisk(directory)
    let error = try #require(throws: StoreError.self) {
      try Backups.restore(backup, to: directory.database, knowing: migrations, at: now)
    }
    #expect(error.description.contains(words), "\(error)")
    #expect(Set(directory.files).subtracting(before).isSubset(of: ["mqvi.db-shm", "mqvi.db-wal"]))
    #expect(try numbersOnDisk(directory) == numbers)
  }

  @Test func `a damaged backup is refused`() throws {
    let (directory, backup) = try backedUp(500)
    try damage(backup)
    try expectRefusal(directory, backup, "is damaged")
  }

  @Test func `a backup that was cut short is refused`() throws {
    let (directory, backup) = try backedUp(500)
    let file = try #require(FileHandle(forUpdatingAtPath: backup))
    try file.truncate(atOffset: 3 * 4096)
    try file.close()
    try expectRefusal(directory, backup, "damaged")
  }

  @Test func `a file that is no database is refused`() throws {
    let (directory, _) = try backedUp(5)
    let file = directory.path + "/text"
    try String(repeating: "words ", count: 2000).write(toFile: file, atomically: true, encoding: .utf8)
    try expectRefusal(directory, file, "the file is no database: \(file)")
  }

  @Test func `another program's database is refused`() throws {
    let (directory, _) = try backedUp(5)
    let file = directory.path + "/other.db"
    try Database(path: file, mode: .scratch).script("CREATE TABLE t (x)")
    try expectRefusal(directory, file, "of another program")
  }

  @Test func `a backup of a newer mqvi is refused`() throws {
    let (directory, backup) = try backedUp(5)
    try expectRefusal(directory, backup, knowing: [], "schema 1 and this mqvi knows up to 0")
  }

  @Test func `a running server's database is not replaced`() throws {
    let (directory, backup) = try backedUp(5)
    let store = try openNumbers(directory)
    try expectRefusal(directory, backup, "in use by a running mqvi")
    store.stop()
  }

  @Test func `a backup that is not there is named`() throws {
    let (directory, _) = try backedUp(5)
    try expectRefusal(directory, directory.path + "/none.db", "there is no database at")
  }
}

/// The migrations, whose own name is that of a helper here.
private let schema = numbers

@Suite struct BackupArchiveTests {
  @Test func `names tell the time and come back from their text`() throws {
    #expect(BackupName(now).text == "mqvi-20261120T093000Z.db")
    forEachSeed(300) { seed, random in
      let name = BackupName(WallTime(milliseconds: Int64.random(in: 0..<4_000_000_000_000, using: &random)))
      #expect(BackupName(name.text) == name, "seed \(seed)")
    }
  }

  @Test(arguments: [
    "", "mqvi.db", "mqvi-20261120T093000Z.db.partial", "mqvi-20261320T093000Z.db", "mqvi-20260231T093000Z.db",
    "mqvi-20261120T253000Z.db", "mqvi-20261120 093000Z.db", "mqvi-2026112xT093000Z.db", "mqvi-+0261120T093000Z.db",
    "other-20261120T09300Z.db",
  ])
  func `other files are not taken for backups`(_ text: String) {
    #expect(BackupName(text) == nil)
  }

  @Test func `the newest are kept and one for each of the last days, whatever there is`() {
    forEachSeed(200) { seed, random in
      let names = Set(
        (0..<Int.random(in: 0...80, using: &random)).map { _ in
          BackupName(WallTime(milliseconds: Int64.random(in: 0..<1_200_000_000, using: &random)))
        })
      let recent = Int.random(in: 1...30, using: &random)
      let daily = Int.random(in: 0...9, using: &random)
      let removed = Set(BackupName.superfluous(Array(names), recent: recent, daily: daily))
      let kept = names.subtracting(removed).sorted(by: >)
      #expect(removed.isSubset(of: names), "seed \(seed)")
      #expect(Array(kept.prefix(recent)) == Array(names.sorted(by: >).prefix(recent)), "seed \(seed)")
      #expect(kept.count <= recent + daily, "seed \(seed)")
      let days = Set(names.map { $0.time.seconds / 86_400 }).sorted(by: >).prefix(daily)
      for day in days {
        let newest = names.filter { $0.time.seconds / 86_400 == day }.max()
        #expect(kept.contains { $0 == newest }, "seed \(seed)")
      }
      // Doing it again removes nothing more.
      #expect(BackupName.superfluous(kept, recent: recent, daily: daily) == [], "seed \(seed)")
    }
  }

  @Test func `a restart waits for what is left of the time, and never for longer than usual`() {
    let plan = BackupPlan(directory: "", interval: .seconds(3600), recent: 1)
    func delay(afterSeconds age: Int64) -> Interval {
      plan.delay(sinceNewest: BackupName(now), at: WallTime(milliseconds: now.milliseconds + age * 1000))
    }
    #expect(plan.delay(sinceNewest: nil, at: now) == .zero)
    #expect(delay(afterSeconds: 0) == .seconds(3600))
    #expect(delay(afterSeconds: 600) == .seconds(3000))
    #expect(delay(afterSeconds: 3600) == .zero)
    #expect(delay(afterSeconds: 1_000_000_000) == .zero)
    // The clock was set back after the backup.
    #expect(delay(afterSeconds: -1_000_000_000) == .seconds(3600))
  }

  @Test func `a store makes a backup when the last is too old, and removes what is superfluous`() throws {
    let directory = try TemporaryDirectory()
    let archive = directory.path + "/backups"
    try FileManager.default.createDirectory(atPath: archive, withIntermediateDirectories: true)
    let old = (1...5).map { BackupName(WallTime(milliseconds: Int64($0) * 1_000_000)).text } + ["notes.txt"]
    for name in old { try Data().write(to: URL(fileURLWithPath: archive + "/" + name)) }
    let reports = try Reports()
    let store = try openNumbers(
      directory, backups: BackupPlan(directory: archive, interval: .seconds(3600), recent: 2, daily: 0)
    ) { reports.add($0) }
    let path = try reports.next { event in
      if case .backedUp(let path, let bytes, _) = event, bytes > 0 { return path }
      return nil
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: archive).sorted()
    #expect(names == ["mqvi-19700101T012320Z.db", (path as NSString).lastPathComponent, "notes.txt"])
    #expect(try numbers(in: path) == [])
    store.stop()
  }

  private func numbers(in path: String) throws -> [Int] {
    try allNumbers(Database(path: path, mode: .readOnly))
  }

  @Test func `a backup that cannot be made is reported in words`() throws {
    let directory = try TemporaryDirectory()
    try "a file".write(toFile: directory.path + "/backups", atomically: true, encoding: .utf8)
    let plan = BackupPlan(directory: directory.path + "/backups", interval: .seconds(3600), recent: 2)
    let reports = try Reports()
    let store = try openNumbers(directory, backups: plan) { reports.add($0) }
    let words = try reports.next { event in
      if case .upkeepFailed(let words) = event { return words }
      return nil
    }
    #expect(words.contains("/backups"))
    #expect(store.insert(1))
    #expect(try store.settle(1)[0].result == .success(1))
  }

  @Test func `the check after the start finds a damaged page`() throws {
    let directory = try TemporaryDirectory()
    let first = try openNumbers(directory)
    for number in 0..<2000 { #expect(first.insert(number)) }
    _ = try first.settle(2000)
    first.stop()
    for isDamaged in [false, true] {
      if isDamaged {
        let file = try #require(FileHandle(forUpdatingAtPath: directory.database))
        let pages = try file.seekToEnd() / 4096
        try file.seek(toOffset: (pages - 2) * 4096)
        try file.write(contentsOf: Data(repeating: 0xa5, count: 4000))
        try file.close()
      }
      let reports = try Reports()
      var configuration = StoreConfiguration(path: directory.database, migrations: schema)
      configuration.checksStructure = true
      let store = try NumberStore(configuration, report: { reports.add($0) }) { _ in [] }
      let faults = try reports.next { event in
        if case .checked(let faults, _) = event { return faults }
        return nil
      }
      #expect(faults.isEmpty == !isDamaged)
      store.stop()
    }
  }
}
