// An IP address and port as one value: both families in 128 bits, so that a table of peers has one kind of key.

/// Where a datagram came from or goes to. IPv4 is held as an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2), which is also
/// what a dual-stack socket reports; so `==` never tells the two spellings of one address apart.
public struct SocketAddress: Hashable, Sendable {
  /// The first eight bytes of the address, network order.
  public var high: UInt64
  /// The last eight bytes of the address, network order.
  public var low: UInt64
  public var port: UInt16

  /// An IPv6 (or IPv4-mapped) address by its two halves.
  @inlinable
  public init(high: UInt64, low: UInt64, port: UInt16) {
    self.high = high
    self.low = low
    self.port = port
  }

  /// An IPv4 address by its four bytes, first byte in the highest bits.
  @inlinable
  public init(v4: UInt32, port: UInt16) {
    self.init(high: 0, low: 0x0000_FFFF_0000_0000 | UInt64(v4), port: port)
  }

  /// The same address with another port.
  @inlinable
  public func withPort(_ port: UInt16) -> SocketAddress { SocketAddress(high: high, low: low, port: port) }

  /// The four bytes of an IPv4 address; nil for IPv6.
  @inlinable
  public var v4: UInt32? {
    high == 0 && low >> 32 == 0xFFFF ? UInt32(truncatingIfNeeded: low) : nil
  }

  @inlinable public var isIPv4: Bool { v4 != nil }

  /// 127.0.0.0/8 or ::1.
  @inlinable
  public var isLoopback: Bool {
    if let v4 { return v4 >> 24 == 127 }
    return high == 0 && low == 1
  }

  /// 0.0.0.0 or ::.
  @inlinable
  public var isUnspecified: Bool { v4.map { $0 == 0 } ?? (high == 0 && low == 0) }

  /// 169.254.0.0/16 or fe80::/10.
  @inlinable
  public var isLinkLocal: Bool { v4.map { $0 >> 16 == 0xA9FE } ?? (high >> 54 == 0xFE80 >> 6) }

  /// 224.0.0.0/4 or ff00::/8.
  @inlinable
  public var isMulticast: Bool { v4.map { $0 >> 28 == 0xE } ?? (high >> 56 == 0xFF) }

  /// RFC 1918, RFC 6598 (100.64.0.0/10) and unique local IPv6 (fc00::/7): routed inside an organisation only.
  @inlinable
  public var isPrivate: Bool {
    guard let v4 else { return high >> 57 == 0xFC >> 1 }
    return v4 >> 24 == 10 || v4 >> 20 == 0xAC1 || v4 >> 16 == 0xC0A8 || v4 >> 22 == 0x6440 >> 6
  }
}
