// The RTP header (RFC 3550 §5.1) as a plain value, with the layout of the packet around it.

import Bytes

/// An RTP packet's header and where its parts stand. Parsed once for each packet; nothing downstream checks lengths again.
public struct RTPHeader: Sendable, Hashable {
  public var marker: Bool
  /// 0…127.
  public var payloadType: UInt8
  public var sequenceNumber: UInt16
  /// In ticks of the payload format's clock.
  public var timestamp: UInt32
  public var ssrc: UInt32
  /// Contributing sources, 0…15; each takes four bytes behind the fixed header.
  public var contributingSourceCount: Int
  /// The `defined by profile` word of the header extension: 0xBEDE or 0x1000…0x100F for RFC 8285. Zero without one.
  public var extensionProfile: UInt16
  /// The header extension's elements, without its four-byte head. Empty when there is none.
  public var extensionElements: ByteRange
  /// Fixed header, contributing sources and header extension together, in bytes. The payload starts here.
  public var headerByteCount: Int
  /// Bytes of payload, without padding. May be zero: a probe is all padding.
  public var payloadByteCount: Int
  /// Bytes of padding behind the payload, with the count byte itself: 0…255.
  public var paddingByteCount: Int

  /// The fixed part: 12 bytes.
  public static let fixedByteCount = 12

  /// The payload's place in the packet, without padding.
  @inlinable public var payload: ByteRange { ByteRange(offset: headerByteCount, count: payloadByteCount) }

  /// Reads the header of `packet`.
  ///
  /// - Parameter isEncrypted: the packet is still SRTP. Its padding count is part of the ciphertext (RFC 3711 §3.1) and
  ///   is not looked at: `payloadByteCount` is everything behind the header.
  /// - Throws: `.truncated` when a part reaches past the end, `.version` for anything but version 2, `.malformed` for a
  ///   padding count that is zero or larger than the payload.
  @inlinable
  public init(parsing packet: RawSpan, isEncrypted: Bool = false) throws(WireError) {
    let byteCount = packet.byteCount
    guard byteCount >= RTPHeader.fixedByteCount else { throw .truncated }
    let first = packet.byte(at: 0)
    guard first >> 6 == 2 else { throw .version }
    let second = packet.byte(at: 1)
    marker = second & 0x80 != 0
    payloadType = second & 0x7F
    sequenceNumber = packet.uint16(at: 2)
    timestamp = packet.uint32(at: 4)
    ssrc = packet.uint32(at: 8)
    contributingSourceCount = Int(first & 0x0F)

    var end = RTPHeader.fixedByteCount &+ 4 &* contributingSourceCount
    extensionProfile = 0
    extensionElements = .empty
    if first & 0x10 != 0 {
      guard byteCount >= end &+ 4 else { throw .truncated }
      extensionProfile = packet.uint16(at: end)
      extensionElements = ByteRange(offset: end &+ 4, count: 4 &* Int(packet.uint16(at: end &+ 2)))
      end = extensionElements.end
    }
    guard byteCount >= end else { throw .truncated }
    headerByteCount = end

    paddingByteCount = 0
    if first & 0x20 != 0, !isEncrypted {
      guard byteCount > end else { throw .malformed }
      paddingByteCount = Int(packet.byte(at: byteCount &- 1))
      guard paddingByteCount > 0, paddingByteCount <= byteCount &- end else { throw .malformed }
    }
    payloadByteCount = byteCount &- end &- paddingByteCount
  }
}

/// Changes one field of an RTP packet in place. The span must start with a packet that `RTPHeader` has parsed or written.
public enum RTPPatch {
  @inlinable @inline(__always)
  public static func marker(_ value: Bool, in packet: inout MutableRawSpan) {
    packet.store(packet.byte(at: 1) & 0x7F | (value ? 0x80 : 0), at: 1)
  }

  /// - Parameter value: 0…127; the top bit is the marker's and stays as it is.
  @inlinable @inline(__always)
  public static func payloadType(_ value: UInt8, in packet: inout MutableRawSpan) {
    packet.store(packet.byte(at: 1) & 0x80 | value & 0x7F, at: 1)
  }

  @inlinable @inline(__always)
  public static func sequenceNumber(_ value: UInt16, in packet: inout MutableRawSpan) {
    packet.store16(value, at: 2)
  }

  @inlinable @inline(__always)
  public static func timestamp(_ value: UInt32, in packet: inout MutableRawSpan) {
    packet.store32(value, at: 4)
  }

  @inlinable @inline(__always)
  public static func ssrc(_ value: UInt32, in packet: inout MutableRawSpan) {
    packet.store32(value, at: 8)
  }

  /// Sets the padding bit and writes `count` bytes of padding (1…255) at `offset`, the packet's end: RFC 3550 §5.1.
  /// Everything up to the count byte is zero.
  @inlinable
  public static func padding(_ count: UInt8, at offset: Int, in packet: inout MutableRawSpan) {
    precondition(count > 0, "padding counts its own last byte")
    packet.store(packet.byte(at: 0) | 0x20, at: 0)
    for at in offset..<offset &+ Int(count) &- 1 { packet.store(0, at: at) }
    packet.store(count, at: offset &+ Int(count) &- 1)
  }
}
