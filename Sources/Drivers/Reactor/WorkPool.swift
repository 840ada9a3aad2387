// A few threads for work that would hold up those that others wait for.

import Synchronization

/// Threads that take work from one bounded queue, in the order in which it came. A full queue refuses, and who asked
/// decides what that means. Results go where `perform` sends them.
public final class WorkPool<Job: Sendable>: Sendable {
  private struct Queue {
    var waiting: [Job] = []
    var isStopping = false
  }

  /// Jobs that may wait, beside the ones that are under way.
  public let capacity: Int
  private let queue: Lock<Queue>
  private let threads: [JoinableThread]

  /// `name` shows in `top -H`.
  public init(
    name: String, threads count: Int, capacity: Int, _ perform: @escaping @Sendable (Job) -> Void
  ) throws(SystemError) {
    precondition(count > 0 && capacity > 0)
    self.capacity = capacity
    let queue = Lock(Queue(), try Signal())
    self.queue = queue
    var threads: [JoinableThread] = []
    for _ in 0..<count { threads.append(try JoinableThread(name) { Self.run(queue, perform) }) }
    self.threads = threads
  }

  deinit { stop() }

  /// False when the queue is full or the pool is stopping.
  public func submit(_ job: sending Job) -> Bool {
    let job = job
    return queue.state.withLock { state in
      guard !state.isStopping, state.waiting.count < capacity else { return false }
      state.waiting.append(job)
      queue.signal.raise()
      return true
    }
  }

  /// Waits for what is under way. What waits is dropped.
  public func stop() {
    queue.state.withLock { state in
      state.isStopping = true
      state.waiting = []
      queue.signal.raise()
    }
    for thread in threads { thread.join() }
  }

  private static func run(_ queue: Lock<Queue>, _ perform: @Sendable (Job) -> Void) {
    guard var poller = try? Poller(), (try? poller.add(queue.signal.readable, token: 0)) != nil else { return }
    while true {
      let (job, isStopping) = queue.state.withLock { state -> (Job?, Bool) in
        // The signal stays up for the others while there is something for them.
        let job = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        if state.waiting.isEmpty, !state.isStopping { queue.signal.lower() }
        return (job, state.isStopping)
      }
      if let job { perform(job) } else if isStopping { return } else { _ = poller.wait(nil) }
    }
  }
}

/// Something under a lock, and the signal that tells of it.
private final class Lock<State: Sendable>: Sendable {
  let state: Mutex<State>
  let signal: Signal

  init(_ state: State, _ signal: Signal) {
    self.state = Mutex(state)
    self.signal = signal
  }
}

/// A thread that is waited for once.
private final class JoinableThread: Sendable {
  private let worker: Mutex<Worker?>

  init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    worker = Mutex(try Worker(name: name, body))
  }

  func join() {
    let worker = worker.withLock { $0.take() }
    worker?.join()
  }
}
