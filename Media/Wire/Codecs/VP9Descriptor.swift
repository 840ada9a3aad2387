// The VP9 payload descriptor (RFC 9628 §4.2).

import Bytes

/// The spatial layers' sizes and count, as a key frame announces them (§4.2.1).
public struct VP9ScalabilityStructure: Sendable, Hashable {
  /// 1…8.
  public var spatialLayerCount: UInt8 = 1
  /// Y: the sizes are given.
  public var hasSizes = false
  /// Width in the high 16 bits, height in the low; lowest layer first.
  @usableFromInline var sizes: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) =
    (0, 0, 0, 0, 0, 0, 0, 0)

  @inlinable public init() {}

  /// The size of spatial layer `layer`; nil when it is not given.
  public func size(of layer: Int) -> VideoSize? {
    guard hasSizes, layer >= 0, layer < Int(spatialLayerCount) else { return nil }
    let packed =
      switch layer {
      case 0: sizes.0
      case 1: sizes.1
      case 2: sizes.2
      case 3: sizes.3
      case 4: sizes.4
      case 5: sizes.5
      case 6: sizes.6
      default: sizes.7
      }
    return VideoSize(width: Int(packed >> 16), height: Int(packed & 0xFFFF))
  }

  mutating func setSize(_ packed: UInt32, of layer: Int) {
    switch layer {
    case 0: sizes.0 = packed
    case 1: sizes.1 = packed
    case 2: sizes.2 = packed
    case 3: sizes.3 = packed
    case 4: sizes.4 = packed
    case 5: sizes.5 = packed
    case 6: sizes.6 = packed
    default: sizes.7 = packed
    }
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.spatialLayerCount == right.spatialLayerCount && left.hasSizes == right.hasSizes
      && (0..<8).allSatisfy { left.size(of: $0) == right.size(of: $0) }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(spatialLayerCount)
    for layer in 0..<8 { hasher.combine(size(of: layer)) }
  }
}

/// What a VP9 payload says in front of its data.
public struct VP9Descriptor: Sendable, Hashable {
  /// P: the frame is predicted from earlier pictures. A spatial layer above the lowest may still need the layer below.
  public var isInterPicturePredicted = false
  /// F: references are named in the packet rather than by a fixed pattern.
  public var isFlexible = false
  /// B: the packet is the first of its layer frame.
  public var startsFrame = false
  /// E: the packet is the last of its layer frame.
  public var endsFrame = false
  /// Z: no higher spatial layer of this picture needs this layer frame.
  public var isNotReferenceForUpperLayers = false
  /// 7 or 15 bits.
  public var pictureID: UInt16?
  public var isPictureIDLong = false
  /// 0…7.
  public var temporalLayer: UInt8?
  /// U: higher temporal layers may be taken up behind this frame.
  public var isSwitchingUpPoint = false
  /// 0…7.
  public var spatialLayer: UInt8?
  /// D: the layer frame needs the layer below of the same picture.
  public var isInterLayerDependent = false
  /// Counts pictures of the lowest temporal layer; only without F.
  public var temporalLevelZeroIndex: UInt8?
  /// How many pictures back the references lie, one in each byte from the lowest on; only with F and P, at most three.
  public var referenceDifferences: UInt32 = 0
  public var referenceCount: UInt8 = 0
  /// Only on packets with V.
  public var structure: VP9ScalabilityStructure?
  /// Where the picture id and TL0PICIDX stand in the packet; zero where they are absent.
  public var pictureIDOffset = 0
  public var temporalLevelZeroOffset = 0
  /// Bytes of the descriptor.
  public var byteCount = 0

  /// The packet belongs to a picture that needs nothing before it: not predicted, and the lowest spatial layer or none.
  @inlinable
  public var isKeyFrame: Bool { !isInterPicturePredicted && (spatialLayer ?? 0) == 0 }

