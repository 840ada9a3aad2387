// H.264 payloads (RFC 6184): which kinds of NAL units a packet carries. Headers of NAL units stay clear under end-to-end
// encryption of frames; nothing behind them is read.

import Bytes

/// What the NAL units of one packet are. A set, because an aggregation packet carries several.
public struct H264Payload: Sendable, Hashable {
  /// NAL unit types (0…31) that the packet carries, whole or in part, one bit for each.
  public var types: UInt32 = 0
  /// The packet starts a NAL unit: all packets but the later fragments of one.
  public var startsUnit = true
  /// The packet ends a NAL unit: all packets but the earlier fragments of one.
  public var endsUnit = true

  /// Types of NAL units (ITU-T H.264 table 7-1) and of packets (RFC 6184 §5.2).
  public enum UnitType {
    public static let slice: UInt8 = 1
    public static let instantaneousRefresh: UInt8 = 5
    public static let sequenceParameters: UInt8 = 7
    public static let pictureParameters: UInt8 = 8
    public static let accessUnitDelimiter: UInt8 = 9
    public static let aggregation: UInt8 = 24
    public static let fragment: UInt8 = 28
  }

  @inlinable
  public func carries(_ type: UInt8) -> Bool { types & 1 << UInt32(type & 31) != 0 }

  /// A decoder can start here: the packet brings the sequence parameters that a key frame begins with.
  @inlinable
  public var startsKeyFrame: Bool { startsUnit && carries(UnitType.sequenceParameters) }

  /// The packet is part of a key frame: it carries an IDR slice or sequence parameters.
  @inlinable
  public var isKeyFrame: Bool { carries(UnitType.instantaneousRefresh) || carries(UnitType.sequenceParameters) }

  /// Reads the payload at `payload` in `packet`: a single NAL unit, STAP-A or FU-A.
  ///
  /// - Throws: `.truncated` when a unit reaches past the payload, `.malformed` for the packet types of interleaved mode
  ///   (packetization-mode 2), which WebRTC does not use (RFC 7742 §6.2).
  @inlinable
  public init(parsing packet: RawSpan, _ payload: ByteRange) throws(WireError) {
    let end = payload.end
    guard payload.offset >= 0, payload.count > 0, end <= packet.byteCount else { throw .truncated }
    let type = packet.byte(at: payload.offset) & 0x1F
    switch type {
    case 1...23:
      types = 1 << UInt32(type)
    case UnitType.aggregation:
      var at = payload.offset &+ 1
      while at < end {
        guard at &+ 2 <= end else { throw .truncated }
        let count = Int(packet.uint16(at: at))
        guard count > 0, at &+ 2 &+ count <= end else { throw .truncated }
        types |= 1 << UInt32(packet.byte(at: at &+ 2) & 0x1F)
        at &+= 2 &+ count
      }
    case UnitType.fragment:
      guard payload.count >= 2 else { throw .truncated }
      let head = packet.byte(at: payload.offset &+ 1)
      types = 1 << UInt32(head & 0x1F)
      startsUnit = head & 0x80 != 0
      endsUnit = head & 0x40 != 0
    default: throw .malformed
    }
  }
}
