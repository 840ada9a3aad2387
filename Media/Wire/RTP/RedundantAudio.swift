// Redundant audio data (RFC 2198): one packet carries the newest frame and copies of older ones.

import Bytes

/// One frame inside a RED payload.
public struct RedundantAudioBlock: Sendable, Hashable {
  /// 0…127, the format of this frame.
  public var payloadType: UInt8
  /// How much older than the packet's timestamp the frame is, in ticks: 0…16383. Zero for the primary.
  public var timestampOffset: UInt16
  /// The frame's bytes, counted from where the span that was parsed starts. May be empty.
  public var data: ByteRange

  @inlinable
  public init(payloadType: UInt8, timestampOffset: UInt16, data: ByteRange) {
    self.payloadType = payloadType
    self.timestampOffset = timestampOffset
    self.data = data
  }
}

/// The layout of a RED payload: up to `Limit.redundantBlocks` older frames and the primary.
public struct RedundantAudio: Sendable {
  public enum Limit {
    /// Clients send one or two copies; more cannot fit a datagram usefully and would only make a walk longer.
    public static let redundantBlocks = 8
  }

  /// The newest frame, last in the payload.
  public let primary: RedundantAudioBlock
  /// Older frames in front of it.
  public let redundantBlockCount: Int
  @usableFromInline let start: Int
  @usableFromInline let firstData: Int

  /// Reads the block headers of the payload at `payload` in `packet` (RFC 2198 §3).
  ///
  /// - Throws: `.truncated` when the blocks reach past the payload, `.tooMany` beyond the limit.
  @inlinable
  public init(parsing packet: RawSpan, _ payload: ByteRange) throws(WireError) {
    var at = payload.offset
    let end = payload.end
    guard end <= packet.byteCount else { throw .truncated }
    var redundant = 0
    var redundantBytes = 0
    while true {
      guard at < end else { throw .truncated }
      guard packet.byte(at: at) & 0x80 != 0 else { break }
      guard at &+ 4 <= end else { throw .truncated }
      guard redundant < Limit.redundantBlocks else { throw .tooMany }
      redundantBytes &+= Int(packet.uint16(at: at &+ 2) & 0x3FF)
      redundant &+= 1
      at &+= 4
    }
    start = payload.offset
    redundantBlockCount = redundant
    firstData = at &+ 1
    guard firstData &+ redundantBytes <= end else { throw .truncated }
    let primaryStart = firstData &+ redundantBytes
    primary = RedundantAudioBlock(
      payloadType: packet.byte(at: at), timestampOffset: 0,
      data: ByteRange(offset: primaryStart, count: end &- primaryStart))
  }

  /// The older frame at `index`, oldest first as senders write them; `packet` must be the one that was parsed.
  @inlinable
  public func redundantBlock(_ index: Int, in packet: RawSpan) -> RedundantAudioBlock {
    precondition(index >= 0 && index < redundantBlockCount, "block index out of range")
    var data = firstData
    for before in 0..<index { data &+= Int(packet.uint16(at: start &+ 4 &* before &+ 2) & 0x3FF) }
    let head = packet.uint32(at: start &+ 4 &* index)
    return RedundantAudioBlock(
      payloadType: UInt8(truncatingIfNeeded: head >> 24) & 0x7F, timestampOffset: UInt16(head >> 10 & 0x3FFF),
      data: ByteRange(offset: data, count: Int(head & 0x3FF)))
  }
}
