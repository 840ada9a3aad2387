// The numbering of a subscription: gapless but for true holes, in order, never twice, whatever happens to the source.

import Chronology
import Randomness
import Streams
import TestSupport
import Testing

struct SequenceMapTests {
  private func map() -> SequenceMap { SequenceMap(first: 1_000, initialCapacity: 64, capacity: 2_048) }

  private func forward(
    _ map: inout SequenceMap, _ source: Int64, encoding: UInt8 = 0, timestamp: UInt32 = 0,
    rewrite: PacketRewrite = PacketRewrite()
  ) -> Int64? {
    map.forward(encoding: encoding, source: source, timestamp: timestamp, rewrite: rewrite, at: .origin)
      .map { $0.sequence - 65_536 }
  }

  @Test func `packets in order are numbered without gaps`() {
    var map = map()
    map.begin(encoding: 0, at: 500, timestampOffset: 0)
    for source in Int64(500)..<505 { #expect(forward(&map, source) == source + 500) }
  }

  @Test func `dropped packets leave no gap`() {
    var map = map()
    map.begin(encoding: 0, at: 500, timestampOffset: 0)
    #expect(forward(&map, 500) == 1_000)
    #expect(map.drop(encoding: 0, source: 501, at: .origin) == nil)
    #expect(map.drop(encoding: 0, source: 502, at: .origin) == nil)
    #expect(forward(&map, 503) == 1_001)
  }

  @Test func `a lost packet leaves a hole and takes it when it comes late`() {
    var map = map()
    map.begin(encoding: 0, at: 500, timestampOffset: 0)
    #expect(forward(&map, 500) == 1_000)
    #expect(forward(&map, 503) == 1_003)
    #expect(map.drop(encoding: 0, source: 504, at: .origin) == nil)
    #expect(forward(&map, 505) == 1_004)
    #expect(map.hasHole(encoding: 0, source: 502) == true)
    #expect(forward(&map, 502) == 1_002)
    #expect(forward(&map, 501) == 1_001)
    #expect(forward(&map, 501) == nil)
    #expect(map.hasHole(encoding: 0, source: 502) == false)
  }

  @Test func `a late packet that is not wanted leaves its number to padding, once`() {
    var map = map()
    map.begin(encoding: 0, at: 500, timestampOffset: 9)
    _ = forward(&map, 500)
    _ = forward(&map, 502)
    #expect(map.drop(encoding: 0, source: 501, at: .origin)?.sequence == 66_537)
    #expect(map.drop(encoding: 0, source: 501, at: .origin) == nil)
    #expect(forward(&map, 501) == nil)
  }

  @Test func `a packet that was dropped cannot be forwarded later`() {
    var map = map()
    map.begin(encoding: 0, at: 500, timestampOffset: 0)
    _ = forward(&map, 500)
    _ = map.drop(encoding: 0, source: 501, at: .origin)
    _ = forward(&map, 502)
    #expect(forward(&map, 501) == nil)
  }

  @Test func `a switch goes on without a gap and late packets of the encoding before still find their holes`() {
    var map = map()
    map.begin(encoding: 0, at: 500, timestampOffset: 0)
    _ = forward(&map, 500)
    _ = forward(&map, 502)
    map.begin(encoding: 1, at: 90_000, timestampOffset: 77)
    #expect(forward(&map, 90_000, encoding: 1) == 1_003)
    #expect(forward(&map, 501) == 1_001)
    #expect(forward(&map, 503) == nil)
    #expect(forward(&map, 89_999, encoding: 1) == nil)
  }

  @Test func `a gap too large for holes shows as one missing number`() {
    var map = map()
    map.begin(encoding: 0, at: 500, timestampOffset: 0)
    #expect(forward(&map, 500) == 1_000)
    #expect(forward(&map, 5_000) == 1_002)
    #expect(forward(&map, 501) == nil)
    #expect(forward(&map, 4_999) == nil)
  }

  @Test func `a late packet is rewritten like the rest of its frame`() {
    let before = PacketRewrite(pictureIDOffset: 3)
    let after = PacketRewrite(pictureIDOffset: 4)
    var map = map()
    map.begin(encoding: 0, at: 10, timestampOffset: 0)
    _ = forward(&map, 10, timestamp: 1, rewrite: before)
    // 11 is missed, 12 (another frame) is dropped, 13 is missed, 14 belongs to 13's frame.
    _ = map.drop(encoding: 0, source: 12, at: .origin)
    _ = forward(&map, 14, timestamp: 3, rewrite: after)
    let first = map.forward(encoding: 0, source: 11, timestamp: 1, rewrite: PacketRewrite(), at: .origin)
    let second = map.forward(encoding: 0, source: 13, timestamp: 3, rewrite: PacketRewrite(), at: .origin)
    #expect(first?.rewrite == before)
    #expect(second?.rewrite == after)
  }

  @Test func `numbers lead back to their source`() throws {
    var map = map()
    map.begin(encoding: 2, at: 70_000, timestampOffset: 5)
    _ = map.forward(
      encoding: 2, source: 70_000, timestamp: 1, rewrite: PacketRewrite(pictureIDOffset: 8), at: .origin)
    let found = map.entry(of: 1_000)
    let entry = try #require(found)
    #expect(entry.encoding == 2)
    #expect(entry.source == 70_000)
    #expect(entry.timestampOffset == 5)
    #expect(entry.rewrite.pictureIDOffset == 8)
    #expect(map.entry(of: 1_001) == nil)
    #expect(map.entry(of: 999) == nil)
  }

  @Test func `an entry takes at most 32 bytes`() {
    #expect(MemoryLayout<SequenceMapEntry>.stride == 24)
  }
}

// MARK: - Properties

/// What stands at an outgoing number.
private enum Content: Equatable {
  case packet(encoding: UInt8, source: Int64)
  case padding
}

/// A subscription's numbering and, as the oracle, the list of all that was handed to it and handed out.
private struct Numbering: ~Copyable {
  struct Run {
    var encoding: UInt8
    var first: Int64
    var firstOutput: Int64
    /// Sources that came in order and were dropped, so that they have no number; ascending.
    var dropped: [Int64] = []
    var newest: Int64
  }

