// The one thread that writes: whatever waits becomes one transaction, and one wait for the disk.

import Chronology
import Reactor
import SQL
import Synchronization

/// The writing connection and the state that goes with what it has written. Lives on its thread.
struct Writer<State: Sendable, Outcome: Sendable, Failure: SQLFailure>: ~Copyable {
  typealias Core = StoreCore<State, Outcome, Failure>
  typealias Job = WriteJob<State, Outcome, Failure>

  private let core: Core
  private let database: Database
  private let log: LogMeter
  private var state: State

  init(_ core: Core, _ database: Database, _ state: State) {
    self.core = core
    self.database = database
    self.state = state
    log = LogMeter(database)
  }

  /// Until the queue is closed and empty.
  mutating func run(_ poller: inout Poller) {
    while let jobs = core.writes.take(StoreLimit.jobsPerGroup) {
      if !jobs.isEmpty {
        let results = commit(jobs)
        for (job, result) in zip(jobs, results) { core.publish(job.id, result, isWrite: true) }
        if log.pages >= StoreLimit.logPages { checkpoint() }
      } else if poller.wait(log.pages > 0 ? StoreLimit.idleTime : nil) == 0 {
        checkpoint()
      }
    }
  }

  /// Runs all jobs in one transaction. When this returns, what succeeded is on the disk.
  private mutating func commit(_ jobs: [Job]) -> [Result<Outcome, Failure>] {
    let start = Clock.now()
    let before = state
    var results: [Result<Outcome, Failure>] = []
    do throws(SQLError) {
      try database.execute("BEGIN IMMEDIATE")
      results = attempt(jobs)
      if database.isInTransaction {
        try database.execute("COMMIT")
      } else {
        // A full disk or a failed write has undone the whole transaction, and what every job said before that with it.
        state = before
        if case .failure(let reason)? = results.last { results = jobs.map { _ in .failure(reason) } }
      }
    } catch {
      if database.isInTransaction { _ = try? database.execute("ROLLBACK") }
      state = before
      results = jobs.indices.map { index in
        if results.indices.contains(index), case .failure = results[index] { return results[index] }
        return .failure(Failure(error))
      }
    }
    note(results, since: start)
    return results
  }

  /// Runs the jobs, each in a savepoint, until all are through or the transaction is gone; the last result is then that
  /// of the job which lost it.
  private mutating func attempt(_ jobs: [Job]) -> [Result<Outcome, Failure>] {
    var results: [Result<Outcome, Failure>] = []
    results.reserveCapacity(jobs.count)
    for job in jobs {
      let before = state
      do throws(Failure) {
        let outcome = try database.transaction(failing: Failure.self) { () throws(Failure) in
          try job.body(database, &state)
        }
        results.append(.success(outcome))
      } catch {
        state = before
        results.append(.failure(error))
        guard database.isInTransaction else { break }
      }
    }
    return results
  }

  private func checkpoint() {
    do throws(SQLError) {
      _ = try database.checkpoint()
    } catch {
      core.report(.checkpointFailed(error))
    }
    // Also after a failure, or while a reader keeps pages: the next commit counts them again.
    log.reset()
    core.statistics.withLock { $0.logPages = 0 }
  }

  private func note(_ results: [Result<Outcome, Failure>], since start: Instant) {
    let time = Clock.now() - start
    let pages = log.pages
    var written = 0
    for case .success in results { written += 1 }
    core.statistics.withLock { [written] figures in
      figures.commits += written > 0 ? 1 : 0
      figures.writes += written
      figures.failedWrites += results.count - written
      figures.largestGroup = max(figures.largestGroup, written)
      figures.logPages = pages
      figures.commitTime = figures.commitTime + time
    }
  }
}
