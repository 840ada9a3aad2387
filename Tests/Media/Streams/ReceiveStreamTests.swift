// What an incoming stream counts and reports.

import Bytes
import Chronology
import Streams
import Testing
import Wire

struct ReceiveStreamTests {
  private func stream() -> ReceiveStream { ReceiveStream(ssrc: 9, clockRate: 90_000, usesNACK: true, layers: 4) }

  @Test func `a report block counts what was expected and lost in its period`() throws {
    var stream = stream()
    for index in 0..<100 where index % 4 != 3 {
      _ = stream.receive(
        try header(sequence: UInt16(index), timestamp: UInt32(index * 3_000)), byteCount: 112,
        at: .milliseconds(Int64(index)))
    }
    let taken = stream.takeReportBlock(at: .milliseconds(100))
    let block = try #require(taken)
    // Packets 3, 7, … 95 are missing; 99 is not known of yet.
    #expect(block.cumulativeLost == 24)
    #expect(block.fractionLost == UInt8(24 * 256 / 99))
    #expect(block.highestSequenceNumber == 98)
    #expect(block.ssrc == 9)
    let next = stream.takeReportBlock(at: .milliseconds(200))
    let second = try #require(next)
    #expect(second.fractionLost == 0)
    #expect(second.cumulativeLost == 24)
  }

  @Test func `the highest number counts its cycles`() throws {
    var stream = stream()
    for index in 0..<10 {
      _ = stream.receive(try header(sequence: UInt16(truncatingIfNeeded: 65_531 + index)), byteCount: 112, at: .origin)
    }
    let block = stream.takeReportBlock(at: .origin)
    #expect(block?.highestSequenceNumber == 65_540)
  }

  @Test func `regular arrivals have no jitter and irregular ones have`() throws {
    var regular = stream()
    var irregular = stream()
    for index in 0..<200 {
      let header = try header(sequence: UInt16(index), timestamp: UInt32(index * 900))
      _ = regular.receive(header, byteCount: 112, at: .milliseconds(Int64(index * 10)))
      _ = irregular.receive(header, byteCount: 112, at: .milliseconds(Int64(index * 10 + index % 2 * 5)))
    }
    #expect(regular.jitterTicks == 0)
    // Every difference is 5 ms, 450 ticks.
    #expect((430...450).contains(irregular.jitterTicks))
  }

  @Test func `a retransmission fills a gap once and neither starts nor moves a stream`() throws {
    var stream = stream()
    #expect(stream.receive(try header(sequence: 5), byteCount: 112, isRetransmission: true, at: .origin) == .duplicate)
    _ = stream.receive(try header(sequence: 5), byteCount: 112, at: .origin)
    _ = stream.receive(try header(sequence: 7), byteCount: 112, at: .origin)
    let late = try header(sequence: 6)
    #expect(stream.receive(late, byteCount: 112, isRetransmission: true, at: .origin) == .late(65_542))
    #expect(stream.receive(late, byteCount: 112, isRetransmission: true, at: .origin) == .duplicate)
    #expect(stream.receive(try header(sequence: 9), byteCount: 112, isRetransmission: true, at: .origin) == .duplicate)
    #expect(stream.recovered == 1)
    #expect(stream.lost == 0)
    #expect(stream.nack?.count == 0)
    // The receiver report speaks of the original stream alone (RFC 4588 §6.3).
    let block = stream.takeReportBlock(at: .origin)
    #expect(block?.cumulativeLost == 1)
  }

  @Test func `missing packets are asked for`() throws {
    var stream = stream()
    _ = stream.receive(try header(sequence: 10), byteCount: 112, at: .origin)
    _ = stream.receive(try header(sequence: 13), byteCount: 112, at: .milliseconds(5))
    var numbers: [UInt16] = []
    _ = stream.nack?.collect(into: &numbers, at: .milliseconds(20))
    #expect(numbers == [11, 12])
  }

  @Test func `layers are metered apart and frames once`() throws {
    var stream = stream()
    for index in 0..<300 {
      // Thirty frames a second of two packets; every second frame is temporal layer 1.
      let frame = index / 2
      let header = try header(sequence: UInt16(index), timestamp: UInt32(frame * 3_000))
      let time = Instant.milliseconds(Int64(frame * 1_000 / 30))
      _ = stream.receive(header, byteCount: 1_000, at: time)
      stream.meter(header, byteCount: 1_000, layer: frame % 2, at: time)
    }
    let now = Instant.milliseconds(4_999)
    #expect((430_000...500_000).contains(stream.bitsPerSecond(at: now)))
    #expect((200_000...250_000).contains(stream.bitsPerSecond(layer: 0, at: now)))
    #expect((200_000...250_000).contains(stream.bitsPerSecond(layer: 1, at: now)))
    #expect(stream.bitsPerSecond(layer: 2, at: now) == 0)
    #expect((27...31).contains(stream.framesPerSecond(at: now)))
    #expect(stream.bitsPerSecond(at: .milliseconds(7_000)) == 0)
  }

  @Test func `a restart is counted and voids what was missing`() throws {
    var stream = stream()
    _ = stream.receive(try header(sequence: 10), byteCount: 112, at: .origin)
    _ = stream.receive(try header(sequence: 12), byteCount: 112, at: .origin)
    #expect(stream.receive(try header(sequence: 40_000), byteCount: 112, at: .origin) == .suspect)
    guard case .restarted = stream.receive(try header(sequence: 40_001), byteCount: 112, at: .origin) else {
      Issue.record("no restart")
      return
    }
    #expect(stream.restarts == 1)
    #expect(stream.nack?.count == 0)
  }
}

struct RetransmissionTests {
  @Test func `the original comes back with its number, source and format`() throws {
    let original = packetBytes(
      sequence: 4_660, timestamp: 77, ssrc: 1, payloadType: 96, marker: true, payload: [9, 8, 7])
    var bytes = packetBytes(
      sequence: 5, timestamp: 77, ssrc: 2, payloadType: 97, marker: true, payload: [0x12, 0x34, 9, 8, 7], padding: 4)
    let parsed = try header(bytes)
    var span = bytes.mutableRawSpan
    let result = Retransmission.restore(&span, parsed, ssrc: 1, payloadType: 96)
    let restored = try #require(result)
    #expect(Array(bytes[restored.offset..<restored.offset + restored.byteCount]) == original)
  }

  @Test(arguments: [[], [1], [1, 2]] as [[UInt8]])
  func `a probe without an original is nothing`(payload: [UInt8]) throws {
    var bytes = packetBytes(sequence: 5, payload: payload, padding: 9)
    let parsed = try header(bytes)
    var span = bytes.mutableRawSpan
    let restored = Retransmission.restore(&span, parsed, ssrc: 1, payloadType: 96)
    #expect(restored == nil)
  }
}
