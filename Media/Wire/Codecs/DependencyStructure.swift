// The template dependency structure of the dependency descriptor (RTP Payload Format For AV1, appendix A.3.2): what a
// key frame announces about all frames that follow, and what the receiver of the stream keeps.

import Bytes

/// What a frame is to a decode target (appendix A.8.1).
public enum DecodeTargetIndication: UInt8, Sendable, Hashable {
  case notPresent = 0
  /// No later frame of the target needs this one.
  case discardable = 1
  /// Frames of the target behind this one need nothing in front of it: a receiver may join the target here.
  case `switch` = 2
  case required = 3
}

/// The templates of a stream, its decode targets, chains and sizes. About 2 KB without a heap: held once for each
/// encoding, and never copied for a packet.
public struct DependencyStructure: Sendable {
  public enum Limit {
    /// A template id has six bits.
    public static let templates = 64
    /// The count has five bits.
    public static let decodeTargets = 32
    /// At most one chain for each decode target.
    public static let chains = 32
    /// AV1 and the descriptor's users number layers with two and three bits.
    public static let spatialLayers = 4
    public static let temporalLayers = 8
    /// Frame differences of one frame, which are passed over: more than any encoder has reference frames.
    public static let frameDifferences = 64
  }

  /// The id of the first template; the others count up from it, modulo 64.
  public internal(set) var templateIDOffset: UInt8 = 0
  /// 0 before the first structure arrives, then 1…64.
  public internal(set) var templateCount = 0
  /// 1…32 once there are templates.
  public internal(set) var decodeTargetCount = 0
  /// 0…32.
  public internal(set) var chainCount = 0
  public internal(set) var spatialLayerCount = 0
  /// Sizes are given for all spatial layers or for none.
  public internal(set) var hasSizes = false

  @usableFromInline var templateLayers = InlineArray<64, Layer>(repeating: Layer(spatial: 0, temporal: 0))
  /// Two bits for each decode target, target 0 in the lowest.
  @usableFromInline var templateIndications = InlineArray<64, UInt64>(repeating: 0)
  /// Four bits for each chain, chain 0 in the lowest of the first word, chain 16 in the lowest of the second.
  @usableFromInline var templateChains = InlineArray<128, UInt64>(repeating: 0)
  @usableFromInline var protectingChains = InlineArray<32, UInt8>(repeating: 0)
  @usableFromInline var targetLayers = InlineArray<32, Layer>(repeating: Layer(spatial: 0, temporal: 0))
  @usableFromInline var sizes = InlineArray<4, VideoSize>(repeating: VideoSize(width: 0, height: 0))

  /// A place in the grid of layers.
  public struct Layer: Sendable, Hashable {
    /// 0…3.
    public var spatial: UInt8
    /// 0…7.
    public var temporal: UInt8

    @inlinable
    public init(spatial: UInt8, temporal: UInt8) {
      self.spatial = spatial
      self.temporal = temporal
    }
  }

  /// No structure yet.
  public init() {}

  /// All decode targets: the mask that holds from a new structure on.
  @inlinable
  public var allDecodeTargets: UInt32 {
    UInt32(truncatingIfNeeded: UInt64(1) << UInt64(decodeTargetCount) &- 1)
  }

  /// The highest layers that decode target `target` (below `decodeTargetCount`) shows.
  @inlinable
  public func layer(ofDecodeTarget target: Int) -> Layer {
    precondition(target >= 0 && target < decodeTargetCount, "decode target out of range")
    return targetLayers[target]
  }

  /// The chain that protects decode target `target` (below `decodeTargetCount`): when none of its frames is missing,
  /// the target decodes. Nil in a stream without chains.
  @inlinable
  public func chain(protectingDecodeTarget target: Int) -> Int? {
    precondition(target >= 0 && target < decodeTargetCount, "decode target out of range")
    return chainCount > 0 ? Int(protectingChains[target]) : nil
  }

