// What is changed in a packet: picture numbers, payload types, headers; and when key frames are asked for.

import Bytes
import Chronology
import Forwarding
import MediaContract
import Randomness
import Streams
import TestSupport
import Testing
import Wire

@Suite struct PictureRewriterTests {
  private func fields(_ id: UInt16, level: UInt8 = 0, key: UInt8 = 0, isLong: Bool = true) -> PictureFields {
    var fields = PictureFields()
    fields.pictureIDOffset = 2
    fields.pictureIDIsLong = isLong
    fields.pictureID = id
    fields.layerZeroOffset = isLong ? 4 : 3
    fields.layerZeroIndex = level
    fields.keyIndexOffset = isLong ? 5 : 4
    fields.keyIndex = key
    return fields
  }

  /// The picture id that a packet leaves with.
  private func sent(_ rewriter: inout PictureRewriter, _ fields: PictureFields) -> UInt16 {
    (fields.pictureID &- rewriter.rewrite(fields).pictureIDOffset) & (fields.pictureIDIsLong ? 0x7FFF : 0x7F)
  }

  @Test func `the first stream keeps its numbers`() {
    var rewriter = PictureRewriter()
    rewriter.begin(fields(500))
    #expect(rewriter.rewrite(fields(500)) == PacketRewrite())
    #expect(sent(&rewriter, fields(501)) == 501)
  }

  @Test func `dropped pictures are closed up`() {
    var rewriter = PictureRewriter()
    rewriter.begin(fields(10))
    #expect(sent(&rewriter, fields(10)) == 10)
    for _ in 0..<3 { rewriter.drop(fields(11)) }
    rewriter.drop(fields(12))
    #expect(sent(&rewriter, fields(13)) == 11)
    #expect(sent(&rewriter, fields(14)) == 12)
  }

  @Test func `another stream goes on where the last one ended`() {
    var rewriter = PictureRewriter()
    rewriter.begin(fields(0x7FFE, level: 250, key: 31))
    #expect(sent(&rewriter, fields(0x7FFE, level: 250, key: 31)) == 0x7FFE)
    #expect(sent(&rewriter, fields(0x7FFF, level: 251, key: 31)) == 0x7FFF)
    rewriter.begin(fields(77, level: 9, key: 4))
    let rewrite = rewriter.rewrite(fields(77, level: 9, key: 4))
    #expect((77 &- rewrite.pictureIDOffset) & 0x7FFF == 0)
    #expect(9 &- rewrite.tl0PictureIndexOffset == 252)
    #expect((4 &- rewrite.keyIndexOffset) & 0x1F == 0)
  }

  @Test func `whatever is dropped, what is sent has no gaps`() {
    forEachSeed(100) { seed, random in
      var random = random
      var rewriter = PictureRewriter()
      var source = UInt16(truncatingIfNeeded: random.next()) & 0x7FFF
      var expected: UInt16?
      rewriter.begin(fields(source))
      for step in 0..<300 {
        if step > 0, random.chance(0.05) {
          source = UInt16(truncatingIfNeeded: random.next()) & 0x7FFF
          rewriter.begin(fields(source))
        } else if step > 0, random.chance(0.3) {
          rewriter.drop(fields(source))
          source = (source + 1) & 0x7FFF
          continue
        }
        let id = sent(&rewriter, fields(source))
        if let expected { #expect(id == expected, "seed \(seed) step \(step)") }
        expected = (id + 1) & 0x7FFF
        source = (source + 1) & 0x7FFF
      }
    }
  }

  @Test(arguments: [true, false]) func `numbers are patched where they stand`(isLong: Bool) {
    var payload: [UInt8] = isLong ? [0x90, 0xF0, 0x80, 0x11, 5, 0xE3, 99] : [0x90, 0xF0, 0x11, 5, 0xE3, 99]
    var rewrite = PacketRewrite()
    rewrite.pictureIDOffset = 1
    rewrite.tl0PictureIndexOffset = 2
    rewrite.keyIndexOffset = 3
    do {
      var span = payload.mutableRawSpan
      fields(0x11, level: 5, key: 3, isLong: isLong).patch(rewrite, into: &span, payloadAt: 0)
    }
    #expect(payload == (isLong ? [0x90, 0xF0, 0x80, 0x10, 3, 0xE0, 99] : [0x90, 0xF0, 0x10, 3, 0xE0, 99]))
  }
}

@Suite struct FormatMapTests {
  private func h264(_ type: UInt8, _ parameters: String) -> PayloadFormat {
    PayloadFormat(payloadType: type, codec: .h264, clockRate: 90_000, parameters: parameters)
  }

