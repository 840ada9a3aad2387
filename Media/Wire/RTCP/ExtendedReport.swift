// Extended reports (RFC 3611): the two blocks by which a receiver that sends nothing measures its round trip.

import Bytes

/// One sub-block of DLRR (RFC 3611 §4.5): when we last heard a receiver's reference time.
public struct LastReceiverReport: Sendable, Hashable {
  /// The receiver that sent the reference time.
  public var ssrc: UInt32
  /// The middle 32 bits of that time; zero for none.
  public var lastReferenceTime: UInt32
  /// Time since it arrived, in 1/65536 s.
  public var delay: UInt32

  @inlinable
  public init(ssrc: UInt32, lastReferenceTime: UInt32, delay: UInt32) {
    self.ssrc = ssrc
    self.lastReferenceTime = lastReferenceTime
    self.delay = delay
  }
}

/// Reads the receiver reference time block and writes its answer.
public enum ExtendedReport {
  static let referenceTimeBlock: UInt8 = 4
  static let lastReceiverReportBlock: UInt8 = 5

  /// The NTP time of the receiver reference time block (§4.4); nil when `packet` is no extended report, has none or is
  /// damaged in front of it.
  public static func referenceTime(_ packet: borrowing RTCPPacket) -> UInt64? {
    guard packet.kind == .extendedReport else { return nil }
    let bytes = packet.bytes
    var at = 8
    while at + 4 <= bytes.byteCount {
      let byteCount = 4 + 4 * Int(bytes.uint16(at: at + 2))
      guard at + byteCount <= bytes.byteCount else { return nil }
      if bytes.byte(at: at) == referenceTimeBlock, byteCount == 12 { return bytes.uint64(at: at + 4) }
      at += byteCount
    }
    return nil
  }

  /// Writes a report with one DLRR sub-block at `offset` and returns the bytes written.
  public static func write(
    senderSSRC: UInt32, _ answer: LastReceiverReport, into span: inout MutableRawSpan, at offset: Int
  ) throws(WireError) -> Int {
    let byteCount = 24
    try span.requireRoom(byteCount, at: offset)
    span.storeRTCPHeader(count: 0, type: RTCPType.extendedReport, byteCount: byteCount, at: offset)
    span.store32(senderSSRC, at: offset + 4)
    span.store32(UInt32(lastReceiverReportBlock) << 24 | 3, at: offset + 8)
    span.store32(answer.ssrc, at: offset + 12)
    span.store32(answer.lastReferenceTime, at: offset + 16)
    span.store32(answer.delay, at: offset + 20)
    return byteCount
  }
}
