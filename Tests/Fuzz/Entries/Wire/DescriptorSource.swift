// Encodes dependency descriptors from plain arrays: the sender's half, which the product has no use for. It follows
// appendix A.8.2 of the AV1 RTP specification line by line, apart from the parser that it is held against.

/// A structure, and the frames that can be described with it.
public struct DescriptorSource: Sendable {
  public struct Template: Sendable {
    public var spatial: Int
    public var temporal: Int
    /// One for each decode target, 0…3.
    public var indications: [Int]
    /// 1…16 each.
    public var differences: [Int]
    /// One for each chain, 0…15.
    public var chains: [Int]

    public init(spatial: Int, temporal: Int, indications: [Int], differences: [Int], chains: [Int]) {
      self.spatial = spatial
      self.temporal = temporal
      self.indications = indications
      self.differences = differences
      self.chains = chains
    }
  }

  /// 0…63.
  public var templateIDOffset: Int
  /// In the order of layers: the next one has the same layer, the next temporal, or temporal 0 of the next spatial.
  public var templates: [Template]
  /// The chain that protects each decode target; empty without chains.
  public var protectedBy: [Int]
  public var sizes: [(width: Int, height: Int)]

  public init(
    templateIDOffset: Int, templates: [Template], protectedBy: [Int], sizes: [(width: Int, height: Int)]
  ) {
    self.templateIDOffset = templateIDOffset
    self.templates = templates
    self.protectedBy = protectedBy
    self.sizes = sizes
  }

  /// One frame's descriptor; what is nil comes from the template.
  public struct Frame: Sendable {
    public var template: Int
    public var number: Int
    public var startsFrame = true
    public var endsFrame = true
    public var hasStructure = false
    public var activeTargets: Int?
    public var indications: [Int]?
    public var differences: [Int]?
    public var chains: [Int]?

    public init(
      template: Int, number: Int, startsFrame: Bool = true, endsFrame: Bool = true, hasStructure: Bool = false,
      activeTargets: Int? = nil, indications: [Int]? = nil, differences: [Int]? = nil, chains: [Int]? = nil
    ) {
      self.template = template
      self.number = number
      self.startsFrame = startsFrame
      self.endsFrame = endsFrame
      self.hasStructure = hasStructure
      self.activeTargets = activeTargets
      self.indications = indications
      self.differences = differences
      self.chains = chains
    }
  }

  public var decodeTargetCount: Int { templates[0].indications.count }
  public var chainCount: Int { templates[0].chains.count }

  public func encode(_ frame: Frame) -> [UInt8] {
    var bits = Bits()
    bits.append(frame.startsFrame ? 1 : 0, 1)
    bits.append(frame.endsFrame ? 1 : 0, 1)
    bits.append((frame.template + templateIDOffset) % 64, 6)
    bits.append(frame.number, 16)
    let isExtended =
      frame.hasStructure || frame.activeTargets != nil || frame.indications != nil || frame.differences != nil
      || frame.chains != nil
    guard isExtended else { return bits.bytes }
    bits.append(frame.hasStructure ? 1 : 0, 1)
    bits.append(frame.activeTargets != nil ? 1 : 0, 1)
    bits.append(frame.indications != nil ? 1 : 0, 1)
    bits.append(frame.differences != nil ? 1 : 0, 1)
    bits.append(frame.chains != nil ? 1 : 0, 1)
    if frame.hasStructure { encodeStructure(&bits) }
    if let mask = frame.activeTargets { bits.append(mask, decodeTargetCount) }
    for indication in frame.indications ?? [] { bits.append(indication, 2) }
    if let differences = frame.differences {
      for difference in differences {
        let size = difference <= 16 ? 1 : difference <= 256 ? 2 : 3
        bits.append(size, 2)
        bits.append(difference - 1, 4 * size)
      }
      bits.append(0, 2)
    }
    for difference in frame.chains ?? [] { bits.append(difference, 8) }
    return bits.bytes
  }

  private func encodeStructure(_ bits: inout Bits) {
    bits.append(templateIDOffset, 6)
    bits.append(decodeTargetCount - 1, 5)
    for (template, next) in zip(templates, templates.dropFirst()) {
      bits.append(next.spatial > template.spatial ? 2 : next.temporal > template.temporal ? 1 : 0, 2)
    }
    bits.append(3, 2)
    for template in templates { for indication in template.indications { bits.append(indication, 2) } }
    for template in templates {
      for difference in template.differences {
        bits.append(1, 1)
        bits.append(difference - 1, 4)
      }
      bits.append(0, 1)
    }
    bits.appendNonSymmetric(chainCount, below: decodeTargetCount + 1)
    if chainCount > 0 {
      for chain in protectedBy { bits.appendNonSymmetric(chain, below: chainCount) }
      for template in templates { for difference in template.chains { bits.append(difference, 4) } }
    }
    bits.append(sizes.isEmpty ? 0 : 1, 1)
    for size in sizes {
      bits.append(size.width - 1, 16)
      bits.append(size.height - 1, 16)
    }
  }
}

extension DescriptorSource {
  /// L1T2: two decode targets, one chain, 1280×720.
  public static let temporalLayers = DescriptorSource(
    templateIDOffset: 60,
    templates: [
      Template(spatial: 0, temporal: 0, indications: [2, 2], differences: [], chains: [0]),
      Template(spatial: 0, temporal: 0, indications: [2, 2], differences: [2], chains: [2]),
      Template(spatial: 0, temporal: 1, indications: [0, 1], differences: [1], chains: [1]),
    ], protectedBy: [0, 0], sizes: [(1280, 720)])

  /// L2T1: two decode targets, two chains, 640×360 and 1280×720.
  public static let spatialLayers = DescriptorSource(
    templateIDOffset: 0,
    templates: [
      Template(spatial: 0, temporal: 0, indications: [2, 2], differences: [], chains: [0, 0]),
      Template(spatial: 0, temporal: 0, indications: [3, 3], differences: [2], chains: [2, 1]),
      Template(spatial: 1, temporal: 0, indications: [0, 2], differences: [1], chains: [1, 1]),
      Template(spatial: 1, temporal: 0, indications: [0, 3], differences: [2, 1], chains: [1, 1]),
    ], protectedBy: [0, 1], sizes: [(640, 360), (1280, 720)])
}

/// A string of bits under construction.
private struct Bits {
  private(set) var bytes: [UInt8] = []
  private var count = 0

  mutating func append(_ value: Int, _ width: Int) {
    for bit in stride(from: width - 1, through: 0, by: -1) {
      if count % 8 == 0 { bytes.append(0) }
      if value >> bit & 1 != 0 { bytes[count / 8] |= 0x80 >> UInt8(count % 8) }
      count += 1
    }
  }

  /// The encoder's side of `ns(n)`: the first numbers take one bit fewer.
  mutating func appendNonSymmetric(_ value: Int, below limit: Int) {
    guard limit > 1 else { return }
    var width = 0
    while limit >> width != 0 { width += 1 }
    let short = (1 << width) - limit
    if value < short { append(value, width - 1) } else { append(value + short, width) }
  }
}
