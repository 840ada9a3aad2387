// Transport-wide feedback both ways: what arrived is told, once, and understood.

import Bytes
import Chronology
import Congestion
import Randomness
import TestSupport
import Testing
import Wire

/// A feedback packet, taken apart.
private struct Told {
  var base: UInt16
  var statuses: [TransportArrivalStatus] = []
  var bytes: [UInt8]
}

private func feedback(of recorder: inout ArrivalRecorder, room: Int = 1_200, at time: Instant) throws -> Told {
  var bytes = [UInt8](repeating: 0, count: room)
  let count = write(&recorder, into: &bytes, at: time)
  bytes.removeLast(room - count)
  var told = Told(base: 0, bytes: bytes)
  var packets = RTCPPackets(bytes.rawSpan)
  guard let packet = try packets.next() else { return told }
  var message = try TransportFeedback(packet)
  told.base = message.baseSequenceNumber
  while let status = message.next() { told.statuses.append(status) }
  return told
}

private func write(_ recorder: inout ArrivalRecorder, into bytes: inout [UInt8], at time: Instant) -> Int {
  var span = bytes.mutableRawSpan
  return recorder.writeFeedback(senderSSRC: 1, mediaSSRC: 2, into: &span, at: 0, time: time)
}

struct ArrivalRecorderTests {
  @Test func `arrivals and holes are told in order`() throws {
    var recorder = ArrivalRecorder()
    for (number, time) in [(10, 100), (11, 101), (13, 109)] as [(UInt16, Int64)] {
      recorder.record(number, at: .milliseconds(time))
    }
    let told = try feedback(of: &recorder, at: .milliseconds(110))
    #expect(told.base == 10)
    #expect(told.statuses.map(\.isReceived) == [true, true, false, true])
    #expect(told.statuses.map(\.microseconds) == [100_000, 101_000, 101_000, 109_000])
    #expect(!recorder.hasArrivals)
  }

  @Test func `what was lost between two feedbacks is in the second`() throws {
    var recorder = ArrivalRecorder()
    recorder.record(65_534, at: .milliseconds(0))
    _ = try feedback(of: &recorder, at: .milliseconds(10))
    recorder.record(1, at: .milliseconds(20))
    let told = try feedback(of: &recorder, at: .milliseconds(110))
    #expect(told.base == 65_535)
    #expect(told.statuses.map(\.isReceived) == [false, false, true])
  }

  @Test func `a late packet is told without calling others lost`() throws {
    var recorder = ArrivalRecorder()
    for number in [1, 2, 4, 5] as [UInt16] { recorder.record(number, at: .milliseconds(1)) }
    _ = try feedback(of: &recorder, at: .milliseconds(10))
    recorder.record(6, at: .milliseconds(20))
    recorder.record(3, at: .milliseconds(21))
    let late = try feedback(of: &recorder, at: .milliseconds(110))
    #expect(late.base == 3)
    #expect(late.statuses.map(\.isReceived) == [true])
    let new = try feedback(of: &recorder, at: .milliseconds(110))
    #expect(new.base == 6)
    #expect(new.statuses.map(\.isReceived) == [true])
  }

  @Test func `feedback leaves every 100 ms, and every 50 when much arrives`() throws {
    var recorder = ArrivalRecorder()
    #expect(recorder.nextDeadline == nil)
    recorder.record(1, at: .milliseconds(1_000))
    #expect(recorder.nextDeadline == .milliseconds(1_010))
    _ = try feedback(of: &recorder, at: .milliseconds(1_010))
    #expect(recorder.nextDeadline == nil)
    recorder.record(2, at: .milliseconds(1_015))
    #expect(recorder.nextDeadline == .milliseconds(1_110))
    for number in UInt16(3)..<20 { recorder.record(number, at: .milliseconds(1_016)) }
    #expect(recorder.nextDeadline == .milliseconds(1_060))
    for number in UInt16(20)..<300 { recorder.record(number, at: .milliseconds(1_017)) }
    let deadline = try #require(recorder.nextDeadline)
    #expect(deadline <= .milliseconds(1_017))
  }

