// The names of backups, which tell when they were made, and which of them are kept.

public import Chronology

/// A backup in the archive: `mqvi-20261120T093000Z.db`, in UTC. Names sort by time.
public struct BackupName: Hashable, Comparable, Sendable {
  /// Whole seconds.
  public let time: WallTime

  public init(_ time: WallTime) { self.time = WallTime(milliseconds: time.seconds * 1000) }

  /// Nil for a file that is none of ours.
  public init?(_ text: String) {
    guard text.hasPrefix("mqvi-"), text.hasSuffix("Z.db"), text.utf8.count == 24 else { return nil }
    let digits = Array(text.utf8.dropFirst(5).dropLast(4))
    guard digits[8] == UInt8(ascii: "T") else { return nil }
    func number(_ range: Range<Int>) -> Int? { Int(String(decoding: digits[range], as: UTF8.self)) }
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
      let minute = number(11..<13), let second = number(13..<15), (1...12).contains(month), year >= 1970
    else { return nil }
    // Days since 1970-01-01, with the year beginning in March so that leap days come last.
    let years = month > 2 ? year : year - 1
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    let days = years * 365 + years / 4 - years / 100 + years / 400 + dayOfYear - 719_468
    let seconds = Int64(days * 86_400 + hour * 3600 + minute * 60 + second)
    self.init(WallTime(milliseconds: seconds * 1000))
    // 31 February and 25 o'clock are other times than they say.
    guard self.text == text else { return nil }
  }

  public var text: String {
    let stamp = CivilTime(time).timestamp.prefix(19).filter { $0 != "-" && $0 != ":" }
    return "mqvi-\(stamp)Z.db"
  }

  public static func < (a: BackupName, b: BackupName) -> Bool { a.time < b.time }

  /// Those that need not be kept: all but the `recent` newest and the newest of each of the `daily` last days (UTC) that
  /// have any.
  public static func superfluous(_ names: [BackupName], recent: Int, daily: Int) -> [BackupName] {
    let newestFirst = names.sorted(by: >)
    var kept = Set(newestFirst.prefix(recent))
    var days: Set<Int64> = []
    for name in newestFirst where days.count < daily && days.insert(name.time.seconds / 86_400).inserted {
      kept.insert(name)
    }
    return newestFirst.filter { !kept.contains($0) }
  }
}
