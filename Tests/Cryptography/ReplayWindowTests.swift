// The replay window against a model that remembers everything.

import Cryptography
import Randomness
import TestSupport
import Testing

@Suite struct ReplayWindowTests {
  @Test func `accepts exactly what is new and not too old`() {
    forEachSeed(100) { seed, random in
      var window = ReplayWindow()
      var seen = Set<UInt64>()
      var newest = UInt64.random(in: 2_000...100_000, using: &random)
      for _ in 0..<500 {
        let index =
          random.chance(0.3)
          ? newest + UInt64.random(in: 1...(random.chance(0.05) ? 3_000 : 5), using: &random)
          : newest - UInt64.random(in: 0...1_200, using: &random)
        let isNew = seen.isEmpty || (!seen.contains(index) && index + UInt64(ReplayWindow.span) > newest)
        #expect(window.accepts(index) == isNew, "seed \(seed), index \(index)")
        guard isNew else { continue }
        if seen.isEmpty { newest = index }
        window.record(index)
        seen.insert(index)
        newest = max(newest, index)
      }
    }
  }

  @Test func `a sequence number stands for the index nearest to the newest`() {
    forEachSeed(200) { seed, random in
      var window = ReplayWindow()
      let newest = UInt64.random(in: 0x1_0000...0xFFFF_FFFF, using: &random)
      window.record(newest)
      let actual = newest - 0x7FFF + UInt64.random(in: 0...0xFFFE, using: &random)
      #expect(window.estimate(UInt16(truncatingIfNeeded: actual)) == actual, "seed \(seed)")
    }
  }

  @Test func `before the first roll-over nothing lies below zero`() {
    var window = ReplayWindow()
    #expect(window.estimate(65_535) == 65_535)
    window.record(3)
    #expect(window.estimate(65_535) == 65_535)
    #expect(window.estimate(4) == 4)
  }
}
