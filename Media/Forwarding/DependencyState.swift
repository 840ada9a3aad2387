// The dependency structure of one encoding, as its key frames announce it, and how packets are described by it.

import Bytes
import MediaContract
import Streams
import Wire

/// What the descriptors of an encoding refer to. Costs next to nothing for streams without descriptors.
public struct DependencyState: Sendable {
  /// None or one: two kilobytes that most encodings do not need.
  private var structure: [DependencyStructure] = []
  /// The decode targets of the structure, for selectors.
  public private(set) var targets = DecodeTargets()

  public init() {}

  /// Reads the descriptor at `range` of a packet into `info`.
  ///
  /// - Throws: what `DependencyDescriptor` throws; a descriptor before the first structure is malformed.
  public mutating func read(
    _ packet: RawSpan, _ header: RTPHeader, _ range: ByteRange, _ info: inout PacketInfo
  ) throws(WireError) {
    let isLate = info.flags.contains(.late)
    if structure.isEmpty { structure.append(DependencyStructure()) }
    let bytes = packet.slice(range)
    let descriptor: DependencyDescriptor
    if isLate {
      // A late packet must not put an old structure back.
      var copy = structure[0]
      descriptor = try DependencyDescriptor(reading: bytes, &copy)
    } else {
      descriptor = try DependencyDescriptor(reading: bytes, &structure[0])
      if descriptor.hasStructure { takeTargets() }
      if let active = descriptor.activeDecodeTargets { targets.active = active }
    }
    info.spatial = min(descriptor.spatialLayer, 3)
    info.temporal = min(descriptor.temporalLayer, 3)
    info.flags.insert(.layered)
    if descriptor.startsFrame { info.flags.insert(.startsFrame) }
    if descriptor.endsFrame { info.flags.insert(.endsFrame) }
    if descriptor.hasStructure { info.flags.insert(.keyFrame) }
    info.dependencies = dependencies(descriptor, range)
    if info.dependencies.switches != 0 { info.flags.insert(.switchingPoint) }
  }

  private func dependencies(_ descriptor: DependencyDescriptor, _ range: ByteRange) -> FrameDependencies {
    var result = FrameDependencies()
    result.frameNumber = descriptor.frameNumber
    result.descriptorOffset = UInt16(truncatingIfNeeded: range.offset)
    result.descriptorByteCount = UInt16(truncatingIfNeeded: range.count)
    for target in 0..<Int(targets.count) {
      switch descriptor.indication(forDecodeTarget: target) {
      case .notPresent: break
      case .switch:
        result.present |= 1 << UInt32(target)
        result.switches |= 1 << UInt32(target)
      case .discardable, .required: result.present |= 1 << UInt32(target)
      }
    }
    for chain in 0..<DecodeTargets.chains {
      result.chains |= UInt32(descriptor.chainDifference(chain)) << UInt32(8 * chain)
    }
    return result
  }

  private mutating func takeTargets() {
    targets = DecodeTargets()
    for target in 0..<structure[0].decodeTargetCount {
      let layer = structure[0].layer(ofDecodeTarget: target)
      targets.append(
        spatial: layer.spatial, temporal: layer.temporal, chain: structure[0].chain(protectingDecodeTarget: target))
    }
  }
}
