// REMB (draft-alvestrand-rmcat-remb-03 §2.2): the receiver's estimate of what the line takes.

import Bytes

/// A receiver's bandwidth estimate for some streams together.
public struct ReceiverEstimatedBitrate: ~Escapable {
  public let senderSSRC: UInt32
  /// Bits per second, saturated at `Int64.max`.
  public let bitsPerSecond: Int64
  @usableFromInline let sources: RawSpan

  /// Bytes in front of the list of sources.
  public static let headByteCount = 20
  /// "REMB".
  public static let identifier: UInt32 = 0x5245_4D42

  /// Throws `.otherType` unless `packet` is application feedback with the REMB identifier, `.truncated` when it is too
  /// short for its source count.
  @inlinable
  @_lifetime(copy packet)
  public init(_ packet: borrowing RTCPPacket) throws(WireError) {
    guard packet.kind == .applicationFeedback else { throw .otherType }
    let bytes = packet.bytes
    let head = ReceiverEstimatedBitrate.headByteCount
    guard bytes.byteCount >= 16, bytes.uint32(at: 12) == ReceiverEstimatedBitrate.identifier else {
      throw .otherType
    }
    guard bytes.byteCount >= head, bytes.byteCount >= head &+ 4 &* Int(bytes.byte(at: 16)) else { throw .truncated }
    senderSSRC = bytes.uint32(at: 4)
    let rate = bytes.uint24(at: 17)
    let exponent = Int(rate >> 18)
    let mantissa = Int64(rate & 0x3FFFF)
    // An 18-bit mantissa shifted by up to 63 need not fit: more than any line is as good as infinite.
    bitsPerSecond = mantissa == 0 || mantissa.leadingZeroBitCount > exponent ? mantissa << Int64(exponent) : .max
    sources = bytes.slice(head, 4 &* Int(bytes.byte(at: 16)))
  }

  /// How many streams the estimate is for.
  @inlinable public var count: Int { sources.byteCount / 4 }

  /// The stream at `index`, which must be below `count`.
  @inlinable public subscript(index: Int) -> UInt32 { sources.uint32(at: index &* 4) }

  /// Writes an estimate for `sources` (at most 255) at `offset` and returns the bytes written.
  ///
  /// - Parameter bitsPerSecond: rounded down to 18 significant bits; negative counts as zero.
  @inlinable
  public static func write(
    senderSSRC: UInt32, bitsPerSecond: Int64, sources: Span<UInt32>, into span: inout MutableRawSpan, at offset: Int
  ) throws(WireError) -> Int {
    guard sources.count <= 255 else { throw .tooMany }
    let byteCount = headByteCount &+ 4 &* sources.count
    try span.requireRoom(byteCount, at: offset)
    span.storeRTCPHeader(count: 15, type: RTCPType.payloadFeedback, byteCount: byteCount, at: offset)
    span.store32(senderSSRC, at: offset &+ 4)
    span.store32(0, at: offset &+ 8)
    span.store32(identifier, at: offset &+ 12)
    let rate = UInt64(max(0, bitsPerSecond))
    let exponent = max(0, 46 &- rate.leadingZeroBitCount)
    span.store(UInt8(sources.count), at: offset &+ 16)
    span.store24(UInt32(exponent) << 18 | UInt32(truncatingIfNeeded: rate >> UInt64(exponent)), at: offset &+ 17)
    for index in 0..<sources.count { span.store32(sources[index], at: offset &+ headByteCount &+ 4 &* index) }
    return byteCount
  }
}
