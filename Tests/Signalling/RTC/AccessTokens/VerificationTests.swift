// Which tokens get in and what the others are told.

import AccessTokens
import Chronology
import Cryptography
import JSON
import Randomness
import TestSupport
import Testing

@Suite struct VerificationTests {
  private static let key = APIKey(id: "devkey", secret: "a secret")
  private static let now = WallTime(milliseconds: 1_800_000_000_500)

  private func verify(_ token: String, at now: WallTime = now) throws(AccessTokenError) -> AccessTokenClaims {
    try AccessTokenClaims(verifying: token, at: now) { $0 == Self.key.id ? Self.key.secret : nil }
  }

  /// A token with exactly these parts and a signature that fits them.
  private func token(
    header: String = #"{"alg":"HS256","typ":"JWT"}"#, _ payload: String, secret: String = key.secret
  ) -> String {
    let content = Base64.encodeURL(Array(header.utf8)) + "." + Base64.encodeURL(Array(payload.utf8))
    let code = HMACSHA256.code(for: Array(content.utf8), key: Array(secret.utf8))
    return content + "." + Base64.encodeURL(code)
  }

  private func claims(expiresIn seconds: Int64, startsIn start: Int64 = -10) -> AccessTokenClaims {
    var claims = AccessTokenClaims(joining: "lobby", as: "ann")
    claims.notBefore = Self.now.seconds + start
    claims.expires = Self.now.seconds + seconds
    return claims
  }

  @Test(arguments: [3600, 0, -30, -60] as [Int64])
  func `a token is valid until a minute after its expiry`(expiresIn: Int64) throws {
    #expect(try verify(claims(expiresIn: expiresIn).signed(with: Self.key)).identity == "ann")
  }

  @Test(arguments: [-61, -3600] as [Int64])
  func `a token is refused later than a minute after its expiry`(expiresIn: Int64) {
    #expect(throws: AccessTokenError.expired) { try verify(claims(expiresIn: expiresIn).signed(with: Self.key)) }
  }

  @Test(arguments: [0, 30, 60] as [Int64])
  func `a token is valid from a minute before its start`(startsIn: Int64) throws {
    #expect(try verify(claims(expiresIn: 3600, startsIn: startsIn).signed(with: Self.key)).identity == "ann")
  }

