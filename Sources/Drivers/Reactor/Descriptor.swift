// File descriptors with one owner, and what the kernel says when it refuses.

import CLinux
import Glibc

/// A system call that failed: which one, and errno.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  public let operation: String
  /// A positive errno.
  public let code: Int32

  public init(_ operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }

  /// The result of a call that answers with a negated errno, or the error.
  @discardableResult
  public static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(SystemError) -> Int32 {
    guard result >= 0 else { throw SystemError(operation(), code: -result) }
    return result
  }

  public var description: String {
    // strerror's text lives as long as the process or until the next call on this thread: copied at once.
    let reason = unsafe String(cString: strerror(code))
    return "\(operation): \(reason)"
  }
}

/// An open file descriptor, closed when its owner goes.
public struct Descriptor: ~Copyable, Sendable {
  public let rawValue: Int32

  /// Takes over `rawValue`.
  public init(owning rawValue: Int32) { self.rawValue = rawValue }

  deinit { close(rawValue) }
}

/// A way for any thread to make a descriptor readable on another one (eventfd(2)).
public final class Signal: Sendable {
  private let descriptor: Descriptor

  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try SystemError.check(mqvi_signal_open(), "eventfd"))
  }

  /// Readable while the signal is up. Borrowed: it stays open as long as the signal lives.
  public var readable: Int32 { descriptor.rawValue }

  /// Puts the signal up.
  public func raise() {
    var one: UInt64 = 1
    // Eight bytes from a local. A full counter (EAGAIN) is a signal that is already up.
    _ = unsafe write(descriptor.rawValue, &one, 8)
  }

  /// Takes the signal down.
  public func lower() {
    var count: UInt64 = 0
    _ = unsafe read(descriptor.rawValue, &count, 8)
  }
}
