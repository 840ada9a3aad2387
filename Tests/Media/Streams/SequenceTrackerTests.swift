// Numbers are unrolled, duplicates told apart, restarts believed only when they go on.

import Randomness
import Streams
import TestSupport
import Testing

struct SequenceTrackerTests {
  @Test func `numbers go on over the wrap`() {
    var tracker = SequenceTracker()
    var last: Int64 = 0
    for index in 0..<200_000 {
      guard case .newer(let value, let skipped) = tracker.receive(UInt16(truncatingIfNeeded: 65_000 + index)) else {
        Issue.record("not newer at \(index)")
        return
      }
      #expect(skipped == 0)
      if index > 0 { #expect(value == last + 1) }
      last = value
    }
    #expect(tracker.expected == 200_000)
  }

  @Test func `a gap is reported with its size and its packets are late, once`() {
    var tracker = SequenceTracker()
    _ = tracker.receive(65_534)
    let base = Int64(65_536 + 65_534)
    #expect(tracker.receive(2) == .newer(base + 4, skipped: 3))
    #expect(tracker.receive(0) == .late(base + 2))
    #expect(tracker.receive(0) == .duplicate)
    #expect(tracker.receive(2) == .duplicate)
    #expect(tracker.receive(65_533) == .late(base - 1))
  }

  @Test func `a jump is suspect until the next packet follows on`() {
    var tracker = SequenceTracker()
    _ = tracker.receive(100)
    #expect(tracker.receive(20_000) == .suspect)
    #expect(tracker.receive(101) == .newer(65_637, skipped: 0))
    #expect(tracker.receive(30_000) == .suspect)
    guard case .restarted(let value) = tracker.receive(30_001) else {
      Issue.record("no restart")
      return
    }
    #expect(value > 65_637 + 65_536)
    #expect(UInt16(truncatingIfNeeded: value) == 30_001)
  }

  @Test func `a forgotten number may come again`() {
    var tracker = SequenceTracker()
    _ = tracker.receive(1)
    _ = tracker.receive(2)
    tracker.forget(65_537)
    #expect(tracker.receive(1) == .late(65_537))
  }

  @Test func `no number is accepted twice under loss, reordering and duplication`() {
    forEachSeed(50) { seed, random in
      var tracker = SequenceTracker()
      var accepted: Set<Int64> = []
      var next = Int64(random.next() & 0xFFFF)
      for _ in 0..<4_000 {
        next += random.chance(0.05) ? Int64(random.next() % 50) : 1
        let number = random.chance(0.15) ? next - Int64(random.next() % 100) : next
        switch tracker.receive(UInt16(truncatingIfNeeded: number)) {
        case .newer(let value, _), .late(let value):
          #expect(accepted.insert(value).inserted, "seed \(seed)")
          #expect(UInt16(truncatingIfNeeded: value) == UInt16(truncatingIfNeeded: number), "seed \(seed)")
        case .duplicate, .stale: break
        case .suspect, .restarted: Issue.record("seed \(seed): a jump that was none")
        }
      }
    }
  }
}
