// Sessions: opened by signing in, prolonged by refreshing, ended by their owner, by an administrator or by a copied token.

import API
import Chronology
import Cryptography
import Identifiers
import JSON
import Problems
import SQL

/// What a client gets to act for a session.
struct TokenPair: Sendable {
  var user: Identifier
  var session: Identifier
  var access: String
  var refresh: String

  /// Members of an answer.
  var json: JSONObject {
    var object = JSONObject()
    object["access_token"] = .string(access)
    object["refresh_token"] = .string(refresh)
    object["token_type"] = "Bearer"
    object["expires_in"] = .integer(Limit.accessLife.milliseconds / 1000)
    object["session_id"] = .string(session.description)
    return object
  }

  /// The same for browsers (UN-007), and the token that makes this browser known.
  func cookies(_ keys: AccountKeys, _ origin: Origin, device: String?, at time: WallTime) -> [(
    name: String, value: String
  )] {
    let known = SignedToken(
      .device, user: user, at: time, life: Limit.deviceLife, nonce: device ?? SecureRandom.alphanumeric(22))
    return [
      Cookies.set(Cookies.access, access, life: Limit.accessLife, path: "/", origin),
      Cookies.set(Cookies.refresh, refresh, life: Limit.refreshLife, path: "/api", origin),
      Cookies.set(Cookies.device, known.signed(keys), life: Limit.deviceLife, path: "/api", origin),
    ]
  }
}

/// What a refresh token came to.
enum Refresh {
  case pair(TokenPair)
  /// It had been traded in before: somebody has a copy. The session is closed.
  case reused
  /// Unknown, run out, or of a session that ended.
  case refused
}

extension Writing {
  /// Opens a session for a member. The oldest ones beyond the limit end.
  mutating func openSession(_ user: Identifier, _ call: Call, _ keys: AccountKeys) throws(Problem) -> TokenPair {
    try tables.execute(
      "DELETE FROM sessions WHERE user_id = ?1 AND (revoked_at IS NOT NULL OR expires_at <= ?2)", user, at)
    let tooMany = try tables.query(
      """
      SELECT id FROM sessions WHERE user_id = ?1 AND revoked_at IS NULL
      ORDER BY last_used_at DESC, id DESC LIMIT -1 OFFSET ?2
      """, user, Limit.sessionsPerUser - 1
    ) { $0.identifier(0) }
    try close(tooMany)
    let id = newIdentifier()
    let pair = tokens(user, id, keys, refreshNonce: SecureRandom.alphanumeric(43))
    try tables.execute(
      """
      INSERT INTO sessions (id, user_id, refresh_digest, ip, user_agent, expires_at, last_used_at, created_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
      """, id, user, Self.digest(pair.refresh), call.origin.address, String(call.origin.userAgent.prefix(256)),
      at + Limit.refreshLife, at)
    then(.sessionOpened(id, user: user, expires: at + Limit.refreshLife))
    return pair
  }

  /// Trades a refresh token in (MQ-040). Of two requests with the same token the second gets the same successor for
  /// `Limit.refreshGrace`, and ends the session after that.
  mutating func refresh(_ token: String, _ keys: AccountKeys) throws(Problem) -> Refresh {
    guard let claims = SignedToken(token, .refresh, keys, at: at), let id = claims.session else { return .refused }
    let row = try tables.first(
      """
      SELECT refresh_digest, previous_digest, rotated_at, expires_at FROM sessions JOIN users ON users.id = user_id
      WHERE sessions.id = ?1 AND user_id = ?2 AND revoked_at IS NULL AND state = 'active'
      """, id, claims.user
    ) { ($0.blob(0), $0.optionalBlob(1), $0.optionalTime(2), $0.time(3)) }
    guard let (current, previous, rotated, expires) = row, expires > at else { return .refused }
    let digest = Self.digest(token)
    if ConstantTime.areEqual(digest, current) {
      let pair = tokens(claims.user, id, keys, refreshNonce: Self.successor(of: token, keys))
      try tables.execute(
        """
        UPDATE sessions SET refresh_digest = ?2, previous_digest = ?3, rotated_at = ?4, last_used_at = ?4,
          expires_at = ?5 WHERE id = ?1
        """, id, Self.digest(pair.refresh), digest, at, at + Limit.refreshLife)
      then(.sessionOpened(id, user: claims.user, expires: at + Limit.refreshLife))
      return .pair(pair)
    }
    if let previous, let rotated, ConstantTime.areEqual(digest, previous), at >= rotated,
      at - rotated < Limit.refreshGrace
    {
      return .pair(tokens(claims.user, id, keys, refreshNonce: Self.successor(of: token, keys), issued: rotated))
    }
    try close([id])
    return .reused
  }

  /// Ends sessions: their tokens are refused from the next request on.
  mutating func close(_ sessions: [Identifier]) throws(Problem) {
    guard !sessions.isEmpty else { return }
    for id in sessions {
      try tables.execute("UPDATE sessions SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL", id, at)
    }
    then(.sessionsClosed(sessions))
  }

  /// Ends all sessions of a person but `kept`. For whoever removes a member, or changes how they sign in.
  @discardableResult
  public mutating func closeSessions(
    of user: Identifier, except kept: Identifier? = nil
  ) throws(Problem) -> [Identifier] {
    let ids = try tables.query(
      "SELECT id FROM sessions WHERE user_id = ?1 AND revoked_at IS NULL ORDER BY id", user
    ) { $0.identifier(0) }.filter { $0 != kept }
    try close(ids)
    return ids
  }

  /// Two tokens for a session. The refresh token depends on its arguments alone, so that a successor can be made again
  /// without keeping it.
  private func tokens(
    _ user: Identifier, _ session: Identifier, _ keys: AccountKeys, refreshNonce: String, issued: WallTime? = nil
  ) -> TokenPair {
    let access = SignedToken(
      .access, user: user, session: session, at: at, life: Limit.accessLife, nonce: SecureRandom.alphanumeric(11))
    let refresh = SignedToken(
      .refresh, user: user, session: session, at: issued ?? at, life: Limit.refreshLife, nonce: refreshNonce)
    return TokenPair(user: user, session: session, access: access.signed(keys), refresh: refresh.signed(keys))
  }

  /// The nonce of the token that follows `token`: as random as the key.
  private static func successor(of token: String, _ keys: AccountKeys) -> String {
    Base64.encodeURL(HMACSHA256.code(for: Array("successor \(token)".utf8), key: keys.refresh))
  }

  private static func digest(_ token: String) -> [UInt8] { SHA256.digest(of: Array(token.utf8)) }
}
