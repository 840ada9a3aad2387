// The write-ahead log: how long it is, and moving it into the database file.

import CSQLite

/// What a checkpoint did (https://www.sqlite.org/c3ref/wal_checkpoint_v2.html).
public struct Checkpoint: Hashable, Sendable {
  /// Pages in the log.
  public var logged: Int
  /// Those of them that are in the database file now. Fewer than `logged` while a reader still needs the older pages.
  public var moved: Int

  /// The next commit begins the log anew, if no reader is then in it.
  public var isComplete: Bool { logged == moved }
}

extension Database {
  /// Moves as much of the log as readers allow, and waits for none of them.
  public func checkpoint() throws(SQLError) -> Checkpoint {
    var logged: Int32 = 0
    var moved: Int32 = 0
    let code = unsafe withConnection { connection in
      unsafe sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, &logged, &moved)
    }
    guard code == SQLITE_OK else { throw error(code, "checkpoint") }
    return Checkpoint(logged: Int(max(0, logged)), moved: Int(max(0, moved)))
  }

  /// Moves the whole log and cuts it to nothing, waiting for other connections as for any lock. False when one of them
  /// is still in the way.
  public func emptyLog() throws(SQLError) -> Bool {
    let code = unsafe withConnection { connection in
      unsafe sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    }
    guard code == SQLITE_OK || code & 0xff == SQLITE_BUSY else { throw error(code, "checkpoint") }
    return code == SQLITE_OK
  }
}

/// Counts the pages in the log of one connection, whose owner then decides about checkpoints: SQLite makes none.
@safe public final class LogMeter {
  /// Owned; SQLite writes to it during commits of the database that is kept alive here.
  private let count: UnsafeMutablePointer<Int32>
  private let database: Database

  public init(_ database: Database) {
    unsafe count = .allocate(capacity: 1)
    unsafe count.initialize(to: 0)
    self.database = database
    let count = unsafe count
    unsafe database.withConnection { unsafe mqvi_sqlite_watch_log($0, count) }
  }

  deinit {
    unsafe database.withConnection { _ = unsafe sqlite3_wal_hook($0, nil, nil) }
    unsafe count.deallocate()
  }

  /// Pages in the log after the last commit.
  public var pages: Int { unsafe Int(count.pointee) }

  /// Forgets what a checkpoint has moved, until the next commit.
  public func reset() { unsafe count.pointee = 0 }
}
