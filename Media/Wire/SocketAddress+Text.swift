// Addresses as text: what SDP candidates, settings and logs show.

extension SocketAddress: CustomStringConvertible {
  /// `192.0.2.1:7882` or `[2001:db8::1]:7882`.
  public var description: String { isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

  /// The address alone: dotted decimal for IPv4, the canonical form of RFC 5952 for IPv6.
  public var host: String {
    if let v4 { return (0..<4).map { String(v4 >> UInt32(24 - 8 * $0) & 0xFF) }.joined(separator: ".") }
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - 16 * ($0 % 4))) }
    let zeros = longestZeroRun(in: groups)
    func text(_ range: Range<Int>) -> String {
      range.map { String(groups[$0], radix: 16) }.joined(separator: ":")
    }
    guard zeros.count > 1 else { return text(0..<8) }
    return text(0..<zeros.lowerBound) + "::" + text(zeros.upperBound..<8)
  }

  /// RFC 5952 §4.2: the longest run of zero groups, the first of equals.
  private func longestZeroRun(in groups: [UInt16]) -> Range<Int> {
    var best = 0..<0
    var start = 0
    for index in 0...groups.count where index == groups.count || groups[index] != 0 {
      if index - start > best.count { best = start..<index }
      start = index + 1
    }
    return best
  }

  /// Reads an IPv4 or IPv6 address in text. Nil for anything else: no names, no ports, no zone ids, no brackets.
  public init?(host: some StringProtocol, port: UInt16) {
    if let v4 = SocketAddress.parseV4(host) {
      self.init(v4: v4, port: port)
    } else if let (high, low) = SocketAddress.parseV6(host) {
      self.init(high: high, low: low, port: port)
    } else {
      return nil
    }
  }

  /// Reads what `description` writes.
  public init?(_ text: some StringProtocol) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    var host = text[..<colon]
    let digits = text[text.index(after: colon)...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else {
      return nil
    }
    // A colon in the host without brackets is an IPv6 address whose last group would be taken for the port.
    let isBracketed = host.first == "[" && host.last == "]"
    guard isBracketed != host.allSatisfy({ $0 != ":" }) else { return nil }
    if isBracketed { host = host.dropFirst().dropLast() }
    self.init(host: host, port: port)
  }

  private static func parseV4(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      // No leading zeros: some readers take them for octal.
      guard (1...3).contains(part.utf8.count), part.count == 1 || part.first != "0",
        part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let byte = UInt8(part)
      else { return nil }
      value = value << 8 | UInt32(byte)
    }
    return value
  }

  private static func parseV6(_ text: some StringProtocol) -> (UInt64, UInt64)? {
    guard text.utf8.count <= 45 else { return nil }
    let bytes = Array(text.utf8)
    let gap = bytes.indices.dropLast().first { bytes[$0] == 0x3A && bytes[$0 + 1] == 0x3A }
    var groups: [UInt16]
    if let gap {
      guard let front = parseGroups(bytes[..<gap], mayEndInV4: false),
        let back = parseGroups(bytes[(gap + 2)...], mayEndInV4: true), front.count + back.count < 8
      else { return nil }
      groups = front + Array(repeating: 0, count: 8 - front.count - back.count) + back
    } else {
      guard let all = parseGroups(bytes[...], mayEndInV4: true), all.count == 8 else { return nil }
      groups = all
    }
    let high = groups[..<4].reduce(0) { $0 << 16 | UInt64($1) }
    let low = groups[4...].reduce(0) { $0 << 16 | UInt64($1) }
    return (high, low)
  }

  /// Groups of one to four hexadecimal digits between colons; the last may be a dotted IPv4 address.
  private static func parseGroups(_ bytes: ArraySlice<UInt8>, mayEndInV4: Bool) -> [UInt16]? {
    guard !bytes.isEmpty else { return [] }
    var groups: [UInt16] = []
    let parts = bytes.split(separator: 0x3A, omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if mayEndInV4, index == parts.count - 1, part.contains(0x2E) {
        guard let v4 = parseV4(String(decoding: part, as: UTF8.self)) else { return nil }
        groups.append(UInt16(v4 >> 16))
        groups.append(UInt16(truncatingIfNeeded: v4))
        continue
      }
      guard (1...4).contains(part.count), part.allSatisfy(isHexadecimal),
        let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
      else { return nil }
      groups.append(group)
    }
    return groups
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
  }
}
