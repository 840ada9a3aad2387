// Fuzz entries of the codecs' payload heads and of the dependency descriptor.

import Bytes
import FuzzSupport
import MediaContract
import Wire

extension FuzzEntry {
  public static let vp8 = FuzzEntry(
    name: "VP8",
    seeds: [
      "key-frame": [
        0x90, 0xF0, 0x81, 0x02, 0x03, 0x25, 0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x00, 0x05, 0xD0, 0x02,
      ],
      "delta": [0x90, 0xE0, 0x81, 0x02, 0x03, 0x60, 0x11, 0, 0], "short-id": [0x90, 0x80, 0x11, 0x01],
      "bare": [0x10, 0x01],
    ]
  ) { bytes in
    let whole = ByteRange(offset: 0, count: bytes.count)
    guard let descriptor = try? VP8Descriptor(parsing: bytes.rawSpan, whole) else { return }
    require(descriptor.byteCount <= bytes.count)
    var copy = bytes
    var span = copy.mutableRawSpan
    descriptor.rewrite(pictureID: 0x7ABC, temporalLevelZeroIndex: 0xFE, keyIndex: 0x1F, in: &span)
    guard let again = try? VP8Descriptor(parsing: span.bytes, whole) else { return require(false) }
    require(again.byteCount == descriptor.byteCount && again.isKeyFrame == descriptor.isKeyFrame)
    require(again.temporalLayer == descriptor.temporalLayer && again.isLayerSync == descriptor.isLayerSync)
    if descriptor.keyIndex != nil { require(again.keyIndex == 0x1F) }
    describe(bytes, .vp8)
  }

  public static let vp9 = FuzzEntry(
    name: "VP9",
    seeds: [
      "key-frame": [
        0xAA, 0x80, 0x01, 0x00, 0x05, 0x38, 0x01, 0x40, 0, 0xB4, 0x02, 0x80, 0x01, 0x68, 0x02, 0x04, 0x54, 1, 0x74, 1,
        2, 9,
      ],
      "inter-layer": [0xAC, 0x80, 0x02, 0x33, 0x05, 9], "flexible": [0xF8, 0x81, 0x02, 0x30, 0x03, 0x05, 0x06, 9],
      "bare": [0x0C, 9],
    ]
  ) { bytes in
    let whole = ByteRange(offset: 0, count: bytes.count)
    guard let descriptor = try? VP9Descriptor(parsing: bytes.rawSpan, whole) else { return }
    require(descriptor.byteCount <= bytes.count)
    for layer in -1...8 { _ = descriptor.structure?.size(of: layer) }
    var copy = bytes
    var span = copy.mutableRawSpan
    descriptor.rewrite(pictureID: 0x7ABC, temporalLevelZeroIndex: 0xFE, in: &span)
    guard let again = try? VP9Descriptor(parsing: span.bytes, whole) else { return require(false) }
    require(again.byteCount == descriptor.byteCount && again.structure == descriptor.structure)
    describe(bytes, .vp9)
  }

  public static let h264 = FuzzEntry(
    name: "H264",
    seeds: [
      "key-frame": [0x78, 0, 4, 0x67, 0x42, 0xC0, 0x1F, 0, 2, 0x68, 0xCE, 0, 3, 0x65, 0x88, 0x84],
      "fragment-start": [0x7C, 0x85, 0x88], "fragment-end": [0x7C, 0x45, 0x88], "slice": [0x41, 0x9A, 0x24],
      "delimiter": [0x09, 0xF0],
    ]
  ) { bytes in
    _ = try? H264Payload(parsing: bytes.rawSpan, ByteRange(offset: 0, count: bytes.count))
    describe(bytes, .h264)
  }

  public static let h265 = FuzzEntry(
    name: "H265",
    seeds: [
      "key-frame": [0x60, 1, 0, 3, 0x40, 1, 12, 0, 3, 0x42, 1, 1, 0, 2, 0x44, 1, 0, 3, 0x26, 1, 0xAF],
      "fragment-start": [0x62, 1, 0x93, 0xAF], "slice": [0x02, 1, 0xD0], "upper-layer": [0x02, 2, 0xD0],
    ]
  ) { bytes in
    _ = try? H265Payload(parsing: bytes.rawSpan, ByteRange(offset: 0, count: bytes.count))
    describe(bytes, .h265)
  }

