// The JSON form of a timestamp is a text: "2024-02-29T12:00:00.250Z" (RFC 3339, always UTC when written).

import JSON

extension Timestamp {
  /// Nine fractional digits at most, in groups of three, and none for whole seconds. RFC 3339 has the years 1 to 9999:
  /// a time outside becomes the nearest one inside.
  public func write(to writer: inout MessageJSONWriter) {
    let (day, second) = min(max(seconds, -62_135_596_800), 253_402_300_799).quotientAndRemainder(floor: 86_400)
    let date = CivilDate(daysSince1970: day)
    var text = Self.digits(date.year, 4) + "-" + Self.digits(date.month, 2) + "-" + Self.digits(date.day, 2) + "T"
    text += Self.digits(second / 3600, 2) + ":" + Self.digits(second / 60 % 60, 2) + ":" + Self.digits(second % 60, 2)
    let fraction = Int64(max(0, min(nanos, 999_999_999)))
    if fraction % 1_000_000 == 0, fraction > 0 {
      text += "." + Self.digits(fraction / 1_000_000, 3)
    } else if fraction % 1_000 == 0, fraction > 0 {
      text += "." + Self.digits(fraction / 1_000, 6)
    } else if fraction > 0 {
      text += "." + Self.digits(fraction, 9)
    }
    writer.json.string(plain: (text + "Z").utf8)
  }

  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) {
    let parsed = json.string.flatMap(Self.init(text:))
    if parsed == nil { reader.fail() }
    self = parsed ?? Self()
  }

  /// Parses `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`.
  private init?(text: String) {
    var scanner = DigitScanner(Array(text.utf8))
    guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2), scanner.take("-"),
      let day = scanner.number(2), scanner.take("T"), let hour = scanner.number(2), scanner.take(":"),
      let minute = scanner.number(2), scanner.take(":"), let second = scanner.number(2),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    self.init()
    if scanner.take(".") {
      guard let fraction = scanner.fraction() else { return nil }
      nanos = Int32(fraction)
    }
    guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
    let days = CivilDate(year: year, month: month, day: day).daysSince1970
    seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
  }

  private static func digits(_ value: Int64, _ count: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }
}

/// A day of the proleptic Gregorian calendar, counted from March on so that leap days come last.
private struct CivilDate {
  var year: Int64
  var month: Int64
  var day: Int64

  init(year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  init(daysSince1970: Int64) {
    // 400 years have 146 097 days; 0000-03-01 lies 719 468 days before 1970-01-01.
    let (era, dayOfEra) = (daysSince1970 + 719_468).quotientAndRemainder(floor: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var daysSince1970: Int64 {
    let (era, yearOfEra) = (month <= 2 ? year - 1 : year).quotientAndRemainder(floor: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

private struct DigitScanner {
  private var rest: ArraySlice<UInt8>

  init(_ text: [UInt8]) { rest = text[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  mutating func number(_ count: Int) -> Int64? {
    guard rest.count >= count, rest.prefix(count).allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
    let value = rest.prefix(count).reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
    rest.removeFirst(count)
    return value
  }

  /// One to nine digits, as nanoseconds.
  mutating func fraction() -> Int64? {
    var value: Int64 = 0
    var digits = 0
    while let digit = number(1) {
      guard digits < 9 else { return nil }
      value = value * 10 + digit
      digits += 1
    }
    guard digits > 0 else { return nil }
    for _ in digits..<9 { value *= 10 }
    return value
  }

  /// The distance from UTC in seconds.
  mutating func offset() -> Int64? {
    if take("Z") { return 0 }
    let isWest = take("-")
    guard isWest || take("+"), let hours = number(2), take(":"), let minutes = number(2) else { return nil }
    return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
  }
}

extension Int64 {
  /// Division that rounds down, so that the remainder is never negative.
  fileprivate func quotientAndRemainder(floor divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
