// NTP time as nanoseconds, for arithmetic that does not overflow and does not need floating point.

import Chronology

/// A point on some sender's wall clock: nanoseconds since 1900-01-01, RFC 3550 §4. Of one era: it ends in 2036, and
/// differences across its end come out right as long as both ends wrapped.
public struct NTPTime: Comparable, Hashable, Sendable, BitwiseCopyable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Reads 32.32 fixed point.
  @inlinable
  public init(fixedPoint value: UInt64) {
    let seconds = Int64(truncatingIfNeeded: value >> 32)
    let fraction = Int64(truncatingIfNeeded: ((value & 0xFFFF_FFFF) &* 1_000_000_000) >> 32)
    nanoseconds = seconds &* 1_000_000_000 &+ fraction
  }

  /// The server's wall clock on the NTP scale.
  @inlinable
  public init(_ wall: WallTime) {
    // RFC 5905 figure 4: 1970 is 2 208 988 800 s after 1900.
    nanoseconds = wall.milliseconds &* 1_000_000 &+ 2_208_988_800_000_000_000
  }

  /// 32.32 fixed point, as sender reports carry it.
  @inlinable
  public var fixedPoint: UInt64 {
    let value = max(0, nanoseconds)
    let seconds = UInt64(value / 1_000_000_000)
    // Rounded up, so that reading it back gives the same number of nanoseconds.
    let fraction = ((UInt64(value % 1_000_000_000) << 32) + 999_999_999) / 1_000_000_000
    return seconds << 32 &+ fraction
  }

  @inlinable public static func < (a: NTPTime, b: NTPTime) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static func + (a: NTPTime, b: Interval) -> NTPTime {
    NTPTime(nanoseconds: a.nanoseconds &+ b.nanoseconds)
  }
  @inlinable public static func - (a: NTPTime, b: NTPTime) -> Interval {
    Interval(nanoseconds: a.nanoseconds &- b.nanoseconds)
  }
}

/// Ticks of an RTP clock in some length of time, and the other way round.
enum Ticks {
  static func count(in time: Interval, rate: UInt32) -> Int64 {
    let seconds = time.nanoseconds / 1_000_000_000
    let rest = time.nanoseconds % 1_000_000_000
    return seconds &* Int64(rate) &+ rest &* Int64(rate) / 1_000_000_000
  }

  static func duration(of ticks: Int64, rate: UInt32) -> Interval {
    let seconds = ticks / Int64(rate)
    let rest = ticks % Int64(rate)
    return Interval(nanoseconds: seconds &* 1_000_000_000 &+ rest &* 1_000_000_000 / Int64(rate))
  }

  /// Signed steps from `start` to `end` on the circle of 32 bits.
  @inline(__always)
  static func distance(from start: UInt32, to end: UInt32) -> Int64 { Int64(Int32(bitPattern: end &- start)) }
}
