// Counts of what subscribers got, and a histogram of how long it took.

/// Delays in microseconds: buckets of a sixteenth of a power of two, so every quantile is exact to 6 %.
struct DelayDistribution {
  private var buckets = [UInt64](repeating: 0, count: 1_024)
  private(set) var count: UInt64 = 0

  mutating func add(_ microseconds: Int64) {
    buckets[Self.bucket(max(0, microseconds))] += 1
    count += 1
  }

  /// The upper end of the bucket in which the quantile lies.
  func quantile(_ share: Double) -> Double {
    guard count > 0 else { return .nan }
    var left = UInt64(Double(count) * share)
    for (index, entries) in buckets.enumerated() {
      if entries > left { return Double(Self.upperBound(index)) }
      left -= entries
    }
    return .nan
  }

  private static func bucket(_ value: Int64) -> Int {
    if value < 16 { return Int(value) }
    let exponent = 63 - value.leadingZeroBitCount
    return min(1_023, (exponent - 3) * 16 + Int(value >> (exponent - 4)) & 15)
  }

  private static func upperBound(_ index: Int) -> Int64 {
    if index < 16 { return Int64(index) + 1 }
    return Int64(17 + index % 16) << (index / 16 - 1)
  }
}

/// What all subscribers together saw.
struct Observed {
  /// Packets of media that were authentic and new.
  var packets: UInt64 = 0
  var bytes: UInt64 = 0
  /// Packets whose number was not the one that follows the last.
  var outOfOrder: UInt64 = 0
  var retransmitted: UInt64 = 0
  var delays = DelayDistribution()
}
