// Keeps the numbers inside VP8 and VP9 payload descriptors continuous for a subscriber, over switches, pauses and drops.
//
// A receiver waits for a picture whose id is missing. So the ids of frames that the SFU drops from a VP8 stream are closed
// up, and a stream that begins goes on where the last one ended. VP9 receivers find references by subtracting ids
// (RFC 9628 §4.2.1): there only the beginning is joined and drops stay visible.

import Bytes
import MediaContract
import Streams
import Wire

/// Picture ids, TL0PICIDX and KEYIDX of one subscription: what to subtract from the source's numbers. Late packets are
/// not its business: `SequenceMap` gives them what their neighbours got.
public struct PictureRewriter: Sendable {
  private var offsets = PacketRewrite()
  private var newestSource: UInt16 = 0
  private var newestPicture: UInt16 = 0
  private var newestLayerZero: UInt8 = 0
  private var newestKey: UInt8 = 0
  private var hasStarted = false

  public init() {}

  /// A stream begins with the picture of `fields`: it follows whatever was sent last.
  public mutating func begin(_ fields: PictureFields) {
    if hasStarted {
      offsets.pictureIDOffset = fields.pictureID &- newestPicture &- 1
      offsets.tl0PictureIndexOffset = fields.layerZeroIndex &- newestLayerZero &- 1
      offsets.keyIndexOffset = fields.keyIndex &- newestKey &- 1
    }
    hasStarted = true
    newestSource = fields.pictureID
  }

  /// A picture of a VP8 stream was dropped: the ones behind it move up. Call for each of its packets, in order.
  public mutating func drop(_ fields: PictureFields) {
    guard hasStarted, fields.pictureIDOffset != 0, isNewer(fields) else { return }
    newestSource = fields.pictureID
    offsets.pictureIDOffset &+= 1
  }

  /// What to subtract from the numbers of a packet that goes out ahead of all others.
  public mutating func rewrite(_ fields: PictureFields) -> PacketRewrite {
    guard fields.pictureIDOffset != 0 else { return offsets }
    if isNewer(fields) { newestSource = fields.pictureID }
    newestPicture = fields.pictureID &- offsets.pictureIDOffset
    newestLayerZero = fields.layerZeroIndex &- offsets.tl0PictureIndexOffset
    newestKey = fields.keyIndex &- offsets.keyIndexOffset
    return offsets
  }

  private func isNewer(_ fields: PictureFields) -> Bool {
    let mask = fields.mask
    let ahead = (fields.pictureID &- newestSource) & mask
    return ahead != 0 && ahead <= mask >> 1
  }
}

extension PictureFields {
  /// The bits of a picture id.
  @inlinable var mask: UInt16 { pictureIDIsLong ? 0x7FFF : 0x7F }

  /// Writes the numbers, less `rewrite`'s offsets, over those of a payload that starts at `start` in `packet`.
  @inlinable
  public func patch(_ rewrite: PacketRewrite, into packet: inout MutableRawSpan, payloadAt start: Int) {
    if pictureIDOffset != 0, rewrite.pictureIDOffset != 0 {
      let id = (pictureID &- rewrite.pictureIDOffset) & mask
      let at = start &+ Int(pictureIDOffset)
      if pictureIDIsLong { packet.store16(id | 0x8000, at: at) } else { packet.store(UInt8(id), at: at) }
    }
    if layerZeroOffset != 0, rewrite.tl0PictureIndexOffset != 0 {
      packet.store(layerZeroIndex &- rewrite.tl0PictureIndexOffset, at: start &+ Int(layerZeroOffset))
    }
    if keyIndexOffset != 0, rewrite.keyIndexOffset & 0x1F != 0 {
      let at = start &+ Int(keyIndexOffset)
      packet.store(packet.byte(at: at) & 0xE0 | (keyIndex &- rewrite.keyIndexOffset) & 0x1F, at: at)
    }
  }
}
