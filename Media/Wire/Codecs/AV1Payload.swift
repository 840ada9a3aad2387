// AV1 payloads (RTP Payload Format For AV1, §4): the aggregation header and the types of the OBUs behind it.

import Bytes

/// What the OBUs of one packet are.
public struct AV1Payload: Sendable, Hashable {
  /// Z: the first element goes on from the packet before.
  public var continuesUnit = false
  /// Y: the last element goes on in the next packet.
  public var isContinued = false
  /// N: the packet is the first of a coded video sequence.
  public var startsSequence = false
  /// OBU types (0…15) that start in the packet, one bit for each.
  public var types: UInt16 = 0
  /// Of the first OBU that starts in the packet and names its layer (0…7, 0…3).
  public var temporalLayer: UInt8?
  public var spatialLayer: UInt8?

  /// Types of OBUs (AV1 bitstream specification §6.2.2).
  public enum UnitType {
    public static let sequenceHeader: UInt8 = 1
    public static let temporalDelimiter: UInt8 = 2
    public static let frameHeader: UInt8 = 3
    public static let tileGroup: UInt8 = 4
    public static let metadata: UInt8 = 5
    public static let frame: UInt8 = 6
  }

  public enum Limit {
    /// Elements that are looked at in a packet without a count: more than a picture of the largest size has tiles in one
    /// packet. What is behind them is not needed to tell what the packet is.
    public static let elements = 64
  }

  @inlinable
  public func carries(_ type: UInt8) -> Bool { types & 1 << UInt16(type & 15) != 0 }

  /// A decoder can start here: the first packet of a sequence, with its sequence header.
  @inlinable
  public var startsKeyFrame: Bool { startsSequence && carries(UnitType.sequenceHeader) }

  /// The packet holds the start of a frame.
  @inlinable
  public var startsFrame: Bool {
    !continuesUnit
      && (carries(UnitType.sequenceHeader) || carries(UnitType.frame) || carries(UnitType.frameHeader))
  }

  /// Reads the payload at `payload` in `packet`.
  ///
  /// - Throws: `.truncated` when an element reaches past the payload, `.malformed` for a size that is no LEB128 number
  ///   or a start of sequence that continues something.
  @inlinable
  public init(parsing packet: RawSpan, _ payload: ByteRange) throws(WireError) {
    let end = payload.end
    guard payload.offset >= 0, payload.count > 0, end <= packet.byteCount else { throw .truncated }
    let head = packet.byte(at: payload.offset)
    continuesUnit = head & 0x80 != 0
    isContinued = head & 0x40 != 0
    startsSequence = head & 0x08 != 0
    guard !(startsSequence && continuesUnit) else { throw .malformed }
    let counted = Int(head >> 4 & 3)
    var at = payload.offset &+ 1
    var index = 0
    while at < end, index < (counted > 0 ? counted : Limit.elements) {
      var count = end &- at
      // W: the last of a counted number of elements has no size field.
      if counted == 0 || index < counted &- 1 {
        count = try AV1Payload.size(of: packet, &at, end)
        guard count <= end &- at else { throw .truncated }
      }
      if count > 0, index > 0 || !continuesUnit { readUnitHead(of: packet, at, count) }
      at &+= count
      index &+= 1
    }
  }

  @inlinable
  mutating func readUnitHead(of packet: RawSpan, _ at: Int, _ count: Int) {
    let head = packet.byte(at: at)
    types |= 1 << UInt16(head >> 3 & 15)
    guard head & 0x04 != 0, count > 1, temporalLayer == nil else { return }
    let layers = packet.byte(at: at &+ 1)
    temporalLayer = layers >> 5
    spatialLayer = layers >> 3 & 3
  }

  /// A LEB128 number (§4.10.5 of the bitstream specification), at most 2³²−1 in at most eight bytes.
  @inlinable
  static func size(of packet: RawSpan, _ at: inout Int, _ end: Int) throws(WireError) -> Int {
    var value: UInt64 = 0
    for index in 0..<8 {
      guard at < end else { throw .truncated }
      let byte = packet.byte(at: at)
      at &+= 1
      value |= UInt64(byte & 0x7F) << UInt64(7 &* index)
      if byte & 0x80 == 0 {
        guard value <= UInt64(UInt32.max) else { throw .malformed }
        return Int(value)
      }
    }
    throw .malformed
  }
}
