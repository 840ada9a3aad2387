// Generic NACK (RFC 4585 §6.2.1): which packets are missing.

import Bytes

/// The sequence numbers that a NACK asks for, one after another. Pairs of a number and a mask of the 16 that follow.
public struct NegativeAcknowledgement: ~Escapable {
  /// Who asks.
  public let senderSSRC: UInt32
  /// The stream whose packets are missing.
  public let mediaSSRC: UInt32
  @usableFromInline let items: RawSpan
  @usableFromInline var offset = 0
  @usableFromInline var number: UInt16 = 0
  /// Which of the numbers that follow `number` are still to be handed out.
  @usableFromInline var mask: UInt16 = 0

  /// Bytes in front of the pairs.
  public static let headByteCount = 12

  /// Throws `.otherType` unless `packet` is a generic NACK, `.truncated` without a media source.
  @inlinable
  @_lifetime(copy packet)
  public init(_ packet: borrowing RTCPPacket) throws(WireError) {
    guard packet.kind == .nack else { throw .otherType }
    let bytes = packet.bytes
    guard bytes.byteCount >= NegativeAcknowledgement.headByteCount else { throw .truncated }
    senderSSRC = bytes.uint32(at: 4)
    mediaSSRC = bytes.uint32(at: 8)
    items = bytes.slice(
      NegativeAcknowledgement.headByteCount, bytes.byteCount &- NegativeAcknowledgement.headByteCount)
  }

  /// The next missing packet's sequence number; nil after the last.
  @inlinable
  public mutating func next() -> UInt16? {
    if mask != 0 {
      let step = mask.trailingZeroBitCount
      mask &= mask &- 1
      return number &+ UInt16(truncatingIfNeeded: step &+ 1)
    }
    guard offset &+ 4 <= items.byteCount else { return nil }
    number = items.uint16(at: offset)
    mask = items.uint16(at: offset &+ 2)
    offset &+= 4
    return number
  }

  /// What a writer put into one packet.
  public struct Written: Sendable, Hashable {
    public var byteCount: Int
    /// How many of the numbers are in the packet; call again with the rest.
    public var numberCount: Int

    @usableFromInline
    init(byteCount: Int, numberCount: Int) {
      self.byteCount = byteCount
      self.numberCount = numberCount
    }
  }

  /// Writes a NACK for as many of `numbers` as fit at `offset`. Nothing is written for no numbers.
  ///
  /// - Parameter numbers: in ascending order on the circle (65535 comes before 0), without repetition.
  /// - Throws: `.noRoom` when not even one pair fits.
  @inlinable
  public static func write(
    senderSSRC: UInt32, mediaSSRC: UInt32, numbers: Span<UInt16>, into span: inout MutableRawSpan, at offset: Int
  ) throws(WireError) -> Written {
    guard numbers.count > 0 else { return Written(byteCount: 0, numberCount: 0) }
    try span.requireRoom(headByteCount &+ 4, at: offset)
    var end = offset &+ headByteCount
    var index = 0
    while index < numbers.count, end &+ 4 <= span.byteCount {
      let first = numbers[index]
      var mask: UInt16 = 0
      index &+= 1
      while index < numbers.count {
        let ahead = numbers[index] &- first
        guard ahead >= 1, ahead <= 16 else { break }
        mask |= 1 << (ahead &- 1)
        index &+= 1
      }
      span.store16(first, at: end)
      span.store16(mask, at: end &+ 2)
      end &+= 4
    }
    span.storeRTCPHeader(count: 1, type: RTCPType.transportFeedback, byteCount: end &- offset, at: offset)
    span.store32(senderSSRC, at: offset &+ 4)
    span.store32(mediaSSRC, at: offset &+ 8)
    return Written(byteCount: end &- offset, numberCount: index)
  }
}
