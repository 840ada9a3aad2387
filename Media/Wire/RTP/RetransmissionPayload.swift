// Retransmission (RFC 4588 §4): a packet of another stream whose payload starts with the original sequence number.

import Bytes

/// The two bytes in front of a retransmitted payload.
public enum RetransmissionPayload {
  /// Bytes of the original sequence number.
  public static let headByteCount = 2

  /// The original sequence number; nil for a payload of fewer than two bytes, which is a probe of padding only.
  @inlinable
  public static func originalSequenceNumber(of packet: RawSpan, _ header: RTPHeader) -> UInt16? {
    guard header.payloadByteCount >= headByteCount else { return nil }
    return packet.uint16(at: header.headerByteCount)
  }

  /// The original payload's place in the retransmission. Empty when there is none.
  @inlinable
  public static func originalPayload(_ header: RTPHeader) -> ByteRange {
    guard header.payloadByteCount > headByteCount else { return .empty }
    return ByteRange(
      offset: header.headerByteCount &+ headByteCount, count: header.payloadByteCount &- headByteCount)
  }

  /// Writes the original sequence number at `offset`, where the payload starts; the original payload goes behind it.
  @inlinable
  public static func write(_ original: UInt16, into packet: inout MutableRawSpan, at offset: Int) {
    packet.store16(original, at: offset)
  }
}
