// Host candidates (RFC 8839 §5.1, RFC 6544 §4.5) and the JSON in which they trickle.

/// One address on which a shard takes media.
public struct HostCandidate: Sendable, Equatable {
  public enum Transport: Sendable, Equatable { case udp, tcpPassive }

  /// Text of an IPv4 or IPv6 address.
  public var address: String
  public var port: UInt16
  public var transport: Transport
  /// Among addresses of one family and transport, smaller is preferred: 0…65,535.
  public var rank: Int

  public init(address: String, port: UInt16, transport: Transport, rank: Int) {
    self.address = address
    self.port = port
    self.transport = transport
    self.rank = rank
  }

  /// RFC 8445 §5.1.2.1 with type preference 126 for UDP; TCP stands behind every UDP candidate (RFC 6544 §4.2).
  var priority: UInt32 {
    let typePreference: UInt32 = transport == .udp ? 126 : 90
    let local = UInt32(max(0, 65_535 - rank))
    return typePreference << 24 | local << 8 | 255
  }

  /// The value behind "candidate:".
  public var text: String {
    let isIPv6 = address.utf8.contains(0x3A)
    let foundation = (transport == .udp ? 1 : 3) + (isIPv6 ? 1 : 0) + rank * 4
    switch transport {
    case .udp: return "\(foundation) 1 udp \(priority) \(address) \(port) typ host"
    case .tcpPassive: return "\(foundation) 1 tcp \(priority) \(address) \(port) typ host tcptype passive"
    }
  }

  /// RTCIceCandidateInit as JSON. All three members are always there: some clients stop the process without them.
  public func json(mid: String, index: Int) -> String {
    let escaped = mid.filter { $0 != "\"" && $0 != "\\" }
    return "{\"candidate\":\"candidate:\(text)\",\"sdpMid\":\"\(escaped)\",\"sdpMLineIndex\":\(index)}"
  }
}
