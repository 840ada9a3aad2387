// The routes of accounts: one table, and what its handlers share.

public import API
import Access
import Chronology
import Cryptography
import Identifiers
import JSON
import Problems

/// Set-up, registration, signing in and out, sessions, second factors, people.
public struct IdentityRoutes: Sendable {
  let keys: AccountKeys
  /// Asked when a person's data is handed over or erased.
  let holders: [DataHolder]

  public init(_ keys: AccountKeys, holders: [DataHolder] = []) {
    self.keys = keys
    self.holders = holders
  }

  public var all: [Route] {
    setupRoutes + registrationRoutes + signInRoutes + sessionRoutes + passwordRoutes + twoFactorRoutes + userRoutes
      + dataRoutes
  }
}

extension Step {
  /// Refuses a request whose changes stay: the count of wrong answers, the entry in the history.
  static func refuse(_ problem: Problem) -> Step {
    .read { (_) throws(Problem) in throw problem }
  }
}

/// Shapes that several routes take or give.
enum Shapes {
  /// A password that is given, of any length that a person could mean.
  static let password = Shape.string(1...256)
  static let username = Shape.string(Limit.usernameCharacters)
  /// A password that is chosen: at least 8 and at most 72 bytes.
  static let newPassword = Shape.string(2...72)
  static let email = Shape.string(1...Limit.emailBytes)
  static let displayName = Shape.string(1...Limit.displayNameCharacters)
  /// Six digits, or a recovery code.
  static let code = Shape.string(6...64)

  /// What a new person says about themselves.
  static let registration: [Shape.Field] = [
    Shape.Field("username", username, "3 to 32 letters, digits and `_ . -`"),
    Shape.Field("password", newPassword, "8 to 72 bytes"),
    .optional("email", .nullable(email), "another name to sign in with"),
    .optional("display_name", .nullable(displayName), "what others see"),
  ]

  /// The answer of whoever is signed in from now on.
  static let signedIn: [Shape.Field] = [
    Shape.Field("user", .reference("OwnUser")),
    Shape.Field("access_token", .string(1...Limit.tokenBytes), "good for 15 minutes"),
    Shape.Field("refresh_token", .string(1...Limit.tokenBytes), "good once, for 7 days"),
    Shape.Field("token_type", .choice(["Bearer"])),
    Shape.Field("expires_in", .integer(0...86_400), "seconds that the access token is good for"),
    Shape.Field("session_id", .identifier),
  ]
}

/// Headers of browsers that handlers here look at.
enum BrowserHeaders {
  static let all = ["cookie", "origin"]
}

extension IdentityRoutes {
  /// The token of a browser in which somebody has been signed in before.
  func device(_ call: Call) -> SignedToken? {
    Cookies.value(Cookies.device, in: call.headers["cookie"]).flatMap {
      SignedToken($0, .device, keys, at: call.at.wall)
    }
  }

  /// Opens a session and answers with its tokens, as members of the body and as cookies.
  func signedIn(
    _ user: Identifier, _ writing: inout Writing, _ call: Call, status: Int = 200
  ) throws(Problem) -> Step {
    let pair = try writing.openSession(user, call, keys)
    try writing.remember(.success, of: user, session: pair.session, call)
    var own = call
    own.caller = Caller(user: user, session: pair.session)
    try writing.record(AuditEntry("login", "identity", record: ("session", pair.session.description)), own)
    return .reply(try answer(pair, writing, call, status: status))
  }

  func answer(_ pair: TokenPair, _ writing: borrowing Writing, _ call: Call, status: Int = 200) throws(Problem) -> Reply
  {
    var body = pair.json
    body["user"] = try UserView.own(pair.user, writing.tables, writing.directory, at: writing.at)
    // A browser that is known to this person already stays the same one.
    let known = device(call).flatMap { $0.user == pair.user ? $0.nonce : nil }
    return Reply(
      status: status, .object(body),
      headers: pair.cookies(keys, call.origin, device: known, at: writing.at))
  }
}
