// One numbered step from an empty database to today's schema.

/// SQL that runs once on every database, in a transaction.
public struct Migration: Sendable, Hashable {
  /// 1 for the first; each one more than the one before.
  public let number: Int
  /// A word or two: `core`, `message search`.
  public let name: String
  /// Statements separated by semicolons.
  public let sql: String

  public init(number: Int, name: String, sql: String) {
    self.number = number
    self.name = name
    self.sql = sql
  }

  /// Tells whether the text is still the one that ran: FNV-1a of 64 bits, in hexadecimal. Guards against a mistake of
  /// ours, not against an attacker, who could write the table that holds it.
  public var checksum: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in sql.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
