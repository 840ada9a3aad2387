// Who sends a request: tokens against an index in memory, so that a check costs no SQL and a revocation holds at once.

public import API
public import Chronology
import Cryptography
public import Identifiers
public import SQL

/// Live sessions and bots, kept in step with the database by the consequences of commits. Owned by the thread that
/// takes requests.
public struct Authenticator: Sendable {
  /// Which way a token came (UN-006).
  public enum Source: Hashable, Sendable {
    case header
    /// Unsafe methods must then pass `OriginCheck` (UN-012).
    case cookie
    case query
  }

  private struct Session {
    var user: Identifier
    var expires: WallTime
  }

  private let keys: AccountKeys
  private var sessions: [Identifier: Session] = [:]
  private var sessionsOfUser: [Identifier: Set<Identifier>] = [:]
  private var bots: [[UInt8]: Caller] = [:]
  private var openings = 0

  /// Nobody's sessions yet.
  public init(_ keys: AccountKeys) { self.keys = keys }

  /// The sessions and bots of members, as the tables have them.
  public init(_ keys: AccountKeys, reading database: Database, at time: WallTime) throws(SQLError) {
    self.keys = keys
    try database.forEach(
      """
      SELECT sessions.id, user_id, expires_at FROM sessions JOIN users ON users.id = user_id
      WHERE revoked_at IS NULL AND expires_at > ?1 AND state = 'active'
      """, time.milliseconds
    ) { row in
      open(row.identifier(0), Session(user: row.identifier(1), expires: row.time(2)))
    }
    try database.forEach(
      """
      SELECT digest, user_id, scopes FROM bot_tokens JOIN users ON users.id = user_id WHERE state = 'active'
      """
    ) { row in
      bots[row.blob(0)] = Caller(user: row.identifier(1), scopes: BotToken.scopes(row.text(2)))
    }
  }

  public var sessionCount: Int { sessions.count }

  /// Call for every consequence of a commit, in order, before the next request is looked at.
  public mutating func apply(_ consequence: Consequence, at time: WallTime) {
    switch consequence {
    case .sessionOpened(let id, let user, let expires):
      open(id, Session(user: user, expires: expires))
      openings += 1
      if openings >= Limit.openingsBetweenSearches { forgetExpired(at: time) }
    case .sessionsClosed(let ids): for id in ids { close(id) }
    case .botOpened(let digest, let user, let scopes): bots[digest] = Caller(user: user, scopes: Set(scopes))
    case .botClosed(let user): closeBots(of: user)
    case .memberRemoved(let user):
      for id in sessionsOfUser[user] ?? [] { close(id) }
      closeBots(of: user)
    case .statusChosen, .channelRemoved, .linksPosted, .outboxFilled, .settingsChanged: return
    }
  }

  /// Who presents these credentials; nil when nobody whom we know. The header decides when there is one;
  /// then the cookie `token` is tried, then the parameter `token` (UN-006).
  ///
  /// - Parameters:
  ///   - authorization: the field `Authorization`: `Bearer …`, for bots also `Bot …`.
  ///   - cookie: the field `Cookie`.
  ///   - queryToken: the parameter `token`.
  public mutating func authenticate(
    authorization: String?, cookie: String?, queryToken: String?, at time: WallTime
  ) -> (caller: Caller, source: Source)? {
    if let authorization, !authorization.isEmpty {
      return Self.credentials(authorization).flatMap { caller($0, at: time) }.map { ($0, .header) }
    }
    if let token = Cookies.value(Cookies.access, in: cookie), let caller = caller(token, at: time) {
      return (caller, .cookie)
    }
    guard let queryToken, !queryToken.isEmpty else { return nil }
    return caller(queryToken, at: time).map { ($0, .query) }
  }

  /// Whether the session is still good: for connections that outlive their access token (UN-009).
  public func isLive(_ session: Identifier, at time: WallTime) -> Bool {
    sessions[session].map { $0.expires > time } ?? false
  }

  /// Whether the caller of a long-lived connection is still who it was when it connected.
  public func isLive(_ caller: Caller, at time: WallTime) -> Bool {
    guard let session = caller.session else { return bots.values.contains(caller) }
    return isLive(session, at: time)
  }

  private static func credentials(_ authorization: String) -> String? {
    let parts = authorization.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, ["bearer", "bot"].contains(parts[0].lowercased()) else { return nil }
    return String(parts[1])
  }

  private mutating func caller(_ token: String, at time: WallTime) -> Caller? {
    if BotToken.isOne(token) { return bots[BotToken.digest(token)] }
    guard let claims = SignedToken(token, .access, keys, at: time), let id = claims.session,
      let session = sessions[id], session.user == claims.user
    else { return nil }
    guard session.expires > time else {
      close(id)
      return nil
    }
    return Caller(user: session.user, session: id)
  }

  private mutating func open(_ id: Identifier, _ session: Session) {
    sessions[id] = session
    sessionsOfUser[session.user, default: []].insert(id)
  }

  private mutating func close(_ id: Identifier) {
    guard let session = sessions.removeValue(forKey: id) else { return }
    sessionsOfUser[session.user]?.remove(id)
    if sessionsOfUser[session.user]?.isEmpty == true { sessionsOfUser[session.user] = nil }
  }

  private mutating func closeBots(of user: Identifier) { bots = bots.filter { $0.value.user != user } }

  private mutating func forgetExpired(at time: WallTime) {
    openings = 0
    for (id, session) in sessions where session.expires <= time { close(id) }
  }
}

/// The token of a bot: random, shown once, kept as a digest.
public enum BotToken {
  private static let prefix = "mqvi_bot_"

  /// A new token and the digest that is kept of it.
  public static func make() -> (token: String, digest: [UInt8]) {
    let token = prefix + SecureRandom.alphanumeric(43)
    return (token, digest(token))
  }

  /// A token has 256 random bits: its plain digest cannot be searched for.
  public static func digest(_ token: String) -> [UInt8] { SHA256.digest(of: Array(token.utf8)) }

  static func isOne(_ token: String) -> Bool { token.hasPrefix(prefix) && token.utf8.count <= Limit.tokenBytes }

  /// Scopes as the table keeps them: with spaces between.
  public static func scopes(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }
}
