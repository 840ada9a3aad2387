// 16-bit sequence numbers: their order on the circle, and their unrolling into numbers that never wrap.

/// Serial number arithmetic on 16 bits (RFC 1982), as RTP and transport-wide sequence numbers use it.
public enum SequenceNumber {
  /// Whether `number` comes after `other`: it is 1…32767 steps ahead. At exactly 32768 apart, where RFC 1982 §3.2 leaves
  /// the order undefined, the larger number is the newer one, so that exactly one of the two directions holds.
  @inlinable @inline(__always)
  public static func isNewer(_ number: UInt16, than other: UInt16) -> Bool {
    let ahead = number &- other
    return ahead != 0 && (ahead < 0x8000 || (ahead == 0x8000 && number > other))
  }

  /// Steps from `start` to `end`, −32768…32767: negative when `end` is older.
  @inlinable @inline(__always)
  public static func distance(from start: UInt16, to end: UInt16) -> Int {
    Int(Int16(bitPattern: end &- start))
  }
}

/// Unrolls 16-bit sequence numbers into 64 bits: equal numbers of different cycles become different.
///
/// The first number stands for itself. Numbers up to 32768 steps before the newest count backwards (and may be negative
/// in the first cycle); all others count forwards.
public struct SequenceUnwrapper: Sendable, Hashable {
  /// The newest number so far. Only meaningful once `isStarted`.
  @usableFromInline var highest: Int64 = 0
  @usableFromInline var isStarted = false

  @inlinable public init() {}

  /// The newest number so far, or nil before the first.
  @inlinable public var newest: Int64? { isStarted ? highest : nil }

  /// What `number` stands for, without taking note of it.
  @inlinable
  public func unwrapped(_ number: UInt16) -> Int64 {
    guard isStarted else { return Int64(number) }
    return highest &+ Int64(SequenceNumber.distance(from: UInt16(truncatingIfNeeded: highest), to: number))
  }

  /// What `number` stands for; it becomes the newest if it is ahead.
  @inlinable
  public mutating func unwrap(_ number: UInt16) -> Int64 {
    let value = unwrapped(number)
    if !isStarted || value > highest { highest = value }
    isStarted = true
    return value
  }
}
