// Non-blocking TCP: listeners and connections, each with one owner.

import Bytes
import CLinux
import Glibc
public import Wire

/// What one read or write came to.
public enum Transfer: Equatable, Sendable {
  case bytes(Int)
  /// Nothing now; wait for readiness.
  case wouldBlock
  /// The other side closed its half in order.
  case end
  case failed
}

/// A listening socket.
public struct Listener: ~Copyable, Sendable {
  public let descriptor: Descriptor

  /// Binds and listens. A machine without IPv6 is served over IPv4.
  public init(_ address: SocketAddress, backlog: Int32 = 1024) throws(SystemError) {
    descriptor = try openBound(address, "listen on TCP \(address)") { (family, raw) in
      var raw = raw
      return unsafe mqvi_open_listener(family, &raw, backlog)
    }
  }

  /// Where it listens: tells the port when 0 was asked for.
  public var address: SocketAddress { localAddress(of: descriptor.rawValue) }

  /// The next connection that waits, or nil.
  public func accept() -> (descriptor: Int32, from: SocketAddress)? {
    var from = mqvi_address()
    let accepted = unsafe mqvi_accept(descriptor.rawValue, &from)
    return accepted >= 0 ? (accepted, SocketAddress(from)) : nil
  }
}

/// One TCP connection.
public struct StreamSocket: ~Copyable {
  public let descriptor: Descriptor

  public init(owning descriptor: Int32) { self.descriptor = Descriptor(owning: descriptor) }

  /// A connection that is under way; writable when it stands.
  public init(connectingTo address: SocketAddress) throws(SystemError) {
    var raw = address.raw
    descriptor = Descriptor(owning: try SystemError.check(unsafe mqvi_connect(&raw), "connect to \(address)"))
  }

  /// Reads what is there into `buffer`.
  public func read(into buffer: inout MutableRawSpan) -> Transfer {
    // The kernel writes at most the span's size into the span's own memory.
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe recv(descriptor.rawValue, bytes.baseAddress, bytes.count, 0)
    }
    return count == 0 ? .end : outcome(count)
  }

  /// Writes what the kernel takes of `bytes`.
  public func write(_ bytes: RawSpan) -> Transfer {
    guard bytes.byteCount > 0 else { return .bytes(0) }
    let count = unsafe bytes.withUnsafeBytes { bytes in
      unsafe send(descriptor.rawValue, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    }
    return outcome(count)
  }

  /// The same over arrays, where a copy does not matter.
  public func read(into buffer: inout [UInt8]) -> Transfer {
    var span = buffer.mutableRawSpan
    return read(into: &span)
  }

  public func write(_ bytes: [UInt8]) -> Transfer { write(bytes.rawSpan) }

  /// Says that nothing more will be written, so that the other side can finish reading.
  public func finishWriting() { _ = shutdown(descriptor.rawValue, Int32(SHUT_WR)) }

  private func outcome(_ count: Int) -> Transfer {
    guard count < 0 else { return .bytes(count) }
    let code = errno
    return code == EAGAIN || code == EINTR ? .wouldBlock : .failed
  }
}

/// Opens a bound socket, over IPv6 for both families if the machine has it.
func openBound(
  _ address: SocketAddress, _ operation: String, _ open: (Int32, mqvi_address) -> Int32
) throws(SystemError) -> Descriptor {
  var opened = open(AF_INET6, address.raw)
  if opened == -EAFNOSUPPORT || opened == -EADDRNOTAVAIL, address.isIPv4 || address.isUnspecified {
    opened = open(AF_INET, address.raw)
  }
  return Descriptor(owning: try SystemError.check(opened, operation))
}

/// Where a socket is bound.
func localAddress(of descriptor: Int32) -> SocketAddress {
  var raw = mqvi_address()
  _ = unsafe mqvi_local_address(descriptor, &raw)
  return SocketAddress(raw)
}
