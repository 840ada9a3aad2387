// Threads that hash passwords: slow on purpose, so never on a thread that others wait for, and never more than a few at once.

import Cryptography
import Glibc
public import Reactor
import Synchronization

public enum PasswordWork: Sendable, Hashable {
  case hash(String)
  /// Whether the password belongs to the hash. Without a hash it takes as long and says no.
  case check(String, hash: String?)
}

public enum PasswordAnswer: Sendable, Hashable {
  case hash(String)
  case matches(Bool)
  /// The password cannot be hashed: longer than 72 bytes, or with U+0000 in it.
  case refused
}

/// A bounded queue and the threads that empty it. `stop` it before it goes.
public struct PasswordWorkers: ~Copyable {
  public enum Limit {
    /// Passwords that may wait. At a quarter of a second each, one thread gets through in sixteen seconds: about as long
    /// as people wait for a page. The next are sent away and told when to come back.
    public static let waiting = 64
    /// Threads at most.
    public static let threads = 16
    /// How much the threads give way to others (nice(2)): a storm of sign-ins must not hold up chat and voices.
    public static let niceness: Int32 = 10
  }

  private let queue: PasswordQueue
  private let threads: [Thread]

  /// A thread that can stand in an array.
  private final class Thread: Sendable {
    private let worker: Mutex<Worker?>
    init(_ worker: consuming sending Worker) { self.worker = Mutex(worker) }

    func join() {
      let running = worker.withLock { $0.take() }
      if let running { running.join() }
    }
  }

  /// - Parameters:
  ///   - threads: 1…`Limit.threads`.
  ///   - cost: of new hashes; `PasswordHash.Limit` has the range.
  ///   - report: gets each answer under the number of its work, on the thread that worked.
  public init(
    threads count: Int = 1, cost: Int = PasswordHash.Limit.usualCost,
    report: @escaping @Sendable (UInt64, PasswordAnswer) -> Void
  ) throws(SystemError) {
    precondition((1...Limit.threads).contains(count))
    let queue = try PasswordQueue()
    var threads: [Thread] = []
    for index in 0..<count {
      threads.append(
        Thread(try Worker(name: "password-\(index)") { Self.run(queue, cost: cost, report) }))
    }
    self.queue = queue
    self.threads = threads
  }

  /// Queues a piece of work under a number of the caller's. False when too many wait: try again a second later.
  public func post(_ id: UInt64, _ work: PasswordWork) -> Bool { queue.post(PasswordJob(id: id, work: work)) }

  /// How many wait for a thread.
  public var waiting: Int { queue.count }

  /// Ends the threads. What waits is not answered; a password that is being hashed still is.
  public consuming func stop() {
    queue.close()
    for thread in threads { thread.join() }
  }

  private static func run(
    _ queue: PasswordQueue, cost: Int, _ report: @Sendable (UInt64, PasswordAnswer) -> Void
  ) {
    // Of a thread, on Linux. Should the kernel refuse, the threads compete as others do.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Limit.niceness)
    // What nobody's password is checked against, at the cost of everybody's.
    let nobody = PasswordHash.hash(SecureRandom.alphanumeric(32), cost: cost) ?? ""
    while let job = queue.take() {
      switch job.work {
      case .hash(let password):
        report(job.id, PasswordHash.hash(password, cost: cost).map { .hash($0) } ?? .refused)
      case .check(let password, let hash):
        let isRight = PasswordHash.matches(password, hash ?? nobody)
        report(job.id, .matches(isRight && hash != nil))
      }
    }
  }
}

private struct PasswordJob: Sendable {
  var id: UInt64
  var work: PasswordWork
}

/// First come, first served.
private final class PasswordQueue: Sendable {
  private struct Contents {
    var jobs: [PasswordJob] = []
    var isClosed = false
  }

  private let contents = Mutex(Contents())
  /// Up while jobs wait, and for ever once the queue is closed.
  private let signal: Signal

  init() throws(SystemError) { signal = try Signal() }

  var count: Int { contents.withLock { $0.jobs.count } }

  func post(_ job: PasswordJob) -> Bool {
    contents.withLock { contents in
      guard !contents.isClosed, contents.jobs.count < PasswordWorkers.Limit.waiting else { return false }
      contents.jobs.append(job)
      signal.raise()
      return true
    }
  }

  func close() {
    contents.withLock { contents in
      contents.isClosed = true
      contents.jobs = []
      signal.raise()
    }
  }

  /// The next job, however long it takes to come; nil when none will.
  func take() -> PasswordJob? {
    while true {
      let (job, isClosed) = contents.withLock { contents -> (PasswordJob?, Bool) in
        let job = contents.jobs.isEmpty ? nil : contents.jobs.removeFirst()
        if contents.jobs.isEmpty, !contents.isClosed { signal.lower() }
        return (job, contents.isClosed)
      }
      if let job { return job }
      if isClosed { return nil }
      wait()
    }
  }

  private func wait() {
    var watched = pollfd(fd: signal.readable, events: Int16(POLLIN), revents: 0)
    // One descriptor, as many as the count says. Being woken for nothing means another look at the queue.
    _ = unsafe poll(&watched, 1, -1)
  }
}
