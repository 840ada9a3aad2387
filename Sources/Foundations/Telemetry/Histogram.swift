// How often values fell where: fixed buckets, no allocation when a value is recorded.

/// Counts of values in buckets that are chosen once.
public struct Histogram: Sendable, Equatable {
  /// Upper bounds, inclusive, rising.
  public let bounds: [Int64]
  /// One count for each bound and one for what lies above them all.
  public private(set) var counts: [UInt64]
  public private(set) var sum: Int64 = 0
  public private(set) var count: UInt64 = 0

  public init(bounds: [Int64]) {
    precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds must rise")
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  /// A histogram that was counted elsewhere: one count for each bound and one for what lies above.
  public init(bounds: [Int64], counts: [UInt64], sum: Int64) {
    self.init(bounds: bounds)
    precondition(counts.count == bounds.count + 1, "one count for each bucket")
    self.counts = counts
    self.sum = sum
    count = counts.reduce(0, &+)
  }

  /// Microseconds from 50 µs to 1 s, each about double the one before: for the length of a turn or a wait.
  public static func microseconds() -> Histogram {
    Histogram(bounds: [
      50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    ])
  }

  public mutating func record(_ value: Int64) {
    var index = 0
    while index < bounds.count, value > bounds[index] { index += 1 }
    counts[index] &+= 1
    sum &+= value
    count &+= 1
  }

  /// The bound below which `share` (0…1) of the values lie; nil without values, or when it is above the last bound.
  public func quantile(_ share: Double) -> Int64? {
    guard count > 0 else { return nil }
    let wanted = (Double(count) * share).rounded(.up)
    var seen: UInt64 = 0
    for (bound, part) in zip(bounds, counts) {
      seen += part
      if Double(seen) >= wanted { return bound }
    }
    return nil
  }
}
