// Hundreds of small worlds, each by its seed. A seed that fails prints itself, what was violated and what happened last.

import Chronology
import Testing

struct SimulationTests {

  /// `MQVI_SEED=N` replays one; `MQVI_LONG=1` runs many more, with more clients and time.
  private static var seeds: [UInt64] {
    if let seed = Environment.seed { return [seed] }
    return Array(1...(Environment.isLong ? 2_000 : 200))
  }

  @Test(arguments: seeds)
  func `whatever happens, nobody gets what is not theirs, and in the end everybody gets what is`(_ seed: UInt64) {
    let outcome = Simulation.run(seed: seed, isLong: Environment.isLong)
    if let report = outcome.report { Issue.record("\(report)") }
    #expect(outcome.events > 0)
    if Environment.isVerbose {
      print(
        "seed \(seed): \(outcome.events) events, \(outcome.packets) packets to subscribers,",
        "\(outcome.virtualSeconds) virtual seconds, hash \(outcome.hash)")
    }
  }

  @Test(arguments: [UInt64(3), 17, 40])
  func `a seed is the same run every time`(_ seed: UInt64) {
    let first = Simulation.run(seed: seed)
    let second = Simulation.run(seed: seed)
    #expect(first.hash == second.hash)
    #expect(first.events == second.events)
    #expect(first.packets > 0)
  }

  @Test func `seeds are different runs`() {
    #expect(Simulation.run(seed: 1).hash != Simulation.run(seed: 2).hash)
  }
}
