// A wall-clock time as people write it, in UTC. For logs and protocol headers.

/// Year, month, day and time of day in the proleptic Gregorian calendar.
public struct CivilTime: Hashable, Sendable {
  public let year: Int
  /// 1…12.
  public let month: Int
  /// 1…31.
  public let day: Int
  /// 0 = Sunday … 6 = Saturday.
  public let weekday: Int
  public let hour: Int
  public let minute: Int
  public let second: Int
  public let millisecond: Int

  public init(_ time: WallTime) {
    let perDay: Int64 = 86_400_000
    let days = Int(time.milliseconds >= 0 ? time.milliseconds / perDay : (time.milliseconds - perDay + 1) / perDay)
    let rest = Int(time.milliseconds - Int64(days) * perDay)
    // Days are counted from 0000-03-01 in eras of 400 years (146 097 days), so that leap days come last.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    year = yearOfEra + era * 400 + (monthFromMarch >= 10 ? 1 : 0)
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    weekday = ((days % 7) + 11) % 7  // 1970-01-01 was a Thursday
    hour = rest / 3_600_000
    minute = rest / 60_000 % 60
    second = rest / 1000 % 60
    millisecond = rest % 1000
  }

  /// RFC 3339: `2026-11-20T09:30:00.123Z`.
  public var timestamp: String {
    let date = [String(year), Self.padded(month, 2), Self.padded(day, 2)].joined(separator: "-")
    return "\(date)T\(clock).\(Self.padded(millisecond, 3))Z"
  }

  /// RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
  public var httpDate: String {
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return "\(days[weekday]), \(Self.padded(day, 2)) \(months[month - 1]) \(year) \(clock) GMT"
  }

  private var clock: String { [hour, minute, second].map { Self.padded($0, 2) }.joined(separator: ":") }

  private static func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
