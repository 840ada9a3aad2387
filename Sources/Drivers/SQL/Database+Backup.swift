// Copies of a database that is in use, and checks of one that should be whole.

import CSQLite

extension Database {
  /// Writes a copy of this database as it is now to `path`, a new file, while other connections go on writing: all of
  /// it is read in one transaction, so the copy is one moment of the database and never begins anew. The copy is one
  /// file without a log beside it, and is not synchronized to the disk yet.
  ///
  /// - Parameter progress: called after every `SQLLimit.pagesPerStep` pages with those copied and those there are; false
  ///   ends the copy with `SQLITE_INTERRUPT`.
  public func copy(
    to path: String, progress: (_ copied: Int, _ total: Int) -> Bool = { _, _ in true }
  ) throws(SQLError) {
    let target = try Database(path: path, mode: .scratch)
    try execute("BEGIN")
    defer { _ = try? execute("ROLLBACK") }
    // The transaction begins with the first read.
    _ = try exists("SELECT 1 FROM sqlite_schema")
    let code = unsafe withConnection { source in
      unsafe target.withConnection { destination in unsafe Self.copy(from: source, to: destination, progress) }
    }
    switch code {
    case SQLITE_DONE: break
    case SQLITE_INTERRUPT: throw SQLError(code: code, message: "the copy was called off", statement: "backup")
    default: throw target.error(code, "backup")
    }
    // The copy's header asks for a write-ahead log, as the original's does; a backup is a single file.
    try target.script("PRAGMA journal_mode = DELETE")
  }

  /// `SQLITE_DONE`, or why not.
  @unsafe private static func copy(
    from source: OpaquePointer, to destination: OpaquePointer, _ progress: (Int, Int) -> Bool
  ) -> Int32 {
    guard let backup = unsafe sqlite3_backup_init(destination, "main", source, "main") else {
      return unsafe sqlite3_extended_errcode(destination)
    }
    var code = SQLITE_OK
    while code == SQLITE_OK {
      code = unsafe sqlite3_backup_step(backup, SQLLimit.pagesPerStep)
      let total = unsafe Int(sqlite3_backup_pagecount(backup))
      let left = unsafe Int(sqlite3_backup_remaining(backup))
      if code == SQLITE_OK, !progress(total - left, total) { code = SQLITE_INTERRUPT }
    }
    let finished = unsafe sqlite3_backup_finish(backup)
    return code == SQLITE_DONE && finished != SQLITE_OK ? finished : code
  }

  /// How a database is looked over.
  public enum Check: Sendable {
    /// The structure of every page and row. Reads the whole file.
    case structure
    /// Also that every index has exactly the rows of its table, and that every reference has its row.
    case everything
  }

  /// What is wrong with the database, in SQLite's words, at most `SQLLimit.reportedFaults` of them; empty when it is whole.
  public func faults(_ check: Check) throws(SQLError) -> [String] {
    let pragma = check == .structure ? "quick_check" : "integrity_check"
    do throws(SQLError) {
      // Values of pragmas cannot be bound; both are constants.
      var found = try query("PRAGMA \(pragma)(\(SQLLimit.reportedFaults))") { row in row.text(0) }.filter { $0 != "ok" }
      if check == .everything, found.isEmpty {
        found = try query("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check LIMIT ?1", SQLLimit.reportedFaults) {
          row in
          "a row of \(row.text(0)) refers to nothing"
        }
      }
      return found
    } catch {
      // A file that is damaged enough cannot even be checked: that is an answer.
      guard error.isCorrupt else { throw error }
      return [error.message]
    }
  }
}
