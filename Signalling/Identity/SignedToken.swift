// The tokens of accounts: JSON Web Tokens signed with HMAC-SHA256 (RFC 7519, RFC 7515 §A.1), in exactly one spelling.

import Chronology
import Cryptography
import Identifiers
import JSON

/// What a token says. Only the server reads it; to clients it is opaque.
struct SignedToken: Hashable, Sendable {
  /// What it is good for. A token of one use is never taken for another (RFC 8725 §3.11).
  enum Use: String, Sendable {
    /// Asks the API for fifteen minutes.
    case access
    /// Gets the next pair of tokens, once.
    case refresh
    /// The password was right; the second factor is missing.
    case ticket
    /// A browser that this person has signed in with.
    case device
  }

  /// Of the claims. Another one is refused.
  private static let version: Int64 = 1
  private static let header = Base64.encodeURL(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))

  var use: Use
  var user: Identifier
  var session: Identifier?
  /// Seconds since 1970.
  var issued: Int64
  var expires: Int64
  /// Makes two tokens of the same second differ, or binds the token to something.
  var nonce: String

  init(
    _ use: Use, user: Identifier, session: Identifier? = nil, at time: WallTime, life: Interval, nonce: String
  ) {
    self.use = use
    self.user = user
    self.session = session
    issued = time.seconds
    expires = time.seconds &+ life.milliseconds / 1000
    self.nonce = nonce
  }

  func signed(_ keys: AccountKeys) -> String {
    var claims = JSONObject()
    claims["sub"] = .string(user.description)
    if let session { claims["sid"] = .string(session.description) }
    claims["use"] = .string(use.rawValue)
    claims["ver"] = .integer(Self.version)
    claims["iat"] = .integer(issued)
    claims["exp"] = .integer(expires)
    claims["jti"] = .string(nonce)
    let content = Self.header + "." + Base64.encodeURL(JSONValue.object(claims).serialized)
    return content + "." + Self.signature(content, keys.key(use))
  }

  /// Reads `token`; nil unless it is ours, for this use, and not expired.
  ///
  /// Header and signature are compared as text: the algorithm is pinned (RFC 8725 §3.1), and the spare bits at the end
  /// of base 64 cannot be used to write one token in several ways.
  init?(_ token: String, _ use: Use, _ keys: AccountKeys, at time: WallTime) {
    guard token.utf8.count <= Limit.tokenBytes else { return nil }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == Self.header else { return nil }
    let expected = Self.signature("\(parts[0]).\(parts[1])", keys.key(use))
    guard ConstantTime.areEqual(Array(parts[2].utf8), Array(expected.utf8)),
      let text = Base64.decodeURL(String(parts[1])), let claims = try? JSONValue(parsing: text),
      claims["use"]?.string == use.rawValue, claims["ver"]?.integer == Self.version,
      let user = claims["sub"]?.string.flatMap({ Identifier($0) }), let issued = claims["iat"]?.integer,
      let expires = claims["exp"]?.integer, expires > time.seconds, let nonce = claims["jti"]?.string
    else { return nil }
    self.use = use
    self.user = user
    session = claims["sid"]?.string.flatMap { Identifier($0) }
    self.issued = issued
    self.expires = expires
    self.nonce = nonce
  }

  private static func signature(_ content: String, _ key: [UInt8]) -> String {
    Base64.encodeURL(HMACSHA256.code(for: Array(content.utf8), key: key))
  }
}