  /// The decode target that shows exactly these layers, or the best one that shows no more than them; nil for none.
  public func decodeTarget(spatial: UInt8, temporal: UInt8) -> Int? {
    var best: Int?
    for target in 0..<decodeTargetCount {
      let layer = targetLayers[target]
      guard layer.spatial <= spatial, layer.temporal <= temporal else { continue }
      guard let previous = best.map({ targetLayers[$0] }) else {
        best = target
        continue
      }
      if (layer.spatial, layer.temporal) > (previous.spatial, previous.temporal) { best = target }
    }
    return best
  }

  /// The size of spatial layer `layer`; nil when it is not given.
  public func size(ofSpatialLayer layer: Int) -> VideoSize? {
    hasSizes && layer >= 0 && layer < spatialLayerCount ? sizes[layer] : nil
  }

  /// What a frame of `template` is to `target`.
  @inlinable
  func indications(ofTemplate template: Int) -> UInt64 { templateIndications[template] }
}

extension DependencyStructure {
  /// `template_dependency_structure()` of appendix A.8.2.
  init(_ bits: inout BitReader) throws(WireError) {
    self.init()
    templateIDOffset = UInt8(try bits.bits(6))
    decodeTargetCount = Int(try bits.bits(5)) + 1
    try readTemplateLayers(&bits)
    try readTemplateIndications(&bits)
    for _ in 0..<templateCount { try DependencyStructure.skipTemplateDifferences(&bits) }
    try readChains(&bits)
    deriveTargetLayers()
    hasSizes = try bits.flag()
    guard hasSizes else { return }
    for layer in 0..<spatialLayerCount {
      let width = Int(try bits.bits(16)) + 1
      sizes[layer] = VideoSize(width: width, height: Int(try bits.bits(16)) + 1)
    }
  }

  private mutating func readTemplateLayers(_ bits: inout BitReader) throws(WireError) {
    var layer = Layer(spatial: 0, temporal: 0)
    var next: UInt32
    repeat {
      guard templateCount < Limit.templates else { throw .tooMany }
      templateLayers[templateCount] = layer
      templateCount += 1
      next = try bits.bits(2)
      switch next {
      case 1:
        layer.temporal += 1
        guard layer.temporal < Limit.temporalLayers else { throw .malformed }
      case 2:
        layer = Layer(spatial: layer.spatial + 1, temporal: 0)
        guard layer.spatial < Limit.spatialLayers else { throw .malformed }
      default: break
      }
    } while next != 3
    spatialLayerCount = Int(layer.spatial) + 1
  }

  private mutating func readTemplateIndications(_ bits: inout BitReader) throws(WireError) {
    for template in 0..<templateCount {
      for target in 0..<decodeTargetCount {
        templateIndications[template] |= UInt64(try bits.bits(2)) << UInt64(2 * target)
      }
    }
  }

  /// Chains say whether a target is intact, so the differences themselves are only passed over.
  private static func skipTemplateDifferences(_ bits: inout BitReader) throws(WireError) {
    var count = 0
    while try bits.flag() {
      count += 1
      guard count <= Limit.frameDifferences else { throw .tooMany }
      _ = try bits.bits(4)
    }
  }

  private mutating func readChains(_ bits: inout BitReader) throws(WireError) {
    chainCount = Int(try bits.nonSymmetric(UInt32(decodeTargetCount + 1)))
    guard chainCount > 0 else { return }
    for target in 0..<decodeTargetCount {
      protectingChains[target] = UInt8(try bits.nonSymmetric(UInt32(chainCount)))
    }
    for template in 0..<templateCount {
      for chain in 0..<chainCount {
        let difference = UInt64(try bits.bits(4))
        templateChains[2 * template + chain / 16] |= difference << UInt64(4 * (chain % 16))
      }
    }
  }

  /// `decode_target_layers()`: the highest layers of the frames that belong to a target.
  private mutating func deriveTargetLayers() {
    for target in 0..<decodeTargetCount {
      var highest = Layer(spatial: 0, temporal: 0)
      for template in 0..<templateCount where templateIndications[template] >> UInt64(2 * target) & 3 != 0 {
        highest.spatial = max(highest.spatial, templateLayers[template].spatial)
        highest.temporal = max(highest.temporal, templateLayers[template].temporal)
      }
      targetLayers[target] = highest
    }
  }
}
