// Bits per second over half a second: short enough to see a line fill up, long enough to hold several frames.

/// Bytes in buckets of 50 ms. Times are microseconds of any one clock.
struct ByteRate: Sendable {
  private static let bucket: Int64 = 50_000
  /// Ten full buckets and the one in use.
  private static let count: Int64 = 11

  private var bytes = InlineArray<11, Int64>(repeating: 0)
  private var current: Int64?
  private var first: Int64 = 0

  /// Bytes were counted at `time`. Times may go back a little; more than the window is ignored.
  mutating func add(_ byteCount: Int, at time: Int64) {
    let number = max(0, time) / ByteRate.bucket
    guard let current else {
      start(at: number, byteCount)
      return
    }
    if number > current {
      guard number - current < ByteRate.count else {
        start(at: number, byteCount)
        return
      }
      for passed in (current + 1)...number { bytes[Int(passed % ByteRate.count)] = 0 }
      self.current = number
    }
    guard number > (self.current ?? 0) - ByteRate.count else { return }
    first = min(first, number)
    bytes[Int(number % ByteRate.count)] += Int64(byteCount)
  }

  /// The rate as seen from `time`, at most half a second back. Zero until a fifth of a second was seen.
  func bitsPerSecond(at time: Int64) -> Int64 {
    guard let current else { return 0 }
    let time = max(0, time)
    let now = time / ByteRate.bucket
    let oldest = max(first, now - ByteRate.count + 1)
    guard now >= oldest, now - current < ByteRate.count else { return 0 }
    var sum: Int64 = 0
    for number in oldest...now where number <= current && number > current - ByteRate.count {
      sum += bytes[Int(number % ByteRate.count)]
    }
    let span = time - oldest * ByteRate.bucket
    guard span >= 200_000 else { return 0 }
    return sum * 8 * 1_000_000 / span
  }

  private mutating func start(at number: Int64, _ byteCount: Int) {
    bytes = InlineArray(repeating: 0)
    bytes[Int(number % ByteRate.count)] = Int64(byteCount)
    current = number
    first = number
  }
}
