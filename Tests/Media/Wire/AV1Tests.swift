import Bytes
import Testing
import Wire

@Suite struct `AV1 payloads` {
  private func parse(_ text: String) throws(WireError) -> AV1Payload {
    let bytes = hex(text)
    return try AV1Payload(parsing: bytes.rawSpan, ByteRange(offset: 0, count: bytes.count))
  }

  @Test func `a new sequence with its header starts a key frame`() throws {
    // N with two elements: a sequence header of three bytes, then a frame without a size.
    let payload = try parse("28 03 080000 30 0102")
    #expect(payload.startsSequence && payload.startsKeyFrame && payload.startsFrame)
    #expect(payload.carries(AV1Payload.UnitType.sequenceHeader) && payload.carries(AV1Payload.UnitType.frame))
  }

  @Test func `without a count every element has its size`() throws {
    let payload = try parse("08 02 0800 03 342801")
    #expect(payload.startsKeyFrame && payload.carries(AV1Payload.UnitType.frame))
    #expect(payload.temporalLayer == 1 && payload.spatialLayer == 1)
  }

  @Test func `an element that goes on shows no type`() throws {
    let payload = try parse("90 080102")
    #expect(payload.continuesUnit && !payload.startsFrame && payload.types == 0)
  }

  @Test func `sizes take as many bytes as they need`() throws {
    let payload = try parse("20 8100 08 30 01")
    #expect(payload.types == 1 << 1 | 1 << 6)
  }

  @Test func `an empty payload behind the head says nothing`() throws {
    #expect(try parse("10").types == 0)
  }

  @Test(arguments: [
    ("", WireError.truncated), ("00 05 08", .truncated), ("20 80", .truncated), ("88 08", .malformed),
    ("00 8080808080808080 00", .malformed), ("00 ffffffff7f", .malformed),
  ])
  func `damaged payloads are refused with their reason`(text: String, error: WireError) {
    #expect(wireError { () throws(WireError) in _ = try parse(text) } == error)
  }
}

@Suite struct `Opus packets` {
  private func parse(_ text: String) throws(WireError) -> OpusPayload {
    let bytes = hex(text)
    return try OpusPayload(parsing: bytes.rawSpan, ByteRange(offset: 0, count: bytes.count))
  }

  @Test(arguments: [
    ("00 0102", 480), ("08 0102", 960), ("10 0102", 1920), ("18 0102", 2880), ("60 0102", 480), ("68 0102", 960),
    ("80 0102", 120), ("88 0102", 240), ("90 0102", 480), ("98 0102", 960), ("f9 0102", 1920), ("fb 0302", 2880),
  ])
  func `the first byte says how long the packet plays`(text: String, samples: Int) throws {
    #expect(try parse(text).sampleCount == samples)
  }

  @Test func `two bytes or fewer are silence`() throws {
    #expect(try parse("78").isSilence && parse("7801").isSilence)
    #expect(try !parse("780102").isSilence)
    #expect(try parse("7c0102").isStereo && !parse("780102").isStereo)
  }

  @Test(arguments: [("", WireError.truncated), ("7b", .truncated), ("7b00", .malformed), ("7b07", .malformed)])
  func `damaged packets are refused with their reason`(text: String, error: WireError) {
    #expect(wireError { () throws(WireError) in _ = try parse(text) } == error)
  }
}
