// The simulated line by itself: what a world of simulations rests on.

import Chronology
import Randomness
import TestSupport
import Testing

struct LinkTests {
  private func link(_ adjust: (inout Link.Conditions) -> Void, seed: UInt64 = 1) -> Link {
    var conditions = Link.Conditions()
    adjust(&conditions)
    return Link(conditions, random: Random(seed: seed))
  }

  @Test func `a good line delivers everything once, after its latency`() {
    var link = Link(random: Random(seed: 1))
    for step in 0..<100 {
      let time = Instant.origin + .milliseconds(Int64(step))
      #expect(link.send(byteCount: 1_200, at: time) == [time + .milliseconds(15)])
    }
    #expect(link.isPristine)
  }

  @Test func `losses come in bursts, about as often as asked`() {
    forEachSeed(20) { seed, _ in
      var link = link(
        {
          $0.lossInBad = 1
          $0.turnsBad = 0.02
          $0.turnsGood = 0.2
        }, seed: seed)
      var bursts = 0
      var wasLost = false
      for _ in 0..<20_000 {
        let isLost = link.send(byteCount: 100, at: .origin).isEmpty
        if isLost, !wasLost { bursts += 1 }
        wasLost = isLost
      }
      // In the bad state for 0.02 / (0.02 + 0.2) of the time, five datagrams at a stretch.
      #expect((1_300...2_400).contains(link.lost), "seed \(seed)")
      #expect((3.5...7).contains(Double(link.lost) / Double(bursts)), "seed \(seed)")
      #expect(!link.isPristine)
    }
  }

  @Test func `a full line drops what would wait too long, and delays the rest`() {
    var link = link {
      $0.bytesPerSecond = 10_000
      $0.queue = .milliseconds(250)
    }
    var last = Instant.origin
    var delivered = 0
    for _ in 0..<10 {
      for arrival in link.send(byteCount: 1_000, at: .origin) {
        #expect(arrival > last)
        last = arrival
        delivered += 1
      }
    }
    #expect(delivered == 3)
    #expect(last == .origin + .milliseconds(315))
  }

  @Test func `a cut line loses datagrams and holds the stream back; a clogged one holds back both`() {
    var cut = Link(random: Random(seed: 1))
    cut.cut(until: .origin + .seconds(1))
    #expect(cut.send(byteCount: 1, at: .origin).isEmpty)
    #expect(cut.streamArrival(at: .origin) == .origin + .milliseconds(1_015))
    #expect(!cut.send(byteCount: 1, at: .origin + .seconds(1)).isEmpty)
    var clogged = Link(random: Random(seed: 1))
    clogged.clog(until: .origin + .seconds(1))
    #expect(clogged.send(byteCount: 1, at: .origin) == [.origin + .seconds(1)])
    #expect(clogged.streamArrival(at: .origin) == .origin + .milliseconds(1_015))
  }

  @Test func `events of one time happen in the order of their scheduling`() {
    forEachSeed { seed, random in
      var heap = EventHeap<Int>()
      var expected: [(time: Int64, serial: Int)] = []
      for serial in 0..<200 {
        let time = Int64.random(in: 0..<20, using: &random)
        expected.append((time, serial))
        heap.push(serial, at: .origin + .milliseconds(time))
      }
      expected.sort { $0 < $1 }
      var order: [Int] = []
      while let event = heap.pop(until: .distantFuture) { order.append(event) }
      #expect(order == expected.map(\.serial), "seed \(seed)")
    }
  }
}
