import Bytes
import MediaContract
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct `RTP headers` {
  private func parse(_ bytes: [UInt8], isEncrypted: Bool = false) throws(WireError) -> RTPHeader {
    try RTPHeader(parsing: bytes.rawSpan, isEncrypted: isEncrypted)
  }

  @Test func `all fields are read`() throws {
    let header = try parse(
      hex(
        """
        b1 e0 12 34  00 00 00 64  ca fe ba be  00 00 00 07
        be de 00 01  10 aa 00 00
        01 02 03  00 02
        """))
    #expect(header.marker)
    #expect(header.payloadType == 96)
    #expect(header.sequenceNumber == 0x1234)
    #expect(header.timestamp == 100)
    #expect(header.ssrc == 0xCAFE_BABE)
    #expect(header.contributingSourceCount == 1)
    #expect(header.extensionProfile == 0xBEDE)
    #expect(header.extensionElements == ByteRange(offset: 20, count: 4))
    #expect(header.headerByteCount == 24)
    #expect(header.payload == ByteRange(offset: 24, count: 3))
    #expect(header.paddingByteCount == 2)
  }

  @Test func `a packet that is all padding has an empty payload`() throws {
    let header = try parse(hex("a0 60 0001 00000001 00000002 00 00 03"))
    #expect(header.payloadByteCount == 0)
    #expect(header.paddingByteCount == 3)
  }

  @Test func `padding of an encrypted packet is not looked at`() throws {
    let header = try parse(hex("a0 60 0001 00000001 00000002 aa bb ff"), isEncrypted: true)
    #expect(header.payloadByteCount == 3)
    #expect(header.paddingByteCount == 0)
  }

  @Test(arguments: [
    ("40 60 0001 00000001 00000002", WireError.version), ("80 60 0001 00000001 000000", .truncated), ("", .truncated),
    ("81 60 0001 00000001 00000002 0000", .truncated), ("90 60 0001 00000001 00000002 bede00", .truncated),
    ("90 60 0001 00000001 00000002 bede0002 00000000", .truncated),
    ("a0 60 0001 00000001 00000002", .malformed), ("a0 60 0001 00000001 00000002 00", .malformed),
    ("a0 60 0001 00000001 00000002 01 03", .malformed),
  ])
  func `damaged packets are refused with their reason`(text: String, error: WireError) {
    #expect(wireError { () throws(WireError) in _ = try parse(hex(text)) } == error)
  }

  @Test func `patches change their field and nothing else`() throws {
    try forEachSeed { seed, random in
      var bytes = random.bytes(40)
      bytes[0] = 0x80
      var expected = try parse(bytes)
      expected.marker = random.chance(0.5)
      expected.payloadType = UInt8(random.next() & 0x7F)
      expected.sequenceNumber = UInt16(truncatingIfNeeded: random.next())
      expected.timestamp = UInt32(truncatingIfNeeded: random.next())
      expected.ssrc = UInt32(truncatingIfNeeded: random.next())
      do {
        var span = bytes.mutableRawSpan
        RTPPatch.marker(expected.marker, in: &span)
        RTPPatch.payloadType(expected.payloadType, in: &span)
        RTPPatch.sequenceNumber(expected.sequenceNumber, in: &span)
        RTPPatch.timestamp(expected.timestamp, in: &span)
        RTPPatch.ssrc(expected.ssrc, in: &span)
      }
      #expect(try parse(bytes) == expected, "seed \(seed)")
    }
  }

  @Test(arguments: [1, 4, 255])
  func `padding that was written is read back`(count: UInt8) throws {
    var bytes = hex("80 60 0001 00000001 00000002 aa bb") + [UInt8](repeating: 0xEE, count: Int(count))
    do {
      var span = bytes.mutableRawSpan
      RTPPatch.padding(count, at: 14, in: &span)
    }
    let header = try parse(bytes)
    #expect(header.payloadByteCount == 2)
    #expect(header.paddingByteCount == Int(count))
  }
}