  var map = SequenceMap(first: 32_000, initialCapacity: 64, capacity: 2_048)
  var runs: [Run] = []
  var outputs: [Int64: Content] = [:]
  /// When each number was handed out, in milliseconds.
  var times: [Int64: Int64] = [:]
  /// Numbers that were handed out a second time.
  var repeated: [Int64] = []
  /// Packets of the encoding in use that neither came nor will.
  var lost: Set<Int64> = []

  mutating func begin(_ encoding: UInt8, at source: Int64) {
    map.begin(encoding: encoding, at: source, timestampOffset: UInt32(runs.count))
    runs.append(Run(encoding: encoding, first: source, firstOutput: map.next, newest: source - 1))
  }

  /// Hands one packet over and notes what came of it.
  mutating func deliver(_ encoding: UInt8, _ source: Int64, wanted: Bool, at time: Instant) {
    guard let last = runs.indices.last else { return }
    if runs[last].encoding == encoding, source > runs[last].newest {
      runs[last].newest = source
      if !wanted { runs[last].dropped.append(source) }
    }
    let mapping =
      wanted
      ? map.forward(encoding: encoding, source: source, timestamp: UInt32(source), rewrite: PacketRewrite(), at: time)
      : map.drop(encoding: encoding, source: source, at: time)
    guard let mapping else { return }
    let content: Content = wanted ? .packet(encoding: encoding, source: source) : .padding
    times[mapping.sequence] = time.nanoseconds / 1_000_000
    if outputs.updateValue(content, forKey: mapping.sequence) != nil { repeated.append(mapping.sequence) }
  }

  /// The number that a source must have: one for each source since its run's first that was not dropped in order.
  func expected(_ encoding: UInt8, _ source: Int64) -> Int64? {
    for run in runs where run.encoding == encoding && source >= run.first && source <= run.newest {
      let droppedBefore = lowerBound(of: source, in: run.dropped)
      if droppedBefore < run.dropped.count, run.dropped[droppedBefore] == source { return nil }
      return run.firstOutput + (source - run.first) - Int64(droppedBefore)
    }
    return nil
  }

