// Rows of accounts: found by what people type, made, and opened.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

/// An account as signing in needs it.
struct Account: Hashable, Sendable {
  enum State: String, Sendable {
    case active
    /// Kicked, or went by themselves: an invitation brings them back.
    case left
    case banned
    case erased
  }

  var id: Identifier
  var username: String
  var email: String?
  /// Nil for who cannot sign in: bots, imported authors, and people whose password an administrator reset.
  var passwordHash: String?
  var state: State
  /// Whether a second factor is asked for.
  var hasTwoFactor: Bool

  fileprivate static let columns = """
    users.id, username, email, password_hash, state, two_factor.confirmed_at IS NOT NULL
    FROM users LEFT JOIN two_factor ON two_factor.user_id = users.id
    """

  fileprivate init(_ row: borrowing Row) {
    id = row.identifier(0)
    username = row.text(1)
    email = row.optionalText(2)
    passwordHash = row.optionalText(3)
    state = State(rawValue: row.text(4)) ?? .erased
    hasTwoFactor = row.bool(5)
  }
}

/// What somebody types to sign in: a username or an e-mail address (UN-020).
struct SignInName: Hashable, Sendable {
  /// In the form that is compared, and counted by `AttemptCounter`. What can be no name keeps its lower-case text.
  let key: String
  let isEmail: Bool

  init(_ typed: String) {
    isEmail = typed.contains("@")
    key = (isEmail ? EmailAddress.key(typed) : Username.key(typed)) ?? typed.lowercased()
  }
}

extension Tables {
  func account(_ id: Identifier) throws(Problem) -> Account? {
    try first("SELECT \(Account.columns) WHERE users.id = ?1 AND kind = 'person'", id) { Account($0) }
  }

  func account(named name: SignInName) throws(Problem) -> Account? {
    if name.isEmail {
      return try first("SELECT \(Account.columns) WHERE email_key = ?1 AND kind = 'person'", name.key) { Account($0) }
    }
    return try first("SELECT \(Account.columns) WHERE username_key = ?1 AND kind = 'person'", name.key) { Account($0) }
  }

  /// Whether the first set-up is still to be done: nobody has an account.
  func needsSetup() throws(Problem) -> Bool {
    try !exists("SELECT 1 FROM users WHERE kind = 'person' LIMIT 1")
  }
}

/// What a new person says about themselves, checked.
struct Registration: Sendable {
  var username: String
  var usernameKey: String
  var email: String?
  var emailKey: String?
  var displayName: String?
  var password: String

  /// - Parameter byOwner: whether it is the first account.
  init(_ call: Call, byOwner: Bool) throws(Problem) {
    username = call.body["username"]?.string ?? ""
    usernameKey = try Username.chosen(username, byOwner: byOwner)
    if let text = call.body["email"]?.string {
      guard let key = EmailAddress.key(text) else { throw .invalid("/email", "is not an e-mail address") }
      email = text
      emailKey = key
    }
    displayName = try DisplayText.line(call.body["display_name"]?.string, at: "/display_name")
    password = call.body["password"]?.string ?? ""
    try PasswordRule.check(password, username: username)
  }
}

extension Writing {
  /// A new account that belongs to the community.
  mutating func register(_ form: Registration, passwordHash: String) throws(Problem) -> Identifier {
    let id = newIdentifier()
    let count = try tables.executeUnlessTaken(
      """
      INSERT INTO users (id, username_key, username, email_key, email, display_name, password_hash, created_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      """, id, form.usernameKey, form.username, form.emailKey, form.email, form.displayName, passwordHash, at)
    guard count != nil else {
      // Only who holds a good invitation gets to hear it.
      let isName = try tables.exists("SELECT 1 FROM users WHERE username_key = ?1", form.usernameKey)
      throw Problem(
        .conflict, isName ? "the username is taken" : "the e-mail address is taken",
        reason: isName ? "username_taken" : "email_taken", pointer: isName ? "/username" : "/email")
    }
    return id
  }

  /// Stores when a person was last seen: the gateway calls it when their last connection ends (MQ-194).
  public mutating func markSeen(_ user: Identifier) throws(Problem) {
    try tables.execute("UPDATE users SET last_seen_at = ?2 WHERE id = ?1", user, at)
  }
}

/// Text that people show to others on one line.
enum DisplayText {
  /// `text` without spaces at its ends; nil when nothing is left.
  ///
  /// - Throws: VALIDATION_ERROR for control characters and for those that turn the direction of what follows: with them
  ///   one name looks like another.
  static func line(_ text: String?, at pointer: String) throws(Problem) -> String? {
    guard let text else { return nil }
    for scalar in text.unicodeScalars {
      let isHidden =
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
        default: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
      guard !isHidden else { throw .invalid(pointer, "must not contain control characters") }
    }
    var kept = Substring(text)
    while kept.first?.isWhitespace == true { kept.removeFirst() }
    while kept.last?.isWhitespace == true { kept.removeLast() }
    return kept.isEmpty ? nil : String(kept)
  }
}
