// One description of a video packet for all codecs: what layer selection and rewriting need to know.

import Bytes
import MediaContract

/// What a packet is to its frame, and the frame to its stream.
///
/// Layers are 0 for streams that do not say. Nothing behind a codec's clear bytes is read, so the answer is the same for
/// end-to-end encrypted media, with one exception: an AV1 payload that is encrypted says nothing without a dependency
/// descriptor, and `isOpaque` is then true.
public struct VideoFrameInfo: Sendable, Hashable {
  /// The packet shows that its frame needs nothing before it. VP8 shows it on the first packet of a frame only; AV1
  /// without a descriptor likewise. False where it is not known.
  public var isKeyFrame = false
  /// The packet is the first of its frame. H.264 and H.265 do not mark it: there it means that parameter sets or an
  /// access unit delimiter start in the packet, which only a key frame's first packet does in practice, so `isKeyFrame`
  /// and `startsFrame` together are where a receiver can join; a change of timestamp marks the other frames.
  public var startsFrame = false
  /// The packet is the last of its frame: of its layer frame, where spatial layers share a picture.
  public var endsFrame = false
  /// The RTP marker: the last packet of the picture, all spatial layers included.
  public var endsPicture = false
  /// 0…7.
  public var spatialLayer: UInt8 = 0
  /// 0…7.
  public var temporalLayer: UInt8 = 0
  /// A receiver of lower temporal layers may take this one up at this frame: VP8's Y, VP9's U, "switch" for any decode
  /// target of the dependency descriptor; always at a key frame. For H.265 and AV1 without a descriptor it is not
  /// known, and false.
  public var isSwitchPoint = false
  /// No other frame needs this one, as far as the sender says.
  public var isDiscardable = false
  /// 7 or 15 bits, VP8 and VP9.
  public var pictureID: UInt16?
  public var isPictureIDLong = false
  /// TL0PICIDX, VP8 and VP9.
  public var temporalLevelZeroIndex: UInt8?
  /// KEYIDX, VP8.
  public var keyIndex: UInt8?
  /// The dependency descriptor's frame number.
  public var frameNumber: UInt16?
  /// The key frame's size, where the packet says it: of its spatial layer.
  public var size: VideoSize?
  /// The payload says nothing: encrypted AV1 without a dependency descriptor, or a codec that is not video.
  public var isOpaque = false

  @inlinable public init() {}

  /// Reads what the payload of `packet` says. Where the packet has a dependency descriptor, use that instead.
  ///
  /// - Parameters:
  ///   - header: the packet's header, parsed after decryption.
  ///   - isEncrypted: the frames are end-to-end encrypted.
  /// - Throws: what the codec's parser throws. A packet without payload (a probe) throws `.truncated`.
  @inlinable
  public init(
    reading packet: RawSpan, _ header: RTPHeader, codec: Codec, isEncrypted: Bool
  ) throws(WireError) {
    self.init()
    endsPicture = header.marker
    endsFrame = header.marker
    switch codec {
    case .vp8: read(try VP8Descriptor(parsing: packet, header.payload))
    case .vp9: read(try VP9Descriptor(parsing: packet, header.payload))
    case .h264: read(try H264Payload(parsing: packet, header.payload))
    case .h265: read(try H265Payload(parsing: packet, header.payload))
    case .av1:
      if isEncrypted { isOpaque = true } else { read(try AV1Payload(parsing: packet, header.payload)) }
    case .opus, .red, .pcmu, .pcma, .g722: isOpaque = true
    }
  }

  /// What a dependency descriptor says, whatever the codec and whether or not the payload is encrypted.
  ///
  /// - Parameters:
  ///   - structure: the structure that `descriptor` was read with.
  ///   - marker: the RTP header's marker.
  public init(
    _ descriptor: DependencyDescriptor, _ structure: borrowing DependencyStructure, marker: Bool
  ) {
    isKeyFrame = descriptor.hasStructure && descriptor.spatialLayer == 0
    startsFrame = descriptor.startsFrame
    endsFrame = descriptor.endsFrame
    endsPicture = marker
    spatialLayer = descriptor.spatialLayer
    temporalLayer = descriptor.temporalLayer
    frameNumber = descriptor.frameNumber
    isDiscardable = true
    for target in 0..<structure.decodeTargetCount {
      switch descriptor.indication(forDecodeTarget: target) {
      case .switch:
        isSwitchPoint = true
        isDiscardable = false
      case .required: isDiscardable = false
      case .discardable, .notPresent: break
      }
    }
    if descriptor.hasStructure { size = structure.size(ofSpatialLayer: Int(spatialLayer)) }
  }

  @inlinable
  mutating func read(_ descriptor: VP8Descriptor) {
    isKeyFrame = descriptor.isKeyFrame
    startsFrame = descriptor.startsFrame
    temporalLayer = descriptor.temporalLayer ?? 0
    isSwitchPoint = descriptor.isLayerSync || descriptor.isKeyFrame
    isDiscardable = descriptor.isDiscardable
    pictureID = descriptor.pictureID
    isPictureIDLong = descriptor.isPictureIDLong
    temporalLevelZeroIndex = descriptor.temporalLevelZeroIndex
    keyIndex = descriptor.keyIndex
    size = descriptor.size
  }

  @inlinable
  mutating func read(_ descriptor: VP9Descriptor) {
    isKeyFrame = descriptor.isKeyFrame
    startsFrame = descriptor.startsFrame
    endsFrame = descriptor.endsFrame
    spatialLayer = descriptor.spatialLayer ?? 0
    temporalLayer = descriptor.temporalLayer ?? 0
    isSwitchPoint = descriptor.isSwitchingUpPoint || descriptor.isKeyFrame
    pictureID = descriptor.pictureID
    isPictureIDLong = descriptor.isPictureIDLong
    temporalLevelZeroIndex = descriptor.temporalLevelZeroIndex
    if let structure = descriptor.structure { size = structure.size(of: Int(spatialLayer)) }
  }

  @inlinable
  mutating func read(_ payload: H264Payload) {
    isKeyFrame = payload.isKeyFrame
    startsFrame = payload.startsKeyFrame || payload.carries(H264Payload.UnitType.accessUnitDelimiter)
    isSwitchPoint = payload.isKeyFrame
  }

  @inlinable
  mutating func read(_ payload: H265Payload) {
    isKeyFrame = payload.isKeyFrame
    startsFrame = payload.startsKeyFrame || payload.carries(H265Payload.UnitType.accessUnitDelimiter)
    temporalLayer = payload.temporalLayer
    isSwitchPoint = payload.isKeyFrame
  }

  @inlinable
  mutating func read(_ payload: AV1Payload) {
    isKeyFrame = payload.startsKeyFrame
    startsFrame = payload.startsFrame
    spatialLayer = payload.spatialLayer ?? 0
    temporalLayer = payload.temporalLayer ?? 0
    isSwitchPoint = payload.startsKeyFrame
  }
}
