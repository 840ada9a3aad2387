// Second factors as they are kept: the secret sealed, the last code remembered, recovery codes as digests.

import API
import Chronology
import Cryptography
import Identifiers
import Problems
import SQL

extension Writing {
  /// A new secret for `user`, which counts once it is confirmed.
  ///
  /// - Throws: CONFLICT when there is a confirmed one.
  mutating func beginTwoFactor(_ user: Identifier, _ keys: AccountKeys) throws(Problem) -> TOTP {
    guard
      try !tables.exists("SELECT 1 FROM two_factor WHERE user_id = ?1 AND confirmed_at IS NOT NULL", user)
    else { throw Problem(.conflict, "a second factor is in use already", reason: "two_factor_enabled") }
    let factor = TOTP(secret: SecureRandom.bytes(TOTP.secretByteCount))
    let box = SealedBox(key: keys.sealing).seal(factor.secret, context: Self.context(user))
    try tables.execute(
      """
      INSERT INTO two_factor (user_id, secret, created_at) VALUES (?1, ?2, ?3)
      ON CONFLICT (user_id) DO UPDATE SET secret = ?2, last_step = 0, created_at = ?3
      """, user, box, at)
    return factor
  }

  /// Puts a begun factor to use. False when the code is wrong.
  mutating func confirmTwoFactor(_ user: Identifier, _ code: String, _ keys: AccountKeys) throws(Problem) -> Bool {
    guard try takeCode(user, code, keys, confirmed: false) else { return false }
    try tables.execute("UPDATE two_factor SET confirmed_at = ?2 WHERE user_id = ?1", user, at)
    return true
  }

  /// Whether `code` is one of the app's that was not used yet, or a recovery code. Either is used up by it.
  mutating func takeSecondFactor(_ user: Identifier, _ code: String, _ keys: AccountKeys) throws(Problem) -> Bool {
    let digits = code.filter { $0 != " " }
    if digits.utf8.count == 6, digits.utf8.allSatisfy({ (48...57).contains($0) }) {
      return try takeCode(user, digits, keys, confirmed: true)
    }
    let used = try tables.execute(
      "DELETE FROM recovery_codes WHERE user_id = ?1 AND digest = ?2", user, RecoveryCode.digest(code))
    return used == 1
  }

  /// The step of a code only ever grows: a code that was seen over a shoulder, or sent twice at once, is good for one
  /// of the two (RFC 6238 §5.2).
  private mutating func takeCode(
    _ user: Identifier, _ code: String, _ keys: AccountKeys, confirmed: Bool
  ) throws(Problem) -> Bool {
    let box = try tables.first(
      "SELECT secret FROM two_factor WHERE user_id = ?1 AND (confirmed_at IS NOT NULL) = ?2", user, confirmed
    ) { $0.blob(0) }
    guard let box else { return false }
    guard let secret = SealedBox(key: keys.sealing).open(box, context: Self.context(user)) else {
      throw Problem(
        .unavailable, "this server cannot read the second factor: the key in its data directory was replaced",
        reason: "two_factor_unreadable")
    }
    guard let step = TOTP(secret: secret).step(of: code, at: at) else { return false }
    return try tables.execute(
      "UPDATE two_factor SET last_step = ?2 WHERE user_id = ?1 AND last_step < ?2", user, step) == 1
  }

  /// New recovery codes in the place of all old ones.
  mutating func makeRecoveryCodes(_ user: Identifier) throws(Problem) -> [String] {
    try tables.execute("DELETE FROM recovery_codes WHERE user_id = ?1", user)
    var codes: [String] = []
    for _ in 0..<Limit.recoveryCodes {
      let code = RecoveryCode.make()
      try tables.execute(
        "INSERT INTO recovery_codes (user_id, digest) VALUES (?1, ?2)", user, RecoveryCode.digest(code))
      codes.append(code)
    }
    return codes
  }

  mutating func removeTwoFactor(_ user: Identifier) throws(Problem) {
    try tables.execute("DELETE FROM two_factor WHERE user_id = ?1", user)
    try tables.execute("DELETE FROM recovery_codes WHERE user_id = ?1", user)
  }

  private static func context(_ user: Identifier) -> String { "two factor of \(user)" }
}

/// A code on paper for who has lost the phone: `k3f9-x2mw-…`, 80 random bits, so that a plain digest keeps it.
enum RecoveryCode {
  /// Without `0`, `1`, `l` and `o`, which people take for each other.
  private static let alphabet = Array("23456789abcdefghijkmnpqrstuvwxyz".utf8)

  static func make() -> String {
    let characters = SecureRandom.bytes(16).map { alphabet[Int($0 & 31)] }
    return stride(from: 0, to: 16, by: 4)
      .map { String(decoding: characters[$0..<$0 + 4], as: UTF8.self) }.joined(separator: "-")
  }

  /// Of the code as people type it: hyphens, spaces and capitals do not matter.
  static func digest(_ code: String) -> [UInt8] {
    SHA256.digest(of: Array(code.lowercased().filter { $0 != "-" && $0 != " " }.utf8))
  }
}
