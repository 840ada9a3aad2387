// Access tokens on the wire: JSON Web Tokens signed with HMAC-SHA256 (RFC 7519, RFC 7515), and nothing else.

public import Chronology
import Cryptography
import JSON

/// An API key: its id travels in tokens (`iss`), its secret signs them.
public struct APIKey: Sendable, Hashable {
  public var id: String
  public var secret: String

  public init(id: String, secret: String) {
    self.id = id
    self.secret = secret
  }
}

/// Where tokens are found.
public enum AccessToken {
  /// The longest token: a refreshed one carries metadata and attributes (512 + 64 KiB), a third longer in base64.
  public static let maximumLength = 1 << 20

  /// The token of a request: the `Authorization` header goes before the query parameter `access_token`. Nil when there
  /// is neither.
  public static func presented(authorization: String?, query: String?) throws(AccessTokenError) -> String? {
    guard let authorization, !authorization.isEmpty else { return query.flatMap { $0.isEmpty ? nil : $0 } }
    let scheme = "Bearer "
    guard authorization.hasPrefix(scheme) else { throw .notBearer }
    return String(authorization.dropFirst(scheme.count))
  }
}

extension AccessTokenClaims {
  /// The token for these claims, signed with `key`. Their `issuer` is replaced by the key's id.
  public func signed(with key: APIKey) -> String {
    var claims = self
    claims.issuer = key.id
    let content = Self.header + "." + Base64.encodeURL(claims.json.serialized)
    let code = HMACSHA256.code(for: Array(content.utf8), key: Array(key.secret.utf8))
    return content + "." + Base64.encodeURL(code)
  }

  private static let header = Base64.encodeURL(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))

  /// Reads and checks a token: algorithm, signature, expiry (required) and start, both with 60 s of leeway.
  ///
  /// `secret` gives the secret of an API key, nil for a key that does not exist.
  public init(
    verifying token: String, at now: WallTime, secret: (_ key: String) -> String?
  ) throws(AccessTokenError) {
    guard token.utf8.count <= AccessToken.maximumLength else { throw .malformed }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw .malformed }
    try Self.checkHeader(try Self.json(parts[0]))
    let content = try Self.json(parts[1])
    guard let issuer = content["iss"]?.string, let secret = secret(issuer) else { throw .unknownKey }
    guard let code = Base64.decodeURL(String(parts[2])),
      HMACSHA256.isValid(code, for: Array("\(parts[0]).\(parts[1])".utf8), key: Array(secret.utf8))
    else { throw .badSignature }
    try self.init(json: content)
    let leeway = TokenLife.leeway.nanoseconds / 1_000_000_000
    if now.seconds - leeway > expires { throw .expired }
    if let notBefore, now.seconds + leeway < notBefore { throw .notYetValid }
  }

  /// The algorithm is pinned (RFC 8725 section 3.1), and extensions that must be understood are not (RFC 7515 section 4.1.11).
  private static func checkHeader(_ header: JSONValue) throws(AccessTokenError) {
    guard header["alg"]?.string == "HS256", header["crit"] == nil else { throw .unsupportedAlgorithm }
  }

  private static func json(_ part: Substring) throws(AccessTokenError) -> JSONValue {
    guard let text = Base64.decodeURL(String(part)),
      let value = try? JSONValue(parsing: text, limits: JSONLimits(bytes: AccessToken.maximumLength, depth: 16)),
      value.object != nil
    else { throw .malformed }
    return value
  }
}

// MARK: Tokens that the server makes

extension AccessTokenClaims {
  /// The token that replaces a participant's own: the same person and place with what it may do now, valid for what was
  /// left of the original and at least ten minutes.
  ///
  /// `self` holds the claims of the original with name, metadata, attributes and grant brought up to date.
  public func refreshed(at now: WallTime, with key: APIKey) -> String {
    var claims = self
    claims.setValidity(from: now, for: TokenLife.refreshedMinimum)
    claims.expires = max(expires, claims.expires)
    claims.sha256 = ""
    return claims.signed(with: key)
  }

  /// The token that a webhook's receiver checks: it vouches for `body`.
  public static func webhookToken(for body: [UInt8], at now: WallTime, with key: APIKey) -> String {
    var claims = AccessTokenClaims()
    claims.sha256 = Base64.encode(SHA256.digest(of: body))
    claims.setValidity(from: now, for: TokenLife.webhook)
    return claims.signed(with: key)
  }

  /// Whether the token vouches for `body`.
  public func vouches(for body: [UInt8]) -> Bool {
    Base64.decode(sha256) == SHA256.digest(of: body)
  }
}
