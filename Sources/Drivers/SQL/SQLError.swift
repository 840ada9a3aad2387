// What the database says no with, and how an owner of other errors takes it in.

import CSQLite

/// A refusal of SQLite (https://www.sqlite.org/rescode.html).
public struct SQLError: Error, Hashable, Sendable {
  /// The extended result code: the primary one is in its low 8 bits.
  public let code: Int32
  /// SQLite's words, or ours when the fault is in the call.
  public let message: String
  /// The SQL that was refused, without its values; empty when none was at work.
  public let statement: String

  public init(code: Int32, message: String, statement: String = "") {
    self.code = code
    self.message = message
    self.statement = statement
  }

  /// The kind of refusal: `SQLITE_BUSY`, `SQLITE_CONSTRAINT`, …
  public var primaryCode: Int32 { code & 0xff }
  /// A UNIQUE, NOT NULL, CHECK, FOREIGN KEY or type rule of the schema forbids it.
  public var isConstraint: Bool { primaryCode == SQLITE_CONSTRAINT }
  /// The row is there already: a UNIQUE or PRIMARY KEY rule.
  public var isUnique: Bool {
    // SQLITE_CONSTRAINT | 8 << 8, and | 6 << 8: macros with arithmetic that Swift does not see.
    code == SQLITE_CONSTRAINT | 8 << 8 || code == SQLITE_CONSTRAINT | 6 << 8
  }
  /// It refers to a row that is not there, or would leave others referring to none.
  public var isForeignKey: Bool { code == SQLITE_CONSTRAINT | 3 << 8 }
  /// Another connection holds the lock for longer than the wait.
  public var isBusy: Bool { primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED }
  /// No space is left on the disk.
  public var isFull: Bool { primaryCode == SQLITE_FULL }
  /// The file, its directory or the connection does not allow writing.
  public var isReadOnly: Bool { primaryCode == SQLITE_READONLY }
  /// The disk did not read or write as asked.
  public var isInputOutput: Bool { primaryCode == SQLITE_IOERR }
  /// It was called off, or took longer than it was allowed to.
  public var isInterrupted: Bool { primaryCode == SQLITE_INTERRUPT }
  /// The file is damaged, or no database.
  public var isCorrupt: Bool { primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB }

  /// A call that does not fit its statement: a programmer's error that a server survives.
  static func misuse(_ message: String, _ statement: String = "") -> SQLError {
    SQLError(code: SQLITE_MISUSE, message: message, statement: statement)
  }
}

extension SQLError: CustomStringConvertible {
  /// One line for a log or a terminal: what happened in plain words, then SQLite's own.
  public var description: String {
    let place = statement.isEmpty ? "" : " in `\(statement.prefix(160))`"
    return "\(summary): \(message) (SQLite \(code))\(place)"
  }

  /// What happened, for people who do not know SQLite.
  public var summary: String {
    switch primaryCode {
    case SQLITE_BUSY, SQLITE_LOCKED: "the database is locked by another process"
    case SQLITE_FULL: "the disk is full"
    case SQLITE_READONLY: "the database cannot be written to"
    case SQLITE_IOERR: "the disk cannot be read or written"
    case SQLITE_CORRUPT: "the database is damaged"
    case SQLITE_NOTADB: "the file is no database"
    case SQLITE_CANTOPEN: "the database cannot be opened"
    case SQLITE_CONSTRAINT: "the data breaks a rule of the database"
    case SQLITE_INTERRUPT: "the work on the database took too long"
    case SQLITE_NOMEM: "there is no memory left"
    default: "the database refused"
    }
  }
}

/// An error that can say that the database failed: what the failures of jobs and transactions are.
public protocol SQLFailure: Error, Sendable {
  init(_ error: SQLError)
}

extension SQLError: SQLFailure {
  public init(_ error: SQLError) { self = error }
}
