// The database of a running server: one thread that writes, a few that read, and results that come back by mailbox.

public import Chronology
public import Reactor
public import SQL
import Synchronization

/// Where a store is and what it does by itself.
public struct StoreConfiguration: Sendable {
  /// The database file. Its directory exists.
  public var path: String
  /// Threads that read, 1…`StoreLimit.readers`.
  public var readers: Int
  public var migrations: [Migration]
  /// Nil: no backups.
  public var backups: BackupPlan?
  /// The structure of the whole file is looked at in the background after every start: the check reads all of it, so a
  /// start that waited for it would take seconds with a million messages. SQLite itself repairs what a crash left.
  public var checksStructure = true
  /// How long one read may take before it fails as interrupted.
  public var readTime = StoreLimit.readTime

  public init(path: String, readers: Int = 2, migrations: [Migration], backups: BackupPlan? = nil) {
    self.path = path
    self.readers = readers
    self.migrations = migrations
    self.backups = backups
  }
}

/// Runs jobs against the database on threads of its own. `State` is what the writer keeps in memory beside the database
/// (a directory of rights, a source of ids): a value, which is put back whenever a job or its commit fails, so it never
/// tells anything that the disk does not hold.
///
/// A job that was taken has exactly one outcome, also when the store is stopped meanwhile.
public final class Store<State: Sendable, Outcome: Sendable, Failure: SQLFailure>: Sendable {
  private let core: StoreCore<State, Outcome, Failure>
  private let writer: JoinedThread
  private let readers: [JoinedThread]
  private let keeper: Keeper?
  /// Held while the store is open: two servers on one database would each believe their own state.
  private let lock: Mutex<DatabaseLock?>

  /// Opens the database, runs the migrations that are due and then `open`, all on the writer's thread, and returns when
  /// that is done.
  ///
  /// - Parameters:
  ///   - report: what happens on the store's threads without being asked for; called on any of them.
  ///   - open: makes the state from what the database holds.
  public init(
    _ configuration: StoreConfiguration, report: @escaping @Sendable (StoreEvent) -> Void = { _ in },
    open: @escaping @Sendable (Database) throws(SQLError) -> State
  ) throws(StoreError) {
    precondition((1...StoreLimit.readers).contains(configuration.readers))
    lock = Mutex(try DatabaseLock(configuration.path))
    let core = try StoreError.wrapping { () throws(SystemError) in
      try StoreCore<State, Outcome, Failure>(path: configuration.path, report: report)
    }
    self.core = core
    writer = try Self.startWriter(core, configuration.migrations, open)
    do throws(StoreError) {
      readers = try Self.startReaders(core, configuration)
      keeper = try StoreError.wrapping { () throws(SystemError) in try Keeper(configuration, report: report) }
    } catch {
      core.reads.close()
      core.writes.close()
      writer.join()
      throw error
    }
  }

  deinit { stop() }

  /// Readable while there are outcomes to take.
  public var signal: Signal { core.outcomes.signal }

  /// What every outcome since the last call was, writes in the order of their commits.
  public func takeOutcomes() -> [(id: UInt64, result: Result<Outcome, Failure>)] { core.takeOutcomes() }

  /// Runs `job` on the writer, in the next group: together with other jobs in one transaction, each in a savepoint of
  /// its own. What it throws undoes its own changes and puts the state back. Its outcome is there once its changes are
  /// on the disk; if the group cannot be committed, every job of it fails.
  ///
  /// Runs once, must not begin or end transactions itself (`Database.transaction` is fine) and should not take long:
  /// everybody's writes wait for it.
  ///
  /// - Parameter id: given back with the outcome; only the caller knows what it means.
  /// - Returns: false when too many writes wait or the store is stopped; the job then does not run.
  public func write(
    id: UInt64, _ job: @escaping @Sendable (Database, inout State) throws(Failure) -> Outcome
  ) -> Bool {
    core.write(WriteJob(id: id, body: job))
  }

