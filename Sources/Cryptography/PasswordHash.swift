// Passwords as they are kept: bcrypt, in the notation that every other program reads.

import CCrypt

/// bcrypt (Provos and Mazières, 1999) through libcrypt, with the prefix `$2b$`.
///
/// One call keeps a core busy for a quarter of a second at the usual cost: never call it where others wait.
public enum PasswordHash {
  public enum Limit {
    /// Bytes of a password, in UTF-8. bcrypt looks at no more than 72; a longer one is refused where it is chosen,
    /// because two passwords that agree so far would be one.
    public static let passwordBytes = 72
    /// The least cost that libcrypt takes: 2^4 rounds. For tests.
    public static let leastCost = 4
    /// 2^16 rounds: four seconds and more.
    public static let greatestCost = 16
    /// 2^12 rounds: a quarter of a second on a core of 2024, so that a stolen database stays expensive.
    public static let usualCost = 12
  }

  /// The hash of `password` under a new random salt: 60 characters. Nil for a password that cannot be hashed (longer
  /// than 72 bytes or with U+0000 in it) and when memory runs out.
  ///
  /// - Parameter cost: the logarithm of the number of rounds, `Limit.leastCost`…`Limit.greatestCost`.
  public static func hash(_ password: String, cost: Int = Limit.usualCost) -> String? {
    guard isHashable(password), (Limit.leastCost...Limit.greatestCost).contains(cost) else { return nil }
    var setting = [CChar](repeating: 0, count: Int(MQVI_BCRYPT_COUNT) + 1)
    // The buffer holds a setting with its end; the salt has the 16 bytes that bcrypt takes.
    guard unsafe mqvi_bcrypt_setting(UInt32(cost), SecureRandom.bytes(16), &setting) == 1 else { return nil }
    return crypt(password, setting)
  }

  /// Whether `hash` is the hash of `password`. Takes as long for a wrong password as for the right one.
  public static func matches(_ password: String, _ hash: String) -> Bool {
    guard isHashable(password), isHash(hash), let made = crypt(password, hash.utf8CString.map { $0 }) else {
      return false
    }
    return ConstantTime.areEqual(Array(made.utf8), Array(hash.utf8))
  }

  /// The cost of a hash; nil when it is not one.
  public static func cost(of hash: String) -> Int? { isHash(hash) ? Int(hash.dropFirst(4).prefix(2)) : nil }

  private static func isHashable(_ password: String) -> Bool {
    password.utf8.count <= Limit.passwordBytes && !password.utf8.contains(0)
  }

  private static func isHash(_ text: String) -> Bool {
    text.utf8.count == Int(MQVI_BCRYPT_COUNT) && text.hasPrefix("$2b$") && !text.utf8.contains(0)
  }

  private static func crypt(_ password: String, _ setting: [CChar]) -> String? {
    var hash = [CChar](repeating: 0, count: Int(MQVI_BCRYPT_COUNT) + 1)
    // Both inputs end with a zero, and the output has room for 60 characters and one.
    guard unsafe mqvi_bcrypt(password, setting, &hash) == 1 else { return nil }
    return String(decoding: hash.prefix(Int(MQVI_BCRYPT_COUNT)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
