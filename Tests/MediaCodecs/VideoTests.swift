// VP8 there and back, cut into RTP payloads in between, and the screen that tests look at.

import Bytes
import MediaCodecs
import Randomness
import TestSupport
import Testing
import Wire

private func screen(_ seed: UInt64 = 1) -> SyntheticScreen {
  SyntheticScreen(width: 640, height: 360, random: Random(seed: seed))
}

private func descriptor(_ payload: [UInt8]) throws -> VP8Descriptor {
  try VP8Descriptor(parsing: payload.rawSpan, ByteRange(offset: 0, count: payload.count))
}

@Suite struct VideoTests {
  @Test func `a screen is readable behind encoder and decoder`() throws {
    var source = screen()
    var encoder = try VP8Encoder(.init(width: 640, height: 360, bitrate: 1_500_000))
    var decoder = try VP8Decoder()
    var worst = Double.infinity
    for number in 0..<20 {
      let picture = source.nextPicture()
      let encoded = try encoder.encode(picture, timestamp: Int64(number) * 3_000)
      let frame = try #require(encoded)
      #expect(frame.isKeyFrame == (number == 0))
      let decoded = try decoder.decode(frame.bytes)
      let shown = try #require(decoded)
      if number > 10 { worst = min(worst, shown.peakSignalToNoise(of: picture)) }
    }
    #expect(worst > 28, "\(worst) dB")
  }

  @Test func `a key frame comes when it is asked for`() throws {
    var source = screen()
    var encoder = try VP8Encoder(.init(width: 640, height: 360, bitrate: 1_000_000))
    for number in 0..<10 {
      if number == 6 { encoder.requestKeyFrame() }
      let frame = try encoder.encode(source.nextPicture(), timestamp: Int64(number) * 3_000)
      #expect(frame?.isKeyFrame == (number == 0 || number == 6))
    }
  }

  @Test func `each lower temporal layer decodes without the higher ones`() throws {
    for highest in UInt8(0)...2 {
      var source = screen()
      var encoder = try VP8Encoder(.init(width: 640, height: 360, bitrate: 2_000_000, temporalLayers: 3))
      var decoder = try VP8Decoder()
      var shown = 0
      for number in 0..<24 {
        let picture = source.nextPicture()
        let encoded = try encoder.encode(picture, timestamp: Int64(number) * 3_000)
        let frame = try #require(encoded)
        #expect(frame.temporalLayer == [0, 2, 1, 2][number % 4])
        guard frame.temporalLayer <= highest else { continue }
        let decoded = try decoder.decode(frame.bytes)
        let result = try #require(decoded)
        #expect(result.peakSignalToNoise(of: picture) > 20, "layer \(highest), picture \(number)")
        shown += 1
      }
      #expect(shown == [6, 12, 24][Int(highest)])
    }
  }

  @Test func `payloads carry the frame and say what the server must know`() throws {
    var random = Random(seed: 5)
    var packetizer = VP8Packetizer(firstPictureID: 0x7FFE, hasTemporalLayers: true)
    let identifiers: [UInt16] = [0x7FFE, 0x7FFF, 0, 1]
    var zeroIndex: UInt8?
    for (number, layer) in [UInt8(0), 2, 1, 2].enumerated() {
      let bytes = (0..<5_000).map { _ in UInt8.random(in: 0...255, using: &random) }
      let frame = VP8Frame(
        bytes: bytes, isKeyFrame: number == 0, temporalLayer: layer, isLayerSync: layer == 1, isDiscardable: layer == 2)
      let payloads = packetizer.packetize(frame)
      var joined: [UInt8] = []
      for (index, payload) in payloads.enumerated() {
        let parsed = try descriptor(payload)
        #expect(payload.count <= VP8Packetizer.Limit.payloadBytes)
        #expect(parsed.startsFrame == (index == 0))
        #expect(parsed.pictureID == identifiers[number] && parsed.isPictureIDLong)
        #expect(parsed.temporalLayer == layer)
        #expect(parsed.isLayerSync == (layer == 1))
        #expect(parsed.isDiscardable == (layer == 2))
        #expect(parsed.keyIndex == 1)
        if let zeroIndex { #expect(parsed.temporalLevelZeroIndex == zeroIndex) }
        zeroIndex = parsed.temporalLevelZeroIndex
        joined += payload[parsed.byteCount...]
      }
      #expect(joined == bytes)
      let sizes = payloads.map(\.count)
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }
  }

  @Test func `a real key frame shows its size through the descriptor`() throws {
    var source = screen()
    var encoder = try VP8Encoder(.init(width: 640, height: 360, bitrate: 1_000_000))
    var packetizer = VP8Packetizer(firstPictureID: 1)
    let encoded = try encoder.encode(source.nextPicture(), timestamp: 0)
    let payloads = packetizer.packetize(try #require(encoded))
    let parsed = try descriptor(payloads[0])
    #expect(parsed.isKeyFrame)
    #expect(parsed.size == VideoSize(width: 640, height: 360))
    #expect(parsed.temporalLayer == nil)
  }

  @Test func `damaged frames are an error or a wrong picture`() throws {
    var source = screen()
    var encoder = try VP8Encoder(.init(width: 640, height: 360, bitrate: 500_000))
    let encoded = try encoder.encode(source.nextPicture(), timestamp: 0)
    let frame = try #require(encoded)
    try forEachSeed(40) { _, random in
      var decoder = try VP8Decoder()
      var bytes = frame.bytes
      // The size stays: a picture of 16,383 pixels square is valid and slow.
      for _ in 0..<8 { bytes[Int.random(in: 10..<bytes.count, using: &random)] ^= 0x55 }
      if let picture = try? decoder.decode(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))) {
        #expect(picture.width == 640)
      }
    }
  }

  @Test func `a picture of another size is refused`() throws {
    var encoder = try VP8Encoder(.init(width: 640, height: 360, bitrate: 500_000))
    var failure: CodecError?
    do throws(CodecError) {
      _ = try encoder.encode(Picture(width: 320, height: 180), timestamp: 0)
    } catch { failure = error }
    #expect(failure == .encoding)
  }

  @Test func `the screen scrolls at times and its bar always runs`() {
    var source = screen()
    let first = source.nextPicture()
    for _ in 0..<60 { _ = source.nextPicture() }
    let still = source.nextPicture()
    for _ in 0..<150 { _ = source.nextPicture() }
    let scrolled = source.nextPicture()
    let body = 60 * 640..<300 * 640
    let differing = { (a: Picture, b: Picture) in body.count { a.luma[$0] != b.luma[$0] } }
    #expect(differing(first, still) < 200)
    #expect(differing(still, scrolled) > 10_000)
    #expect(first.luma.suffix(640) != still.luma.suffix(640))
  }

  @Test func `half a picture is its mean`() {
    var picture = Picture(width: 8, height: 8)
    for index in picture.luma.indices { picture.luma[index] = UInt8(index % 2 * 100) }
    #expect(picture.halved().luma == [UInt8](repeating: 50, count: 16))
    #expect(picture.halved().blue == [UInt8](repeating: 128, count: 4))
  }
}
