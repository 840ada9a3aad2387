// An end to statements that take too long.

import CSQLite

/// Watches the time of one connection's statements: past the limit they fail as interrupted (`SQLError.isInterrupted`).
/// Not for a connection that writes: an interrupted change takes its whole transaction with it.
@safe public final class TimeLimit {
  /// Owned; SQLite reads it during statements of the database that is kept alive here. Nanoseconds of CLOCK_MONOTONIC.
  private let deadline: UnsafeMutablePointer<Int64>
  private let database: Database

  public init(_ database: Database) {
    unsafe deadline = .allocate(capacity: 1)
    unsafe deadline.initialize(to: .max)
    self.database = database
    let deadline = unsafe deadline
    unsafe database.withConnection { unsafe mqvi_sqlite_watch_time($0, deadline) }
  }

  deinit {
    unsafe database.withConnection { unsafe sqlite3_progress_handler($0, 0, nil, nil) }
    unsafe deadline.deallocate()
  }

  /// From now on statements have this long in all.
  public func allow(nanoseconds: Int64) {
    let end = mqvi_sqlite_now().addingReportingOverflow(max(0, nanoseconds))
    unsafe deadline.pointee = end.overflow ? .max : end.partialValue
  }

  /// Statements have all the time that they take.
  public func lift() { unsafe deadline.pointee = .max }
}
