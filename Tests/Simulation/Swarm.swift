// What kind of run a seed is: how many clients, which faults, which workloads. Each run has some and lacks others, so that
// rare mixtures become common.

import Chronology
import Randomness

struct Swarm {
  /// What happens in the first phase.
  enum Operation: CaseIterable {
    case joinOrLeave, crash, publish, mute, layers, subscribe, audience, rights, socket, rebind, clog, partition, data
  }

  let clients: Int
  /// Which clients use one peer connection (`/rtc/v1`) rather than two (`/rtc`).
  let usesSingle: [Bool]
  let uplinks: [Link.Conditions]
  let downlinks: [Link.Conditions]
  let operations: [Operation]
  /// Between operations, on the average.
  let pace: Interval
  /// Length of the phase with faults.
  let trouble: Interval
  /// Arrivals and deadlines are looked at in steps of this, as a driver that batches does.
  let step: Interval

  init(_ random: inout Random, isLong: Bool) {
    clients = Int.random(in: 2...(isLong ? 6 : 3), using: &random)
    let style = Int.random(in: 0..<3, using: &random)
    var single: [Bool] = []
    for _ in 0..<clients { single.append(style == 0 ? false : style == 1 ? true : Bool.random(using: &random)) }
    usesSingle = single
    let hasFaults = random.chance(0.8)
    var up: [Link.Conditions] = []
    var down: [Link.Conditions] = []
    for _ in 0..<clients {
      up.append(hasFaults && random.chance(0.7) ? Self.conditions(&random) : Link.Conditions())
      down.append(hasFaults && random.chance(0.7) ? Self.conditions(&random) : Link.Conditions())
    }
    uplinks = up
    downlinks = down
    var chosen: [Operation] = []
    for operation in Operation.allCases where random.chance(0.5) { chosen.append(operation) }
    operations = chosen
    pace = .milliseconds(Int64.random(in: 60...400, using: &random))
    trouble = .milliseconds(Int64.random(in: isLong ? 4_000...20_000 : 2_000...5_000, using: &random))
    step = [Interval.microseconds(200), .milliseconds(1), .milliseconds(5)].randomElement(using: &random) ?? .zero
  }

  private static func conditions(_ random: inout Random) -> Link.Conditions {
    var conditions = Link.Conditions()
    conditions.latency = .milliseconds(Int64.random(in: 1...120, using: &random))
    if random.chance(0.5) { conditions.jitter = .milliseconds(Int64.random(in: 1...40, using: &random)) }
    if random.chance(0.5) {
      conditions.lossInGood = random.unit() * 0.03
      conditions.lossInBad = 0.3 + random.unit() * 0.7
      conditions.turnsBad = random.unit() * 0.02
      conditions.turnsGood = 0.1 + random.unit() * 0.5
    }
    if random.chance(0.3) { conditions.duplication = random.unit() * 0.1 }
    if random.chance(0.3) { conditions.reordering = random.unit() * 0.1 }
    if random.chance(0.3) { conditions.bytesPerSecond = Int.random(in: 20_000...200_000, using: &random) }
    return conditions
  }
}
