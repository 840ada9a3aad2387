// The database as repositories use it: the same calls, with failures already in the words of the API.

public import Chronology
public import Identifiers
public import Problems
public import SQL

extension Identifier: SQLBindable {
  public var sqlValue: SQLValue { .integer(rawValue) }
}

extension WallTime: SQLBindable {
  public var sqlValue: SQLValue { .integer(milliseconds) }
}

extension Row {
  public func identifier(_ column: Int) -> Identifier { Identifier(rawValue: int64(column)) }
  public func optionalIdentifier(_ column: Int) -> Identifier? { isNull(column) ? nil : identifier(column) }
  public func time(_ column: Int) -> WallTime { WallTime(milliseconds: int64(column)) }
  public func optionalTime(_ column: Int) -> WallTime? { isNull(column) ? nil : time(column) }
}

/// What a job may do with rows. Values are always bound, never written into SQL.
public struct Tables {
  public let database: Database

  public init(_ database: Database) { self.database = database }

  /// Returns how many rows the statement itself changed.
  @discardableResult
  public func execute<each Value: SQLBindable>(
    _ sql: String, _ values: repeat each Value
  ) throws(Problem) -> Int {
    do { return try database.execute(sql, repeat each values) } catch { throw Problem(error) }
  }

  /// As `execute`; nil when the row would break a UNIQUE rule, for the caller to say in its own words.
  public func executeUnlessTaken<each Value: SQLBindable>(
    _ sql: String, _ values: repeat each Value
  ) throws(Problem) -> Int? {
    do { return try database.execute(sql, repeat each values) } catch {
      if error.isUnique { return nil }
      throw Problem(error)
    }
  }

  public func query<each Value: SQLBindable, Output>(
    _ sql: String, _ values: repeat each Value, row: (borrowing Row) -> Output
  ) throws(Problem) -> [Output] {
    do { return try database.query(sql, repeat each values, row: row) } catch { throw Problem(error) }
  }

  /// As `query`, for a number of values that is known only at run time.
  public func query<Output>(
    _ sql: String, values: [SQLValue], row: (borrowing Row) -> Output
  ) throws(Problem) -> [Output] {
    do { return try database.query(sql, values: values, row: row) } catch { throw Problem(error) }
  }

  public func first<each Value: SQLBindable, Output>(
    _ sql: String, _ values: repeat each Value, row: (borrowing Row) -> Output
  ) throws(Problem) -> Output? {
    do { return try database.first(sql, repeat each values, row: row) } catch { throw Problem(error) }
  }

  public func exists<each Value: SQLBindable>(_ sql: String, _ values: repeat each Value) throws(Problem) -> Bool {
    do { return try database.exists(sql, repeat each values) } catch { throw Problem(error) }
  }
}

extension Reading {
  public var tables: Tables { Tables(database) }
}

extension Writing {
  public var tables: Tables { Tables(database) }
}