  @Test func `a sender that begins anew is believed after three packets`() throws {
    var recorder = ArrivalRecorder()
    recorder.record(20_000, at: .milliseconds(0))
    _ = try feedback(of: &recorder, at: .milliseconds(10))
    for number in UInt16(5)..<9 { recorder.record(number, at: .milliseconds(200)) }
    let told = try feedback(of: &recorder, at: .milliseconds(300))
    #expect(told.base == 7)
    #expect(told.statuses.map(\.isReceived) == [true, true])
  }

  @Test func `a leap ahead is not told as thousands of losses`() throws {
    var recorder = ArrivalRecorder()
    recorder.record(1, at: .milliseconds(0))
    _ = try feedback(of: &recorder, at: .milliseconds(10))
    recorder.record(20_000, at: .milliseconds(100))
    #expect(try feedback(of: &recorder, at: .milliseconds(200)).statuses.count == 1)
  }

  @Test func `arrivals beyond the limit are dropped and counted`() {
    var recorder = ArrivalRecorder()
    for number in 0..<(Limit.arrivals + 5) {
      recorder.record(UInt16(truncatingIfNeeded: number), at: .milliseconds(1))
    }
    #expect(recorder.dropped == 5)
  }

  @Test func `without room nothing is written and nothing lost`() throws {
    var recorder = ArrivalRecorder()
    recorder.record(1, at: .milliseconds(1))
    #expect(try feedback(of: &recorder, room: 16, at: .milliseconds(10)).bytes.isEmpty)
    #expect(recorder.hasArrivals)
  }
}

struct TransportSequencerTests {
  private func process(_ bytes: [UInt8], by sequencer: inout TransportSequencer, at time: Instant) -> [PacketResult] {
    var results: [PacketResult] = []
    var packets = RTCPPackets(bytes.rawSpan)
    guard let packet = try? packets.next(), var message = try? TransportFeedback(packet) else { return [] }
    sequencer.process(&message, into: &results, at: time)
    return results
  }

  @Test func `results carry what was sent and when it arrived`() throws {
    var sequencer = TransportSequencer()
    var recorder = ArrivalRecorder()
    for index in Int64(0)..<4 {
      let number = sequencer.stamp(byteCount: 100 + Int(index), at: .milliseconds(index * 5))
      if index != 2 { recorder.record(number, at: .milliseconds(index * 5 + 30)) }
    }
    let told = try feedback(of: &recorder, at: .milliseconds(50))
    let results = process(told.bytes, by: &sequencer, at: .milliseconds(70))
    #expect(results.map(\.byteCount) == [100, 101, 102, 103])
    #expect(results.map(\.isReceived) == [true, true, false, true])
    #expect(results.filter(\.isReceived).map(\.arrival) == [30_000, 35_000, 45_000])
    #expect(results.map(\.sentAt) == [0, 5, 10, 15].map { .milliseconds($0) })
    #expect(sequencer.feedbackDelay == .milliseconds(55))
  }

  @Test func `the same feedback twice counts once, and a late arrival takes a loss back`() throws {
    var sequencer = TransportSequencer()
    var recorder = ArrivalRecorder()
    let numbers = (0..<3).map { _ in sequencer.stamp(byteCount: 100, at: .milliseconds(1)) }
    recorder.record(numbers[0], at: .milliseconds(10))
    recorder.record(numbers[2], at: .milliseconds(11))
    let first = try feedback(of: &recorder, at: .milliseconds(20))
    #expect(process(first.bytes, by: &sequencer, at: .milliseconds(30)).count == 3)
    #expect(process(first.bytes, by: &sequencer, at: .milliseconds(30)).isEmpty)
    recorder.record(numbers[1], at: .milliseconds(40))
    let second = try feedback(of: &recorder, at: .milliseconds(120))
    let results = process(second.bytes, by: &sequencer, at: .milliseconds(130))
    #expect(results.count == 1)
    #expect(results.first?.wasLost == true)
    #expect(results.first?.isReceived == true)
  }

