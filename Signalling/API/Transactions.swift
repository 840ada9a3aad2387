// What jobs get: rows to read, or rows to change together with the events that the change makes.

public import Access
public import Chronology
public import Identifiers
public import JSON
public import Problems
public import SQL

/// One snapshot of the database.
public struct Reading: ~Copyable {
  public let database: Database
  public let directory: Directory
  public let at: WallTime

  public init(_ database: Database, _ directory: Directory, at time: WallTime) {
    self.database = database
    self.directory = directory
    at = time
  }
}

/// What the writer keeps from one job to the next. A value: a job that fails leaves no trace in it.
public struct WriterState: Sendable {
  public var directory: Directory
  public var identifiers: IdentifierSource
  /// Hash of the last row of the audit log, 32 bytes.
  public var auditTip: [UInt8]

  public init(directory: Directory, identifiers: IdentifierSource, auditTip: [UInt8]) {
    self.directory = directory
    self.identifiers = identifiers
    self.auditTip = auditTip
  }
}

/// One transaction on the writer.
public struct Writing: ~Copyable {
  public let database: Database
  public let at: WallTime
  public var state: WriterState
  public private(set) var events: [Event] = []
  public private(set) var consequences: [Consequence] = []
  /// Whether roles, members, channels or overrides changed.
  public private(set) var changedDirectory = false

  public init(_ database: Database, _ state: WriterState, at time: WallTime) {
    self.database = database
    self.state = state
    at = time
  }

  /// Current facts: what earlier jobs and this one have changed is in them.
  public var directory: Directory { state.directory }

  public mutating func newIdentifier() -> Identifier { state.identifiers.next(at: at) }

  /// Tells `audience` once the transaction is durable. Events keep the order of commits.
  public mutating func emit(_ op: String, _ data: JSONValue, to audience: Audience) {
    events.append(Event(op, data.serialized, to: audience))
  }

  public mutating func then(_ consequence: Consequence) { consequences.append(consequence) }

  /// Call after every change of roles, members, channels, overrides or participants, before the next question to
  /// `directory`: it is read again from the tables.
  public mutating func directoryChanged() throws(Problem) {
    let version = state.directory.version
    do { state.directory = try Directory(reading: database) } catch { throw Problem(error) }
    state.directory.version = version + 1
    changedDirectory = true
  }
}

extension Problem: SQLFailure {
  /// A failure of the database, in the words that the sender of a request gets. The details go to the log.
  public init(_ error: SQLError) {
    if error.isFull {
      self.init(.unavailable, "the server's disk is full: nothing was saved", reason: "disk_full", retryAfter: 60)
    } else if error.isReadOnly {
      self.init(
        .unavailable, "the server's data cannot be written: nothing was saved", reason: "read_only", retryAfter: 60)
    } else if error.isBusy {
      self.init(.unavailable, "another process holds the database: nothing was saved", reason: "busy", retryAfter: 5)
    } else {
      self = .internal
      detail = error.description
    }
  }
}

/// What became of a step that ran on a database thread, on its way back.
public struct Committed: Sendable {
  /// What follows; or why nothing happened.
  public var next: Result<Step, Problem>
  public var events: [Event] = []
  public var consequences: [Consequence] = []
  /// The new facts, when they changed.
  public var directory: Directory?
  /// The transaction's number, where it tells something: see `CommitNumber`.
  public var number: UInt64 = 0

  public init(next: Result<Step, Problem>) { self.next = next }
}

extension Route {
  /// Runs the job of a `.write` step within a savepoint of `database`: permission first, against current facts.
  /// `finish` sees what the job has told and belongs to the same transaction.
  public func perform(
    _ job: @Sendable (inout Writing) throws(Problem) -> Step, _ call: Call, _ database: Database,
    _ state: inout WriterState, at time: WallTime, finish: (inout Writing) throws(Problem) -> Void = { _ in }
  ) throws(Problem) -> Committed {
    try access.check(call, state.directory)
    var writing = Writing(database, state, at: time)
    var committed = Committed(next: .success(try job(&writing)))
    try finish(&writing)
    committed.events = writing.events
    committed.consequences = writing.consequences
    if writing.changedDirectory { committed.directory = writing.directory }
    if !committed.events.isEmpty || writing.changedDirectory { committed.number = try CommitNumber.next(database) }
    state = writing.state
    return committed
  }
}
