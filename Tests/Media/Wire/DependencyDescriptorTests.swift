import Bytes
import Randomness
import TestSupport
import Testing
import Wire
import WireFuzzEntries

@Suite struct `Dependency descriptors` {
  private func read(
    _ bytes: [UInt8], _ structure: inout DependencyStructure
  ) throws(WireError) -> DependencyDescriptor {
    try DependencyDescriptor(reading: bytes.rawSpan, &structure)
  }

  /// The bits of "10 0110…" as bytes, padded with zeros.
  private func bits(_ text: String) -> [UInt8] {
    let digits = text.filter { $0 == "0" || $0 == "1" }
    return stride(from: 0, to: digits.count, by: 8).map { start in
      let byte = digits.dropFirst(start).prefix(8)
      return (UInt8(byte, radix: 2) ?? 0) << UInt8(8 - byte.count)
    }
  }

  @Test func `a structure is read bit by bit`() throws {
    let bytes = bits(
      """
      1 0 000000 0000000000000111   1 0 0 0 0
      000000 00001
      00 01 11
      1010 1010 0001
      0  1 0001 0  1 0000 0
      10 0000 0010 0001
      1 0000010011111111 0000001011001111
      """)
    var structure = DependencyStructure()
    let descriptor = try read(bytes, &structure)
    #expect(descriptor.startsFrame && !descriptor.endsFrame && descriptor.hasStructure)
    #expect(descriptor.frameNumber == 7)
    #expect(descriptor.activeDecodeTargets == 0b11)
    #expect(structure.templateCount == 3 && structure.decodeTargetCount == 2 && structure.chainCount == 1)
    #expect(structure.layer(ofDecodeTarget: 0) == .init(spatial: 0, temporal: 0))
    #expect(structure.layer(ofDecodeTarget: 1) == .init(spatial: 0, temporal: 1))
    #expect(structure.size(ofSpatialLayer: 0) == VideoSize(width: 1280, height: 720))
    #expect(descriptor.indication(forDecodeTarget: 1) == .switch)

    let upper = try read([0xC2, 0, 8], &structure)
    #expect(upper.temporalLayer == 1 && upper.frameNumber == 8 && !upper.hasStructure)
    #expect(upper.activeDecodeTargets == nil)
    #expect(upper.indication(forDecodeTarget: 0) == .notPresent)
    #expect(upper.indication(forDecodeTarget: 1) == .discardable)
    #expect(upper.chainDifference(0) == 1)
  }

  /// Any structure that the specification allows and that fits an extension together with its first frame.
  private func someSource(_ random: inout Random) -> DescriptorSource {
    let targets = 1 + Int(random.next() % 9)
    let chains = random.chance(0.2) ? 0 : 1 + Int(random.next() % UInt64(targets))
    var layer = (spatial: 0, temporal: 0)
    var templates: [DescriptorSource.Template] = []
    for _ in 0..<1 + Int(random.next() % 12) {
      templates.append(
        .init(
          spatial: layer.spatial, temporal: layer.temporal,
          indications: (0..<targets).map { _ in Int(random.next() % 4) },
          differences: (0..<Int(random.next() % 4)).map { _ in 1 + Int(random.next() % 16) },
          chains: (0..<chains).map { _ in Int(random.next() % 16) }))
      if random.chance(0.4), layer.temporal < 7 {
        layer.temporal += 1
      } else if random.chance(0.5), layer.spatial < 3 {
        layer = (layer.spatial + 1, 0)
      }
    }
    let spatialLayers = (templates.last?.spatial ?? 0) + 1
    return DescriptorSource(
      templateIDOffset: Int(random.next() % 64), templates: templates,
      protectedBy: chains == 0 ? [] : (0..<targets).map { _ in Int(random.next() % UInt64(chains)) },
      sizes: random.chance(0.5)
        ? []
        : (0..<spatialLayers).map { _ in (1 + Int(random.next() % 65536), 1 + Int(random.next() % 65536)) })
  }

  private func someFrame(_ source: DescriptorSource, number: Int, _ random: inout Random) -> DescriptorSource.Frame {
    var frame = DescriptorSource.Frame(
      template: Int(random.next() % UInt64(source.templates.count)), number: number, startsFrame: random.chance(0.5),
      endsFrame: random.chance(0.5))
    if random.chance(0.3) { frame.activeTargets = Int(random.next() % (1 << UInt64(source.decodeTargetCount))) }
    if random.chance(0.3) { frame.indications = (0..<source.decodeTargetCount).map { _ in Int(random.next() % 4) } }
    if random.chance(0.3) {
      frame.differences = (0..<Int(random.next() % 5)).map { _ in 1 + Int(random.next() % 4096) }
    }
    if random.chance(0.3) { frame.chains = (0..<source.chainCount).map { _ in Int(random.next() % 256) } }
    return frame
  }

