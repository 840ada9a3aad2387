import Randomness
import TestSupport
import Testing
import Wire

@Suite struct `Sequence numbers` {
  @Test(arguments: [
    (UInt16(1), UInt16(0), true), (0, 1, false), (0, 65535, true), (65535, 0, false), (7, 7, false), (32767, 0, true),
  ])
  func `order holds over the wrap`(number: UInt16, other: UInt16, isNewer: Bool) {
    #expect(SequenceNumber.isNewer(number, than: other) == isNewer)
  }

  @Test func `of two different numbers exactly one is newer`() {
    forEachSeed { seed, random in
      let number = UInt16(truncatingIfNeeded: random.next())
      let other = seed % 4 == 0 ? number &+ 0x8000 : UInt16(truncatingIfNeeded: random.next())
      guard number != other else { return }
      #expect(
        SequenceNumber.isNewer(number, than: other) != SequenceNumber.isNewer(other, than: number), "seed \(seed)")
    }
  }

  @Test func `distance is negative to older numbers`() {
    #expect(SequenceNumber.distance(from: 65534, to: 2) == 4)
    #expect(SequenceNumber.distance(from: 2, to: 65534) == -4)
    #expect(SequenceNumber.distance(from: 9, to: 9) == 0)
  }

  @Test func `unwrapping follows a walk with reordering over many cycles`() {
    forEachSeed { seed, random in
      var newest = Int64(random.next() & 0xFFFF)
      var unwrapper = SequenceUnwrapper()
      #expect(unwrapper.unwrap(UInt16(newest)) == newest)
      for _ in 0..<200 {
        let truth = newest + Int64(random.next() % 44_000) - 12_000
        guard truth - newest <= 32_767 else { continue }
        #expect(unwrapper.unwrap(UInt16(truncatingIfNeeded: truth)) == truth, "seed \(seed)")
        newest = max(newest, truth)
        #expect(unwrapper.newest == newest, "seed \(seed)")
      }
    }
  }

  @Test func `an old number does not move the newest back`() {
    var unwrapper = SequenceUnwrapper()
    #expect(unwrapper.newest == nil)
    #expect(unwrapper.unwrap(10) == 10)
    #expect(unwrapper.unwrap(65530) == -6)
    #expect(unwrapper.newest == 10)
    #expect(unwrapper.unwrapped(12) == 12)
    #expect(unwrapper.newest == 10)
    #expect(unwrapper.unwrap(12) == 12)
  }
}
