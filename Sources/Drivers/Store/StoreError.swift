// Why a store cannot be opened, backed up or restored, in words for the person who runs the server.

public import Reactor
public import SQL

public enum StoreError: Error, Sendable, CustomStringConvertible {
  /// Another mqvi has the database.
  case inUse(path: String)
  /// There is no database here.
  case missing(path: String)
  /// A file that would be overwritten.
  case exists(path: String)
  /// The file is no whole database of ours.
  case damaged(path: String, faults: [String])
  case migration(MigrationError)
  case database(SQLError)
  case system(SystemError)

  public var description: String {
    switch self {
    case .inUse(let path): "\(path) is in use by a running mqvi: stop that one first"
    case .missing(let path): "there is no database at \(path)"
    case .exists(let path): "\(path) exists already: name another file"
    case .damaged(let path, let faults): "\(path) is damaged: " + faults.joined(separator: "; ")
    case .migration(let error): error.description
    case .database(let error): error.description
    case .system(let error): error.description
    }
  }
}

extension StoreError {
  static func wrapping<Output: ~Copyable>(_ body: () throws(SystemError) -> Output) throws(StoreError) -> Output {
    do throws(SystemError) { return try body() } catch { throw .system(error) }
  }

  static func wrapping<Output>(_ body: () throws(SQLError) -> Output) throws(StoreError) -> Output {
    do throws(SQLError) { return try body() } catch { throw .database(error) }
  }
}

/// What happened on the store's own threads that nobody asked for: for the log.
public enum StoreEvent: Sendable {
  /// The structure of the whole database was looked at; `faults` is empty when it is whole.
  case checked(faults: [String], milliseconds: Int64)
  /// A backup was written and looked at.
  case backedUp(path: String, bytes: Int, milliseconds: Int64)
  /// A backup or the check could not be made.
  case upkeepFailed(String)
  /// The log could not be moved into the database: it grows until that works again.
  case checkpointFailed(SQLError)
}
