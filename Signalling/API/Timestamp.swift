// Times as the API writes and reads them: UTC, ISO 8601, milliseconds (UN-014).

public import Chronology

/// A point in time as text: `2026-11-20T12:10:51.000Z`.
public struct Timestamp: Hashable, Sendable {
  public let time: WallTime

  public init(_ time: WallTime) { self.time = time }

  /// Reads `YYYY-MM-DDTHH:MM:SS[.fff]Z` within the years 1970 to 9999; nil for everything else.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 20 || (22...24).contains(bytes.count), bytes.last == UInt8(ascii: "Z"),
      bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
      bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"), let year = Self.number(bytes[0..<4]),
      let month = Self.number(bytes[5..<7]), let day = Self.number(bytes[8..<10]),
      let hour = Self.number(bytes[11..<13]), let minute = Self.number(bytes[14..<16]),
      let second = Self.number(bytes[17..<19])
    else { return nil }
    var milliseconds: Int64 = 0
    if bytes.count > 20 {
      guard bytes[19] == UInt8(ascii: "."), var fraction = Self.number(bytes[20..<bytes.count - 1]) else { return nil }
      for _ in bytes.count..<24 { fraction *= 10 }
      milliseconds = fraction
    }
    guard (1970...9999).contains(year), (1...12).contains(month), (1...Self.days(month, year)).contains(day),
      hour < 24, minute < 60, second < 60
    else { return nil }
    let seconds = Self.day(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    time = WallTime(milliseconds: seconds * 1_000 + milliseconds)
  }

  public var text: String { CivilTime(time).timestamp }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    var value: Int64 = 0
    for byte in digits {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    return digits.isEmpty ? nil : value
  }

  private static func days(_ month: Int64, _ year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 1970-01-01, in the Gregorian calendar; the year begins in March so that the leap day is its last.
  private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let y = month > 2 ? year : year - 1
    let m = (month + 9) % 12
    let dayOfYear = (153 * m + 2) / 5 + day - 1
    return 365 * y + y / 4 - y / 100 + y / 400 + dayOfYear - 719_468
  }
}
