// Brings a database to the schema of this binary, one recorded step at a time.

/// Why a database cannot be used by this binary.
public enum MigrationError: Error, Hashable, Sendable {
  /// The database itself failed.
  case database(SQLError)
  /// The file belongs to another program.
  case foreign(path: String)
  /// A newer mqvi has been at work on it: its schema is `found`, and this binary knows up to `known`.
  case newer(found: Int, known: Int)
  /// It was made with another text of this migration, or with another migration of this number.
  case changed(number: Int, name: String)
  /// A migration before the last that ran is missing from its records.
  case incomplete(number: Int)
  /// Migration `number` leaves rows that refer to rows which are not there.
  case dangling(number: Int, table: String)
}

extension MigrationError: SQLFailure, CustomStringConvertible {
  public init(_ error: SQLError) { self = .database(error) }

  /// Words for the person who starts the server.
  public var description: String {
    switch self {
    case .database(let error): error.description
    case .foreign(let path): "\(path) is a database of another program"
    case .newer(let found, let known):
      "the database has schema \(found) and this mqvi knows up to \(known): "
        + "use the newer mqvi that made it, or restore a backup from before the update"
    case .changed(let number, let name):
      "migration \(number) (\(name)) is not the one that made this database: use an mqvi that was released"
    case .incomplete(let number): "the database has no record of migration \(number), but of later ones"
    case .dangling(let number, let table):
      "migration \(number) would leave rows in \(table) that refer to nothing: nothing was changed"
    }
  }
}

/// What a database file says about itself, read without changing it.
public struct SchemaRecord: Hashable, Sendable {
  /// Nothing has been made in it yet.
  public var isEmpty: Bool
  /// The number of the last migration that ran, 0 for none.
  public var version: Int
}

public enum Migrations {
  /// SQLite's `application_id` of our files, which `file` shows too: "mqvi" in ASCII.
  public static let applicationID = 0x6d71_7669

  /// Runs those of `list` that have not run, each once, in order, each in a transaction, and returns how many ran.
  /// Nothing changes when the database is not ours, is newer, or was made with other migrations.
  @discardableResult
  public static func run(_ list: [Migration], on database: Database) throws(MigrationError) -> Int {
    precondition(list.map(\.number) == Array(1..<(list.count + 1)), "migrations count from 1 without gaps")
    let record = try inspect(database, knowing: list)
    let waiting = list.dropFirst(record.version)
    guard !waiting.isEmpty || record.isEmpty else { return 0 }
    if record.isEmpty { try mark(database) }
    for migration in waiting { try apply(migration, to: database) }
    return waiting.count
  }

  /// Checks that `database` is ours and made with `list` or the beginning of it.
  public static func inspect(
    _ database: Database, knowing list: [Migration]
  ) throws(MigrationError) -> SchemaRecord {
    let path = database.path
    let state: (isEmpty: Bool, isOurs: Bool) = try converting { () throws(SQLError) in
      let application = try database.first("PRAGMA application_id") { row in row.int(0) } ?? 0
      let isEmpty = try !database.exists("SELECT 1 FROM sqlite_schema")
      let hasRecords = try database.exists("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'")
      return (application == 0 && isEmpty, application == applicationID && hasRecords)
    }
    if state.isEmpty { return SchemaRecord(isEmpty: true, version: 0) }
    guard state.isOurs else { throw .foreign(path: path) }
    let applied = try converting { () throws(SQLError) in
      try database.query("SELECT number, name, checksum FROM schema_migrations ORDER BY number") { row in
        Applied(number: row.int(0), name: row.text(1), checksum: row.text(2))
      }
    }
    for (index, step) in applied.enumerated() where step.number != index + 1 { throw .incomplete(number: index + 1) }
    guard applied.count <= list.count else { throw .newer(found: applied.count, known: list.count) }
    for (step, known) in zip(applied, list) where step.checksum != known.checksum {
      throw .changed(number: step.number, name: step.name)
    }
    return SchemaRecord(isEmpty: false, version: applied.count)
  }

  private struct Applied {
    var number: Int
    var name: String
    var checksum: String
  }

  /// Makes an empty database ours.
  private static func mark(_ database: Database) throws(MigrationError) {
    try database.transaction(failing: MigrationError.self) { () throws(MigrationError) in
      try converting { () throws(SQLError) in
        // Values of pragmas cannot be bound; this is a constant.
        try database.script(
          """
          PRAGMA application_id = \(applicationID);
          CREATE TABLE schema_migrations (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            checksum TEXT NOT NULL
          ) STRICT;
          """)
      }
    }
  }

  /// Foreign keys are off while it runs, as https://www.sqlite.org/lang_altertable.html §7 asks for when a table is made
  /// anew, and checked as a whole before the commit.
  private static func apply(_ migration: Migration, to database: Database) throws(MigrationError) {
    try converting { () throws(SQLError) in try database.script("PRAGMA foreign_keys = OFF") }
    defer { _ = try? database.script("PRAGMA foreign_keys = ON") }
    try database.transaction(failing: MigrationError.self) { () throws(MigrationError) in
      let dangling = try converting { () throws(SQLError) in
        try database.script(migration.sql)
        try database.execute(
          "INSERT INTO schema_migrations (number, name, checksum) VALUES (?1, ?2, ?3)",
          migration.number, migration.name, migration.checksum)
        // The number again where `file` and other tools look for it; a constant of the binary.
        try database.script("PRAGMA user_version = \(migration.number)")
        return try database.first("PRAGMA foreign_key_check") { row in row.text(0) }
      }
      if let dangling { throw .dangling(number: migration.number, table: dangling) }
    }
  }

  private static func converting<Output>(
    _ body: () throws(SQLError) -> Output
  ) throws(MigrationError) -> Output {
    do throws(SQLError) { return try body() } catch { throw .database(error) }
  }
}
