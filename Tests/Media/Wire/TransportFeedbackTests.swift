import Bytes
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct `Transport-wide feedback` {
  private func statuses(_ bytes: [UInt8]) throws -> [TransportArrivalStatus] {
    var packets = RTCPPackets(bytes.rawSpan)
    guard let packet = try packets.next() else { return [] }
    var feedback = try TransportFeedback(packet)
    var found: [TransportArrivalStatus] = []
    while let status = feedback.next() { found.append(status) }
    return found
  }

  private func parseError(_ text: String) -> WireError? {
    let bytes = hex(text)
    return wireError { () throws(WireError) in
      var packets = RTCPPackets(bytes.rawSpan)
      if let packet = try packets.next() { _ = try TransportFeedback(packet) }
    }
  }

  @Test func `runs, one-bit and two-bit vectors are read`() throws {
    // Base 65534, 23 statuses, reference 1: a run of 2 received, 14 of one bit (first and last received), 7 of two bits.
    let found = try statuses(
      hex("8fcd0008 00000001 00000002 fffe 0017 000001 05  2002 a001 d800  04 08 0c 10 14 fffc 000000"))
    #expect(found.count == 23)
    #expect(found[0].sequenceNumber == 65534)
    #expect(found[2].sequenceNumber == 0)
    #expect(found.map(\.isReceived).enumerated().filter(\.element).map(\.offset) == [0, 1, 2, 15, 16, 17])
    #expect(found[0].microseconds == 64_000 + 1000)
    #expect(found[1].microseconds == 64_000 + 3000)
    #expect(found[17].delta == -4)
    #expect(found[17].microseconds == 64_000 + 1000 * (1 + 2 + 3 + 4 + 5) - 1000)
  }

  @Test(arguments: [
    ("8fcd0003 00000001 00000002 0000 0001", WireError.truncated),
    ("8fcd0004 00000001 00000002 0000 0001 000001 00", .truncated),
    ("8fcd0005 00000001 00000002 0000 0003 000001 00 2003 0101", .truncated),
    ("8fcd0005 00000001 00000002 0000 0001 000001 00 6001 0101", .malformed),
    ("8fcd0005 00000001 00000002 0000 0001 000001 00 f000 0101", .malformed),
  ])
  func `feedback that does not add up is refused`(text: String, error: WireError) {
    #expect(parseError(text) == error)
  }

  @Test func `a symbol behind the last status does not count`() {
    #expect(parseError("8fcd0005 00000001 00000002 0000 0001 000001 00 d300 0101") == nil)
  }

  @Test func `negative reference times and their wrap are told apart`() {
    #expect(TransportFeedback.referenceDistance(from: 0x7F_FFFF, to: -0x80_0000) == 1)
    #expect(TransportFeedback.referenceDistance(from: -1, to: 0) == 1)
    #expect(TransportFeedback.referenceDistance(from: 5, to: 3) == -2)
  }

  /// Arrivals under loss, with jitter, reordering in time and gaps.
  private func arrivals(_ random: inout Random) -> [TransportArrival] {
    let loss = random.unit() * 0.9
    let spread: Int64 = [100, 2_000, 200_000][Int(random.next() % 3)]
    var number = Int64(65_500 + random.next() % 80)
    var time = Int64(random.next() % (1 << 50)) - (1 << 49)
    return (0..<1 + Int(random.next() % 300)).compactMap { _ in
      number += random.chance(0.01) ? Int64(random.next() % 3000) + 1 : 1
      time += Int64(random.next() % UInt64(spread)) - (random.chance(0.1) ? spread : 0)
      return random.chance(loss) ? nil : TransportArrival(sequenceNumber: number, microseconds: time)
    }
  }

  @Test func `arrivals survive loss, reordering and wraps, in spans of any size`() throws {
    try forEachSeed(300) { seed, random in
      var left = arrivals(&random)[...]
      guard let first = left.first else { return }
      var base = first.sequenceNumber - Int64(random.next() % 20)
      let capacity = 40 + Int(random.next() % 1200)
      while !left.isEmpty {
        let batch = Array(left)
        var result: TransportFeedbackWritten?
        let bytes = try written(capacity) { span in
          let written = try TransportFeedback.write(
            senderSSRC: 1, mediaSSRC: 2, base: base, arrivals: batch.span, feedbackCount: UInt8(seed & 0xFF),
            into: &span, at: 0)
          result = written
          return written.byteCount
        }
        let done = try #require(result)
        #expect(done.arrivalCount > 0 && bytes.count % 4 == 0)
        check(try statuses(bytes), against: batch.prefix(done.arrivalCount), base: base, seed)
        base = done.nextSequenceNumber
        left = left.dropFirst(done.arrivalCount)
        // A gap larger than the count field starts anew behind it, as a caller does.
        if let next = left.first, next.sequenceNumber - base >= 2000 { base = next.sequenceNumber }
      }
    }
  }

  private func check(
    _ statuses: [TransportArrivalStatus], against sent: ArraySlice<TransportArrival>, base: Int64, _ seed: UInt64
  ) {
    let received = statuses.filter(\.isReceived)
    #expect(
      received.map(\.sequenceNumber) == sent.map { UInt16(truncatingIfNeeded: $0.sequenceNumber) }, "seed \(seed)")
    #expect(statuses.first?.sequenceNumber == UInt16(truncatingIfNeeded: base), "seed \(seed)")
    #expect(statuses.last?.isReceived == true, "seed \(seed)")
    // Both clocks modulo the reference's 24 bits; what differs is rounding to 250 µs, and it does not add up.
    let cycle: Int64 = 64_000 << 24
    for (status, arrival) in zip(received, sent) {
      let error = ((status.microseconds - arrival.microseconds) % cycle + cycle + cycle / 2) % cycle - cycle / 2
      #expect(abs(error) <= 125, "seed \(seed)")
    }
  }

  @Test func `times too far apart end the packet`() throws {
    let arrivals = [
      TransportArrival(sequenceNumber: 1, microseconds: 0),
      TransportArrival(sequenceNumber: 2, microseconds: 9_000_000),
    ]
    var bytes = [UInt8](repeating: 0, count: 100)
    var span = bytes.mutableRawSpan
    let written = try TransportFeedback.write(
      senderSSRC: 1, mediaSSRC: 2, base: 1, arrivals: arrivals.span, feedbackCount: 0, into: &span, at: 0)
    #expect(written.arrivalCount == 1)
    #expect(written.nextSequenceNumber == 2)
  }

  @Test func `steady arrivals take one run`() throws {
    let arrivals = (0..<1000).map { TransportArrival(sequenceNumber: $0, microseconds: 1000 * $0) }
    let bytes = try written {
      try TransportFeedback.write(
        senderSSRC: 1, mediaSSRC: 2, base: 0, arrivals: arrivals.span, feedbackCount: 0, into: &$0, at: 0
      ).byteCount
    }
    #expect(bytes.count == 20 + 2 + 1000 + 2)
    #expect(bytes[20] == 0x20 | 1000 >> 8)
  }

  @Test func `a gap before the first arrival that the count cannot hold is refused`() {
    let arrivals = [TransportArrival(sequenceNumber: 65_535, microseconds: 0)]
    #expect(throws: WireError.tooMany) {
      _ = try written {
        try TransportFeedback.write(
          senderSSRC: 1, mediaSSRC: 2, base: 0, arrivals: arrivals.span, feedbackCount: 0, into: &$0, at: 0
        ).byteCount
      }
    }
  }
}
