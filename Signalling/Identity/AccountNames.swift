// What people may be called, and how two spellings of one name are found to be the same.

import Problems

/// Usernames: 3 to 32 of the letters of English and Turkish, digits, `_`, `.` and `-`, with a letter or digit at each end.
///
/// The alphabet is closed on purpose: with all of Unicode, `аdmin` in Cyrillic is another name that looks the same. Names
/// are compared without case and without the marks of Turkish letters, so that `Çağrı`, `cagri` and `CAĞRI` are one
/// account, which can be typed on every keyboard.
public enum Username {
  /// Names that would be taken for something else, in the form that is compared.
  private static let reserved: Set<String> = ["everyone", "here", "me", "channel", "null", "undefined"]
  /// Names that would be taken for the people who run the server: only its owner may choose one.
  private static let official: Set<String> = [
    "admin", "administrator", "bot", "deleted", "mod", "moderator", "mqvi", "official", "owner", "root", "security",
    "server", "sistem", "staff", "support", "system", "webhook", "yonetici",
  ]

  /// The form in which names are compared and found: lower-case ASCII. Nil for what no username can be.
  public static func key(_ name: String) -> String? {
    guard Limit.usernameCharacters.contains(name.unicodeScalars.count) else { return nil }
    var key = ""
    for scalar in name.unicodeScalars {
      guard let folded = fold(scalar) else { return nil }
      key.unicodeScalars.append(folded)
    }
    return key
  }

  /// The key of a name that somebody chooses.
  ///
  /// - Throws: VALIDATION_ERROR at `pointer` with what is wrong.
  static func chosen(_ name: String, byOwner: Bool, at pointer: String = "/username") throws(Problem) -> String {
    guard Limit.usernameCharacters.contains(name.unicodeScalars.count) else {
      throw .invalid(pointer, "must have 3 to 32 characters")
    }
    guard let key = key(name) else {
      throw .invalid(pointer, "may have letters, digits and the characters _ . -")
    }
    guard let first = key.utf8.first, let last = key.utf8.last, isAlphanumeric(first), isAlphanumeric(last) else {
      throw .invalid(pointer, "must begin and end with a letter or a digit")
    }
    // The names of erased accounts.
    let isErased = key.hasPrefix("deleted-")
    guard !reserved.contains(key), byOwner || !official.contains(key), !isErased else {
      throw .invalid(pointer, "is a reserved name")
    }
    return key
  }

  private static func fold(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    switch scalar {
    case "a"..."z", "0"..."9", "_", ".", "-": scalar
    case "A"..."Z": Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value) + 32)
    case "ç", "Ç": "c"
    case "ğ", "Ğ": "g"
    case "ı", "İ": "i"
    case "ö", "Ö": "o"
    case "ş", "Ş": "s"
    case "ü", "Ü": "u"
    default: nil
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

/// E-mail addresses, as far as they can be told from nonsense without sending a letter.
enum EmailAddress {
  /// The form in which addresses are compared: ASCII lower case. Nil for what is not an address: a dot-atom of RFC 5322
  /// §3.4.1, `@`, and a domain of at least two labels.
  static func key(_ text: String) -> String? {
    guard text.utf8.count <= Limit.emailBytes else { return nil }
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, (1...64).contains(parts[0].utf8.count), isDotAtom(parts[0]), isDomain(parts[1]) else {
      return nil
    }
    return String(decoding: text.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
  }

  private static func isDotAtom(_ text: Substring) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
      !atom.isEmpty && atom.utf8.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) }
    }
  }

  private static func isDomain(_ text: Substring) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    return labels.count >= 2
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
          && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
      }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
}

/// Passwords that may be chosen.
enum PasswordRule {
  /// Length, and not the username. Nothing about digits and capitals: such rules make passwords worse
  /// (NIST SP 800-63B §5.1.1.2).
  static func check(_ password: String, username: String, at pointer: String = "/password") throws(Problem) {
    let bytes = password.utf8.count
    guard bytes >= Limit.passwordBytes else { throw .invalid(pointer, "must have at least 8 characters") }
    guard bytes <= 72 else { throw .invalid(pointer, "must have at most 72 bytes in UTF-8") }
    guard password.lowercased() != username.lowercased() else { throw .invalid(pointer, "must not be the username") }
    guard Set(password.unicodeScalars).count > 2, !common.contains(password.lowercased()) else {
      throw .invalid(pointer, "is one of the first that anybody would try")
    }
  }

  /// What lists of stolen passwords begin with, of eight characters and more.
  private static let common: Set<String> = [
    "12345678", "123456789", "1234567890", "0123456789", "87654321", "987654321", "0987654321", "11223344", "password",
    "password1", "password12", "password123", "passw0rd", "p@ssw0rd", "qwertyui", "qwertyuiop", "qwerty123",
    "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "asdfghjk", "asdfghjkl", "iloveyou", "sunshine", "princess", "football",
    "baseball", "superman", "trustno1", "letmein1", "welcome1", "admin123", "administrator", "changeme", "abcd1234",
    "abc12345", "a1b2c3d4", "galatasaray", "fenerbahce", "besiktas", "sifre123", "sifre1234", "parola123", "deneme123",
  ]
}
