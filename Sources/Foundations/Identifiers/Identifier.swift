// The identity of a row: 64 bits that sort by time, shown as sixteen hexadecimal digits.

public import Chronology

/// The id of an account, a channel, a message: 42 bits of milliseconds since 2015, 10 of the node, 12 of a sequence.
///
/// Sorting by id is sorting by time of creation, so that one integer index serves both. Clients get sixteen lower-case
/// hexadecimal digits and treat them as opaque (UN-015). An id is a name, never a secret.
public struct Identifier: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Milliseconds from 1970 to 2015-01-01T00:00:00Z, so that messages that come from older servers sort by their time
  /// too. The sign leaves 41 bits: they last until 2084.
  public static let epoch: Int64 = 1_420_070_400_000

  /// Never negative: SQLite's integers are signed.
  public let rawValue: Int64

  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// The id that `text` shows: exactly sixteen lower-case hexadecimal digits, the first at most `7`.
  public init?(_ text: some StringProtocol) {
    var value: UInt64 = 0
    var count = 0
    for byte in text.utf8 {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte &- UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte &- UInt8(ascii: "a") &+ 10
      default: return nil
      }
      count += 1
      guard count <= 16 else { return nil }
      value = value &<< 4 | UInt64(digit)
    }
    guard count == 16, value <= UInt64(Int64.max) else { return nil }
    rawValue = Int64(value)
  }

  /// Sixteen lower-case hexadecimal digits.
  public var description: String {
    let digits = String(rawValue, radix: 16)
    return String(repeating: "0", count: max(0, 16 - digits.utf8.count)) + digits
  }

  /// When it was made, to the millisecond.
  public var time: WallTime { WallTime(milliseconds: rawValue >> 22 &+ Self.epoch) }

  /// The smallest id of this millisecond: everything made before `time` sorts below it. Clamped to what an id can say.
  public init(from time: WallTime) {
    let milliseconds = min(max(time.milliseconds &- Self.epoch, 0), (1 << 41) - 1)
    rawValue = milliseconds << 22
  }

  public static func < (a: Identifier, b: Identifier) -> Bool { a.rawValue < b.rawValue }
}

/// Makes ids, each greater than all before it, also when the clock stands still or is set back.
public struct IdentifierSource: Sendable {
  private let node: Int64
  /// Milliseconds since the epoch and the sequence within them, as one number.
  private var last: Int64

  /// `node` tells servers apart that share a database: 0…1023. `last` is the greatest id that exists, if any does.
  public init(node: Int = 0, after last: Identifier? = nil) {
    self.node = Int64(node & 1023)
    self.last = last.map { ($0.rawValue >> 22) << 12 | $0.rawValue & 4095 } ?? -1
  }

  public mutating func next(at time: WallTime) -> Identifier {
    let now = max(time.milliseconds &- Identifier.epoch, 0) << 12
    // Beyond 4,096 in a millisecond, and after the clock went back, it counts on from the last one.
    last = max(now, last &+ 1)
    return Identifier(rawValue: (last >> 12) << 22 | node << 12 | last & 4095)
  }
}
