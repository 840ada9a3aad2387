// What is measured, and how: an operation is prepared, warmed up and run in rounds; allocations and references are
// counted exactly, time is the median of the rounds.

import CRuntimeCounters
import Chronology
import Reactor

/// Something whose cost is measured. Preparation is not counted.
public protocol Operation: ~Copyable {
  static var name: String { get }
  /// What a count is divided by: "forwarded packet", "packet", "feedback".
  static var unit: String { get }
  /// Turns of one round.
  static var turns: Int { get }
  /// Preparing happens between turns, so that instructions cannot be told apart by two run lengths.
  static var preparesInTurns: Bool { get }

  init()
  /// Makes ready what `turns` turns will consume.
  mutating func prepare(turns: Int)
  /// Does the work of `turns` turns and returns how many units that were.
  mutating func run(turns: Int) -> Int
}

extension Operation where Self: ~Copyable {
  public static var preparesInTurns: Bool { false }
}

/// The cost of one unit of an operation.
public struct Measurement: Sendable {
  public var name: String
  public var unit: String
  public var units: Int
  public var nanoseconds: Double
  public var allocations: Double
  public var retains: Double
  public var releases: Double
  /// User-space instructions; nil where they were not counted.
  public var instructions: Double?
}

public enum Harness {
  /// Rounds that are thrown away: tables and histories grow to their size in them.
  static let warmUp = 12
  static let rounds = 9

  /// Runs an operation and works out what one unit of it costs.
  public static func measure<O: Operation & ~Copyable>(_ type: O.Type) -> Measurement {
    var operation = O()
    for _ in 0..<warmUp {
      operation.prepare(turns: O.turns)
      _ = operation.run(turns: O.turns)
    }
    var times: [Double] = []
    var units = 0
    var counted = mqvi_runtime_counts(allocations: 0, retains: 0, releases: 0)
    for _ in 0..<rounds {
      operation.prepare(turns: O.turns)
      let before = mqvi_runtime_counts()
      let start = Clock.now()
      let done = operation.run(turns: O.turns)
      let elapsed = Clock.now() - start
      let after = mqvi_runtime_counts()
      units += done
      times.append(Double(elapsed.nanoseconds) / Double(max(1, done)))
      counted.allocations += after.allocations - before.allocations
      counted.retains += after.retains - before.retains
      counted.releases += after.releases - before.releases
    }
    times.sort()
    let divisor = Double(max(1, units))
    return Measurement(
      name: O.name, unit: O.unit, units: units, nanoseconds: times[times.count / 2],
      allocations: Double(counted.allocations) / divisor, retains: Double(counted.retains) / divisor,
      releases: Double(counted.releases) / divisor)
  }

  /// Runs an operation once, for a tool that counts from outside. All of `O.turns` turns are prepared whatever is run, so
  /// that two runs differ by the work alone.
  ///
  /// - Returns: how many units were done.
  public static func runOnce<O: Operation & ~Copyable>(_ type: O.Type, turns: Int) -> Int {
    var operation = O()
    operation.prepare(turns: O.turns)
    _ = operation.run(turns: O.turns)
    operation.prepare(turns: O.turns)
    return operation.run(turns: min(turns, O.turns))
  }
}
