// Addresses between the wire's value and the kernel, and what a machine's interfaces and resolver say.

import CLinux
public import Wire

extension SocketAddress {
  /// Every interface, both families.
  public static func any(port: UInt16) -> SocketAddress { SocketAddress(high: 0, low: 0, port: port) }

  public init(_ address: mqvi_address) { self.init(high: address.high, low: address.low, port: address.port) }

  /// What the shims take.
  public var raw: mqvi_address { mqvi_address(high: high, low: low, scope: 0, port: port) }

  /// Whether the whole internet can reach the address. What it cannot (RFC 6890 and its successors: private, shared,
  /// loopback, link-local, documentation, multicast, reserved, and IPv6 forms that embed an IPv4 address) is where a
  /// server must not be sent by a stranger.
  public var isGlobal: Bool {
    guard let v4 else {
      if high >> 48 == 0x2002 { return false }  // 6to4 embeds an IPv4 address
      if high >> 32 == 0x2001_0000 || high >> 32 == 0x2001_0DB8 { return false }  // Teredo, documentation
      return high >> 61 == 1  // 2000::/3 is all that is given out
    }
    for (prefix, length) in Self.specialIPv4 where v4 >> (32 - length) == prefix >> (32 - length) { return false }
    return true
  }

  /// IANA's special-purpose registry and multicast, as (prefix, length).
  private static let specialIPv4: [(UInt32, UInt32)] = [
    (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16), (0xAC10_0000, 12),
    (0xC000_0000, 24), (0xC000_0200, 24), (0xC058_6300, 24), (0xC0A8_0000, 16), (0xC612_0000, 15), (0xC633_6400, 24),
    (0xCB00_7100, 24), (0xE000_0000, 4), (0xF000_0000, 4),
  ]

  /// The addresses of the interfaces that are up, each with whether it is a loopback one.
  public static func ofInterfaces() -> [(address: SocketAddress, isLoopback: Bool)] {
    let capacity = 128  // more addresses than this on one machine are not worth advertising
    var found = Array(repeating: mqvi_address(), count: capacity)
    var loopback = [UInt8](repeating: 0, count: capacity)
    // Both arrays have `capacity` entries.
    let count = unsafe mqvi_interface_addresses(&found, &loopback, Int32(capacity))
    return (0..<max(0, Int(count))).map { (SocketAddress(found[$0]), loopback[$0] != 0) }
  }

  /// Looks a host name up. Blocks: never on a shard or on the control thread while it serves.
  public static func resolve(_ host: String, port: UInt16) -> [SocketAddress] {
    let capacity = 16
    var found = Array(repeating: mqvi_address(), count: capacity)
    let count = unsafe mqvi_resolve(host, &found, Int32(capacity))
    return (0..<max(0, Int(count))).map { SocketAddress(found[$0]).withPort(port) }
  }
}
