// Bits and frames per second over the last second, for reports and for the bandwidth allocator.

import Chronology

/// Counts bytes and frames in ten buckets of 100 ms.
public struct RateMeter: Sendable {
  /// The length of a bucket: a tenth of the window.
  public static let bucket = Interval.milliseconds(100)
  private static let bucketCount = 10

  private var bytes = InlineArray<10, UInt32>(repeating: 0)
  private var frames = InlineArray<10, UInt16>(repeating: 0)
  /// The bucket in use, counted from the clock's origin.
  private var current: Int64 = 0
  /// The first bucket that was ever used, to be fair to a stream that is younger than the window.
  private var first: Int64?

  public init() {}

  /// Takes note of `byteCount` bytes, which end a frame or not.
  public mutating func add(_ byteCount: Int, endsFrame: Bool = false, at time: Instant) {
    turn(to: time)
    let place = Int(current % 10)
    bytes[place] = bytes[place] &+ UInt32(truncatingIfNeeded: byteCount)
    if endsFrame { frames[place] = frames[place] &+ 1 }
  }

  /// Bits per second over the last second; over the stream's life while that is shorter.
  public func bitsPerSecond(at time: Instant) -> Int64 {
    var sum: Int64 = 0
    forEachLiveBucket(at: time) { sum += Int64(bytes[$0]) }
    return sum * 8 * 10 / span(at: time)
  }

  /// Frames per second over the last second.
  public func framesPerSecond(at time: Instant) -> Double {
    var sum = 0
    forEachLiveBucket(at: time) { sum += Int(frames[$0]) }
    return Double(sum) * 10 / Double(span(at: time))
  }

  /// Buckets that the sums are taken over: at least three, so that the first packets do not look like a flood.
  private func span(at time: Instant) -> Int64 {
    guard let first else { return 10 }
    return min(10, max(3, RateMeter.number(of: time) - first + 1))
  }

  private func forEachLiveBucket(at time: Instant, _ body: (Int) -> Void) {
    let now = RateMeter.number(of: time)
    for age in 0..<Int64(10) {
      let number = now - age
      // What lies after `current` has not been written in this window and holds older counts.
      if number <= current, number > current - 10, number >= 0 { body(Int(number % 10)) }
    }
  }

  private mutating func turn(to time: Instant) {
    let now = RateMeter.number(of: time)
    if first == nil { first = now; current = now }
    guard now > current else { return }
    for number in (max(current, now - 10) + 1)...now {
      bytes[Int(number % 10)] = 0
      frames[Int(number % 10)] = 0
    }
    // A pause longer than the window makes the stream young again.
    if now - current >= 10 { first = now }
    current = now
  }

  private static func number(of time: Instant) -> Int64 { max(0, time.nanoseconds / bucket.nanoseconds) }
}
