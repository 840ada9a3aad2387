// Work that waits for the threads of the store.

import Chronology
import Reactor
import Synchronization

/// A queue from any threads to one or several. It does not refuse: whoever fills it counts what is on the way.
final class JobQueue<Job: Sendable>: Sendable {
  private struct Contents {
    /// Those before `next` have been taken.
    var jobs: [Job] = []
    var next = 0
    var isClosed = false

    var count: Int { jobs.count - next }
  }

  private let contents = Mutex(Contents())
  /// Up while jobs wait, and for ever once the queue is closed.
  private let signal: Signal

  init() throws(SystemError) { signal = try Signal() }

  /// False when the queue is closed.
  func post(_ job: Job) -> Bool {
    contents.withLock { contents in
      guard !contents.isClosed else { return false }
      contents.jobs.append(job)
      if contents.count == 1 { signal.raise() }
      return true
    }
  }

  /// The next `limit` jobs, or fewer: an empty answer while none wait, nil when none will come any more.
  func take(_ limit: Int) -> [Job]? {
    contents.withLock { contents in
      let end = min(contents.next + limit, contents.jobs.count)
      let taken = Array(contents.jobs[contents.next..<end])
      contents.next = end
      if contents.count == 0 {
        contents.jobs.removeAll(keepingCapacity: true)
        contents.next = 0
        guard !contents.isClosed else { return taken.isEmpty ? nil : taken }
        signal.lower()
      } else if contents.next > contents.jobs.count / 2 {
        contents.jobs.removeFirst(contents.next)
        contents.next = 0
      }
      return taken
    }
  }

  /// No more jobs are taken in; those that wait are still handed out.
  func close() {
    contents.withLock { contents in
      contents.isClosed = true
      signal.raise()
    }
  }

  /// Lets a thread's poller wait for jobs.
  func watch(with poller: borrowing Poller) throws(SystemError) { try poller.add(signal.readable, token: 0) }
}
