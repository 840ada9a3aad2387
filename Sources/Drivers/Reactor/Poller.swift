// Which descriptors are ready: epoll(7), level-triggered.

import CLinux
public import Chronology

/// One descriptor's readiness.
public struct Readiness: Sendable {
  /// What the descriptor was added under.
  public let token: UInt64
  public let isReadable: Bool
  public let isWritable: Bool
  /// The other side closed or the connection broke; reading tells which.
  public let isBroken: Bool
}

/// A set of descriptors to wait for.
public struct Poller: ~Copyable {
  public enum Limit {
    /// Readiness taken in one wait: more stays in the kernel until the next.
    public static let perWait = 64
  }

  private let descriptor: Descriptor
  private var ready: [mqvi_readiness]

  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try SystemError.check(mqvi_poll_open(), "epoll_create1"))
    ready = Array(repeating: mqvi_readiness(), count: Limit.perWait)
  }

  public func add(_ target: Int32, token: UInt64, writes: Bool = false) throws(SystemError) {
    try SystemError.check(
      mqvi_poll_add(descriptor.rawValue, target, interest(true, writes), token), "epoll_ctl")
  }

  public func change(_ target: Int32, token: UInt64, reads: Bool = true, writes: Bool) {
    // Cannot fail for a descriptor that was added; a lost change would only mean a wait too many.
    _ = mqvi_poll_change(descriptor.rawValue, target, interest(reads, writes), token)
  }

  public func remove(_ target: Int32) {
    _ = mqvi_poll_remove(descriptor.rawValue, target)
  }

  private func interest(_ reads: Bool, _ writes: Bool) -> UInt32 {
    (reads ? UInt32(MQVI_READABLE) : 0) | (writes ? UInt32(MQVI_WRITABLE) : 0)
  }

  /// Waits until something is ready or `timeout` has passed (nil: without end). How many entries `self[…]` then has.
  public mutating func wait(_ timeout: Interval?) -> Int {
    let nanoseconds = timeout.map { max(0, $0.nanoseconds) } ?? -1
    // The array has `perWait` entries and is not resized while the call writes to it.
    return max(0, Int(unsafe mqvi_poll_wait(descriptor.rawValue, &ready, Int32(Limit.perWait), nanoseconds)))
  }

  public subscript(index: Int) -> Readiness {
    let entry = ready[index]
    return Readiness(
      token: entry.token, isReadable: entry.events & UInt32(MQVI_READABLE) != 0,
      isWritable: entry.events & UInt32(MQVI_WRITABLE) != 0, isBroken: entry.events & UInt32(MQVI_BROKEN) != 0)
  }
}
