// The plan of runs and the queue of listeners by themselves, against what they promise for any input.

import Bytes
import Chronology
import Randomness
import TestSupport
import Testing

@testable import Node

/// A plan cannot be held by an expectation: this is one that is made and thrown away.
private func plan(_ sizes: [(byteCount: UInt16, generation: UInt8)]) -> [RunCandidate] {
  var candidates = sizes.enumerated().map { place, size in
    RunCandidate(byteCount: size.byteCount, generation: size.generation, place: UInt8(place))
  }
  var plan = RunPlan()
  plan.make(&candidates)
  return candidates
}

/// Cuts packets into runs as the arena does: equal sizes, and a last one that may be shorter.
private func runs(of candidates: [RunCandidate]) -> [[Int]] {
  var runs: [[Int]] = []
  for candidate in candidates {
    let size = Int(candidate.byteCount) + Int(candidate.padding)
    if let last = runs.last, let first = last.first, last.last == first, size <= first {
      runs[runs.count - 1].append(size)
    } else {
      runs.append([size])
    }
  }
  return runs
}

/// What the best of all ways to cut the order into runs costs.
private func leastCost(_ sizes: ArraySlice<UInt16>) -> Int {
  guard let largest = sizes.first else { return 0 }
  var least = Int.max
  var padding = 0
  for end in sizes.indices {
    if end > sizes.startIndex {
      let difference = Int(largest) - Int(sizes[end - 1])
      guard sizes[end] <= largest, difference <= 255 else { break }
      padding += difference
    }
    least = min(least, Int(RunPlan.Limit.bytesPerRun) + padding + leastCost(sizes[(end + 1)...]))
  }
  return least
}

@Suite struct RunPlanTests {
  @Test func `two packets are a run without padding, the larger one first`() {
    let order = plan([(60, 0), (200, 0)])
    #expect(order.map(\.byteCount) == [200, 60])
    #expect(order.map(\.padding) == [0, 0])
  }

  @Test func `packets of nearly one size become one run, and only its middle is padded`() {
    let order = plan([(100, 0), (110, 0), (90, 0), (105, 0)])
    #expect(order.map(\.byteCount) == [110, 105, 100, 90])
    #expect(order.map(\.padding) == [0, 5, 10, 0])
  }

  @Test func `a packet that is much larger than the others does not make them as large`() {
    let order = plan([(100, 0), (100, 0), (100, 0), (1_000, 0)])
    #expect(order.allSatisfy { $0.padding == 0 })
    #expect(runs(of: order).count == 2)
  }

  @Test func `packets of one stream keep their order, whatever their sizes`() {
    // One stream's packets grow; the other stream's shrink.
    let order = plan([(80, 0), (120, 1), (160, 2), (150, 0), (100, 1), (90, 2)])
    for stream in [[0, 1, 2], [3, 4, 5]] {
      let places = order.map { Int($0.place) }.filter { stream.contains($0) }
      #expect(places == stream)
    }
  }

  @Test func `for any sizes nothing is lost, runs are legal and padding pays`() {
    forEachSeed(400) { seed, random in
      let count = 1 + Int(random.next() % 64)
      let spread = 1 + random.next() % 300
      let generations = 1 + random.next() % 3
      let sizes = (0..<count).map { _ in
        (byteCount: UInt16(40 + random.next() % spread), generation: UInt8(random.next() % generations))
      }
      let order = plan(sizes)
      #expect(order.map { Int($0.place) }.sorted() == Array(0..<count), "seed \(seed)")
      for (before, after) in zip(order, order.dropFirst()) {
        #expect(before.generation <= after.generation, "seed \(seed)")
      }
      let saved = count - runs(of: order).count
      let padding = order.reduce(0) { $0 + Int($1.padding) }
      #expect(padding <= saved * Int(RunPlan.Limit.bytesPerRun), "seed \(seed)")
    }
  }

  @Test func `no other way to cut the order into runs costs less`() {
    forEachSeed(200) { seed, random in
      let spread = 1 + random.next() % 400
      let sizes = (0..<(3 + Int(random.next() % 8))).map { _ in
        (byteCount: UInt16(60 + random.next() % spread), generation: UInt8(random.next() % 2))
      }
      let order = plan(sizes)
      let padding = order.reduce(0) { $0 + Int($1.padding) }
      let cost = runs(of: order).count * Int(RunPlan.Limit.bytesPerRun) + padding
      // The arena may join runs that the plan counted as two: never more, then.
      #expect(cost <= leastCost(order.map(\.byteCount)[...]), "seed \(seed)")
    }
  }
}

@Suite struct ListenerQueueTests {
  @Test func `every listener gets what was queued for it, in that order`() {
    forEachSeed(100) { seed, random in
      var queue = ListenerQueue()
      for _ in 0..<3 {
        var expected: [UInt32: [UInt64]] = [:]
        for serial in 0..<UInt64(random.next() % 200) {
          let listener = UInt32(random.next() % 12)
          let arrival = Arrival(serial: serial, timestamp: 0, payloadByteCount: 1, encoding: 0)
          queue.append(arrival, Handle(index: 0, generation: 1), to: Handle(index: listener, generation: 1))
          expected[listener, default: []].append(serial)
        }
        var taken: [UInt32: [UInt64]] = [:]
        while let listener = queue.listener {
          while let packet = queue.first {
            taken[listener.index, default: []].append(packet.arrival.serial)
            queue.removeFirst()
          }
          queue.removeListener()
        }
        #expect(taken == expected, "seed \(seed)")
      }
    }
  }

  @Test func `what a listener does not take is gone with it`() {
    var queue = ListenerQueue()
    let arrival = Arrival(serial: 1, timestamp: 0, payloadByteCount: 1, encoding: 0)
    queue.append(arrival, Handle(index: 0, generation: 1), to: Handle(index: 3, generation: 1))
    queue.removeListener()
    queue.append(arrival, Handle(index: 0, generation: 1), to: Handle(index: 4, generation: 1))
    let next = queue.listener?.index
    #expect(next == 4)
  }
}

@Suite struct GridTests {
  @Test func `an instant goes to the next of the grid, and one that is on it stays`() {
    #expect(Instant(nanoseconds: 1).onGrid == Instant(nanoseconds: 10_000_000))
    #expect(Instant(nanoseconds: 20_000_000).onGrid == Instant(nanoseconds: 20_000_000))
    #expect(Instant.distantFuture.onGrid == .distantFuture)
  }
}
