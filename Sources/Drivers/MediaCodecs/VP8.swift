// Owners of libvpx's VP8 encoders and decoders (RFC 6386), set up for live screens and cameras.

import CVPX

/// One encoded picture.
public struct VP8Frame: Sendable, Hashable {
  public var bytes: [UInt8]
  public var isKeyFrame: Bool
  /// 0 = the lowest.
  public var temporalLayer: UInt8
  /// The frame needs nothing but the lowest layer (RFC 7741 §4.2, Y).
  public var isLayerSync: Bool
  /// No later frame needs this one (RFC 7741 §4.2, N).
  public var isDiscardable: Bool

  public init(
    bytes: [UInt8], isKeyFrame: Bool, temporalLayer: UInt8 = 0, isLayerSync: Bool = false, isDiscardable: Bool = false
  ) {
    self.bytes = bytes
    self.isKeyFrame = isKeyFrame
    self.temporalLayer = temporalLayer
    self.isLayerSync = isLayerSync
    self.isDiscardable = isDiscardable
  }
}

/// The place of a frame in the repetition of its temporal layers, and which of libvpx's buffers it may use: the last
/// frame holds layer 0, the golden one layer 1; layer 2 is kept nowhere.
private struct TemporalStep {
  var layer: UInt8
  var isSync: Bool
  var isDiscardable: Bool
  var flags: Int

  private static let onlyLast = Int(VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF)
  private static let keepAll = Int(
    VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF | VP8_EFLAG_NO_UPD_ENTROPY)
  private static let base = TemporalStep(
    layer: 0, isSync: false, isDiscardable: false, flags: onlyLast | Int(VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF))

  /// 1 layer: 0. 2 layers: 0 1. 3 layers: 0 2 1 2.
  static func pattern(layers: Int) -> [TemporalStep] {
    switch layers {
    case 1: [TemporalStep(layer: 0, isSync: false, isDiscardable: false, flags: 0)]
    case 2: [base, TemporalStep(layer: 1, isSync: true, isDiscardable: true, flags: onlyLast | keepAll)]
    default:
      [
        base, TemporalStep(layer: 2, isSync: true, isDiscardable: true, flags: onlyLast | keepAll),
        TemporalStep(
          layer: 1, isSync: true, isDiscardable: false,
          flags: onlyLast | Int(VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_ARF | VP8_EFLAG_NO_UPD_ENTROPY)),
        TemporalStep(
          layer: 2, isSync: false, isDiscardable: true, flags: Int(VP8_EFLAG_NO_REF_ARF) | keepAll),
      ]
    }
  }
}

/// Encodes pictures of one size in real time at a constant bit rate.
@safe public struct VP8Encoder: ~Copyable {
  public struct Configuration: Sendable, Hashable {
    /// Even numbers of pixels.
    public var width: Int
    public var height: Int
    /// Bits a second.
    public var bitrate: Int
    public var framesPerSecond: Int
    /// Sharp text rather than smooth motion.
    public var isScreen: Bool
    /// 1…3.
    public var temporalLayers: Int
    public var threads: Int
    /// 1…16; more is faster and worse.
    public var speed: Int

    public init(
      width: Int, height: Int, bitrate: Int, framesPerSecond: Int = 30, isScreen: Bool = true, temporalLayers: Int = 1,
      threads: Int = 1, speed: Int = 12
    ) {
      self.width = width
      self.height = height
      self.bitrate = bitrate
      self.framesPerSecond = framesPerSecond
      self.isScreen = isScreen
      self.temporalLayers = temporalLayers
      self.threads = threads
      self.speed = speed
    }
  }

  public let configuration: Configuration
  /// Owned; freed in deinit.
  private let encoder: OpaquePointer
  private let pattern: [TemporalStep]
  private var step = 0
  private var isKeyFrameWanted = true

  public init(_ configuration: Configuration) throws(CodecError) {
    guard (1...3).contains(configuration.temporalLayers), (1...16).contains(configuration.speed) else {
      throw .configuration
    }
    let encoder = unsafe mqvi_vp8_encoder_new(
      Int32(configuration.width), Int32(configuration.height), Int32(configuration.bitrate / 1000),
      Int32(configuration.threads), Int32(configuration.speed), configuration.isScreen ? 1 : 0,
      Int32(configuration.temporalLayers))
    guard let encoder = unsafe encoder else { throw .configuration }
    unsafe self.encoder = encoder
    self.configuration = configuration
    pattern = TemporalStep.pattern(layers: configuration.temporalLayers)
  }

  deinit { unsafe mqvi_vp8_encoder_free(encoder) }

