import Bytes
import MediaContract
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct `VP8 payloads` {
  private func parse(_ bytes: [UInt8]) throws(WireError) -> VP8Descriptor {
    try VP8Descriptor(parsing: bytes.rawSpan, ByteRange(offset: 0, count: bytes.count))
  }

  @Test func `a key frame says its numbers and its size`() throws {
    let descriptor = try parse(hex("90 f0 8102 03 25  100200 9d012a 0005 d002"))
    #expect(descriptor.startsFrame && descriptor.isKeyFrame && !descriptor.isDiscardable)
    #expect(descriptor.pictureID == 0x0102 && descriptor.isPictureIDLong)
    #expect(descriptor.temporalLevelZeroIndex == 3)
    #expect(descriptor.temporalLayer == 0 && descriptor.isLayerSync && descriptor.keyIndex == 5)
    #expect(descriptor.size == VideoSize(width: 1280, height: 720))
    #expect(descriptor.byteCount == 6)
  }

  @Test func `scaling bits are no part of the size`() throws {
    #expect(try parse(hex("10 100200 9d012a 0045 d082")).size == VideoSize(width: 1280, height: 720))
  }

  @Test func `only the first partition's first packet starts a frame`() throws {
    #expect(try parse(hex("10 01")).startsFrame)
    #expect(try !parse(hex("11 00")).startsFrame)
    #expect(try !parse(hex("00 00")).startsFrame)
    #expect(try !parse(hex("00 00")).isKeyFrame)
  }

  @Test func `each field is there by its own bit`() throws {
    let short = try parse(hex("90 80 7f 01"))
    #expect(short.pictureID == 0x7F && !short.isPictureIDLong && short.byteCount == 3)
    let level = try parse(hex("b0 40 09 01"))
    #expect(level.temporalLevelZeroIndex == 9 && level.isDiscardable && level.temporalLayer == nil)
    let layer = try parse(hex("90 20 ff 01"))
    #expect(layer.temporalLayer == 3 && layer.isLayerSync && layer.keyIndex == nil)
    let key = try parse(hex("90 10 ff 01"))
    #expect(key.temporalLayer == nil && key.keyIndex == 31 && !key.isLayerSync)
  }

  @Test(arguments: ["", "80", "80 80", "80 80 80", "80 40", "80 20", "80 f0 8102 03"])
  func `a descriptor that is cut off is refused`(text: String) {
    #expect(wireError { () throws(WireError) in _ = try parse(hex(text)) } == .truncated)
  }

  @Test func `rewriting changes the numbers that are there and nothing else`() throws {
    try forEachSeed { seed, random in
      var bytes = random.bytes(20)
      bytes[0] |= 0x80
      let before = try parse(bytes)
      let pictureID = UInt16(random.next() & 0x7FFF)
      let level = UInt8(truncatingIfNeeded: random.next())
      let key = UInt8(random.next() & 31)
      var copy = [0xAA, 0xBB, 0xCC] + bytes
      do {
        var span = copy.mutableRawSpan
        before.rewrite(pictureID: pictureID, temporalLevelZeroIndex: level, keyIndex: key, in: &span, shift: 3)
      }
      var expected = before
      if before.pictureID != nil { expected.pictureID = before.isPictureIDLong ? pictureID : pictureID & 0x7F }
      if before.temporalLevelZeroIndex != nil { expected.temporalLevelZeroIndex = level }
      if before.keyIndex != nil { expected.keyIndex = key }
      #expect(try parse(Array(copy.dropFirst(3))) == expected, "seed \(seed)")
      #expect(copy.dropFirst(3 + before.byteCount).elementsEqual(bytes.dropFirst(before.byteCount)), "seed \(seed)")
    }
  }
}
