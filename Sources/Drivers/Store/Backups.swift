// Making a backup, and putting one in the database's place.

public import Chronology
import Glibc
import Reactor
public import SQL

/// When backups are made and how many are kept.
public struct BackupPlan: Sendable, Hashable {
  /// Made when it is missing, for the owner only.
  public var directory: String
  /// Between two backups.
  public var interval: Interval
  /// How many of the newest are kept.
  public var recent: Int
  /// Beside those, the newest of how many days.
  public var daily: Int

  public init(directory: String, interval: Interval, recent: Int, daily: Int = 7) {
    self.directory = directory
    self.interval = interval
    self.recent = recent
    self.daily = daily
  }

  /// How long a server that has just started waits before its first backup: a restart does not begin the time anew, so
  /// what is left of it since the newest one. A clock that was set back does not put it off for longer than usual.
  public func delay(sinceNewest newest: BackupName?, at now: WallTime) -> Interval {
    guard let newest else { return .zero }
    let age = Interval.milliseconds(now.milliseconds - newest.time.milliseconds)
    return min(max(.zero, interval - age), interval)
  }
}

/// What a backup is.
public struct Backup: Sendable, Hashable {
  public var path: String
  public var bytes: Int
  /// The number of the last migration that made it.
  public var version: Int
}

public enum Backups {
  /// Writes a backup of the database at `source` to the new file `target`: a moment of it, while a server may go on
  /// writing. The copy is looked over and on the disk before it gets its name, so a file of that name is a good one.
  ///
  /// - Parameter progress: pages copied and pages in all; false calls it off.
  public static func make(
    of source: String, at target: String, progress: (_ copied: Int, _ total: Int) -> Bool = { _, _ in true }
  ) throws(StoreError) -> Backup {
    guard Files.exists(source) else { throw .missing(path: source) }
    guard !Files.exists(target) else { throw .exists(path: target) }
    let partial = target + ".partial"
    try StoreError.wrapping { () throws(SystemError) in try prepare(partial) }
    do throws(StoreError) {
      let backup = try copy(source, to: partial, named: target, progress)
      try StoreError.wrapping { () throws(SystemError) in try Files.replace(target, with: partial) }
      return backup
    } catch {
      try? Files.remove(partial)
      try? Files.remove(partial + "-journal")
      throw error
    }
  }

  /// As `make(of:at:progress:)`, to a file in `directory` that is named after `time`, or the first free second after it.
  /// The directory is made, for its owner only, when it is missing.
  public static func make(
    of source: String, in directory: String, at time: WallTime,
    progress: (_ copied: Int, _ total: Int) -> Bool = { _, _ in true }
  ) throws(StoreError) -> Backup {
    // Before the directory is made: a mistyped path should leave nothing behind.
    guard Files.exists(source) else { throw .missing(path: source) }
    try StoreError.wrapping { () throws(SystemError) in try Files.makePrivateDirectory(directory) }
    var name = BackupName(time)
    while Files.exists(directory + "/" + name.text) {
      name = BackupName(WallTime(milliseconds: name.time.milliseconds + 1000))
    }
    return try make(of: source, at: directory + "/" + name.text, progress: progress)
  }

  /// An empty file that only its owner may read: SQLite would make one that the umask decides about.
  private static func prepare(_ path: String) throws(SystemError) {
    try Files.remove(path)
    try Files.createPrivate(path, [])
  }

  private static func copy(
    _ source: String, to partial: String, named target: String, _ progress: (Int, Int) -> Bool
  ) throws(StoreError) -> Backup {
    let version = try StoreError.wrapping { () throws(SQLError) in
      let database = try Database(path: source, mode: .readOnly)
      try database.copy(to: partial, progress: progress)
      return try database.first("PRAGMA user_version") { row in row.int(0) } ?? 0
    }
    try check(partial, .structure, named: target)
    try StoreError.wrapping { () throws(SystemError) in try Files.synchronize(partial) }
    return Backup(path: target, bytes: Files.size(partial), version: version)
  }

  private static func check(_ path: String, _ check: Database.Check, named name: String) throws(StoreError) {
    let faults = try StoreError.wrapping { () throws(SQLError) in
      try Database(path: path, mode: .readOnly).faults(check)
    }
    guard faults.isEmpty else { throw .damaged(path: name, faults: faults) }
  }

  /// Puts the backup at `source` in the place of the database at `target` and returns where the old one is now, or nil
  /// when there was none. No server may be running on it. The backup is copied first and the copy checked as thoroughly
  /// as SQLite can; until then nothing changes, and at no moment is there no database.
  public static func restore(
    _ source: String, to target: String, knowing migrations: [Migration], at time: WallTime
  ) throws(StoreError) -> String? {
    guard Files.exists(source) else { throw .missing(path: source) }
    let backup = try open(source, migrations)
    try StoreError.wrapping { () throws(SystemError) in try Files.makePrivateDirectory(Files.directory(of: target)) }
    return try DatabaseLock(target).during { () throws(StoreError) in
      let partial = target + ".restoring"
      do throws(StoreError) {
        try StoreError.wrapping { () throws(SystemError) in try prepare(partial) }
        try StoreError.wrapping { () throws(SQLError) in try backup.copy(to: partial) }
        try check(partial, .everything, named: source)
        return try StoreError.wrapping { () throws(SystemError) in
          try Files.synchronize(partial)
          let kept = try setAside(target, at: time)
          try Files.replace(target, with: partial)
          return kept
        }
      } catch {
        try? Files.remove(partial)
        throw error
      }
    }
  }

  /// Opens a backup if it is a database of ours that this binary knows.
  private static func open(_ source: String, _ migrations: [Migration]) throws(StoreError) -> Database {
    let database = try StoreError.wrapping { () throws(SQLError) in try Database(path: source, mode: .readOnly) }
    do throws(MigrationError) {
      let record = try Migrations.inspect(database, knowing: migrations)
      guard !record.isEmpty else { throw .foreign(path: source) }
      return database
    } catch {
      throw .migration(error)
    }
  }

  /// Gives the database and what belongs to it a dated name, without taking its own from it.
  private static func setAside(_ target: String, at time: WallTime) throws(SystemError) -> String? {
    guard Files.exists(target) else { return nil }
    // What is still in the log goes into the file if it can; of a damaged database, the log is kept as it is.
    if let old = try? Database(path: target, mode: .readWrite) { _ = try? old.emptyLog() }
    let stamp = BackupName(time).text.dropFirst(5).dropLast(3)
    let kept = "\(target).before-\(stamp)"
    try Files.addName(kept, to: target)
    for suffix in ["-wal", "-shm"] where Files.exists(target + suffix) {
      try Files.replace(kept + suffix, with: target + suffix)
    }
    return kept
  }
}