  /// The next picture becomes a key frame.
  public mutating func requestKeyFrame() { isKeyFrameWanted = true }

  /// Changes the bit rate, bits a second.
  public mutating func setBitrate(_ bitrate: Int) throws(CodecError) {
    guard unsafe mqvi_vp8_encoder_set_bitrate(encoder, Int32(bitrate / 1000)) == 0 else { throw .configuration }
  }

  /// Encodes one picture; nil when the encoder left it out to keep its rate.
  ///
  /// - Parameter timestamp: 90 kHz, ascending.
  public mutating func encode(_ picture: Picture, timestamp: Int64) throws(CodecError) -> VP8Frame? {
    guard picture.width == configuration.width, picture.height == configuration.height else { throw .encoding }
    if isKeyFrameWanted { step = 0 }
    let current = pattern[step]
    let flags = isKeyFrameWanted ? Int(VPX_EFLAG_FORCE_KF) : current.flags
    guard compress(picture, timestamp, flags, current.layer) == 0 else { throw .encoding }
    step = (step + 1) % pattern.count
    var count = 0
    var isKeyFrame: Int32 = 0
    guard let bytes = unsafe mqvi_vp8_encoded(encoder, &count, &isKeyFrame) else { return nil }
    isKeyFrameWanted = false
    // The library's buffer is good until its next call.
    let copy = unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    return VP8Frame(
      bytes: copy, isKeyFrame: isKeyFrame == 1, temporalLayer: current.layer, isLayerSync: current.isSync,
      isDiscardable: current.isDiscardable)
  }

  private func compress(_ picture: Picture, _ timestamp: Int64, _ flags: Int, _ layer: UInt8) -> Int32 {
    let duration = Int64(90_000 / max(1, configuration.framesPerSecond))
    // The planes are borrowed for the call only; libvpx copies what it keeps.
    return unsafe picture.luma.withUnsafeBufferPointer { luma in
      unsafe picture.blue.withUnsafeBufferPointer { blue in
        unsafe picture.red.withUnsafeBufferPointer { red in
          let width = Int32(picture.width)
          var raw = unsafe mqvi_picture(
            planes: (luma.baseAddress, blue.baseAddress, red.baseAddress), strides: (width, width / 2, width / 2),
            width: width, height: Int32(picture.height))
          return unsafe mqvi_vp8_encode(encoder, &raw, timestamp, duration, flags, Int32(layer))
        }
      }
    }
  }
}

/// Decodes what any VP8 encoder made.
@safe public struct VP8Decoder: ~Copyable {
  /// Owned; freed in deinit.
  private let decoder: OpaquePointer

  public init(threads: Int = 1) throws(CodecError) {
    guard let decoder = unsafe mqvi_vp8_decoder_new(Int32(threads)) else { throw .configuration }
    unsafe self.decoder = decoder
  }

  deinit { unsafe mqvi_vp8_decoder_free(decoder) }

  /// The picture of one frame; nil when the frame is not to be shown. A frame that needs one that never came is either
  /// an error or a damaged picture: ask for a key frame.
  public mutating func decode(_ frame: [UInt8]) throws(CodecError) -> Picture? {
    var raw = mqvi_picture()
    switch unsafe mqvi_vp8_decode(decoder, frame, frame.count, &raw) {
    case 1: return Self.copy(raw)
    case 0: return nil
    default: throw .damaged
    }
  }

  /// The picture's rows without the library's gaps between them. An odd size loses its last column or row.
  private static func copy(_ raw: mqvi_picture) -> Picture? {
    let (width, height) = (Int(raw.width) & ~1, Int(raw.height) & ~1)
    guard width > 0, height > 0, let luma = unsafe raw.planes.0, let blue = unsafe raw.planes.1,
      let red = unsafe raw.planes.2
    else { return nil }
    var picture = Picture(width: width, height: height)
    unsafe copy(luma, Int(raw.strides.0), width, height, into: &picture.luma)
    unsafe copy(blue, Int(raw.strides.1), width / 2, height / 2, into: &picture.blue)
    unsafe copy(red, Int(raw.strides.2), width / 2, height / 2, into: &picture.red)
    return picture
  }

  private static func copy(
    _ plane: UnsafePointer<UInt8>, _ stride: Int, _ width: Int, _ height: Int, into target: inout [UInt8]
  ) {
    unsafe target.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      // libvpx gives `height` rows of at least `width` bytes; the target holds width × height.
      for row in 0..<height { unsafe (base + row * width).update(from: plane + row * stride, count: width) }
    }
  }
}
