// One connection to one SQLite file: statements in, rows out, everything synchronous on the caller's thread.

import CSQLite

/// A connection. Not Sendable: it lives and dies on one thread. Statements are compiled once and found again by their
/// text, so the text should be a constant; values are bound (`?1`, `?2`, …), never written into it.
///
///     try database.execute("INSERT INTO channels (id, name) VALUES (?1, ?2)", id, name)
///     let names = try database.query("SELECT name FROM channels WHERE category_id = ?1", category) { row in row.text(0) }
@safe public final class Database {
  public enum Mode: Sendable {
    /// Reads and writes, and makes the file when there is none. Every commit is on the disk when it returns.
    case readWrite
    /// Reads a file that is there.
    case readOnly
    /// A database in memory that ends with the connection; the path is ignored.
    case memory
    /// Writes a file that is worth nothing until it is whole: nothing is synchronized, and a crash leaves rubbish.
    case scratch
  }

  /// Owned; closed in deinit.
  private let connection: OpaquePointer
  private var statements = StatementCache()
  public let path: String
  public let mode: Mode

  /// Opens `path` (a file name, never a URI) with the write-ahead log, enforced foreign keys and no trust in the file.
  public init(path: String, mode: Mode) throws(SQLError) {
    guard sqlite3_threadsafe() != 0, unsafe sqlite3_compileoption_used("ENABLE_FTS5") != 0 else {
      throw .misuse("this libsqlite3 lacks threads or full-text search (FTS5): install your distribution's own")
    }
    self.path = mode == .memory ? ":memory:" : path
    self.mode = mode
    let access = mode == .readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    var opened: OpaquePointer?
    // A connection comes back even with an error, to ask for its words and to be closed.
    let code = unsafe sqlite3_open_v2(
      self.path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard let opened = unsafe opened else { throw SQLError(code: SQLITE_NOMEM, message: "out of memory") }
    unsafe connection = opened
    guard code == SQLITE_OK else { throw SQLError(code: code, message: "\(self.path): \(error(code).message)") }
    // SQLite opens a file that it may not write to all the same, and would only fail at the first write.
    guard unsafe mode == .readOnly || sqlite3_db_readonly(opened, "main") == 0 else {
      throw SQLError(code: SQLITE_READONLY, message: "\(path) is write-protected")
    }
    do throws(SQLError) {
      try configure()
    } catch {
      // The first look into a file that is none of ours: what matters is which file, not which of our statements.
      throw SQLError(code: error.code, message: "\(self.path): \(error.message)")
    }
  }

  deinit {
    statements.removeAll()
    unsafe sqlite3_close_v2(connection)
  }

  private func configure() throws(SQLError) {
    let code = unsafe mqvi_sqlite_harden(connection)
    guard code == SQLITE_OK else { throw error(code) }
    unsafe sqlite3_busy_timeout(connection, SQLLimit.busyMilliseconds)
    unsafe sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, SQLLimit.valueBytes)
    try script("PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY")
    // Values of pragmas cannot be bound; these are our own constants.
    try script("PRAGMA cache_size = -\(SQLLimit.cacheKibibytes); PRAGMA journal_size_limit = \(SQLLimit.logBytesKept)")
    switch mode {
    case .readWrite: try script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA mmap_size = 0")
    case .readOnly: try script("PRAGMA query_only = ON; PRAGMA mmap_size = \(SQLLimit.readerMapBytes)")
    case .memory: break
    case .scratch: try script("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
    }
  }

  // MARK: Statements

  /// Runs one statement to its end and returns how many rows it inserted, updated or deleted, without those that
  /// triggers and foreign keys changed.
  @discardableResult
  public func execute<each Value: SQLBindable>(
    _ sql: String, _ values: repeat each Value
  ) throws(SQLError) -> Int {
    let statement = try prepare(sql)
    defer { statement.finish() }
    var count = 0
    for value in repeat (each values) {
      count += 1
      try statement.bind(value.sqlValue, at: count)
    }
    return try run(statement, bound: count)
  }

  /// As `execute`, for a number of values that is known only at run time.
  @discardableResult
  public func execute(_ sql: String, values: [SQLValue]) throws(SQLError) -> Int {
    let statement = try prepare(sql)
    defer { statement.finish() }
    for (index, value) in values.enumerated() { try statement.bind(value, at: index + 1) }
    return try run(statement, bound: values.count)
  }

  /// What `row` makes of every row, in the order of the result.
  public func query<each Value: SQLBindable, Output>(
    _ sql: String, _ values: repeat each Value, row: (borrowing Row) throws(SQLError) -> Output
  ) throws(SQLError) -> [Output] {
    var output: [Output] = []
    try forEach(sql, repeat each values) { current throws(SQLError) in output.append(try row(current)) }
    return output
  }

  /// As `query`, for a number of values that is known only at run time.
  public func query<Output>(
    _ sql: String, values: [SQLValue], row: (borrowing Row) throws(SQLError) -> Output
  ) throws(SQLError) -> [Output] {
    let statement = try prepare(sql)
    defer { statement.finish() }
    for (index, value) in values.enumerated() { try statement.bind(value, at: index + 1) }
    try statement.checkCount(values.count)
    var output: [Output] = []
    while try statement.step() { output.append(try row(statement.row)) }
    return output
  }

  /// What `row` makes of the first row, or nil when there is none.
  public func first<each Value: SQLBindable, Output>(
    _ sql: String, _ values: repeat each Value, row: (borrowing Row) throws(SQLError) -> Output
  ) throws(SQLError) -> Output? {
    let statement = try prepare(sql)
    defer { statement.finish() }
    try bind(statement, repeat each values)
    return try statement.step() ? try row(statement.row) : nil
  }

  /// Lends every row to `body`, in the order of the result, keeping none: for results that need not be in memory.
  public func forEach<each Value: SQLBindable>(
    _ sql: String, _ values: repeat each Value, row body: (borrowing Row) throws(SQLError) -> Void
  ) throws(SQLError) {
    let statement = try prepare(sql)
    defer { statement.finish() }
    try bind(statement, repeat each values)
    while try statement.step() { try body(statement.row) }
  }

  /// Whether there is any row.
  public func exists<each Value: SQLBindable>(
    _ sql: String, _ values: repeat each Value
  ) throws(SQLError) -> Bool {
    try first(sql, repeat each values) { _ in true } ?? false
  }

  /// Runs several statements without values, which are separated by semicolons. They are not kept compiled. Stops at
  /// the first that fails: what ran before it stays, unless a transaction is around it.
  public func script(_ sql: String) throws(SQLError) {
    let code = unsafe sqlite3_exec(connection, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code, sql) }
  }