  /// Reads the payload at `payload` in `packet`.
  ///
  /// - Throws: `.truncated` when the descriptor reaches past the payload, `.malformed` for more than three references.
  @inlinable
  public init(parsing packet: RawSpan, _ payload: ByteRange) throws(WireError) {
    let end = payload.end
    guard payload.offset >= 0, payload.count > 0, end <= packet.byteCount else { throw .truncated }
    var at = payload.offset
    let first = packet.byte(at: at)
    at &+= 1
    isInterPicturePredicted = first & 0x40 != 0
    isFlexible = first & 0x10 != 0
    startsFrame = first & 0x08 != 0
    endsFrame = first & 0x04 != 0
    isNotReferenceForUpperLayers = first & 0x01 != 0
    if first & 0x80 != 0 { try readPictureID(of: packet, &at, end) }
    if first & 0x20 != 0 { try readLayers(of: packet, &at, end) }
    if isFlexible, isInterPicturePredicted { try readReferences(of: packet, &at, end) }
    if first & 0x02 != 0 { structure = try VP9Descriptor.readStructure(of: packet, &at, end) }
    byteCount = at &- payload.offset
  }

  @inlinable
  mutating func readPictureID(of packet: RawSpan, _ at: inout Int, _ end: Int) throws(WireError) {
    guard at < end else { throw .truncated }
    isPictureIDLong = packet.byte(at: at) & 0x80 != 0
    pictureIDOffset = at
    let count = isPictureIDLong ? 2 : 1
    guard at &+ count <= end else { throw .truncated }
    pictureID = isPictureIDLong ? packet.uint16(at: at) & 0x7FFF : UInt16(packet.byte(at: at))
    at &+= count
  }

  @inlinable
  mutating func readLayers(of packet: RawSpan, _ at: inout Int, _ end: Int) throws(WireError) {
    guard at &+ (isFlexible ? 1 : 2) <= end else { throw .truncated }
    let byte = packet.byte(at: at)
    at &+= 1
    temporalLayer = byte >> 5
    isSwitchingUpPoint = byte & 0x10 != 0
    spatialLayer = byte >> 1 & 7
    isInterLayerDependent = byte & 1 != 0
    guard !isFlexible else { return }
    temporalLevelZeroIndex = packet.byte(at: at)
    temporalLevelZeroOffset = at
    at &+= 1
  }

  @inlinable
  mutating func readReferences(of packet: RawSpan, _ at: inout Int, _ end: Int) throws(WireError) {
    while true {
      guard at < end else { throw .truncated }
      guard referenceCount < 3 else { throw .malformed }
      let byte = packet.byte(at: at)
      at &+= 1
      referenceDifferences |= UInt32(byte >> 1) << (8 &* UInt32(referenceCount))
      referenceCount &+= 1
      guard byte & 1 != 0 else { return }
    }
  }

  /// Key frames only, so it is not worth inlining.
  @usableFromInline
  static func readStructure(
    of packet: RawSpan, _ at: inout Int, _ end: Int
  ) throws(WireError) -> VP9ScalabilityStructure {
    guard at < end else { throw .truncated }
    let head = packet.byte(at: at)
    at &+= 1
    var structure = VP9ScalabilityStructure()
    structure.spatialLayerCount = head >> 5 &+ 1
    structure.hasSizes = head & 0x10 != 0
    if structure.hasSizes {
      guard at &+ 4 &* Int(structure.spatialLayerCount) <= end else { throw .truncated }
      for layer in 0..<Int(structure.spatialLayerCount) {
        structure.setSize(packet.uint32(at: at), of: layer)
        at &+= 4
      }
    }
    guard head & 0x08 != 0 else { return structure }
    // The picture group describes fixed patterns; each packet names its own layers, so it is only passed over.
    guard at < end else { throw .truncated }
    let pictures = packet.byte(at: at)
    at &+= 1
    for _ in 0..<pictures {
      guard at < end else { throw .truncated }
      at &+= 1 &+ Int(packet.byte(at: at) >> 2 & 3)
    }
    guard at <= end else { throw .truncated }
    return structure
  }

  /// Writes new numbers over the descriptor's in place. A field that the descriptor does not have stays absent; a
  /// 7-bit picture id takes the low 7 bits.
  ///
  /// - Parameter packet: the packet that was parsed, or a copy whose payload starts `shift` bytes later.
  @inlinable
  public func rewrite(
    pictureID: UInt16, temporalLevelZeroIndex: UInt8, in packet: inout MutableRawSpan, shift: Int = 0
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
  }
}
