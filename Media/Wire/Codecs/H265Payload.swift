// H.265 payloads (RFC 7798): which kinds of NAL units a packet carries, and on which layer.

import Bytes

/// What the NAL units of one packet are. A set, because an aggregation packet carries several.
public struct H265Payload: Sendable, Hashable {
  /// NAL unit types (0…63) that the packet carries, whole or in part, one bit for each.
  public var types: UInt64 = 0
  /// The packet starts a NAL unit: all packets but the later fragments of one.
  public var startsUnit = true
  /// The packet ends a NAL unit: all packets but the earlier fragments of one.
  public var endsUnit = true
  /// TemporalId of the payload header, 0…6.
  public var temporalLayer: UInt8 = 0

  /// Types of NAL units (ITU-T H.265 table 7-1) and of packets (RFC 7798 §4.4).
  public enum UnitType {
    /// 16…23: pictures at which decoding can start.
    public static let randomAccess: ClosedRange<UInt8> = 16...23
    public static let videoParameters: UInt8 = 32
    public static let sequenceParameters: UInt8 = 33
    public static let pictureParameters: UInt8 = 34
    public static let accessUnitDelimiter: UInt8 = 35
    public static let aggregation: UInt8 = 48
    public static let fragment: UInt8 = 49
  }

  @inlinable
  public func carries(_ type: UInt8) -> Bool { types & 1 << UInt64(type & 63) != 0 }

  /// A decoder can start here: the packet brings the video parameters that a key frame begins with.
  @inlinable
  public var startsKeyFrame: Bool { startsUnit && carries(UnitType.videoParameters) }

  /// The packet is part of a key frame: it carries a random access picture or video or sequence parameters.
  @inlinable
  public var isKeyFrame: Bool {
    types & 0x00FF_0000 != 0 || carries(UnitType.videoParameters) || carries(UnitType.sequenceParameters)
  }

  /// Reads the payload at `payload` in `packet`: a single NAL unit, an aggregation packet or a fragment, all without
  /// decoding order numbers (`sprop-max-don-diff` is 0 in WebRTC).
  ///
  /// - Throws: `.truncated` when a unit reaches past the payload, `.malformed` for a temporal id of zero or a type that
  ///   may not stand in a packet.
  @inlinable
  public init(parsing packet: RawSpan, _ payload: ByteRange) throws(WireError) {
    let end = payload.end
    guard payload.offset >= 0, payload.count >= 2, end <= packet.byteCount else { throw .truncated }
    let head = packet.uint16(at: payload.offset)
    let temporalPlusOne = UInt8(truncatingIfNeeded: head & 7)
    guard temporalPlusOne > 0 else { throw .malformed }
    temporalLayer = temporalPlusOne &- 1
    let type = UInt8(truncatingIfNeeded: head >> 9 & 0x3F)
    switch type {
    case 0...47:
      types = 1 << UInt64(type)
    case UnitType.aggregation:
      var at = payload.offset &+ 2
      while at < end {
        guard at &+ 2 <= end else { throw .truncated }
        let count = Int(packet.uint16(at: at))
        guard count >= 2, at &+ 2 &+ count <= end else { throw .truncated }
        types |= 1 << UInt64(packet.byte(at: at &+ 2) >> 1 & 0x3F)
        at &+= 2 &+ count
      }
    case UnitType.fragment:
      guard payload.count >= 3 else { throw .truncated }
      let fragment = packet.byte(at: payload.offset &+ 2)
      types = 1 << UInt64(fragment & 0x3F)
      startsUnit = fragment & 0x80 != 0
      endsUnit = fragment & 0x40 != 0
    default: throw .malformed
    }
  }
}
