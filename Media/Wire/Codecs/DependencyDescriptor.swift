// The dependency descriptor (RTP Payload Format For AV1, appendix A): what a frame is to each decode target, readable
// even when the payload is encrypted.

import Bytes

/// One packet's descriptor, resolved against the stream's structure.
public struct DependencyDescriptor: Sendable {
  public let startsFrame: Bool
  public let endsFrame: Bool
  /// Counts frames, not pictures: each spatial layer of a picture has its own.
  public let frameNumber: UInt16
  /// The descriptor brought a structure, which a decoder can start with: the packet belongs to a key frame.
  public let hasStructure: Bool
  public let spatialLayer: UInt8
  public let temporalLayer: UInt8
  /// Which decode targets the sender still sends, one bit for each, target 0 in the lowest; nil when the descriptor
  /// does not say, which means "as before".
  public let activeDecodeTargets: UInt32?
  /// Two bits for each decode target, target 0 in the lowest.
  @usableFromInline let indications: UInt64
  @usableFromInline let chains: ChainDifferences
  /// Where the flags, the structure and what follows them stand, in bits: for `write`.
  let layout: Layout

  struct Layout: Sendable {
    var byteCount: Int
    /// Behind the five flags; equal to `structureEnd` without a structure.
    var structureStart: Int
    var structureEnd: Int
    /// Behind the mask of active decode targets.
    var definitionStart: Int
    /// Behind the last field.
    var definitionEnd: Int
  }

  public enum Limit {
    /// The extension's length field in the two-byte form.
    public static let byteCount = 255
  }

  /// Reads a descriptor, and replaces `structure` by the one that it brings, if it does.
  ///
  /// A packet that is older than the newest of its stream must not be read with the stream's structure: it would put an
  /// old structure back. Nothing is changed when this throws.
  ///
  /// - Parameter bytes: the extension's data: 3…255 bytes.
  /// - Throws: `.truncated` when a field reaches past the end, `.malformed` for a template that the structure does not
  ///   have or without any structure, `.tooMany` beyond the structure's limits.
  public init(reading bytes: RawSpan, _ structure: inout DependencyStructure) throws(WireError) {
    guard bytes.byteCount >= 3 else { throw .truncated }
    guard DependencyDescriptor.carriesStructure(bytes) else {
      try self.init(reading: bytes, using: structure, structureEnd: nil)
      return
    }
    var bits = BitReader(bytes)
    bits.position = 29
    let announced = try DependencyStructure(&bits)
    try self.init(reading: bytes, using: announced, structureEnd: bits.position)
    structure = announced
  }

  /// Whether a descriptor brings a structure of its own.
  @inlinable
  public static func carriesStructure(_ bytes: RawSpan) -> Bool {
    bytes.byteCount > 3 && bytes.byte(at: 3) & 0x80 != 0
  }

  private init(
    reading bytes: RawSpan, using structure: borrowing DependencyStructure, structureEnd: Int?
  ) throws(WireError) {
    // Mandatory fields: A.8.2.
    let head = bytes.byte(at: 0)
    startsFrame = head & 0x80 != 0
    endsFrame = head & 0x40 != 0
    frameNumber = bytes.uint16(at: 1)
    hasStructure = structureEnd != nil

    let template = Int((head &- structure.templateIDOffset) & 0x3F)
    guard template < structure.templateCount else { throw .malformed }
    spatialLayer = structure.templateLayers[template].spatial
    temporalLayer = structure.templateLayers[template].temporal

    let flags = bytes.byteCount > 3 ? bytes.byte(at: 3) : 0
    var bits = BitReader(bytes)
    bits.position = structureEnd ?? (bytes.byteCount > 3 ? 29 : 24)
    var layout = Layout(
      byteCount: bytes.byteCount, structureStart: bytes.byteCount > 3 ? 29 : 24, structureEnd: bits.position,
      definitionStart: 0, definitionEnd: 0)
    if flags & 0x40 != 0 {
      activeDecodeTargets = try bits.bits(structure.decodeTargetCount)
    } else {
      activeDecodeTargets = hasStructure ? structure.allDecodeTargets : nil
    }
    layout.definitionStart = bits.position

    // frame_dependency_definition(): what differs from the template.
    var indications = structure.templateIndications[template]
    if flags & 0x20 != 0 {
      indications = 0
      for target in 0..<structure.decodeTargetCount {
        indications |= UInt64(try bits.bits(2)) << UInt64(2 * target)
      }
    }
    self.indications = indications
    if flags & 0x10 != 0 { try DependencyDescriptor.skipDifferences(&bits) }
    if flags & 0x08 != 0 {
      chains = try ChainDifferences(&bits, count: structure.chainCount)
    } else {
      chains = ChainDifferences(structure, template: template)
    }
    layout.definitionEnd = bits.position
    self.layout = layout
  }

  private static func skipDifferences(_ bits: inout BitReader) throws(WireError) {
    var count = 0
    while true {
      let size = Int(try bits.bits(2))
      guard size > 0 else { return }
      count += 1
      guard count <= DependencyStructure.Limit.frameDifferences else { throw .tooMany }
      _ = try bits.bits(4 * size)
    }
  }

  /// What the frame is to decode target `target`, 0…31.
  @inlinable
  public func indication(forDecodeTarget target: Int) -> DecodeTargetIndication {
    precondition(target >= 0 && target < DependencyStructure.Limit.decodeTargets, "decode target out of range")
    switch indications >> UInt64(2 &* target) & 3 {
    case 0: return .notPresent
    case 1: return .discardable
    case 2: return .switch
    default: return .required
    }
  }

  /// How many frames back the frame before this one in chain `chain` (0…31) lies; 0: this frame starts the chain anew.
  /// A receiver whose last frame of the chain is that one has an intact chain.
  @inlinable
  public func chainDifference(_ chain: Int) -> UInt8 {
    precondition(chain >= 0 && chain < DependencyStructure.Limit.chains, "chain out of range")
    return chains[chain]
  }
}

/// Differences of up to 32 chains, a byte each, in four words.
@usableFromInline
struct ChainDifferences: Sendable {
  @usableFromInline var words = InlineArray<4, UInt64>(repeating: 0)

  init(_ bits: inout BitReader, count: Int) throws(WireError) {
    for chain in 0..<count { set(UInt64(try bits.bits(8)), chain) }
  }

  init(_ structure: borrowing DependencyStructure, template: Int) {
    for chain in 0..<structure.chainCount {
      set(structure.templateChains[2 &* template &+ chain >> 4] >> UInt64(4 &* (chain & 15)) & 15, chain)
    }
  }

  private mutating func set(_ value: UInt64, _ chain: Int) {
    words[chain >> 3] |= value << UInt64(8 &* (chain & 7))
  }

  @inlinable
  subscript(chain: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: words[chain >> 3] >> UInt64(8 &* (chain & 7)))
  }
}
