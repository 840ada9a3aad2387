import Bytes
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct `Retransmissions and redundancy` {
  @Test func `a retransmission carries the original number in front of the payload`() throws {
    let bytes = hex("80 61 0001 00000001 00000002 beef aa bb")
    let header = try RTPHeader(parsing: bytes.rawSpan)
    let original = RetransmissionPayload.originalSequenceNumber(of: bytes.rawSpan, header)
    #expect(original == 0xBEEF)
    #expect(RetransmissionPayload.originalPayload(header) == ByteRange(offset: 14, count: 2))
  }

  @Test func `a probe on the retransmission stream carries none`() throws {
    let bytes = hex("a0 61 0001 00000001 00000002 00 00 03")
    let header = try RTPHeader(parsing: bytes.rawSpan)
    let original = RetransmissionPayload.originalSequenceNumber(of: bytes.rawSpan, header)
    #expect(original == nil)
    #expect(RetransmissionPayload.originalPayload(header).isEmpty)
  }

  private func parse(_ payload: [UInt8]) throws(WireError) -> RedundantAudio {
    try RedundantAudio(parsing: payload.rawSpan, ByteRange(offset: 0, count: payload.count))
  }

  @Test func `blocks are found with their age and format`() throws {
    // Two copies of payload type 111, 1920 and 960 ticks old, of one and two bytes.
    let payload = hex("ef 1e0001 ef 0f0002 6f  a1  b1 b2  c1 c2 c3")
    let red = try parse(payload)
    #expect(red.redundantBlockCount == 2)
    let first = red.redundantBlock(0, in: payload.rawSpan)
    let second = red.redundantBlock(1, in: payload.rawSpan)
    #expect(
      first
        == RedundantAudioBlock(payloadType: 111, timestampOffset: 1920, data: ByteRange(offset: 9, count: 1)))
    #expect(
      second
        == RedundantAudioBlock(payloadType: 111, timestampOffset: 960, data: ByteRange(offset: 10, count: 2)))
    #expect(
      red.primary == RedundantAudioBlock(payloadType: 111, timestampOffset: 0, data: ByteRange(offset: 12, count: 3)))
  }

  @Test func `a payload without copies is its head and the primary`() throws {
    let red = try parse(hex("6f 01 02"))
    #expect(red.redundantBlockCount == 0)
    #expect(red.primary.data == ByteRange(offset: 1, count: 2))
  }

  @Test(arguments: [
    ("", WireError.truncated), ("ef 0f00", .truncated), ("ef 0f0001", .truncated), ("ef 0f0002 6f a1", .truncated),
  ])
  func `blocks that reach past the payload are refused`(text: String, error: WireError) {
    #expect(wireError { () throws(WireError) in _ = try parse(hex(text)) } == error)
  }

  @Test func `more copies than the limit are refused`() {
    let heads = (0...RedundantAudio.Limit.redundantBlocks).flatMap { _ in hex("ef 000000") }
    #expect(wireError { () throws(WireError) in _ = try parse(heads + [0x6F]) } == .tooMany)
  }
}
