// What is asked for, when, how often, and when hope is given up.

import Chronology
import Streams
import Testing

struct NACKGeneratorTests {
  private func collect(_ generator: inout NACKGenerator, at milliseconds: Int64) -> (numbers: [UInt16], gaveUp: Bool) {
    var numbers: [UInt16] = []
    let gaveUp = generator.collect(into: &numbers, at: .milliseconds(milliseconds))
    return (numbers, gaveUp)
  }

  @Test func `nothing is asked for while nothing is missing`() {
    var generator = NACKGenerator()
    for value in 0..<Int64(10) { generator.received(value, skipped: 0, at: .milliseconds(value)) }
    #expect(generator.nextDeadline == nil)
    #expect(collect(&generator, at: 1_000).numbers.isEmpty)
  }

  @Test func `a packet that is overtaken by one other is given 15 ms`() {
    var generator = NACKGenerator()
    generator.received(12, skipped: 1, at: .milliseconds(100))
    #expect(collect(&generator, at: 114).numbers.isEmpty)
    #expect(generator.nextDeadline == .milliseconds(115))
    #expect(collect(&generator, at: 115).numbers == [11])
  }

  @Test func `a packet that is overtaken by two others is asked for at once`() {
    var generator = NACKGenerator()
    generator.received(12, skipped: 1, at: .milliseconds(100))
    generator.received(13, skipped: 0, at: .milliseconds(100))
    #expect(collect(&generator, at: 100).numbers == [11])
  }

  @Test func `a packet that came late is not asked for`() {
    var generator = NACKGenerator()
    generator.received(14, skipped: 3, at: .milliseconds(0))
    generator.recovered(12)
    #expect(collect(&generator, at: 20).numbers == [11, 13])
    #expect(generator.count == 2)
  }

  @Test func `tries follow the round trip with growing pauses, ten at most, and then hope is given up`() {
    var generator = NACKGenerator()
    generator.roundTrip = .milliseconds(40)
    generator.received(12, skipped: 1, at: .milliseconds(0))
    var tries: [Int64] = []
    var gaveUpAt: Int64?
    for time in 0..<Int64(5_000) {
      let (numbers, gaveUp) = collect(&generator, at: time)
      if !numbers.isEmpty { tries.append(time) }
      if gaveUp { gaveUpAt = time }
    }
    #expect(tries.count == 10)
    let pauses = zip(tries.dropFirst(), tries).map { $0 - $1 }
    #expect(pauses.first == 40)
    #expect(pauses[1] == 50)
    #expect(zip(pauses.dropFirst(), pauses).allSatisfy { $0 >= $1 })
    #expect(pauses.allSatisfy { $0 <= 400 })
    #expect(gaveUpAt != nil)
    #expect(generator.count == 0)
    #expect(generator.abandoned == 1)
  }

  @Test func `a hole too large to fill is given up at once`() {
    var generator = NACKGenerator()
    generator.received(1_000, skipped: Limit.missing + 1, at: .origin)
    let (numbers, gaveUp) = collect(&generator, at: 100)
    #expect(numbers.isEmpty)
    #expect(gaveUp)
    #expect(collect(&generator, at: 200).gaveUp == false)
  }

  @Test func `what lies before a key frame is no longer asked for`() {
    var generator = NACKGenerator()
    generator.received(20, skipped: 5, at: .origin)
    generator.forget(before: 18)
    #expect(collect(&generator, at: 100).numbers == [18, 19])
  }

  @Test func `numbers come out modulo 65536, in order over the wrap`() {
    var generator = NACKGenerator()
    generator.received(65_538, skipped: 4, at: .origin)
    #expect(collect(&generator, at: 15).numbers == [65_534, 65_535, 0, 1])
  }
}
