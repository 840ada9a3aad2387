// Turns a retransmission back into the packet that it repeats (RFC 4588 §4), in place.

import Bytes
import Wire

public enum Retransmission {
  /// Where the original packet now stands in the memory of its retransmission.
  public struct Restored: Sendable, Hashable {
    /// Offset of the first byte of the original's header: the two bytes of OSN are gone, so it is 2.
    public var offset: Int
    public var byteCount: Int
  }

  /// Rebuilds the original: its sequence number from the payload's first two bytes, its SSRC and payload type as given.
  ///
  /// The header moves two bytes towards the payload, for it is the shorter part. Padding goes.
  ///
  /// - Parameters:
  ///   - packet: the retransmission, decrypted, at the start of the span.
  ///   - header: as parsed from it.
  ///   - ssrc: of the original stream.
  ///   - payloadType: the `apt` of the retransmission's payload type.
  /// - Returns: nil when there is no original in it: probes repeat nothing.
  public static func restore(
    _ packet: inout MutableRawSpan, _ header: RTPHeader, ssrc: UInt32, payloadType: UInt8
  ) -> Restored? {
    guard let original = RetransmissionPayload.originalSequenceNumber(of: packet.bytes, header) else { return nil }
    let payload = RetransmissionPayload.originalPayload(header)
    guard !payload.isEmpty else { return nil }
    let head = RetransmissionPayload.headByteCount
    packet.move(from: 0, to: head, count: header.headerByteCount)
    // The padding bit, since padding does not come along.
    packet.store(packet.byte(at: head) & ~0x20, at: head)
    packet.store(packet.byte(at: head + 1) & 0x80 | payloadType & 0x7F, at: head + 1)
    packet.store16(original, at: head + 2)
    packet.store32(ssrc, at: head + 8)
    return Restored(offset: head, byteCount: header.headerByteCount + payload.count)
  }
}