  private func check(
    _ descriptor: DependencyDescriptor, _ frame: DescriptorSource.Frame, _ source: DescriptorSource, _ seed: UInt64
  ) {
    let template = source.templates[frame.template]
    #expect(descriptor.startsFrame == frame.startsFrame && descriptor.endsFrame == frame.endsFrame, "seed \(seed)")
    #expect(Int(descriptor.frameNumber) == frame.number, "seed \(seed)")
    #expect(Int(descriptor.spatialLayer) == template.spatial, "seed \(seed)")
    #expect(Int(descriptor.temporalLayer) == template.temporal, "seed \(seed)")
    let indications = (0..<source.decodeTargetCount).map { Int(descriptor.indication(forDecodeTarget: $0).rawValue) }
    #expect(indications == frame.indications ?? template.indications, "seed \(seed)")
    let chains = (0..<source.chainCount).map { Int(descriptor.chainDifference($0)) }
    #expect(chains == frame.chains ?? template.chains, "seed \(seed)")
    if frame.hasStructure || frame.activeTargets != nil {
      let mask = frame.activeTargets ?? 1 << source.decodeTargetCount - 1
      #expect(descriptor.activeDecodeTargets == UInt32(mask), "seed \(seed)")
    } else {
      #expect(descriptor.activeDecodeTargets == nil, "seed \(seed)")
    }
  }

  private func check(_ structure: DependencyStructure, _ source: DescriptorSource, _ seed: UInt64) {
    #expect(structure.templateCount == source.templates.count && structure.chainCount == source.chainCount)
    for target in 0..<source.decodeTargetCount {
      let shown = source.templates.filter { $0.indications[target] != 0 }
      let layer = structure.layer(ofDecodeTarget: target)
      #expect(Int(layer.spatial) == shown.map(\.spatial).max() ?? 0, "seed \(seed)")
      #expect(Int(layer.temporal) == shown.map(\.temporal).max() ?? 0, "seed \(seed)")
      #expect(structure.chain(protectingDecodeTarget: target) == source.protectedBy.dropFirst(target).first)
    }
    for (layer, size) in source.sizes.enumerated() {
      #expect(structure.size(ofSpatialLayer: layer) == VideoSize(width: size.width, height: size.height))
    }
  }

  @Test func `structures and frames survive the way over the wire`() throws {
    try forEachSeed(200) { seed, random in
      let source = someSource(&random)
      var structure = DependencyStructure()
      for number in 0..<20 {
        var frame = someFrame(source, number: number, &random)
        frame.hasStructure = number == 0
        let descriptor = try read(source.encode(frame), &structure)
        check(descriptor, frame, source, seed)
        if number == 0 { check(structure, source, seed) }
      }
    }
  }

  @Test func `a rewritten descriptor differs in number and mask alone`() throws {
    try forEachSeed(200) { seed, random in
      let source = someSource(&random)
      var structure = DependencyStructure()
      for number in 0..<10 {
        var frame = someFrame(source, number: number, &random)
        frame.hasStructure = number == 0
        let original = source.encode(frame)
        let descriptor = try read(original, &structure)
        let mask = random.chance(0.3) ? nil : UInt32(random.next() % (1 << UInt64(source.decodeTargetCount)))
        let bytes = try written(at: 5) { span in
          try descriptor.write(
            copying: original.rawSpan, frameNumber: 0xFEDC, activeDecodeTargets: mask, structure, into: &span, at: 5)
        }
        frame.number = 0xFEDC
        if let mask { frame.activeTargets = Int(mask) }
        #expect(bytes == source.encode(frame), "seed \(seed)")
      }
    }
  }

  @Test func `a frame before any structure is refused`() {
    var structure = DependencyStructure()
    #expect(throws: WireError.malformed) { _ = try read([0xC0, 0, 1], &structure) }
  }

  @Test func `a template that the structure does not have is refused`() throws {
    let source = DescriptorSource.temporalLayers
    var structure = DependencyStructure()
    _ = try read(source.encode(.init(template: 0, number: 1, hasStructure: true)), &structure)
    #expect(throws: WireError.malformed) { _ = try read(source.encode(.init(template: 3, number: 2)), &structure) }
  }

  @Test func `a damaged structure leaves the one before in place`() throws {
    var structure = DependencyStructure()
    _ = try read(DescriptorSource.temporalLayers.encode(.init(template: 0, number: 1, hasStructure: true)), &structure)
    let other = DescriptorSource.spatialLayers.encode(.init(template: 0, number: 2, hasStructure: true))
    for count in 4..<other.count {
      #expect(throws: WireError.truncated) { _ = try read(Array(other.prefix(count)), &structure) }
    }
    #expect(structure.templateIDOffset == 60 && structure.templateCount == 3)
  }

  @Test func `the decode target for a wish is the best that does not exceed it`() throws {
    var structure = DependencyStructure()
    let source = DescriptorSource.spatialLayers
    _ = try read(source.encode(.init(template: 0, number: 1, hasStructure: true)), &structure)
    #expect(structure.decodeTarget(spatial: 0, temporal: 7) == 0)
    #expect(structure.decodeTarget(spatial: 1, temporal: 0) == 1)
    #expect(structure.decodeTarget(spatial: 3, temporal: 7) == 1)
    #expect(DependencyStructure().decodeTarget(spatial: 3, temporal: 7) == nil)
  }
}
