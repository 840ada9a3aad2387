// Time as a value. Nothing in Media/ or Signalling/ reads a clock: whoever drives them says what time it is.

/// A length of time in nanoseconds. Signed: differences may be negative.
public struct Interval: Comparable, Hashable, Sendable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  public static let zero = Interval(nanoseconds: 0)
  @inlinable public static func nanoseconds(_ value: Int64) -> Interval { Interval(nanoseconds: value) }
  @inlinable public static func microseconds(_ value: Int64) -> Interval { Interval(nanoseconds: value &* 1_000) }
  @inlinable public static func milliseconds(_ value: Int64) -> Interval { Interval(nanoseconds: value &* 1_000_000) }
  @inlinable public static func seconds(_ value: Int64) -> Interval { Interval(nanoseconds: value &* 1_000_000_000) }

  /// Whole microseconds, rounded towards zero.
  @inlinable public var microseconds: Int64 { nanoseconds / 1_000 }
  /// Whole milliseconds, rounded towards zero.
  @inlinable public var milliseconds: Int64 { nanoseconds / 1_000_000 }
  /// Seconds with their fraction.
  @inlinable public var seconds: Double { Double(nanoseconds) / 1e9 }

  @inlinable public static func < (a: Interval, b: Interval) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static func + (a: Interval, b: Interval) -> Interval {
    Interval(nanoseconds: a.nanoseconds &+ b.nanoseconds)
  }
  @inlinable public static func - (a: Interval, b: Interval) -> Interval {
    Interval(nanoseconds: a.nanoseconds &- b.nanoseconds)
  }
  @inlinable public static func * (a: Interval, b: Int64) -> Interval { Interval(nanoseconds: a.nanoseconds &* b) }
  @inlinable public static func / (a: Interval, b: Int64) -> Interval { Interval(nanoseconds: a.nanoseconds / b) }
}

/// A point on the monotonic clock: nanoseconds since an origin that means nothing outside this process.
public struct Instant: Comparable, Hashable, Sendable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Where simulations begin.
  public static let origin = Instant(nanoseconds: 0)
  /// Later than any deadline.
  public static let distantFuture = Instant(nanoseconds: .max)

  @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static func + (a: Instant, b: Interval) -> Instant {
    Instant(nanoseconds: a.nanoseconds &+ b.nanoseconds)
  }
  @inlinable public static func - (a: Instant, b: Interval) -> Instant {
    Instant(nanoseconds: a.nanoseconds &- b.nanoseconds)
  }
  @inlinable public static func - (a: Instant, b: Instant) -> Interval {
    Interval(nanoseconds: a.nanoseconds &- b.nanoseconds)
  }
  @inlinable public static func += (a: inout Instant, b: Interval) { a = a + b }
}

/// Wall-clock time: milliseconds since 1970-01-01 UTC. For tokens, messages and NTP stamps, never for timers.
public struct WallTime: Comparable, Hashable, Sendable {
  public var milliseconds: Int64

  @inlinable public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Whole seconds since 1970.
  @inlinable public var seconds: Int64 { milliseconds / 1_000 }
  @inlinable public static func < (a: WallTime, b: WallTime) -> Bool { a.milliseconds < b.milliseconds }
}

/// What the driver's two clocks showed at one moment.
public struct Moment: Hashable, Sendable {
  public var instant: Instant
  public var wall: WallTime

  @inlinable
  public init(instant: Instant, wall: WallTime) {
    self.instant = instant
    self.wall = wall
  }
}
