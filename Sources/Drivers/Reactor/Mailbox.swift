// The only way in which one thread hands something to another: a bounded queue and a signal.

import Synchronization

/// Messages for one reader from any number of writers. Bounded: a full mailbox refuses, and the writer decides what that
/// means. The lock is held for the length of an append or a swap.
public final class Mailbox<Message: Sendable>: Sendable {
  /// Messages that may wait.
  public let capacity: Int
  /// Up while messages wait: what the reader's poller watches.
  public let signal: Signal
  private let waiting: Mutex<[Message]>

  public init(capacity: Int) throws(SystemError) {
    precondition(capacity > 0)
    self.capacity = capacity
    signal = try Signal()
    waiting = Mutex([])
  }

  /// Queues `message`. False when the mailbox is full: the message is then not queued.
  public func post(_ message: sending Message) -> Bool {
    let queued: (accepted: Bool, isFirst: Bool) = waiting.withLock { messages in
      guard messages.count < capacity else { return (false, false) }
      messages.append(message)
      return (true, messages.count == 1)
    }
    // One signal for a batch: the reader takes everything at once.
    if queued.isFirst { signal.raise() }
    return queued.accepted
  }

  /// Everything that waits, in the order of arrival, and takes the signal down.
  public func takeAll() -> [Message] {
    signal.lower()
    return waiting.withLock { messages in
      var taken: [Message] = []
      swap(&taken, &messages)
      return taken
    }
  }
}