  @Test func `feedback about packets that were never sent is passed over`() throws {
    var sequencer = TransportSequencer()
    var recorder = ArrivalRecorder()
    for number in UInt16(500)..<600 { recorder.record(number, at: .milliseconds(1)) }
    let told = try feedback(of: &recorder, at: .milliseconds(20))
    #expect(process(told.bytes, by: &sequencer, at: .milliseconds(30)).isEmpty)
  }

  @Test func `every packet's fate is told exactly once over loss, reordering and wraps`() throws {
    try forEachSeed(30) { seed, random in
      var sequencer = TransportSequencer()
      var recorder = ArrivalRecorder()
      var waiting: [(at: Int64, number: UInt16, index: Int)] = []
      var lost: Set<Int> = []
      var arrivals: [Int: Int64] = [:]
      var received: [Int: Int64] = [:]
      // So many packets that the numbers wrap.
      for index in 0..<67_000 where index < 64_000 { _ = sequencer.stamp(byteCount: index, at: .origin) }
      let total = 3_000
      for step in Int64(0)..<4_000 {
        let time = Instant.milliseconds(10_000 + step)
        if step < total {
          let number = sequencer.stamp(byteCount: Int(step), at: time)
          if random.chance(0.1) {
            lost.insert(Int(step))
          } else {
            waiting.append((step + 20 + Int64(random.next() % 12), number, Int(step)))
          }
        }
        for item in waiting where item.at == step {
          recorder.record(item.number, at: time)
          arrivals[item.index] = time.nanoseconds / 1_000
        }
        waiting.removeAll { $0.at <= step }
        guard let deadline = recorder.nextDeadline, deadline <= time else { continue }
        while recorder.hasArrivals {
          let told = try feedback(of: &recorder, room: 200, at: time)
          for result in process(told.bytes, by: &sequencer, at: time) {
            let index = result.byteCount
            if result.isReceived {
              #expect(received.updateValue(result.arrival, forKey: index) == nil, "seed \(seed)")
            } else {
              #expect(received[index] == nil, "seed \(seed): received, and then lost")
            }
          }
        }
      }
      #expect(received.count == arrivals.count, "seed \(seed)")
      for (index, arrival) in arrivals {
        #expect(abs((received[index] ?? 0) - arrival) <= 250, "seed \(seed)")
        #expect(!lost.contains(index), "seed \(seed)")
      }
    }
  }

  @Test func `no feedback whatever makes sequencer or estimate fail`() {
    forEachSeed(100) { _, random in
      var sequencer = TransportSequencer()
      var estimate = SenderEstimate()
      for step in Int64(0)..<200 {
        let now = Instant.milliseconds(step * 10)
        for _ in 0..<5 {
          _ = sequencer.stamp(byteCount: 1_200, at: now)
          estimate.sent(1_200, at: now)
        }
        // A true head, so that the numbers are ours, and chunks and deltas at random.
        var writer = ByteWriter()
        let words = 4 + Int(random.next() % 40)
        writer.uint8(0x8F)
        writer.uint8(205)
        writer.uint16(UInt16(words + 4))
        writer.uint32(1)
        writer.uint32(2)
        writer.uint16(UInt16(truncatingIfNeeded: step * 5 - Int64(random.next() % 20)))
        writer.uint16(UInt16(random.next() % 60))
        writer.uint32(UInt32(truncatingIfNeeded: random.next()))
        for _ in 0..<words { writer.uint32(UInt32(truncatingIfNeeded: random.next())) }
        estimate.process(process(writer.bytes, by: &sequencer, at: now), at: now)
      }
      #expect((Limit.lowestEstimate...Limit.highestEstimate).contains(estimate.bitsPerSecond))
    }
  }
}
