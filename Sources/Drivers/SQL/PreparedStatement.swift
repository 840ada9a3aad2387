// A compiled statement and the cache that keeps the ones in use compiled.

import CSQLite

/// One statement of one connection. Owned by its cache, or by one call when the cached one is at work.
@safe final class PreparedStatement {
  private let handle: OpaquePointer
  private let sql: String
  /// SELECT and the like: no rows change.
  let isReadOnly: Bool
  /// Between the first binding and `finish`: another call with the same SQL needs a statement of its own.
  fileprivate(set) var isRunning = false
  /// When the cache gave it out last; counts uses of the cache.
  fileprivate(set) var lastUse: UInt64 = 0

  init(_ handle: OpaquePointer, sql: String) {
    unsafe self.handle = handle
    self.sql = sql
    isReadOnly = unsafe sqlite3_stmt_readonly(handle) != 0
  }

  deinit { unsafe sqlite3_finalize(handle) }

  var row: Row { unsafe Row(handle) }
  var parameterCount: Int { unsafe Int(sqlite3_bind_parameter_count(handle)) }

  func checkCount(_ count: Int) throws(SQLError) {
    guard count == parameterCount else {
      throw .misuse("\(count) values are bound to \(parameterCount) parameters", sql)
    }
  }

  /// Binds parameter `index`, the first being 1.
  func bind(_ value: SQLValue, at index: Int) throws(SQLError) {
    let index = Int32(truncatingIfNeeded: index)
    // SQLite copies text and bytes before these calls return, and reads no more than the count that it is given.
    let code: Int32
    switch value {
    case .null: code = unsafe sqlite3_bind_null(handle, index)
    case .integer(let number): code = unsafe sqlite3_bind_int64(handle, index, number)
    case .real(let number): code = unsafe sqlite3_bind_double(handle, index, number)
    case .text(var text):
      code = text.withUTF8 { utf8 in
        unsafe mqvi_sqlite_bind_text(handle, index, utf8.baseAddress, utf8.count)
      }
    case .blob(let bytes):
      code = unsafe bytes.withUnsafeBytes { raw in
        unsafe mqvi_sqlite_bind_blob(handle, index, raw.baseAddress, raw.count)
      }
    }
    guard code == SQLITE_OK else { throw error(code) }
  }

  /// True when it stands on a row, false when it is done.
  func step() throws(SQLError) -> Bool {
    switch unsafe sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw error(code)
    }
  }

  /// Ready for the next use: locks and bound values are let go.
  func finish() {
    unsafe sqlite3_reset(handle)
    unsafe sqlite3_clear_bindings(handle)
    isRunning = false
  }

  private func error(_ code: Int32) -> SQLError {
    let connection = unsafe sqlite3_db_handle(handle)
    return SQLError(code: code, message: unsafe String(cString: sqlite3_errmsg(connection)), statement: sql)
  }
}

/// Statements by their text, the least recently used of which leaves when there are too many.
struct StatementCache {
  private var statements: [String: PreparedStatement] = [:]
  private var clock: UInt64 = 0

  /// The statement for `sql` if it is compiled and free, marked as running.
  mutating func take(_ sql: String) -> PreparedStatement? {
    guard let statement = statements[sql], !statement.isRunning else { return nil }
    clock &+= 1
    statement.lastUse = clock
    statement.isRunning = true
    return statement
  }

  /// Keeps a newly compiled statement, which is then running. One that the cache has already, because a use of it is
  /// not over, stays in its place.
  mutating func keep(_ statement: PreparedStatement, for sql: String) {
    statement.isRunning = true
    guard statements[sql] == nil else { return }
    if statements.count >= SQLLimit.preparedStatements {
      let oldest = statements.lazy.filter { !$0.value.isRunning }.min { $0.value.lastUse < $1.value.lastUse }
      guard let oldest else { return }
      statements[oldest.key] = nil
    }
    clock &+= 1
    statement.lastUse = clock
    statements[sql] = statement
  }

  mutating func removeAll() { statements = [:] }

  var count: Int { statements.count }
}
