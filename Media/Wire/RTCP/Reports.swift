// Sender and receiver reports (RFC 3550 §6.4): clocks, counts and loss.

import Bytes

/// What a receiver says about one source that it receives (RFC 3550 §6.4.1).
public struct ReportBlock: Sendable, Hashable {
  /// The source that the block is about.
  public var ssrc: UInt32
  /// Share of packets lost since the last report, in 1/256.
  public var fractionLost: UInt8
  /// Packets lost since the start, −2²³…2²³−1; duplicates make it negative.
  public var cumulativeLost: Int32
  /// The highest sequence number received, with the number of wraps in the high 16 bits.
  public var highestSequenceNumber: UInt32
  /// Interarrival jitter in ticks of the source's clock.
  public var jitter: UInt32
  /// The middle 32 bits of the NTP time of the last sender report received; zero for none.
  public var lastSenderReport: UInt32
  /// Time since that report arrived, in 1/65536 s.
  public var delaySinceLastSenderReport: UInt32

  /// 24 bytes.
  public static let byteCount = 24

  @inlinable
  public init(
    ssrc: UInt32, fractionLost: UInt8, cumulativeLost: Int32, highestSequenceNumber: UInt32, jitter: UInt32,
    lastSenderReport: UInt32, delaySinceLastSenderReport: UInt32
  ) {
    self.ssrc = ssrc
    self.fractionLost = fractionLost
    self.cumulativeLost = cumulativeLost
    self.highestSequenceNumber = highestSequenceNumber
    self.jitter = jitter
    self.lastSenderReport = lastSenderReport
    self.delaySinceLastSenderReport = delaySinceLastSenderReport
  }

  /// Reads the 24 bytes at `offset`, which must be inside the span.
  @inlinable
  init(reading span: RawSpan, at offset: Int) {
    ssrc = span.uint32(at: offset)
    fractionLost = span.byte(at: offset &+ 4)
    cumulativeLost = Int32(bitPattern: span.uint24(at: offset &+ 5) << 8) >> 8
    highestSequenceNumber = span.uint32(at: offset &+ 8)
    jitter = span.uint32(at: offset &+ 12)
    lastSenderReport = span.uint32(at: offset &+ 16)
    delaySinceLastSenderReport = span.uint32(at: offset &+ 20)
  }

  @inlinable
  func write(into span: inout MutableRawSpan, at offset: Int) {
    span.store32(ssrc, at: offset)
    span.store(fractionLost, at: offset &+ 4)
    // RFC 3550 §A.3: clamped, not wrapped.
    let lost = min(max(cumulativeLost, -0x80_0000), 0x7F_FFFF)
    span.store24(UInt32(bitPattern: lost) & 0xFF_FFFF, at: offset &+ 5)
    span.store32(highestSequenceNumber, at: offset &+ 8)
    span.store32(jitter, at: offset &+ 12)
    span.store32(lastSenderReport, at: offset &+ 16)
    span.store32(delaySinceLastSenderReport, at: offset &+ 20)
  }
}

/// The report blocks of a sender or receiver report, by index.
public struct ReportBlocks: ~Escapable {
  @usableFromInline let bytes: RawSpan

  @inlinable
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  @inlinable public var count: Int { bytes.byteCount / ReportBlock.byteCount }

  /// The block at `index`, which must be below `count`.
  @inlinable
  public subscript(index: Int) -> ReportBlock {
    ReportBlock(reading: bytes, at: index &* ReportBlock.byteCount)
  }
}

/// The sender's part of a sender report.
public struct SenderReport: Sendable, Hashable {
  public var ssrc: UInt32
  /// Seconds since 1900 in 32.32 fixed point, when the report was made.
  public var ntpTime: UInt64
  /// The same moment on the stream's clock.
  public var rtpTimestamp: UInt32
  public var packetCount: UInt32
  /// Bytes of payload, without headers and padding.
  public var octetCount: UInt32

  /// Bytes with the common header and without report blocks.
  public static let byteCount = 28

