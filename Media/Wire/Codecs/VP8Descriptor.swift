// The VP8 payload descriptor (RFC 7741 §4.2), the frame's first bytes, and the in-place rewriting of the descriptor.

import Bytes

/// What a VP8 payload says in front of its data, and where it says it.
public struct VP8Descriptor: Sendable, Hashable {
  /// N: no other frame needs this one.
  public var isDiscardable = false
  /// S with partition 0: the packet is the first of its frame.
  public var startsFrame = false
  /// 7 or 15 bits.
  public var pictureID: UInt16?
  /// M: the picture id has 15 bits.
  public var isPictureIDLong = false
  /// Counts frames of the lowest temporal layer.
  public var temporalLevelZeroIndex: UInt8?
  /// 0…3.
  public var temporalLayer: UInt8?
  /// Y: the frame needs nothing but the lowest layer, so a receiver of that layer may take this one up here.
  public var isLayerSync = false
  /// KEYIDX, 0…31: counts key frames.
  public var keyIndex: UInt8?
  /// The packet starts a key frame. Known on the first packet of a frame only.
  public var isKeyFrame = false
  /// A key frame's size, where the packet reaches so far.
  public var size: VideoSize?
  /// Where the descriptor's variable fields stand in the packet; zero where they are absent.
  public var pictureIDOffset = 0
  public var temporalLevelZeroOffset = 0
  public var temporalLayerOffset = 0
  /// Bytes of the descriptor.
  public var byteCount = 0

  /// Reads the payload at `payload` in `packet`.
  ///
  /// - Throws: `.truncated` when the descriptor reaches past the payload.
  @inlinable
  public init(parsing packet: RawSpan, _ payload: ByteRange) throws(WireError) {
    let end = payload.end
    guard payload.offset >= 0, payload.count > 0, end <= packet.byteCount else { throw .truncated }
    var at = payload.offset
    let first = packet.byte(at: at)
    at &+= 1
    isDiscardable = first & 0x20 != 0
    startsFrame = first & 0x17 == 0x10
    if first & 0x80 != 0 {
      guard at < end else { throw .truncated }
      let present = packet.byte(at: at)
      at &+= 1
      try readExtension(present, of: packet, &at, end)
    }
    byteCount = at &- payload.offset
    if startsFrame, at < end { readFrameHead(of: packet, at, end) }
  }

  /// I, L, T and K of the extension byte each add a field.
  @inlinable
  mutating func readExtension(
    _ present: UInt8, of packet: RawSpan, _ at: inout Int, _ end: Int
  ) throws(WireError) {
    if present & 0x80 != 0 {
      guard at < end else { throw .truncated }
      isPictureIDLong = packet.byte(at: at) & 0x80 != 0
      pictureIDOffset = at
      let count = isPictureIDLong ? 2 : 1
      guard at &+ count <= end else { throw .truncated }
      pictureID = isPictureIDLong ? packet.uint16(at: at) & 0x7FFF : UInt16(packet.byte(at: at))
      at &+= count
    }
    if present & 0x40 != 0 {
      guard at < end else { throw .truncated }
      temporalLevelZeroIndex = packet.byte(at: at)
      temporalLevelZeroOffset = at
      at &+= 1
    }
    if present & 0x30 != 0 {
      guard at < end else { throw .truncated }
      let byte = packet.byte(at: at)
      temporalLayerOffset = at
      if present & 0x20 != 0 {
        temporalLayer = byte >> 6
        isLayerSync = byte & 0x20 != 0
      }
      if present & 0x10 != 0 { keyIndex = byte & 0x1F }
      at &+= 1
    }
  }

  /// RFC 6386 §9.1: the inverse key frame bit; behind a key frame's start code, 14 bits each of width and height.
  @inlinable
  mutating func readFrameHead(of packet: RawSpan, _ at: Int, _ end: Int) {
    isKeyFrame = packet.byte(at: at) & 1 == 0
    guard isKeyFrame, at &+ 10 <= end, packet.uint24(at: at &+ 3) == 0x9D012A else { return }
    // The only little-endian fields that this module reads.
    size = VideoSize(
      width: Int(packet.uint16(at: at &+ 6).byteSwapped & 0x3FFF),
      height: Int(packet.uint16(at: at &+ 8).byteSwapped & 0x3FFF))
  }

  /// Writes new numbers over the descriptor's in place. A field that the descriptor does not have stays absent; a
  /// 7-bit picture id takes the low 7 bits.
  ///
  /// - Parameter packet: the packet that was parsed, or a copy whose payload starts `shift` bytes later.
  @inlinable
  public func rewrite(
    pictureID: UInt16, temporalLevelZeroIndex: UInt8, keyIndex: UInt8, in packet: inout MutableRawSpan,
    shift: Int = 0
  ) {
    if self.pictureID != nil {
      if isPictureIDLong {
        packet.store16(pictureID | 0x8000, at: pictureIDOffset &+ shift)
      } else {
        packet.store(UInt8(truncatingIfNeeded: pictureID) & 0x7F, at: pictureIDOffset &+ shift)
      }
    }
    if self.temporalLevelZeroIndex != nil {
      packet.store(temporalLevelZeroIndex, at: temporalLevelZeroOffset &+ shift)
    }
    if self.keyIndex != nil {
      let at = temporalLayerOffset &+ shift
      packet.store(packet.byte(at: at) & 0xE0 | keyIndex & 0x1F, at: at)
    }
  }
}