  public static let av1 = FuzzEntry(
    name: "AV1",
    seeds: [
      "key-frame": [0x28, 3, 0x08, 0, 0, 0x30, 1, 2], "uncounted": [0x08, 2, 0x08, 0, 3, 0x34, 0x28, 1],
      "continuation": [0x90, 1, 2, 3], "layers": [0x10, 0x34, 0x48, 1],
    ]
  ) { bytes in
    _ = try? AV1Payload(parsing: bytes.rawSpan, ByteRange(offset: 0, count: bytes.count))
    describe(bytes, .av1)
  }

  public static let opus = FuzzEntry(
    name: "Opus",
    seeds: ["twenty-milliseconds": [0x78, 1, 2, 3], "silence": [0x78], "three-frames": [0x7B, 3, 1, 2, 3]]
  ) { bytes in
    let payload = try? OpusPayload(parsing: bytes.rawSpan, ByteRange(offset: 0, count: bytes.count))
    if let payload { require((120...5760).contains(payload.sampleCount)) }
  }

  private static func describe(_ payload: [UInt8], _ codec: Codec) {
    let packet = [0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2] + payload
    let span = packet.rawSpan
    guard let header = try? RTPHeader(parsing: span) else { return require(false) }
    for isEncrypted in [false, true] {
      _ = try? VideoFrameInfo(reading: span, header, codec: codec, isEncrypted: isEncrypted)
    }
  }

  /// A stream of descriptors, each behind its length in one byte, read with one structure.
  public static let dependencyDescriptor = FuzzEntry(
    name: "DependencyDescriptor", seeds: dependencyDescriptorSeeds
  ) { bytes in
    var structure = DependencyStructure()
    var offset = 0
    while offset < bytes.count {
      let count = min(Int(bytes[offset]), bytes.count - offset - 1)
      let source = Array(bytes[offset + 1..<offset + 1 + count])
      offset += 1 + count
      exercise(source, &structure)
    }
  }

  private static func exercise(_ source: [UInt8], _ structure: inout DependencyStructure) {
    guard let descriptor = try? DependencyDescriptor(reading: source.rawSpan, &structure) else { return }
    require(structure.decodeTargetCount > 0 && structure.templateCount > 0)
    for target in 0..<structure.decodeTargetCount {
      let layer = structure.layer(ofDecodeTarget: target)
      require(structure.decodeTarget(spatial: layer.spatial, temporal: layer.temporal) != nil)
      if let chain = structure.chain(protectingDecodeTarget: target) {
        require(chain < structure.chainCount)
        _ = descriptor.chainDifference(chain)
      }
    }
    _ = VideoFrameInfo(descriptor, structure, marker: true)

    var copy = [UInt8](repeating: 0xEE, count: 300)
    var span = copy.mutableRawSpan
    guard
      let count = try? descriptor.write(
        copying: source.rawSpan, frameNumber: 0xABCD, activeDecodeTargets: 1, structure, into: &span, at: 0)
    else { return require(source.count > 250, "only the longest descriptors cannot grow") }
    let written = span.bytes.slice(0, count)
    guard let again = try? DependencyDescriptor(reading: written, &structure) else { return require(false) }
    require(again.frameNumber == 0xABCD && again.activeDecodeTargets == 1)
    require(again.spatialLayer == descriptor.spatialLayer && again.temporalLayer == descriptor.temporalLayer)
    for target in 0..<structure.decodeTargetCount {
      require(
        again.indication(forDecodeTarget: target) == descriptor.indication(forDecodeTarget: target))
    }
    for chain in 0..<structure.chainCount {
      require(again.chainDifference(chain) == descriptor.chainDifference(chain))
    }
  }

  private static let dependencyDescriptorSeeds: [String: [UInt8]] = {
    func framed(_ descriptors: [UInt8]...) -> [UInt8] { descriptors.flatMap { [UInt8($0.count)] + $0 } }
    let temporal = DescriptorSource.temporalLayers
    let spatial = DescriptorSource.spatialLayers
    let custom = DescriptorSource.Frame(
      template: 1, number: 3, activeTargets: 1, indications: [0, 3], differences: [1, 300], chains: [5, 200])
    return [
      "temporal": framed(
        temporal.encode(.init(template: 0, number: 1, hasStructure: true)),
        temporal.encode(.init(template: 1, number: 2)), temporal.encode(.init(template: 2, number: 3))),
      "spatial": framed(
        spatial.encode(.init(template: 0, number: 1, hasStructure: true)),
        spatial.encode(.init(template: 1, number: 2)), spatial.encode(custom)),
      "active-targets": framed(
        temporal.encode(.init(template: 0, number: 1, hasStructure: true, activeTargets: 1)),
        temporal.encode(.init(template: 1, number: 2, activeTargets: 3))),
      "without-structure": framed([0xC0, 0, 1]),
    ]
  }()
}
