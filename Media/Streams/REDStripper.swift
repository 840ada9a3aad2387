// Plain Opus for subscribers who cannot take RED (RFC 2198), and lost frames back from the redundancy of later ones.

import Bytes
import Wire

/// What a RED packet holds for someone who wants plain packets.
public struct StrippedRED: Sendable {
  /// Lost packets that can be told apart from one RED packet.
  public static let maximumRecovered = RedundantAudio.Limit.redundantBlocks

  /// One frame that an earlier packet carried.
  public struct Earlier: Sendable, Hashable {
    /// How many packets earlier: 1 is the packet just before.
    public var distance: Int
    /// How many ticks older its timestamp is.
    public var timestampOffset: UInt32
    public var payload: ByteRange
  }

  /// The packet's own frame.
  public let primary: ByteRange
  /// The format of the frame: the payload type that the publisher uses for plain Opus.
  public let payloadType: UInt8
  private let blocks: RedundantAudio

  /// - Throws: what `RedundantAudio` throws.
  public init(parsing packet: RawSpan, _ payload: ByteRange) throws(WireError) {
    blocks = try RedundantAudio(parsing: packet, payload)
    primary = blocks.primary.data
    payloadType = blocks.primary.payloadType
  }

  /// How many earlier frames it repeats.
  public var earlierCount: Int { blocks.redundantBlockCount }

  /// An earlier frame, oldest first; nil for a block that stands for nothing (empty, or of another format).
  ///
  /// Senders repeat the packets directly before, in order. Which number a block had is therefore its place from the end.
  public func earlier(_ index: Int, in packet: RawSpan) -> Earlier? {
    guard index >= 0, index < earlierCount else { return nil }
    let block = blocks.redundantBlock(index, in: packet)
    guard !block.data.isEmpty, block.payloadType == payloadType, block.timestampOffset > 0 else { return nil }
    return Earlier(
      distance: earlierCount - index, timestampOffset: UInt32(block.timestampOffset), payload: block.data)
  }
}
