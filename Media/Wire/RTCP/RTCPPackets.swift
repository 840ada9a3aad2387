// Walks the packets of an RTCP datagram, compound (RFC 3550 §6.1) or reduced-size (RFC 5506), without allocation.

import Bytes

/// The packet types that the data plane knows (RFC 3550 §12.1, RFC 4585 §6.1, RFC 3611 §2).
public enum RTCPType {
  public static let senderReport: UInt8 = 200
  public static let receiverReport: UInt8 = 201
  public static let sourceDescription: UInt8 = 202
  public static let goodbye: UInt8 = 203
  public static let applicationDefined: UInt8 = 204
  public static let transportFeedback: UInt8 = 205
  public static let payloadFeedback: UInt8 = 206
  public static let extendedReport: UInt8 = 207
}

/// What a packet is, by its type and, for feedback, its format.
public enum RTCPKind: UInt8, Sendable, Hashable {
  case senderReport, receiverReport, sourceDescription, goodbye, extendedReport
  /// RFC 4585 §6.2.1: generic NACK.
  case nack
  /// draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.
  case transportFeedback
  /// RFC 4585 §6.3.1.
  case pictureLossIndication
  /// RFC 5104 §4.3.1.
  case fullIntraRequest
  /// RFC 4585 §6.4: application layer feedback; REMB is one of these (draft-alvestrand-rmcat-remb-03 §2.2).
  case applicationFeedback
  /// Well-formed, but of no use to us.
  case other
}

/// One packet of a compound: its common header, and its bytes without padding.
public struct RTCPPacket: ~Escapable {
  /// The five bits behind the version: a count of report blocks, sources or chunks, or the feedback message type.
  public let count: UInt8
  public let packetType: UInt8
  /// The whole packet from its common header on, without padding: at least four bytes.
  public let bytes: RawSpan

  /// Bytes of the common header.
  public static let headerByteCount = 4

  @usableFromInline
  @_lifetime(copy bytes)
  init(count: UInt8, packetType: UInt8, bytes: RawSpan) {
    self.count = count
    self.packetType = packetType
    self.bytes = bytes
  }

  @inlinable
  public var kind: RTCPKind {
    switch (packetType, count) {
    case (RTCPType.senderReport, _): .senderReport
    case (RTCPType.receiverReport, _): .receiverReport
    case (RTCPType.sourceDescription, _): .sourceDescription
    case (RTCPType.goodbye, _): .goodbye
    case (RTCPType.extendedReport, _): .extendedReport
    case (RTCPType.transportFeedback, 1): .nack
    case (RTCPType.transportFeedback, 15): .transportFeedback
    case (RTCPType.payloadFeedback, 1): .pictureLossIndication
    case (RTCPType.payloadFeedback, 4): .fullIntraRequest
    case (RTCPType.payloadFeedback, 15): .applicationFeedback
    default: .other
    }
  }

  /// The first source identifier: who sent the packet. Zero when the packet is too short to have one.
  @inlinable
  public var senderSSRC: UInt32 { bytes.byteCount >= 8 ? bytes.uint32(at: 4) : 0 }
}

/// A cursor over the packets of a datagram:
///
///     var packets = RTCPPackets(datagram)
///     while let packet = try packets.next() { switch packet.kind { … } }
public struct RTCPPackets: ~Escapable {
  @usableFromInline let datagram: RawSpan
  @usableFromInline var offset = 0

  @inlinable
  @_lifetime(copy datagram)
  public init(_ datagram: RawSpan) { self.datagram = datagram }

  /// The next packet; nil at the end. Packets in front of the damage were good and may be used.
  ///
  /// - Throws: `.truncated` when a packet reaches past the end, `.version` for anything but version 2, `.malformed` for
  ///   padding that is not whole words or eats the packet. The walk is then over.
  @inlinable
  @_lifetime(copy self)
  public mutating func next() throws(WireError) -> RTCPPacket? {
    let left = datagram.byteCount &- offset
    guard left > 0 else { return nil }
    let start = offset
    offset = datagram.byteCount
    guard left >= RTCPPacket.headerByteCount else { throw .truncated }
    let first = datagram.byte(at: start)
    guard first >> 6 == 2 else { throw .version }
    let whole = 4 &+ 4 &* Int(datagram.uint16(at: start &+ 2))
    guard whole <= left else { throw .truncated }
    var used = whole
    if first & 0x20 != 0 {
      // RFC 3550 §6.4.1: the last byte counts the padding, itself included, in a multiple of four.
      let padding = Int(datagram.byte(at: start &+ whole &- 1))
      guard padding > 0, padding & 3 == 0, padding <= whole &- RTCPPacket.headerByteCount else { throw .malformed }
      used = whole &- padding
    }
    offset = start &+ whole
    return RTCPPacket(
      count: first & 0x1F, packetType: datagram.byte(at: start &+ 1), bytes: datagram.slice(start, used))
  }
}

extension MutableRawSpan {
  /// Writes an RTCP common header: version 2, no padding, and the length in words of a packet of `byteCount` bytes.
  @inlinable @inline(__always)
  mutating func storeRTCPHeader(count: UInt8, type: UInt8, byteCount: Int, at offset: Int) {
    store(0x80 | count & 0x1F, at: offset)
    store(type, at: offset &+ 1)
    store16(UInt16(truncatingIfNeeded: byteCount / 4 &- 1), at: offset &+ 2)
  }

  /// Throws `.noRoom` unless `count` bytes fit at `offset`.
  @inlinable @inline(__always)
  func requireRoom(_ count: Int, at offset: Int) throws(WireError) {
    guard offset >= 0, count <= byteCount &- offset else { throw .noRoom }
  }
}
