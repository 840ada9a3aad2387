// Loudness and redundancy of audio.

import Bytes
import Chronology
import Streams
import Testing
import Wire

struct AudioLevelMeterTests {
  /// One packet of 20 ms after the other.
  private func observe(_ levels: [UInt8], with meter: inout AudioLevelMeter, from start: Int = 0) -> Instant {
    for (index, level) in levels.enumerated() {
      let packet = start + index
      meter.observe(level: level, timestamp: UInt32(packet * 960), at: .milliseconds(Int64(packet * 20)))
    }
    return .milliseconds(Int64((start + levels.count) * 20))
  }

  @Test func `a window of loud speech is active at its smoothed amplitude, rounded up to eighths`() {
    var meter = AudioLevelMeter()
    let now = observe([UInt8](repeating: 20, count: 20), with: &meter)
    // 10^(−20/20) = 0.1, smoothed from zero: 0.0667, which is in the first eighth.
    #expect(meter.reading(at: now) == .init(level: 0.125, isActive: true))
  }

  @Test func `full scale comes to one after several windows`() {
    var meter = AudioLevelMeter()
    let now = observe([UInt8](repeating: 0, count: 200), with: &meter)
    #expect(meter.reading(at: now) == .init(level: 1, isActive: true))
  }

  @Test func `nothing is known before the first window is full`() {
    var meter = AudioLevelMeter()
    let now = observe([UInt8](repeating: 5, count: 19), with: &meter)
    #expect(meter.reading(at: now) == .init(level: 0, isActive: false))
  }

  @Test(arguments: [(7, false), (8, true)])
  func `two fifths of a window must be loud`(loud: Int, isActive: Bool) {
    var meter = AudioLevelMeter()
    let levels = [UInt8](repeating: 10, count: loud) + [UInt8](repeating: 127, count: 20 - loud)
    let now = observe(levels, with: &meter)
    #expect(meter.reading(at: now).isActive == isActive)
  }

  @Test(arguments: [(35, true), (36, false)] as [(UInt8, Bool)])
  func `loud is -35 dBov or more`(level: UInt8, isActive: Bool) {
    var meter = AudioLevelMeter()
    let now = observe([UInt8](repeating: level, count: 20), with: &meter)
    #expect(meter.reading(at: now).isActive == isActive)
  }

  @Test func `a silent window ends the speech`() {
    var meter = AudioLevelMeter()
    _ = observe([UInt8](repeating: 5, count: 40), with: &meter)
    let now = observe([UInt8](repeating: 127, count: 20), with: &meter, from: 40)
    #expect(meter.reading(at: now) == .init(level: 0, isActive: false))
  }

  @Test func `a level is stale after 800 ms`() {
    var meter = AudioLevelMeter()
    _ = observe([UInt8](repeating: 5, count: 20), with: &meter)
    #expect(meter.reading(at: .milliseconds(380 + 799)).isActive)
    #expect(!meter.reading(at: .milliseconds(380 + 800)).isActive)
  }

  @Test func `a packet that comes twice counts once`() {
    var meter = AudioLevelMeter()
    for _ in 0..<100 { meter.observe(level: 5, timestamp: 960, at: .milliseconds(20)) }
    #expect(!meter.reading(at: .milliseconds(20)).isActive)
  }
}

struct StrippedREDTests {
  /// RFC 2198 §3: block headers with the F bit, offset and length; the primary's without; then the data.
  private func payload(_ earlier: [(offset: UInt32, data: [UInt8])], primary: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    for block in earlier { writer.uint32(0x8000_0000 | 111 << 24 | block.offset << 10 | UInt32(block.data.count)) }
    writer.uint8(111)
    for block in earlier { writer.append(block.data) }
    writer.append(primary)
    return writer.bytes
  }

  private func strip(_ bytes: [UInt8]) throws -> StrippedRED {
    try StrippedRED(parsing: bytes.rawSpan, header(bytes).payload)
  }

  private func earlier(_ index: Int, _ stripped: StrippedRED, _ bytes: [UInt8]) -> StrippedRED.Earlier? {
    stripped.earlier(index, in: bytes.rawSpan)
  }

  @Test func `the primary is what a plain packet carries`() throws {
    let bytes = packetBytes(sequence: 1, payload: payload([(960, [1, 2])], primary: [3, 4, 5]))
    let stripped = try strip(bytes)
    #expect(copy(stripped.primary, of: bytes) == [3, 4, 5])
    #expect(stripped.payloadType == 111)
  }

  @Test func `earlier frames are told by their place from the end`() throws {
    let bytes = packetBytes(sequence: 9, payload: payload([(1_920, [1]), (960, [2, 2])], primary: [3]))
    let stripped = try strip(bytes)
    #expect(stripped.earlierCount == 2)
    let oldest = try #require(earlier(0, stripped, bytes))
    #expect(oldest.distance == 2)
    #expect(oldest.timestampOffset == 1_920)
    #expect(copy(oldest.payload, of: bytes) == [1])
    #expect(earlier(1, stripped, bytes)?.distance == 1)
    #expect(earlier(2, stripped, bytes) == nil)
  }

  @Test func `an empty block stands for nothing`() throws {
    let bytes = packetBytes(sequence: 9, payload: payload([(960, [])], primary: [3]))
    let stripped = try strip(bytes)
    #expect(earlier(0, stripped, bytes) == nil)
  }

  @Test func `a damaged payload is an error`() throws {
    let bytes = packetBytes(sequence: 9, payload: [0x80 | 111, 0, 0x0F, 0xFF, 111, 1])
    #expect(throws: WireError.truncated) { try strip(bytes) }
  }
}
