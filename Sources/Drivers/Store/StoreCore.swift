// What the threads of a store share.

import Chronology
import Reactor
import SQL
import Synchronization

/// Figures since the store was opened.
public struct StoreStatistics: Sendable, Hashable {
  /// Groups that were committed.
  public var commits = 0
  /// Writes whose changes are on the disk.
  public var writes = 0
  /// Writes that failed or were undone.
  public var failedWrites = 0
  /// Reads that were answered, with or without success.
  public var reads = 0
  /// The most writes in one commit.
  public var largestGroup = 0
  /// Pages in the log after the last commit or checkpoint.
  public var logPages = 0
  /// Time that commits took, from the first job of a group to the disk's answer.
  public var commitTime = Interval.zero
}

struct WriteJob<State: Sendable, Outcome: Sendable, Failure: SQLFailure>: Sendable {
  let id: UInt64
  let body: @Sendable (Database, inout State) throws(Failure) -> Outcome
}

struct ReadJob<Outcome: Sendable, Failure: SQLFailure>: Sendable {
  let id: UInt64
  let body: @Sendable (Database) throws(Failure) -> Outcome
}

/// A job that is over.
struct Settled<Outcome: Sendable, Failure: SQLFailure>: Sendable {
  let id: UInt64
  let result: Result<Outcome, Failure>
  let isWrite: Bool
}

final class StoreCore<State: Sendable, Outcome: Sendable, Failure: SQLFailure>: Sendable {
  let path: String
  let writes: JobQueue<WriteJob<State, Outcome, Failure>>
  let reads: JobQueue<ReadJob<Outcome, Failure>>
  /// Has room for every job that was taken: `admit` counts them.
  let outcomes: Mailbox<Settled<Outcome, Failure>>
  let statistics = Mutex(StoreStatistics())
  let report: @Sendable (StoreEvent) -> Void
  private let openWrites = Atomic<Int>(0)
  private let openReads = Atomic<Int>(0)

  init(path: String, report: @escaping @Sendable (StoreEvent) -> Void) throws(SystemError) {
    self.path = path
    self.report = report
    writes = try JobQueue()
    reads = try JobQueue()
    outcomes = try Mailbox(capacity: StoreLimit.waitingWrites + StoreLimit.waitingReads)
  }

  func write(_ job: WriteJob<State, Outcome, Failure>) -> Bool {
    guard admit(openWrites, StoreLimit.waitingWrites) else { return false }
    if writes.post(job) { return true }
    openWrites.subtract(1, ordering: .relaxed)
    return false
  }

  func read(_ job: ReadJob<Outcome, Failure>) -> Bool {
    guard admit(openReads, StoreLimit.waitingReads) else { return false }
    if reads.post(job) { return true }
    openReads.subtract(1, ordering: .relaxed)
    return false
  }

  /// Counts one job in if there is room for it and later for its outcome.
  private func admit(_ count: borrowing Atomic<Int>, _ limit: Int) -> Bool {
    guard count.add(1, ordering: .relaxed).newValue > limit else { return true }
    count.subtract(1, ordering: .relaxed)
    return false
  }

  func publish(_ id: UInt64, _ result: Result<Outcome, Failure>, isWrite: Bool) {
    let isPosted = outcomes.post(Settled(id: id, result: result, isWrite: isWrite))
    precondition(isPosted, "more outcomes than jobs")
  }

  func takeOutcomes() -> [(id: UInt64, result: Result<Outcome, Failure>)] {
    let settled = outcomes.takeAll()
    guard !settled.isEmpty else { return [] }
    let writes = settled.count(where: \.isWrite)
    openWrites.subtract(writes, ordering: .relaxed)
    openReads.subtract(settled.count - writes, ordering: .relaxed)
    return settled.map { ($0.id, $0.result) }
  }
}
