// What the node works out once, at arrival, about each RTP packet: every selector and rewriter reads it from there.
//
// It is kept in the history beside the packet's bytes, so it must be trivial and small: a 1080p encoding keeps up to
// 2,048 of them.

import MediaContract
import Streams
import Wire

/// Facts about the frame that a packet belongs to.
public struct FrameFlags: OptionSet, BitwiseCopyable, Sendable, Hashable {
  public let rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The packet is the first of its frame (for SVC: of its layer frame).
  public static let startsFrame = FrameFlags(rawValue: 1 << 0)
  /// The packet is the last of its frame (for SVC: of its layer frame).
  public static let endsFrame = FrameFlags(rawValue: 1 << 1)
  /// The frame can be decoded without any other picture.
  public static let keyFrame = FrameFlags(rawValue: 1 << 2)
  /// A receiver may take up a higher temporal layer here (VP8's Y, VP9's U).
  public static let switchingPoint = FrameFlags(rawValue: 1 << 3)
  /// The frame refers to earlier pictures of its own layer (VP9's P).
  public static let interPicture = FrameFlags(rawValue: 1 << 4)
  /// The layer identifiers are real; without this flag the stream has one layer.
  public static let layered = FrameFlags(rawValue: 1 << 5)
  /// The packet came behind one of a higher sequence number.
  public static let late = FrameFlags(rawValue: 1 << 6)
}

/// Where VP8 and VP9 keep the numbers that a receiver expects to be continuous. Offsets count from the payload's start.
public struct PictureFields: BitwiseCopyable, Sendable, Hashable {
  /// 0: the payload carries none.
  public var pictureIDOffset: UInt8 = 0
  /// 15 bits in two bytes instead of 7 bits in one.
  public var pictureIDIsLong = false
  public var pictureID: UInt16 = 0
  /// 0: the payload carries none.
  public var layerZeroOffset: UInt8 = 0
  /// TL0PICIDX.
  public var layerZeroIndex: UInt8 = 0
  /// 0: the payload carries none. VP8 only.
  public var keyIndexOffset: UInt8 = 0
  /// KEYIDX, 0…31.
  public var keyIndex: UInt8 = 0

  @inlinable public init() {}
}

/// What the AV1 dependency descriptor says of a frame, with its template already looked up.
public struct FrameDependencies: BitwiseCopyable, Sendable, Hashable {
  /// Bit d: the frame is part of decode target d.
  public var present: UInt32 = 0
  /// Bit d: whoever can decode the frame can decode decode target d from here on.
  public var switches: UInt32 = 0
  /// For each of the first four chains, a byte: how many frames back the chain's last frame before this one lies.
  public var chains: UInt32 = 0
  public var frameNumber: UInt16 = 0
  /// Place of the descriptor in the stored packet; a count of 0: the packet has none.
  public var descriptorOffset: UInt16 = 0
  public var descriptorByteCount: UInt16 = 0

  @inlinable public init() {}
}

/// The header extensions that go on to subscribers, as the publisher sent them.
public struct ForwardedExtensions: BitwiseCopyable, Sendable, Hashable {
  /// RFC 6464 byte, or `absent`.
  public var audioLevel = ForwardedExtensions.absent
  /// 3GPP orientation byte, or `absent`.
  public var videoOrientation = ForwardedExtensions.absent
  /// 24 bits of playout-delay, or `.max`.
  public var playoutDelay = UInt32.max
  /// Place of abs-capture-time in the stored packet; a count of 0: the packet has none.
  public var captureTimeOffset: UInt16 = 0
  public var captureTimeByteCount: UInt8 = 0

  /// No audio level or orientation has more than 16 bits, so this cannot be one.
  public static let absent = UInt16.max

  @inlinable public init() {}
}

/// What the forwarding knows of one packet. Trivial: copying it copies bytes.
public struct PacketInfo: BitwiseCopyable, Sendable {
  public var codec: Codec
  /// Place in the publication's list of encodings, lowest quality first.
  public var encoding: UInt8
  /// Spatial layer inside the stream (SVC), 0 for anything else.
  public var spatial: UInt8 = 0
  public var temporal: UInt8 = 0
  public var flags: FrameFlags = []
  public var picture = PictureFields()
  public var dependencies = FrameDependencies()
  public var extensions = ForwardedExtensions()

  @inlinable
  public init(codec: Codec, encoding: UInt8) {
    self.codec = codec
    self.encoding = encoding
  }
}

/// One packet of a publication as the fan-out sees it.
public typealias MediaPacket = PacketRecord<PacketInfo>

extension PacketRecord where Info == PacketInfo {
  /// The first packet of a frame at which a receiver can begin.
  @inlinable public var startsKeyFrame: Bool { info.flags.isSuperset(of: [.keyFrame, .startsFrame]) }

  @inlinable public var isLate: Bool { info.flags.contains(.late) }

  /// The payload's place in the stored packet, without padding.
  @inlinable public var payload: ByteRange { ByteRange(offset: Int(headerByteCount), count: Int(payloadByteCount)) }
}
