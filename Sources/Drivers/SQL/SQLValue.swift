// What can be bound to a statement: values only, never a piece of SQL.

/// A value in one of SQLite's five storage classes.
public enum SQLValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])
}

/// A type that has a form in the database. Give identifiers and enums of a domain one, and pass them as they are.
public protocol SQLBindable {
  var sqlValue: SQLValue { get }
}

extension SQLValue: SQLBindable {
  public var sqlValue: SQLValue { self }
}

extension Int: SQLBindable {
  public var sqlValue: SQLValue { .integer(Int64(self)) }
}

extension Int64: SQLBindable {
  public var sqlValue: SQLValue { .integer(self) }
}

extension Int32: SQLBindable {
  public var sqlValue: SQLValue { .integer(Int64(self)) }
}

/// Bit patterns (permission sets, identifiers) keep all 64 bits: values from 2^63 on are stored as negative numbers and
/// read back with `Row.uint64`. They do not sort as unsigned numbers.
extension UInt64: SQLBindable {
  public var sqlValue: SQLValue { .integer(Int64(bitPattern: self)) }
}

/// 1 or 0.
extension Bool: SQLBindable {
  public var sqlValue: SQLValue { .integer(self ? 1 : 0) }
}

extension Double: SQLBindable {
  public var sqlValue: SQLValue { .real(self) }
}

extension String: SQLBindable {
  public var sqlValue: SQLValue { .text(self) }
}

extension [UInt8]: SQLBindable {
  public var sqlValue: SQLValue { .blob(self) }
}

/// `nil` is NULL.
extension Optional: SQLBindable where Wrapped: SQLBindable {
  public var sqlValue: SQLValue { self?.sqlValue ?? .null }
}
