// Why a token is refused, in words that go to the client.

/// A refusal. Over HTTP each is a 401 whose plain text is `text`.
public enum AccessTokenError: Error, Sendable, Hashable, CaseIterable {
  /// The `Authorization` header does not start with "Bearer ".
  case notBearer
  /// Not a JSON Web Token, or one with claims of impossible types.
  case malformed
  /// Signed with anything but HS256, or not at all.
  case unsupportedAlgorithm
  /// Signed by a key that this server does not have.
  case unknownKey
  case badSignature
  case missingExpiry
  case expired
  case notYetValid

  /// What to tell the client.
  public var text: String {
    switch self {
    case .notBearer: "invalid authorization header. Must start with Bearer "
    case .malformed: "invalid authorization token"
    case .unsupportedAlgorithm: "invalid authorization token: the signature algorithm must be HS256"
    case .unknownKey: "invalid API key"
    case .badSignature: "invalid authorization token: the signature does not match"
    case .missingExpiry: "invalid authorization token: there is no expiry (exp)"
    case .expired: "invalid authorization token: token is expired (exp)"
    case .notYetValid: "invalid authorization token: token is not valid yet (nbf)"
    }
  }
}
