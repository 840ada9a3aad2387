// Addresses as the drivers see them: one form for IPv4 and IPv6, plain integers, no socket structures.

public import CLinux

/// An IP address and a port. IPv4 stands as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2).
public struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
  /// The first and the last eight bytes of the address, as numbers.
  public var high: UInt64
  public var low: UInt64
  /// Interface index of a link-local address, otherwise 0.
  public var scope: UInt32
  public var port: UInt16

  public init(high: UInt64, low: UInt64, scope: UInt32 = 0, port: UInt16) {
    self.high = high
    self.low = low
    self.scope = scope
    self.port = port
  }

  /// Reads a numeric address ("192.0.2.1", "2001:db8::1", "[::1]"). Nil for anything else: names are not looked up.
  public init?(_ text: String, port: UInt16) {
    var bare = Substring(text)
    if bare.hasPrefix("["), bare.hasSuffix("]") { bare = bare.dropFirst().dropLast() }
    var parsed = mqvi_address()
    // Both pointers are to locals that live for the call.
    guard unsafe mqvi_parse_address(String(bare), &parsed) == 0 else { return nil }
    self.init(parsed)
    self.port = port
  }

  public init(_ address: mqvi_address) {
    self.init(high: address.high, low: address.low, scope: address.scope, port: address.port)
  }

  /// What the shims take.
  public var raw: mqvi_address { mqvi_address(high: high, low: low, scope: scope, port: port) }

  /// Every interface, both families.
  public static func any(port: UInt16) -> NetworkAddress { NetworkAddress(high: 0, low: 0, port: port) }

  public var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }
  public var isUnspecified: Bool { high == 0 && (low == 0 || low == 0xFFFF_0000_0000) }

  public var isLoopback: Bool {
    isIPv4 ? UInt8(truncatingIfNeeded: low >> 24) == 127 : high == 0 && low == 1
  }

  /// fe80::/10 and 169.254.0.0/16 (RFC 4291 §2.5.6, RFC 3927).
  public var isLinkLocal: Bool {
    isIPv4 ? UInt16(truncatingIfNeeded: low >> 16) == 0xA9FE : high >> 54 == 0x3FA
  }

  /// Whether the address is one that the whole internet can reach. What is not (RFC 6890 and its successors: private,
  /// shared, loopback, link-local, documentation, multicast, reserved, and IPv6 forms that embed an IPv4 address) is
  /// where a server must not be sent by a stranger.
  public var isGlobal: Bool {
    guard isIPv4 else {
      let first = high >> 48
      if first == 0x2002 { return false }  // 6to4 embeds an IPv4 address
      if high >> 32 == 0x2001_0000 || high >> 32 == 0x2001_0DB8 { return false }  // Teredo, documentation
      return first & 0xE000 == 0x2000  // 2000::/3 is all that is given out
    }
    let value = UInt32(truncatingIfNeeded: low)
    for (prefix, length) in Self.specialIPv4 where value >> (32 - length) == prefix >> (32 - length) { return false }
    return true
  }

  /// IANA's special-purpose registry and multicast, as (prefix, length).
  private static let specialIPv4: [(UInt32, UInt32)] = [
    (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16), (0xAC10_0000, 12),
    (0xC000_0000, 24), (0xC000_0200, 24), (0xC058_6300, 24), (0xC0A8_0000, 16), (0xC612_0000, 15), (0xC633_6400, 24),
    (0xCB00_7100, 24), (0xE000_0000, 4), (0xF000_0000, 4),
  ]

  /// The address without its port, in the form that people and SDP write (RFC 5952).
  public var host: String {
    if isIPv4 {
      return (0..<4).map { String(UInt8(truncatingIfNeeded: low >> (24 - 8 * UInt64($0)))) }.joined(separator: ".")
    }
    let groups = (0..<8).map { index in
      UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> (48 - 16 * UInt64(index % 4)))
    }
    guard let gap = Self.longestZeroRun(groups) else {
      return groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
    let before = groups[..<gap.lowerBound].map { String($0, radix: 16) }.joined(separator: ":")
    let after = groups[gap.upperBound...].map { String($0, radix: 16) }.joined(separator: ":")
    return before + "::" + after
  }

  public var description: String { isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

  private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
    var best: Range<Int>?
    var start = 0
    while start < groups.count {
      var end = start
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - start >= 2, end - start > (best?.count ?? 0) { best = start..<end }
      start = max(end, start + 1)
    }
    return best
  }

  /// The addresses of the interfaces that are up, each with whether it is a loopback one.
  public static func ofInterfaces() -> [(address: NetworkAddress, isLoopback: Bool)] {
    let capacity = 128  // more addresses than this on one machine are not worth advertising
    var found = Array(repeating: mqvi_address(), count: capacity)
    var loopback = [UInt8](repeating: 0, count: capacity)
    // Both arrays have `capacity` entries.
    let count = unsafe mqvi_interface_addresses(&found, &loopback, Int32(capacity))
    return (0..<max(0, Int(count))).map { (NetworkAddress(found[$0]), loopback[$0] != 0) }
  }

  /// Looks a host name up. Blocks: never on a shard or the control thread while it serves.
  public static func resolve(_ host: String, port: UInt16) -> [NetworkAddress] {
    let capacity = 16
    var found = Array(repeating: mqvi_address(), count: capacity)
    let count = unsafe mqvi_resolve(host, &found, Int32(capacity))
    return (0..<max(0, Int(count))).map {
      var address = NetworkAddress(found[$0])
      address.port = port
      return address
    }
  }
}
