// Which protocol a datagram belongs to: five of them share one port.

import Bytes

/// The protocols that share a port, told apart by the first byte (RFC 7983 §7, as amended by RFC 9443 §2) and, for RTP
/// and RTCP, by the second (RFC 5761 §4).
public enum PacketKind: UInt8, Sendable, Hashable {
  case stun, dtls, rtp, rtcp, turnChannel
  /// Empty, too short to tell, ZRTP, QUIC, or nothing that is defined.
  case unknown

  /// Looks at no more than the first two bytes of `datagram`. Complexity: O(1).
  @inlinable
  public init(_ datagram: RawSpan) {
    guard datagram.byteCount > 0 else {
      self = .unknown
      return
    }
    switch datagram.byte(at: 0) {
    case 0...3: self = .stun
    case 20...63: self = .dtls
    case 64...79: self = .turnChannel
    case 128...191:
      guard datagram.byteCount > 1 else {
        self = .unknown
        return
      }
      // RFC 5761 §4: RTP payload types 64…95 are left unused, so that RTCP's 192…223 cannot be a marker bit plus one.
      self = (64...95).contains(datagram.byte(at: 1) & 0x7F) ? .rtcp : .rtp
    default: self = .unknown
    }
  }
}