  /// Runs `job` on a reader, whose connection cannot write. It sees one moment of the database: every write whose
  /// outcome has been published, and no part of a group. It is interrupted when it takes longer than the
  /// configuration's `readTime`.
  ///
  /// - Returns: false when too many reads wait or the store is stopped; the job then does not run.
  public func read(
    id: UInt64, _ job: @escaping @Sendable (Database) throws(Failure) -> Outcome
  ) -> Bool {
    core.read(ReadJob(id: id, body: job))
  }

  public var statistics: StoreStatistics { core.statistics.withLock { $0 } }

  /// Lets the jobs that were taken end, empties the log and closes the database. Their outcomes can still be taken. The
  /// second call does nothing.
  public func stop() {
    keeper?.stop()
    core.reads.close()
    for reader in readers { reader.join() }
    // Last, so that the last connection to close is the one that may write: it empties and removes the log.
    core.writes.close()
    writer.join()
    lock.withLock { $0 = nil }
  }

  // MARK: Threads

  private static func startWriter(
    _ core: StoreCore<State, Outcome, Failure>, _ migrations: [Migration],
    _ open: @escaping @Sendable (Database) throws(SQLError) -> State
  ) throws(StoreError) -> JoinedThread {
    let started: (thread: JoinedThread, failure: StoreError?) = try StoreError.wrapping { () throws(SystemError) in
      let opening = try Mailbox<StoreError?>(capacity: 1)
      let thread = try JoinedThread("store-writer") { write(core, migrations, open, opening) }
      var poller = try Poller()
      try poller.add(opening.signal.readable, token: 0)
      while true {
        if let answer = opening.takeAll().first { return (thread, answer) }
        _ = poller.wait(nil)
      }
    }
    guard let failure = started.failure else { return started.thread }
    started.thread.join()
    throw failure
  }

  /// The writer's thread. Posts nil when the database is open, or why it is not.
  private static func write(
    _ core: StoreCore<State, Outcome, Failure>, _ migrations: [Migration],
    _ open: (Database) throws(SQLError) -> State, _ opening: Mailbox<StoreError?>
  ) {
    do throws(StoreError) {
      // SQLite would leave it to the umask who may read everybody's messages; what it puts beside has the file's mode.
      if !Files.exists(core.path) {
        try StoreError.wrapping { () throws(SystemError) in try Files.createPrivate(core.path, []) }
      }
      let database = try StoreError.wrapping { () throws(SQLError) in
        try Database(path: core.path, mode: .readWrite)
      }
      do throws(MigrationError) { try Migrations.run(migrations, on: database) } catch { throw .migration(error) }
      let state = try StoreError.wrapping { () throws(SQLError) in try open(database) }
      var poller = try StoreError.wrapping { () throws(SystemError) in try Poller() }
      try StoreError.wrapping { () throws(SystemError) in try core.writes.watch(with: poller) }
      var writer = Writer(core, database, state)
      _ = opening.post(nil)
      writer.run(&poller)
    } catch {
      _ = opening.post(error)
    }
  }

  private static func startReaders(
    _ core: StoreCore<State, Outcome, Failure>, _ configuration: StoreConfiguration
  ) throws(StoreError) -> [JoinedThread] {
    var threads: [JoinedThread] = []
    do throws(SystemError) {
      for number in 0..<configuration.readers {
        threads.append(try JoinedThread("store-reader-\(number)") { read(core, configuration.readTime) })
      }
    } catch {
      core.reads.close()
      for thread in threads { thread.join() }
      throw .system(error)
    }
    return threads
  }

  /// A reader's thread. Without a descriptor to wait with it would spin; then the other readers do its work.
  private static func read(_ core: StoreCore<State, Outcome, Failure>, _ time: Interval) {
    guard var poller = try? Poller(), (try? core.reads.watch(with: poller)) != nil else { return }
    var reader = Reader(core, time)
    reader.run(&poller)
  }
}