  @Test(arguments: [61, 300] as [Int64])
  func `a token is refused earlier than a minute before its start`(startsIn: Int64) {
    #expect(throws: AccessTokenError.notYetValid) {
      try verify(claims(expiresIn: 3600, startsIn: startsIn).signed(with: Self.key))
    }
  }

  @Test func `a token without expiry is refused`() {
    #expect(throws: AccessTokenError.missingExpiry) { try verify(token(#"{"iss":"devkey","sub":"ann"}"#)) }
    #expect(throws: AccessTokenError.missingExpiry) { try verify(token(#"{"iss":"devkey","exp":null}"#)) }
  }

  @Test(arguments: [
    #"{"alg":"none"}"#, #"{"alg":"None"}"#, #"{"alg":"HS512"}"#, #"{"alg":"RS256"}"#, #"{"alg":"hs256"}"#, "{}",
    #"{"alg":["HS256"]}"#, #"{"alg":"HS256","crit":["exp"]}"#,
  ])
  func `any algorithm but HS256 is refused, whatever the signature`(header: String) {
    #expect(throws: AccessTokenError.unsupportedAlgorithm) {
      try verify(token(header: header, #"{"iss":"devkey","exp":1900000000}"#))
    }
  }

  @Test func `an unsigned token is refused`() {
    let signed = claims(expiresIn: 60).signed(with: Self.key)
    let unsigned = signed.split(separator: ".")[0...1].joined(separator: ".") + "."
    #expect(throws: AccessTokenError.badSignature) { try verify(unsigned) }
  }

  @Test func `a wrong secret, an unknown key and a missing issuer are told apart`() {
    #expect(throws: AccessTokenError.badSignature) {
      try verify(claims(expiresIn: 60).signed(with: APIKey(id: "devkey", secret: "guessed")))
    }
    #expect(throws: AccessTokenError.unknownKey) {
      try verify(claims(expiresIn: 60).signed(with: APIKey(id: "other", secret: "a secret")))
    }
    #expect(throws: AccessTokenError.unknownKey) { try verify(token(#"{"exp":1900000000}"#)) }
  }

  @Test func `no change of any character passes`() {
    let token = claims(expiresIn: 60).signed(with: Self.key)
    forEachSeed(300) { seed, random in
      var damaged = Array(token.utf8)
      let index = Int.random(in: damaged.indices, using: &random)
      damaged[index] = UInt8.random(in: 0x21...0x7E, using: &random)
      let text = String(decoding: damaged, as: UTF8.self)
      // The last character of base64 holds bits that belong to no byte.
      if text != token && index != damaged.indices.last { #expect(throws: AccessTokenError.self) { try verify(text) } }
    }
  }

  @Test(arguments: ["", ".", "..", "a.b", "a.b.c.d", "e30.e30", "!.!.!", "e30.W10.AA", "bnVsbA.bnVsbA.AA", "ew.e30.AA"])
  func `what is not a token is malformed`(text: String) {
    #expect(throws: AccessTokenError.self) { try verify(text) }
  }

  @Test(arguments: [
    #""name":5"#, #""metadata":{}"#, #""attributes":{"a":1}"#, #""attributes":[]"#, #""video":true"#,
    #""video":{"roomJoin":"yes"}"#, #""video":{"room":1}"#, #""video":{"canPublishSources":"camera"}"#,
    #""video":{"canPublishSources":[1]}"#, #""exp":"soon""#, #""nbf":{}"#, #""roomConfig":{"emptyTimeout":"x"}"#,
  ])
  func `a claim of an impossible type is refused`(claim: String) {
    let expiry = claim.contains("exp") ? "" : #","exp":1900000000"#
    #expect(throws: AccessTokenError.malformed) { try verify(token(#"{"iss":"devkey""# + expiry + "," + claim + "}")) }
  }

  @Test func `unknown claims and grants are ignored`() throws {
    let claims = try verify(
      token(#"{"iss":"devkey","exp":1900000000.75,"sub":"ann","inference":{"perform":true},"video":{"canFly":1}}"#))
    #expect(claims.identity == "ann")
    #expect(claims.expires == 1_900_000_000)
    #expect(claims.video == VideoGrant())
  }

  @Test func `the identity of the oldest tokens is their id`() throws {
    #expect(try verify(token(#"{"iss":"devkey","exp":1900000000,"jti":"ann"}"#)).identity == "ann")
    #expect(
      try verify(token(#"{"iss":"devkey","exp":1900000000,"jti":"x","sub":"ann","identity":"y"}"#)).identity == "ann")
  }

  @Test func `an absurd expiry is only a late one`() throws {
    #expect(try verify(token(#"{"iss":"devkey","exp":1e300}"#)).expires == .max)
    #expect(throws: AccessTokenError.expired) { try verify(token(#"{"iss":"devkey","exp":-1e300}"#)) }
  }

  @Test func `every refusal has its own text`() {
    #expect(Set(AccessTokenError.allCases.map(\.text)).count == AccessTokenError.allCases.count)
  }

  @Test func `the header goes before the query`() throws {
    #expect(try AccessToken.presented(authorization: "Bearer a", query: "b") == "a")
    #expect(try AccessToken.presented(authorization: nil, query: "b") == "b")
    #expect(try AccessToken.presented(authorization: nil, query: "") == nil)
    #expect(try AccessToken.presented(authorization: nil, query: nil) == nil)
    #expect(throws: AccessTokenError.notBearer) { try AccessToken.presented(authorization: "Basic a", query: "b") }
    #expect(AccessTokenError.notBearer.text == "invalid authorization header. Must start with Bearer ")
  }
}
