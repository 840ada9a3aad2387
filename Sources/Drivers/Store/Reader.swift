// A thread that reads: every job sees one moment of the database, whatever is written meanwhile.

import Chronology
import Reactor
import SQL
import Synchronization

/// A reading connection, opened when it is first needed and again after it could not be used. Lives on its thread.
struct Reader<State: Sendable, Outcome: Sendable, Failure: SQLFailure>: ~Copyable {
  private let core: StoreCore<State, Outcome, Failure>
  private let time: Interval
  private var connection: (database: Database, limit: TimeLimit)?

  init(_ core: StoreCore<State, Outcome, Failure>, _ time: Interval) {
    self.core = core
    self.time = time
  }

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
    let database: Database
    let limit: TimeLimit
    do throws(SQLError) {
      (database, limit) = try connect()
      // All that the job reads is then of one moment, that of its first look.
      try database.execute("BEGIN")
    } catch {
      connection = nil
      return .failure(Failure(error))
    }
    limit.allow(nanoseconds: time.nanoseconds)
    defer {
      limit.lift()
      if (try? database.execute("COMMIT")) == nil { connection = nil }
    }
    do throws(Failure) {
      return .success(try job.body(database))
    } catch {
      return .failure(error)
    }
  }

  private mutating func connect() throws(SQLError) -> (Database, TimeLimit) {
    if let connection { return connection }
    let database = try Database(path: core.path, mode: .readOnly)
    let opened = (database, TimeLimit(database))
    connection = opened
    return opened
  }
}
