import Bytes
import MediaContract
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct `RTP header extensions` {
  private static let fields = RTPFields(
    marker: true, payloadType: 111, sequenceNumber: 65535, timestamp: 0xFFFF_FFFF, ssrc: 7)

  private func ids(from first: UInt8) -> HeaderExtensionIDs {
    var ids = HeaderExtensionIDs()
    ids.mid = first
    ids.rid = first + 1
    ids.repairedRid = first + 2
    ids.audioLevel = first + 3
    ids.transportSequence = first + 4
    ids.absoluteSendTime = first + 5
    ids.absoluteCaptureTime = first + 6
    ids.playoutDelay = first + 7
    ids.videoOrientation = first + 8
    ids.dependencyDescriptor = first + 9
    return ids
  }

  /// Each extension with probability one half.
  private func someExtensions(_ random: inout Random) -> RTPExtensions {
    func text(_ random: inout Random) -> ShortString {
      ShortString(random.bytes(1 + Int(random.next() % 16)).rawSpan) ?? ShortString()
    }
    var value = RTPExtensions()
    if random.chance(0.5) { value.mid = text(&random) }
    if random.chance(0.5) { value.rid = text(&random) }
    if random.chance(0.5) { value.repairedRid = text(&random) }
    if random.chance(0.5) {
      value.audioLevel = AudioLevel(level: UInt8(random.next() & 0x7F), isVoice: random.chance(0.5))
    }
    if random.chance(0.5) { value.transportSequence = UInt16(truncatingIfNeeded: random.next()) }
    if random.chance(0.5) { value.absoluteSendTime = UInt32(random.next() & 0xFF_FFFF) }
    if random.chance(0.5) {
      value.absoluteCaptureTime = AbsoluteCaptureTime(
        timestamp: random.next(), clockOffset: random.chance(0.5) ? Int64(bitPattern: random.next()) : nil)
    }
    if random.chance(0.5) {
      value.playoutDelay = PlayoutDelay(minimum: UInt16(random.next() & 0xFFF), maximum: UInt16(random.next() & 0xFFF))
    }
    if random.chance(0.5) { value.videoOrientation = UInt8(truncatingIfNeeded: random.next()) }
    return value
  }

  @Test(arguments: [UInt8(1), 14, 240])
  func `what was written is read back in both forms`(firstID: UInt8) throws {
    let ids = ids(from: firstID)
    try forEachSeed { seed, random in
      let extensions = someExtensions(&random)
      let descriptor = random.bytes([0, 3, 16, 17, 255][Int(random.next() % 5)])
      let bytes = try written { span in
        try RTPHeaderWriter.write(
          Self.fields, extensions, ids: ids, dependencyDescriptor: descriptor.rawSpan, into: &span
        ).headerByteCount
      }
      let header = try RTPHeader(parsing: bytes.rawSpan)
      #expect(header.headerByteCount == bytes.count && header.marker && header.sequenceNumber == 65535)
      var found = RTPExtensions(reading: bytes.rawSpan, header, ids: ids)
      let copy = bytes.rawSpan.slice(found.dependencyDescriptor).toArray()
      #expect(copy == descriptor, "seed \(seed)")
      found.dependencyDescriptor = .empty
      #expect(found == extensions, "seed \(seed)")
    }
  }

  @Test func `the one-byte form is taken when it can carry everything`() throws {
    var extensions = RTPExtensions()
    extensions.transportSequence = 0x0102
    let bytes = try written { span in
      try RTPHeaderWriter.write(Self.fields, extensions, ids: ids(from: 1), into: &span).headerByteCount
    }
    #expect(Array(bytes[12...]) == hex("bede 0001 51 0102 00"))
  }

  @Test func `a long dependency descriptor forces the two-byte form`() throws {
    let descriptor = [UInt8](repeating: 9, count: 17)
    let bytes = try written { span in
      try RTPHeaderWriter.write(
        Self.fields, RTPExtensions(), ids: ids(from: 1), dependencyDescriptor: descriptor.rawSpan, into: &span
      ).headerByteCount
    }
    #expect(Array(bytes[12..<18]) == hex("1000 0005 0a 11"))
  }

  @Test func `nothing to say leaves the extension out`() throws {
    var unwanted = RTPExtensions()
    unwanted.transportSequence = 1
    let bytes = try written { span in
      try RTPHeaderWriter.write(Self.fields, unwanted, ids: HeaderExtensionIDs(), into: &span).headerByteCount
    }
    #expect(bytes == hex("80 ef ffff ffffffff 00000007"))
  }

  @Test func `late fields are patched where the layout says`() throws {
    var extensions = RTPExtensions()
    extensions.mid = try #require(ShortString("0"))
    extensions.transportSequence = 0
    extensions.absoluteSendTime = 0
    let ids = ids(from: 1)
    let bytes = try written { span in
      let layout = try RTPHeaderWriter.write(Self.fields, extensions, ids: ids, into: &span)
      RTPPatch.transportSequence(0xBEEF, at: try #require(layout.transportSequenceOffset), in: &span)
      RTPPatch.absoluteSendTime(0xFF12_3456, at: try #require(layout.absoluteSendTimeOffset), in: &span)
      return layout.headerByteCount
    }
    let header = try RTPHeader(parsing: bytes.rawSpan)
    let found = RTPExtensions(reading: bytes.rawSpan, header, ids: ids)
    #expect(found.transportSequence == 0xBEEF)
    #expect(found.absoluteSendTime == 0x12_3456)
    #expect(found.mid == extensions.mid)
  }

  @Test func `a span without room is refused`() {
    var bytes = [UInt8](repeating: 0, count: 60)
    var span = bytes.mutableRawSpan
    #expect(throws: WireError.noRoom) { _ = try RTPHeaderWriter.write(Self.fields, into: &span) }
  }

  private func elements(_ text: String) throws -> [HeaderExtensionElement] {
    let bytes = hex("90 60 0001 00000001 00000002" + text)
    let header = try RTPHeader(parsing: bytes.rawSpan)
    var reader = HeaderExtensionReader(header)
    var found: [HeaderExtensionElement] = []
    while let element = reader.next(in: bytes.rawSpan) { found.append(element) }
    return found
  }

  @Test func `padding between elements is passed over`() throws {
    let found = try elements("bede 0002 00 10 aa 00 00 21 bb cc")
    #expect(found.map(\.id) == [1, 2])
    #expect(found.map(\.data.count) == [1, 2])
  }

  @Test func `the one-byte form stops at id 15`() throws {
    #expect(try elements("bede 0001 10 aa f0 20").map(\.id) == [1])
  }

  @Test func `padding with length bits is no element`() throws {
    #expect(try elements("bede 0001 03 10 aa 00").map(\.id) == [1])
  }

  @Test func `the two-byte form knows empty elements and application bits`() throws {
    let found = try elements("1005 0002 ff 00 01 02 aa bb 00 00")
    #expect(found.map(\.id) == [255, 1])
    #expect(found.map(\.data.count) == [0, 2])
  }

  @Test(arguments: ["bede 0001 10 aa 2f bb", "1000 0001 01 00 02 09", "1000 0001 01 01 aa 02"])
  func `an element that reaches past the block ends the walk`(text: String) throws {
    #expect(try elements(text).map(\.id) == [1])
  }

  @Test func `another profile has no elements`() throws {
    #expect(try elements("1234 0001 10 aa 00 00").isEmpty)
  }

  @Test func `an extension that was not negotiated is not read`() throws {
    let bytes = hex("90 60 0001 00000001 00000002 bede 0001 51 0102 00")
    let header = try RTPHeader(parsing: bytes.rawSpan)
    let found = RTPExtensions(reading: bytes.rawSpan, header, ids: HeaderExtensionIDs())
    #expect(found == RTPExtensions())
  }

  @Test func `an extension of a wrong length is absent`() throws {
    let bytes = hex("90 60 0001 00000001 00000002 bede 0002 61 0102 73 01020304")
    let header = try RTPHeader(parsing: bytes.rawSpan)
    let found = RTPExtensions(reading: bytes.rawSpan, header, ids: ids(from: 1))
    #expect(found.absoluteSendTime == nil)
    #expect(found.absoluteCaptureTime == nil)
  }

  @Test(arguments: [
    (Int64(0), UInt32(0)), (1_000_000, 1 << 18), (63_999_999, 0xFF_FFFF), (64_000_000, 0), (-1_000_000, 63 << 18),
  ])
  func `abs-send-time is seconds with 18 bits of fraction`(microseconds: Int64, value: UInt32) {
    #expect(RTPExtensions.absoluteSendTime(microseconds: microseconds) == value)
  }
}

@Suite struct `Short strings` {
  @Test func `text of up to 16 bytes survives`() throws {
    for text in ["q", "audio-0", "12345678", "123456789", "0123456789abcdef"] {
      #expect(try #require(ShortString(text)).description == text)
    }
    #expect(ShortString("0123456789abcdefg") == nil)
    #expect(ShortString("")?.isEmpty == true)
  }

  @Test func `a prefix is not equal to the whole`() {
    #expect(ShortString("a") != ShortString("a\0"))
    #expect(ShortString("12345678") != ShortString("123456789"))
  }
}
