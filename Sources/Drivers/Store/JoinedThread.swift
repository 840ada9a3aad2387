// A thread that several may wait for, once it matters that it has ended.

import Reactor
import Synchronization

final class JoinedThread: Sendable {
  private let worker: Mutex<Worker?>

  init(_ name: String, _ body: sending @escaping @Sendable () -> Void) throws(SystemError) {
    worker = Mutex(try Worker(name: name, body))
  }

  /// Waits until the body has returned. Only the first call does.
  func join() {
    let running = worker.withLock { worker in worker.take() }
    if let running { running.join() }
  }
}
