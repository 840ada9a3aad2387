// The history keeps what it was given, finds it again, and stays inside its limits.

import Bytes
import Chronology
import Randomness
import Streams
import TestSupport
import Testing
import Wire

/// Stores one packet whose payload is filled with the low byte of its number.
@discardableResult
private func store(
  _ extended: Int64, payload count: Int = 100, at time: Instant = .origin, in history: inout PacketHistory<Int>
) throws -> Bool {
  let bytes = packetBytes(
    sequence: UInt16(truncatingIfNeeded: extended),
    payload: [UInt8](repeating: UInt8(truncatingIfNeeded: extended), count: count))
  return history.store(
    bytes.rawSpan, try header(bytes), extendedSequence: extended, arrival: time, info: Int(extended))
}

private func content(of record: PacketRecord<Int>, in history: borrowing PacketHistory<Int>) -> [UInt8] {
  history.packet(record).toArray()
}

struct PacketHistoryTests {
  @Test func `a stored packet is found by its number with all its bytes`() throws {
    var history = PacketHistory<Int>(.video)
    let bytes = packetBytes(sequence: 7, timestamp: 90_000, marker: true, payload: [1, 2, 3])
    history.store(
      bytes.rawSpan, try header(bytes), extendedSequence: 65_543, arrival: .milliseconds(5), isRetransmission: true,
      info: 42)
    let recordFound = history.record(extendedSequence: 65_543)
    let record = try #require(recordFound)
    #expect(record.timestamp == 90_000)
    #expect(record.marker)
    #expect(record.isRetransmission)
    #expect(record.payloadType == 96)
    #expect(record.headerByteCount == 12)
    #expect(record.payloadByteCount == 3)
    #expect(record.arrival == .milliseconds(5))
    #expect(record.info == 42)
    #expect(content(of: record, in: history) == bytes)
  }

  @Test func `a number that was not stored is not found`() throws {
    var history = PacketHistory<Int>(.video)
    try store(100, in: &history)
    #expect(history.record(extendedSequence: 99) == nil)
    #expect(history.record(extendedSequence: 100 + 65_536) == nil)
    #expect(history.record(serial: 1) == nil)
  }

  @Test func `late packets appear behind a reader's mark`() throws {
    var history = PacketHistory<Int>(.video)
    for extended in [10, 11, 14] as [Int64] { try store(extended, in: &history) }
    let mark = history.nextSerial
    for extended in [12, 15, 13] as [Int64] { try store(extended, in: &history) }
    var new: [Int64] = []
    for serial in mark..<history.nextSerial {
      if let record = history.record(serial: serial) { new.append(record.extendedSequence) }
    }
    #expect(new == [12, 15, 13])
  }

  @Test func `a packet of nothing but padding leaves its number and no bytes`() throws {
    var history = PacketHistory<Int>(.video)
    let bytes = packetBytes(sequence: 1, payload: [], padding: 255)
    history.store(bytes.rawSpan, try header(bytes), extendedSequence: 1, arrival: .origin, info: 0)
    let recordFound = history.record(extendedSequence: 1)
    let record = try #require(recordFound)
    #expect(record.isPaddingOnly)
    #expect(content(of: record, in: history).isEmpty)
  }

  @Test func `packets longer than the limit are refused`() throws {
    var history = PacketHistory<Int>(.video)
    let fits = try store(1, payload: Limit.packetBytes - 12, in: &history)
    let exceeds = try store(2, payload: Limit.packetBytes - 11, in: &history)
    #expect(fits)
    #expect(!exceeds)
    #expect(history.count == 1)
  }

  @Test func `a packet whose place belongs to a newer one is refused`() throws {
    var history = PacketHistory<Int>(
      HistoryCapacity(initialPackets: 16, packets: 16, initialBytes: 4_096, bytes: 4_096, retention: .seconds(1)))
    try store(1_032, payload: 10, in: &history)
    let isStored = try store(1_000, payload: 10, in: &history)
    #expect(!isStored)
    #expect(history.record(extendedSequence: 1_032) != nil)
  }

