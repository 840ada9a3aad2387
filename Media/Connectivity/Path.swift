// A way between us and one address of a client, and where the packets of a way belong.

import MediaContract
import Wire

/// A remote address over UDP, or one TCP connection. A trivial value: it is a key in tables and travels with packets.
public struct Path: Hashable, Sendable {
  public var address: SocketAddress
  /// 0 for UDP; otherwise the driver's number for the TCP connection, which it never uses twice.
  public var connection: UInt32

  @inlinable
  public init(_ address: SocketAddress, connection: UInt32 = 0) {
    self.address = address
    self.connection = connection
  }

  @inlinable public var kind: PathKind { connection == 0 ? .udp : .tcp }

  /// Spelled out, the port first: it is what differs between paths behind one NAT.
  @inlinable @inline(__always)
  public static func == (a: Path, b: Path) -> Bool {
    a.address.port == b.address.port && a.address.low == b.address.low && a.connection == b.connection
      && a.address.high == b.address.high
  }
}
