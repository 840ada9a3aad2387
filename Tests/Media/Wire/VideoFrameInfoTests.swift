import Bytes
import MediaContract
import Testing
import Wire
import WireFuzzEntries

@Suite struct `Video packets of all codecs` {
  private func read(
    _ payload: String, _ codec: Codec, marker: Bool = false, isEncrypted: Bool = false
  ) throws(WireError) -> VideoFrameInfo {
    let bytes = hex((marker ? "80 e0" : "80 60") + "0001 00000001 00000002" + payload)
    return try VideoFrameInfo(
      reading: bytes.rawSpan, RTPHeader(parsing: bytes.rawSpan), codec: codec, isEncrypted: isEncrypted)
  }

  @Test(arguments: [
    (Codec.vp8, "90 f0 8102 03 25 100200 9d012a 0005 d002"), (.vp9, "aa 8001 00 05 00 99"),
    (.h264, "78 0004 6742c01f 0003 658884"), (.h265, "6001 0003 40010c 0003 2601af"), (.av1, "28 03 080000 30 0102"),
  ])
  func `a receiver can join at a key frame's first packet`(codec: Codec, payload: String) throws {
    let info = try read(payload, codec)
    #expect(info.isKeyFrame && info.startsFrame && info.isSwitchPoint && !info.endsFrame && !info.isOpaque)
  }

  @Test(arguments: [
    (Codec.vp8, "90 e0 8102 03 40 11"), (.vp9, "e8 8001 00 05 99"), (.h264, "41 9a24"), (.h265, "0201 d0"),
    (.av1, "10 3001"),
  ])
  func `other frames are no place to join`(codec: Codec, payload: String) throws {
    let info = try read(payload, codec)
    #expect(!info.isKeyFrame && !info.isOpaque)
  }

  @Test func `encryption hides nothing but AV1`() throws {
    for (codec, payload) in [
      (Codec.vp8, "90 f0 8102 03 25 100200 9d012a 0005 d002"), (.vp9, "aa 8001 00 05 00 99"),
      (.h264, "78 0004 6742c01f 0003 658884"), (.h265, "6001 0003 40010c 0003 2601af"),
    ] { #expect(try read(payload, codec, isEncrypted: true) == read(payload, codec)) }
    let hidden = try read("28 03 080000 30 0102", .av1, marker: true, isEncrypted: true)
    #expect(hidden.isOpaque && !hidden.isKeyFrame && hidden.endsPicture)
  }

  @Test func `VP8 says its layer and numbers`() throws {
    let info = try read("b0 f0 8102 03 65 11", .vp8, marker: true)
    #expect(info.temporalLayer == 1 && info.isSwitchPoint && info.isDiscardable)
    #expect(info.pictureID == 0x0102 && info.isPictureIDLong && info.temporalLevelZeroIndex == 3 && info.keyIndex == 5)
    #expect(info.endsFrame && info.endsPicture)
  }

  @Test func `VP9 ends a layer frame before the picture`() throws {
    let info = try read("ec 8001 11 05 99", .vp9)
    #expect(info.endsFrame && !info.endsPicture && info.isSwitchPoint)
    #expect(info.spatialLayer == 0)
  }

  @Test func `a dependency descriptor decides without the payload`() throws {
    let source = DescriptorSource.spatialLayers
    var structure = DependencyStructure()
    let first = source.encode(.init(template: 0, number: 1, endsFrame: false, hasStructure: true))
    let key = VideoFrameInfo(try DependencyDescriptor(reading: first.rawSpan, &structure), structure, marker: false)
    #expect(key.isKeyFrame && key.startsFrame && !key.endsFrame && key.isSwitchPoint && key.frameNumber == 1)
    #expect(key.size == VideoSize(width: 640, height: 360))
    let second = source.encode(.init(template: 3, number: 4))
    let upper = VideoFrameInfo(try DependencyDescriptor(reading: second.rawSpan, &structure), structure, marker: true)
    #expect(!upper.isKeyFrame && upper.spatialLayer == 1 && !upper.isSwitchPoint && upper.endsPicture)
    #expect(!upper.isDiscardable)
  }

  @Test func `audio is opaque`() throws {
    #expect(try read("78 01", .opus).isOpaque)
  }

  @Test func `a probe without payload is refused`() {
    #expect(wireError { () throws(WireError) in _ = try read("", .vp8) } == .truncated)
  }
}
