// Threads of our own: named, optionally bound to a core, and joined.

import CLinux
import Glibc

/// One running thread.
public struct Worker: ~Copyable, Sendable {
  private let thread: pthread_t

  /// Starts a thread. `name` shows in `top -H` (15 bytes); `core` binds it to one core.
  public init(
    name: String, core: Int? = nil, _ body: sending @escaping @Sendable () -> Void
  ) throws(SystemError) {
    let task = Task(name: name, core: core, body: body)
    var started = pthread_t()
    // The new thread takes over the reference that is retained here.
    let argument = unsafe Unmanaged.passRetained(task).toOpaque()
    let code = unsafe pthread_create(
      &started, nil,
      { pointer in
        guard let pointer = unsafe pointer else { return nil }
        let task = unsafe Unmanaged<Task>.fromOpaque(pointer).takeRetainedValue()
        // A core that is not there leaves the thread unbound, which is slower and not wrong.
        _ = unsafe mqvi_set_thread(task.name, Int32(task.core ?? -1))
        task.body()
        return nil
      }, argument)
    guard code == 0 else {
      unsafe Unmanaged<Task>.fromOpaque(argument).release()
      throw SystemError("pthread_create", code: code)
    }
    thread = started
  }

  /// Waits until the thread's body has returned.
  public consuming func join() { _ = pthread_join(thread, nil) }

  private final class Task: Sendable {
    let name: String
    let core: Int?
    let body: @Sendable () -> Void

    init(name: String, core: Int?, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.core = core
      self.body = body
    }
  }
}
