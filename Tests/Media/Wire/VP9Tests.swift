import Bytes
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct `VP9 payloads` {
  private func parse(_ bytes: [UInt8]) throws(WireError) -> VP9Descriptor {
    try VP9Descriptor(parsing: bytes.rawSpan, ByteRange(offset: 0, count: bytes.count))
  }

  @Test func `a key frame announces its layers`() throws {
    // I L B V, picture 0x0001, layers 0 and 0, TL0PICIDX 5; two spatial layers with sizes and a group of two pictures.
    let descriptor = try parse(hex("aa 8001 00 05  38 0140 00b4 0280 0168 02 04 01 54 01 99"))
    #expect(descriptor.isKeyFrame && descriptor.startsFrame && !descriptor.endsFrame)
    #expect(descriptor.pictureID == 1 && descriptor.isPictureIDLong)
    #expect(descriptor.spatialLayer == 0 && descriptor.temporalLayer == 0)
    #expect(descriptor.temporalLevelZeroIndex == 5)
    let structure = try #require(descriptor.structure)
    #expect(structure.spatialLayerCount == 2)
    #expect(structure.size(of: 0) == VideoSize(width: 320, height: 180))
    #expect(structure.size(of: 1) == VideoSize(width: 640, height: 360))
    #expect(structure.size(of: 2) == nil)
    #expect(descriptor.byteCount == 19)
  }

  @Test func `an upper layer of a key picture is no key frame of its own`() throws {
    let descriptor = try parse(hex("ac 8002 33 05 99"))
    #expect(!descriptor.isInterPicturePredicted && !descriptor.isKeyFrame)
    #expect(descriptor.temporalLayer == 1 && descriptor.spatialLayer == 1)
    #expect(descriptor.isSwitchingUpPoint && descriptor.isInterLayerDependent)
    #expect(descriptor.startsFrame && descriptor.endsFrame)
  }

  @Test func `flexible mode names references instead of TL0PICIDX`() throws {
    let descriptor = try parse(hex("f9 8102 42 03 04 99"))
    #expect(descriptor.isFlexible && descriptor.isInterPicturePredicted && descriptor.isNotReferenceForUpperLayers)
    #expect(descriptor.temporalLevelZeroIndex == nil)
    #expect(descriptor.temporalLayer == 2 && descriptor.spatialLayer == 1)
    #expect(descriptor.referenceCount == 2 && descriptor.referenceDifferences == 0x0201)
    #expect(descriptor.byteCount == 6)
  }

  @Test func `a stream without layers is one layer`() throws {
    let descriptor = try parse(hex("0c 99"))
    #expect(descriptor.isKeyFrame && descriptor.spatialLayer == nil && descriptor.pictureID == nil)
    #expect(try !parse(hex("4c 99")).isKeyFrame)
  }

  @Test func `more than three references are refused`() {
    #expect(wireError { () throws(WireError) in _ = try parse(hex("50 03 03 03 02")) } == .malformed)
  }

  @Test(arguments: ["", "80", "80 80", "20 00", "50", "50 03", "02", "02 30 0001", "02 28 02 04"])
  func `a descriptor that is cut off is refused`(text: String) {
    #expect(wireError { () throws(WireError) in _ = try parse(hex(text)) } == .truncated)
  }

  @Test func `rewriting changes the numbers that are there and nothing else`() throws {
    try forEachSeed { seed, random in
      let bytes = [random.bytes(1)[0] & 0xFD] + random.bytes(20)
      guard let before = try? parse(bytes) else { return }
      var copy = [0xAA] + bytes
      do {
        var span = copy.mutableRawSpan
        before.rewrite(pictureID: 0x1234, temporalLevelZeroIndex: 0x56, in: &span, shift: 1)
      }
      var expected = before
      if before.pictureID != nil { expected.pictureID = before.isPictureIDLong ? 0x1234 : 0x34 }
      if before.temporalLevelZeroIndex != nil { expected.temporalLevelZeroIndex = 0x56 }
      let after = try parse(Array(copy.dropFirst()))
      #expect(after == expected, "seed \(seed)")
    }
  }
}