  @inlinable
  public init(ssrc: UInt32, ntpTime: UInt64, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32) {
    self.ssrc = ssrc
    self.ntpTime = ntpTime
    self.rtpTimestamp = rtpTimestamp
    self.packetCount = packetCount
    self.octetCount = octetCount
  }

  /// Throws `.otherType` unless `packet` is a sender report, `.truncated` when it is too short for its block count.
  @inlinable
  public init(_ packet: borrowing RTCPPacket) throws(WireError) {
    guard packet.kind == .senderReport else { throw .otherType }
    let bytes = packet.bytes
    guard bytes.byteCount >= SenderReport.byteCount &+ Int(packet.count) &* ReportBlock.byteCount else {
      throw .truncated
    }
    ssrc = bytes.uint32(at: 4)
    ntpTime = bytes.uint64(at: 8)
    rtpTimestamp = bytes.uint32(at: 16)
    packetCount = bytes.uint32(at: 20)
    octetCount = bytes.uint32(at: 24)
  }

  /// The part of the NTP time that report blocks quote: the middle 32 bits.
  @inlinable public var middleOfNTPTime: UInt32 { UInt32(truncatingIfNeeded: ntpTime >> 16) }

  /// Writes the report with `blocks` (at most 31) at `offset` and returns the bytes written.
  @inlinable
  public func write(
    blocks: Span<ReportBlock> = Span(), into span: inout MutableRawSpan, at offset: Int
  ) throws(WireError) -> Int {
    guard blocks.count <= 31 else { throw .tooMany }
    let byteCount = SenderReport.byteCount &+ blocks.count &* ReportBlock.byteCount
    try span.requireRoom(byteCount, at: offset)
    span.storeRTCPHeader(
      count: UInt8(blocks.count), type: RTCPType.senderReport, byteCount: byteCount, at: offset)
    span.store32(ssrc, at: offset &+ 4)
    span.store64(ntpTime, at: offset &+ 8)
    span.store32(rtpTimestamp, at: offset &+ 16)
    span.store32(packetCount, at: offset &+ 20)
    span.store32(octetCount, at: offset &+ 24)
    for index in 0..<blocks.count {
      blocks[index].write(into: &span, at: offset &+ SenderReport.byteCount &+ index &* ReportBlock.byteCount)
    }
    return byteCount
  }
}

/// A receiver report: nothing but report blocks.
public enum ReceiverReport {
  /// Bytes with the common header and without report blocks.
  public static let byteCount = 8

  /// Writes a report with `blocks` (at most 31) at `offset` and returns the bytes written. An empty one is what opens a
  /// compound when there is nothing to report.
  @inlinable
  public static func write(
    senderSSRC: UInt32, blocks: Span<ReportBlock> = Span(), into span: inout MutableRawSpan, at offset: Int
  ) throws(WireError) -> Int {
    guard blocks.count <= 31 else { throw .tooMany }
    let total = byteCount &+ blocks.count &* ReportBlock.byteCount
    try span.requireRoom(total, at: offset)
    span.storeRTCPHeader(count: UInt8(blocks.count), type: RTCPType.receiverReport, byteCount: total, at: offset)
    span.store32(senderSSRC, at: offset &+ 4)
    for index in 0..<blocks.count {
      blocks[index].write(into: &span, at: offset &+ byteCount &+ index &* ReportBlock.byteCount)
    }
    return total
  }
}

extension RTCPPacket {
  /// The report blocks of a sender or receiver report; none for other packets and for those too short for their count.
  @inlinable
  public var reportBlocks: ReportBlocks {
    @_lifetime(copy self) get {
      let head =
        switch kind {
        case .senderReport: SenderReport.byteCount
        case .receiverReport: ReceiverReport.byteCount
        default: bytes.byteCount
        }
      let blocks = Int(count) &* ReportBlock.byteCount
      guard head &+ blocks <= bytes.byteCount, head < bytes.byteCount else { return ReportBlocks(bytes.slice(0, 0)) }
      return ReportBlocks(bytes.slice(head, blocks))
    }
  }
}
