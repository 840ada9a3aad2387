import Bytes
import Testing
import Wire

@Suite struct `H.264 payloads` {
  private func parse(_ text: String) throws(WireError) -> H264Payload {
    let bytes = hex(text)
    return try H264Payload(parsing: bytes.rawSpan, ByteRange(offset: 0, count: bytes.count))
  }

  @Test func `an aggregation of parameter sets and IDR starts a key frame`() throws {
    let payload = try parse("78 0004 6742c01f 0002 68ce 0003 658884")
    #expect(payload.startsKeyFrame && payload.isKeyFrame)
    #expect(payload.carries(H264Payload.UnitType.sequenceParameters))
    #expect(payload.carries(H264Payload.UnitType.pictureParameters))
    #expect(payload.carries(H264Payload.UnitType.instantaneousRefresh))
  }

  @Test func `an IDR slice alone belongs to a key frame but is no place to join`() throws {
    let payload = try parse("65 8884")
    #expect(payload.isKeyFrame && !payload.startsKeyFrame)
  }

  @Test func `fragments know their first and last`() throws {
    let first = try parse("7c 85 88")
    let middle = try parse("7c 05 88")
    let last = try parse("7c 45 88")
    #expect(first.startsUnit && !first.endsUnit && first.isKeyFrame)
    #expect(!middle.startsUnit && !middle.endsUnit && middle.isKeyFrame)
    #expect(!last.startsUnit && last.endsUnit && last.isKeyFrame)
  }

  @Test func `a plain slice is no key frame`() throws {
    let payload = try parse("41 9a24")
    #expect(!payload.isKeyFrame && payload.startsUnit && payload.endsUnit)
  }

  @Test(arguments: [
    ("", WireError.truncated), ("7c", .truncated), ("78 00", .truncated), ("78 0003 6742", .truncated),
    ("78 0000", .truncated), ("79 0000", .malformed), ("7d 80", .malformed), ("60", .malformed),
  ])
  func `damaged payloads are refused with their reason`(text: String, error: WireError) {
    #expect(wireError { () throws(WireError) in _ = try parse(text) } == error)
  }
}

@Suite struct `H.265 payloads` {
  private func parse(_ text: String) throws(WireError) -> H265Payload {
    let bytes = hex(text)
    return try H265Payload(parsing: bytes.rawSpan, ByteRange(offset: 0, count: bytes.count))
  }

  @Test func `an aggregation of parameter sets and IDR starts a key frame`() throws {
    let payload = try parse("6001 0003 40010c 0003 420101 0002 4401 0003 2601af")
    #expect(payload.startsKeyFrame && payload.isKeyFrame)
    #expect(payload.carries(19) && payload.carries(H265Payload.UnitType.pictureParameters))
  }

  @Test(arguments: [
    (UInt8(16), true), (19, true), (21, true), (23, true), (15, false), (24, false), (1, false), (32, true),
  ])
  func `random access pictures and parameter sets make a key frame`(type: UInt8, isKeyFrame: Bool) throws {
    let bytes: [UInt8] = [type << 1, 1, 0]
    let payload = try H265Payload(parsing: bytes.rawSpan, ByteRange(offset: 0, count: 3))
    #expect(payload.isKeyFrame == isKeyFrame)
  }

  @Test func `fragments know their type, first and last`() throws {
    let first = try parse("6201 93 af")
    let last = try parse("6203 41 af")
    #expect(first.carries(19) && first.startsUnit && !first.endsUnit)
    #expect(last.carries(1) && !last.startsUnit && last.endsUnit && last.temporalLayer == 2)
  }

  @Test(arguments: [
    ("", WireError.truncated), ("02", .truncated), ("0200 00", .malformed), ("6201", .truncated),
    ("6001 0003 4001", .truncated), ("6001 0001 40", .truncated), ("6401 00", .malformed),
  ])
  func `damaged payloads are refused with their reason`(text: String, error: WireError) {
    #expect(wireError { () throws(WireError) in _ = try parse(text) } == error)
  }
}