  private func lowerBound(of value: Int64, in sorted: [Int64]) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

struct SequenceMapProperties {
  /// A publication of three encodings over a network that loses, delays and repeats packets, and a subscription that
  /// drops layers and, if asked to, pauses and switches.
  private func numbering(
    _ random: inout Random, loss: Double, recovery: Double, switches: Bool
  ) -> Numbering {
    var numbering = Numbering()
    var next: [Int64] = [70_000, 65_530, 131_060]
    var late: [(due: Int, encoding: UInt8, source: Int64)] = []
    var current: UInt8 = 0
    var isPaused = false
    numbering.begin(0, at: next[0])
    for step in 0..<1_000 {
      let time = Instant.milliseconds(Int64(step))
      if switches, random.chance(0.01) {
        current = UInt8(random.next() % 3)
        isPaused = false
        numbering.begin(current, at: next[Int(current)])
      } else if switches, random.chance(0.005) {
        isPaused = true
      }
      for encoding in UInt8(0)..<3 {
        let source = next[Int(encoding)]
        next[Int(encoding)] += 1
        if random.chance(loss) {
          if random.chance(recovery) {
            late.append((step + 1 + Int(random.next() % 60), encoding, source))
          } else if encoding == current {
            numbering.lost.insert(source)
          }
          continue
        }
        if encoding == current, !isPaused {
          numbering.deliver(encoding, source, wanted: isWanted(source), at: time)
        }
        if random.chance(0.02) { late.append((step + 1 + Int(random.next() % 9), encoding, source)) }
      }
      for item in late where item.due == step {
        // A paused subscription is offered nothing new.
        if isPaused, item.encoding == current, item.source > numbering.runs.last?.newest ?? 0 { continue }
        numbering.deliver(item.encoding, item.source, wanted: isWanted(item.source), at: time)
      }
      late.removeAll { $0.due <= step }
    }
    return numbering
  }

  /// A layer drop: a third of the packets, in frames of two.
  private func isWanted(_ source: Int64) -> Bool { source / 2 % 3 != 1 }

  @Test func `no number is given out twice and each is where its place in the source puts it`() {
    forEachSeed(60) { seed, random in
      let numbering = numbering(&random, loss: 0.1, recovery: 0.7, switches: true)
      #expect(numbering.repeated.isEmpty, "seed \(seed)")
      for (output, content) in numbering.outputs {
        guard case .packet(let encoding, let source) = content else { continue }
        #expect(numbering.expected(encoding, source) == output, "seed \(seed)")
      }
    }
  }

  @Test func `numbers ascend with the source in every run and with the runs`() {
    forEachSeed(60) { seed, random in
      let numbering = numbering(&random, loss: 0.15, recovery: 0.5, switches: true)
      for (index, run) in numbering.runs.enumerated() {
        let end = index + 1 < numbering.runs.count ? numbering.runs[index + 1].firstOutput : numbering.map.next
        var last = Int64.min
        for output in run.firstOutput..<end {
          guard case .packet(let encoding, let source) = numbering.outputs[output] else { continue }
          #expect(encoding == run.encoding && source > last, "seed \(seed)")
          last = source
        }
      }
    }
  }

  @Test func `without loss there are no holes, whatever is dropped, paused or switched`() {
    forEachSeed(40) { seed, random in
      let numbering = numbering(&random, loss: 0, recovery: 0, switches: true)
      let first = numbering.runs[0].firstOutput
      #expect(Int64(numbering.outputs.count) == numbering.map.next - first, "seed \(seed)")
    }
  }

  @Test func `the only numbers never sent belong to packets that never came`() throws {
    try forEachSeed(60) { seed, random in
      let numbering = numbering(&random, loss: 0.1, recovery: 0.6, switches: false)
      // Retransmissions that are still on their way at the end are not lost, so look at what is older.
      let settled = numbering.runs[0].newest - 70
      var missing = 0
      for output in numbering.runs[0].firstOutput..<numbering.map.next where numbering.outputs[output] == nil {
        let found = numbering.map.entry(of: UInt16(truncatingIfNeeded: output))
        let entry = try #require(found)
        guard entry.source <= settled else { continue }
        #expect(numbering.lost.contains(entry.source), "seed \(seed)")
        missing += 1
      }
      #expect(missing == numbering.lost.count { $0 <= settled }, "seed \(seed)")
    }
  }

  @Test func `a number asked for in time leads to the packet that it carried`() {
    forEachSeed(40) { seed, random in
      let numbering = numbering(&random, loss: 0.1, recovery: 0.7, switches: true)
      for (output, content) in numbering.outputs {
        // Packets that came late took a number that had been kept for them: its time is up earlier.
        guard case .packet(let encoding, let source) = content, let time = numbering.times[output],
          time >= 1_000 - Int64(Limit.sentLife) + 60
        else { continue }
        let entry = numbering.map.entry(of: UInt16(truncatingIfNeeded: output))
        #expect(entry?.source == source && entry?.encoding == encoding, "seed \(seed)")
      }
    }
  }
}