  @Test func `the history grows for packets younger than its retention and then forgets the oldest`() throws {
    let capacity = HistoryCapacity(
      initialPackets: 4, packets: 16, initialBytes: 2_048, bytes: 8_192, retention: .seconds(1))
    var history = PacketHistory<Int>(capacity)
    let before = history.footprint
    for extended in 0..<Int64(40) { try store(extended, at: .milliseconds(extended), in: &history) }
    #expect(history.footprint > before)
    #expect(history.count == 16)
    #expect(history.record(extendedSequence: 23) == nil)
    for extended in Int64(24)..<40 {
      let recordFound = history.record(extendedSequence: extended)
      let record = try #require(recordFound)
      #expect(content(of: record, in: history)[12] == UInt8(extended))
    }
  }

  @Test func `old packets make room before the memory grows`() throws {
    let capacity = HistoryCapacity(
      initialPackets: 4, packets: 64, initialBytes: 2_048, bytes: 8_192, retention: .milliseconds(100))
    var history = PacketHistory<Int>(capacity)
    let before = history.footprint
    for extended in 0..<Int64(40) { try store(extended, at: .milliseconds(extended * 50), in: &history) }
    #expect(history.footprint == before)
  }

  @Test func `a second of 1080p in three layers fits into a megabyte`() throws {
    var footprint = 0
    for bitrate in [150_000, 700_000, 3_000_000] {
      var history = PacketHistory<Int>(.video)
      let packets = bitrate * 3 / 8 / 1_100
      for index in 0..<packets {
        try store(
          Int64(index), payload: 1_100, at: .milliseconds(Int64(index * 3_000 / packets)), in: &history)
      }
      let oldestFound = history.record(serial: history.oldestSerial)
      let oldest = try #require(oldestFound)
      #expect(oldest.arrival <= .milliseconds(2_000), "a second of \(bitrate) bit/s")
      footprint += history.footprint
    }
    #expect(footprint < 1_048_576)
  }

  @Test func `an audio history stays small`() throws {
    var history = PacketHistory<Int>(.audio)
    for index in 0..<Int64(1_000) { try store(index, payload: 160, at: .milliseconds(index * 20), in: &history) }
    #expect(history.count >= 100, "two seconds")
    #expect(history.footprint < 50_000)
  }

  @Test func `whatever comes in whatever order, the history gives back what was stored`() throws {
    try forEachSeed(40) { seed, random in
      let capacity = HistoryCapacity(
        initialPackets: 8, packets: 64, initialBytes: 2_048, bytes: 16_384, retention: .milliseconds(200))
      var history = PacketHistory<Int>(capacity)
      var model: [Int64: [UInt8]] = [:]
      var newest: Int64 = 65_500
      var now = Instant.origin
      for step in 0..<600 {
        now += .milliseconds(Int64(random.next() % 8))
        let isLate = random.chance(0.2)
        let extended = isLate ? newest - Int64(random.next() % 40) : newest + 1 + Int64(random.next() % 3)
        newest = max(newest, extended)
        if history.record(extendedSequence: extended) != nil { continue }
        let bytes = packetBytes(
          sequence: UInt16(truncatingIfNeeded: extended),
          payload: (0..<(1 + random.next() % 900)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        if history.store(bytes.rawSpan, try header(bytes), extendedSequence: extended, arrival: now, info: step) {
          model[extended] = bytes
        }
        #expect(history.count <= 64, "seed \(seed)")
      }
      var seen = 0
      for serial in history.oldestSerial..<history.nextSerial {
        let recordFound = history.record(serial: serial)
        let record = try #require(recordFound)
        #expect(content(of: record, in: history) == model[record.extendedSequence], "seed \(seed)")
        seen += 1
      }
      #expect(seen == history.count)
      let lastFound = history.record(serial: history.nextSerial - 1)
      let last = try #require(lastFound)
      #expect(history.record(extendedSequence: last.extendedSequence)?.serial == last.serial, "seed \(seed)")
    }
  }
}
