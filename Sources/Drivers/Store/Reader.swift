// A thread that reads: every job sees one moment of the database, whatever is written meanwhile.

import Reactor
import SQL
import Synchronization

/// A reading connection, opened when it is first needed and again after it could not be used. Lives on its thread.
struct Reader<State: Sendable, Outcome: Sendable, Failure: SQLFailure>: ~Copyable {
  private let core: StoreCore<State, Outcome, Failure>
  private var database: Database?

  init(_ core: StoreCore<State, Outcome, Failure>) { self.core = core }

  /// Until the queue is closed and empty.
  mutating func run(_ poller: inout Poller) {
    while let jobs = core.reads.take(1) {
      guard let job = jobs.first else {
        _ = poller.wait(nil)
        continue
      }
      let result = answer(job)
      core.statistics.withLock { $0.reads += 1 }
      core.publish(job.id, result, isWrite: false)
    }
  }

  private mutating func answer(_ job: ReadJob<Outcome, Failure>) -> Result<Outcome, Failure> {
    let connection: Database
    do throws(SQLError) {
      connection = try connect()
      // All that the job reads is then of one moment, that of its first look.
      try connection.execute("BEGIN")
    } catch {
      database = nil
      return .failure(Failure(error))
    }
    defer { if (try? connection.execute("COMMIT")) == nil { database = nil } }
    do throws(Failure) {
      return .success(try job.body(connection))
    } catch {
      return .failure(error)
    }
  }

  private mutating func connect() throws(SQLError) -> Database {
    if let database { return database }
    let opened = try Database(path: core.path, mode: .readOnly)
    database = opened
    return opened
  }
}
