// One row of a result, read in place while its statement stands on it.

import CSQLite

/// The current row of a query. Columns count from 0; a column that is not there reads as NULL. SQLite converts between
/// its types as it is asked: NULL reads as 0, "" or no bytes, so columns that may be NULL have readers of their own.
@safe public struct Row: ~Copyable {
  /// Borrowed from the statement, which outlives the row: rows are only lent to closures, and cannot be copied out.
  private let statement: OpaquePointer

  init(_ statement: OpaquePointer) { unsafe self.statement = statement }

  public func isNull(_ column: Int) -> Bool {
    unsafe sqlite3_column_type(statement, Int32(truncatingIfNeeded: column)) == SQLITE_NULL
  }

  public func int(_ column: Int) -> Int { Int(int64(column)) }

  public func int64(_ column: Int) -> Int64 {
    unsafe sqlite3_column_int64(statement, Int32(truncatingIfNeeded: column))
  }

  /// The bit pattern that a bound `UInt64` was stored as.
  public func uint64(_ column: Int) -> UInt64 { UInt64(bitPattern: int64(column)) }

  /// True for every number but 0.
  public func bool(_ column: Int) -> Bool { int64(column) != 0 }

  public func double(_ column: Int) -> Double {
    unsafe sqlite3_column_double(statement, Int32(truncatingIfNeeded: column))
  }

  public func text(_ column: Int) -> String {
    let column = Int32(truncatingIfNeeded: column)
    // The bytes stay until the statement moves on or the column is converted; they are copied here.
    guard let bytes = unsafe sqlite3_column_text(statement, column) else { return "" }
    let count = unsafe Int(sqlite3_column_bytes(statement, column))
    return unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  public func blob(_ column: Int) -> [UInt8] {
    let column = Int32(truncatingIfNeeded: column)
    // As for text.
    guard let bytes = unsafe sqlite3_column_blob(statement, column) else { return [] }
    let count = unsafe Int(sqlite3_column_bytes(statement, column))
    return unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
  }

  public func optionalInt(_ column: Int) -> Int? { isNull(column) ? nil : int(column) }
  public func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }
  public func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
  public func optionalBlob(_ column: Int) -> [UInt8]? { isNull(column) ? nil : blob(column) }
  public func optionalDouble(_ column: Int) -> Double? { isNull(column) ? nil : double(column) }

  /// The column in the storage class that it has.
  public func value(_ column: Int) -> SQLValue {
    switch unsafe sqlite3_column_type(statement, Int32(truncatingIfNeeded: column)) {
    case SQLITE_INTEGER: .integer(int64(column))
    case SQLITE_FLOAT: .real(double(column))
    case SQLITE_TEXT: .text(text(column))
    case SQLITE_BLOB: .blob(blob(column))
    default: .null
    }
  }
}