  @Test func `h264 matches by packetization mode and profile, whatever the level`() {
    let source = h264(102, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")
    let formats = [
      h264(1, "packetization-mode=0;profile-level-id=42e01f"),
      h264(2, "packetization-mode=1;profile-level-id=640c1f"),
      h264(3, "packetization-mode=1; profile-level-id=42E034"),
    ]
    #expect(FormatMap.mapping(for: source, among: formats, isEncrypted: false)?.payloadType == 3)
  }

  @Test func `the spellings of constrained baseline are one profile`() {
    let source = h264(102, "packetization-mode=1;profile-level-id=42e01f")
    for id in ["42c01f", "4d801f", "58c01f"] {
      let formats = [h264(9, "packetization-mode=1;profile-level-id=\(id)")]
      #expect(FormatMap.mapping(for: source, among: formats, isEncrypted: false) != nil, "\(id)")
    }
    let baseline = [h264(9, "packetization-mode=1;profile-level-id=42001f")]
    #expect(FormatMap.mapping(for: source, among: baseline, isEncrypted: false) == nil)
  }

  @Test func `vp9 matches by profile, and no parameter is profile 0`() {
    let source = PayloadFormat(payloadType: 98, codec: .vp9, clockRate: 90_000, parameters: "profile-id=0")
    let two = PayloadFormat(payloadType: 1, codec: .vp9, clockRate: 90_000, parameters: "profile-id=2")
    let none = PayloadFormat(payloadType: 2, codec: .vp9, clockRate: 90_000, rtxPayloadType: 3)
    let mapping = FormatMap.mapping(for: source, among: [two, none], isEncrypted: false)
    #expect(mapping == FormatMapping(payloadType: 2, rtxPayloadType: 3, stripsRedundancy: false))
  }

  @Test func `red is stripped for those who take only opus, unless it is encrypted`() {
    let red = PayloadFormat(payloadType: 63, codec: .red, clockRate: 48_000, parameters: "111/111")
    let opus = PayloadFormat(payloadType: 111, codec: .opus, clockRate: 48_000)
    #expect(FormatMap.mapping(for: red, among: [opus], isEncrypted: false)?.stripsRedundancy == true)
    #expect(FormatMap.mapping(for: red, among: [opus], isEncrypted: true) == nil)
    #expect(FormatMap.mapping(for: red, among: [opus, red], isEncrypted: true)?.payloadType == 63)
  }
}

@Suite struct KeyFrameRequestTests {
  private func at(_ milliseconds: Int64) -> Instant { .origin + .milliseconds(milliseconds) }

  @Test func `nobody asks while nobody wants`() {
    var requests = KeyFrameRequests(encoding: 2)
    let isDue = requests.takeDue(at: at(0), roundTrip: nil)
    #expect(!isDue)
    #expect(requests.deadline(roundTrip: nil) == .distantFuture)
  }

  @Test(arguments: [(UInt8(0), Int64(500)), (1, 1_000), (2, 1_000)])
  func `after a key frame the next request waits`(encoding: UInt8, interval: Int64) {
    var requests = KeyFrameRequests(encoding: encoding)
    requests.want()
    let first = requests.takeDue(at: at(10), roundTrip: nil)
    requests.keyFrameArrived()
    requests.want()
    let early = requests.takeDue(at: at(9 + interval), roundTrip: nil)
    let late = requests.takeDue(at: at(10 + interval), roundTrip: nil)
    #expect(first && !early && late)
  }

  @Test(arguments: [(Int64(10), Int64(200)), (150, 300), (900, 1_000)])
  func `a request without an answer is repeated after two round trips, within bounds`(roundTrip: Int64, pause: Int64) {
    var requests = KeyFrameRequests(encoding: 2)
    requests.want()
    let first = requests.takeDue(at: at(0), roundTrip: .milliseconds(roundTrip))
    let early = requests.takeDue(at: at(pause - 1), roundTrip: .milliseconds(roundTrip))
    let again = requests.takeDue(at: at(pause), roundTrip: .milliseconds(roundTrip))
    #expect(first && !early && again)
  }

  @Test func `an encoding that never answers is asked less and less`() {
    var requests = KeyFrameRequests(encoding: 1)
    requests.want()
    var count = 0
    for time in 0..<60_000 {
      let isDue = requests.takeDue(at: at(Int64(time)), roundTrip: .milliseconds(50))
      count += isDue ? 1 : 0
    }
    #expect((10...18).contains(count))
  }

  @Test func `a key frame serves everybody who asked before it`() {
    var requests = KeyFrameRequests(encoding: 0)
    for _ in 0..<100 { requests.want() }
    let isDue = requests.takeDue(at: at(0), roundTrip: nil)
    requests.keyFrameArrived()
    #expect(isDue)
    #expect(requests.deadline(roundTrip: nil) == .distantFuture)
  }
}