  /// The row id of the last INSERT on this connection.
  public var lastInsertedRowID: Int64 { unsafe sqlite3_last_insert_rowid(connection) }

  /// Rows that all statements changed since the connection was opened, triggers and foreign keys included.
  public var totalChanges: Int { unsafe Int(sqlite3_total_changes64(connection)) }

  /// Statements that are kept compiled.
  var cachedStatements: Int { statements.count }

  // MARK: Inside

  private func prepare(_ sql: String) throws(SQLError) -> PreparedStatement {
    if let statement = statements.take(sql) { return statement }
    var text = sql
    var handle: OpaquePointer?
    var isWhole = true
    let code = text.withUTF8 { utf8 in
      var tail: UnsafePointer<CChar>?
      let start = unsafe UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self)
      // The text lives during the call, and the tail points into it.
      let code = unsafe sqlite3_prepare_v3(
        connection, start, Int32(utf8.count), UInt32(SQLITE_PREPARE_PERSISTENT), &handle, &tail)
      if let start = unsafe start, let tail = unsafe tail {
        isWhole = unsafe utf8[(tail - start)...].allSatisfy { $0 == 0x20 || $0 == 0x0a || $0 == 0x3b }
      }
      return code
    }
    guard code == SQLITE_OK else { throw error(code, sql) }
    guard let handle = unsafe handle else { throw .misuse("no statement", sql) }
    let statement = unsafe PreparedStatement(handle, sql: sql)
    guard isWhole else { throw .misuse("more than one statement", sql) }
    statements.keep(statement, for: sql)
    return statement
  }

  private func bind<each Value: SQLBindable>(
    _ statement: PreparedStatement, _ values: repeat each Value
  ) throws(SQLError) {
    var count = 0
    for value in repeat (each values) {
      count += 1
      try statement.bind(value.sqlValue, at: count)
    }
    try statement.checkCount(count)
  }

  private func run(_ statement: PreparedStatement, bound count: Int) throws(SQLError) -> Int {
    try statement.checkCount(count)
    while try statement.step() {}
    return statement.isReadOnly ? 0 : unsafe Int(sqlite3_changes64(connection))
  }

  func error(_ code: Int32, _ statement: String = "") -> SQLError {
    SQLError(code: code, message: unsafe String(cString: sqlite3_errmsg(connection)), statement: statement)
  }

  /// For the other files of this module: calls that need the connection itself.
  @unsafe func withConnection<Output>(_ body: (OpaquePointer) -> Output) -> Output { unsafe body(connection) }
}
