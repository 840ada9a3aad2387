// A database for one command while no server runs on it.

public import SQL
import Reactor

/// Held for this process alone from its opening to its end. Ready when it is there: migrated to the newest schema.
public struct ExclusiveDatabase: ~Copyable {
  public let database: Database
  private let lock: DatabaseLock

  /// - Throws: `.inUse` while a server runs on it, `.missing` where there is none.
  public init(_ path: String, knowing migrations: [Migration]) throws(StoreError) {
    guard Files.exists(path) else { throw .missing(path: path) }
    let lock = try DatabaseLock(path)
    database = try Self.open(path, migrations)
    self.lock = lock
  }

  private static func open(_ path: String, _ migrations: [Migration]) throws(StoreError) -> Database {
    let database = try StoreError.wrapping { () throws(SQLError) in try Database(path: path, mode: .readWrite) }
    do throws(MigrationError) { _ = try Migrations.run(migrations, on: database) } catch { throw .migration(error) }
    return database
  }
}
