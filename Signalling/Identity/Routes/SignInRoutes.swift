// Signing in, the second step of it, refreshing, and signing out.

import API
import Access
import Chronology
import Cryptography
import Identifiers
import JSON
import Problems

extension IdentityRoutes {
  var signInRoutes: [Route] {
    // UN-017: the paths of /auth are the ones to use; /user has the same handlers for programs that know those.
    ["auth", "user"].flatMap { folder -> [Route] in
      let suffix = folder == "auth" ? "" : "Alias"
      return [
        Route(
          .post, "/\(folder)/login", "login\(suffix)", "Signs in with a username or an e-mail address.",
          tag: "Accounts", access: .anyone,
          body: .json(
            .object([
              .optional("login", .string(1...Limit.emailBytes), "username or e-mail address"),
              .optional("username", .string(1...Limit.emailBytes), "the same as `login`"),
              .optional("email", .string(1...Limit.emailBytes), "the same as `login`"),
              Shape.Field("password", Shapes.password),
            ])),
          answer: Shapes.signedIn, problems: [.unauthorized, .forbidden, .twoFactorRequired, .unavailable],
          rate: .credentials, headers: BrowserHeaders.all,
          handle: { (call) throws(Problem) in try login(call) }),
        Route(
          .post, "/\(folder)/two-factor", "loginWithTwoFactor\(suffix)",
          "The second step: the ticket of the first, and a code.", tag: "Accounts", access: .anyone,
          body: .json(
            .object([
              Shape.Field("ticket", .string(1...Limit.tokenBytes)),
              Shape.Field("code", Shapes.code, "six digits, or a recovery code"),
            ])),
          answer: Shapes.signedIn, problems: [.unauthorized], rate: .credentials, headers: BrowserHeaders.all,
          handle: { (call) throws(Problem) in try loginWithTwoFactor(call) }),
        Route(
          .post, "/\(folder)/refresh", "refresh\(suffix)",
          "Trades a refresh token, of the body or the cookie, for the next pair.", tag: "Accounts", access: .anyone,
          body: .optionalJSON(.object([.optional("refresh_token", .string(1...Limit.tokenBytes))])),
          answer: Shapes.signedIn, problems: [.unauthorized, .forbidden], rate: .credentials,
          headers: BrowserHeaders.all,
          handle: { (call) throws(Problem) in try refresh(call) }),
        Route(
          .post, "/\(folder)/logout", "logout\(suffix)", "Ends the session.", tag: "Accounts", access: .anyone,
          body: .optionalJSON(.object([.optional("refresh_token", .string(1...Limit.tokenBytes))])),
          problems: [.forbidden], headers: BrowserHeaders.all,
          handle: { (call) throws(Problem) in try logout(call) }),
      ]
    }
  }

  // MARK: Signing in

  private func login(_ call: Call) throws(Problem) -> Step {
    let typed = ["login", "username", "email"].lazy.compactMap { call.body[$0]?.string }.first
    guard let typed else { throw .invalid("/login", "is missing") }
    return prove(SignInName(typed), call) { (proof) throws(Problem) in
      .write { (writing) throws(Problem) in
        let account = try proof.settle(&writing)
        guard account.state == .active else {
          try writing.remember(.notMember, of: account.id, call)
          return .refuse(Self.notMember(account.state))
        }
        guard account.hasTwoFactor else { return try signedIn(account.id, &writing, call) }
        return .refuse(
          Problem(
            .twoFactorRequired, "the second factor is missing",
            ticket: ticket(account.id, proof.hash, at: writing.at).signed(keys)))
      }
    }
  }

  /// Said to who has proved to be the owner of the account, and to nobody else.
  private static func notMember(_ state: Account.State) -> Problem {
    state == .banned
      ? Problem(.forbidden, "this account is banned", reason: "banned")
      : Problem(.forbidden, "this account has left: an invitation brings it back", reason: "not_member")
  }

  /// The ticket is bound to the password: a change of it makes tickets void.
  private func ticket(_ user: Identifier, _ hash: String, at time: WallTime) -> SignedToken {
    SignedToken(.ticket, user: user, at: time, life: Limit.ticketLife, nonce: Self.binding(hash))
  }

  private static func binding(_ hash: String) -> String {
    Base64.encodeURL(Array(SHA256.digest(of: Array(hash.utf8)).prefix(16)))
  }

  private func loginWithTwoFactor(_ call: Call) throws(Problem) -> Step {
    let code = call.body["code"]?.string ?? ""
    let expired = Problem(.unauthorized, "the ticket has expired: begin with the password", reason: "ticket")
    guard let ticket = SignedToken(call.body["ticket"]?.string ?? "", .ticket, keys, at: call.at.wall) else {
      throw expired
    }
    let known = device(call).flatMap { $0.user == ticket.user ? $0.nonce : nil }
    return .write { (writing) throws(Problem) in
      guard let account = try writing.tables.account(ticket.user), account.state == .active, account.hasTwoFactor,
        let hash = account.passwordHash, Self.binding(hash) == ticket.nonce
      else { throw expired }
      let counters = AttemptCounter.secondFactor(account.id, from: Network(call.origin.address), device: known)
      try writing.charge(counters)
      guard try writing.takeSecondFactor(account.id, code, keys) else {
        try writing.remember(.secondFactor, of: account.id, call)
        return .refuse(
          Problem(.unauthorized, "the code is wrong or was used", reason: "second_factor", pointer: "/code"))
      }
      try writing.absolve(counters)
      return try signedIn(account.id, &writing, call)
    }
  }

  // MARK: Keeping on and ending

  /// The refresh token of the body, or of the cookie if our own page sent it.
  private func refreshToken(_ call: Call) throws(Problem) -> String? {
    if let token = call.body["refresh_token"]?.string { return token }
    guard let token = Cookies.value(Cookies.refresh, in: call.headers["cookie"]) else { return nil }
    guard OriginCheck.permits(method: "POST", origin: call.headers["origin"], host: call.origin.host) else {
      throw Problem(.forbidden, "cookies count only for requests of this server's own pages", reason: "origin")
    }
    return token
  }

  private func refresh(_ call: Call) throws(Problem) -> Step {
    guard let token = try refreshToken(call) else { throw .unauthorized }
    return .write { (writing) throws(Problem) in
      switch try writing.refresh(token, keys) {
      case .pair(let pair): return .reply(try answer(pair, writing, call))
      case .refused: throw .unauthorized
      case .reused:
        guard let claims = SignedToken(token, .refresh, keys, at: writing.at) else { throw .unauthorized }
        try writing.remember(.tokenReuse, of: claims.user, session: claims.session, call)
        var own = call
        own.caller = Caller(user: claims.user, session: claims.session)
        try writing.record(
          AuditEntry(
            "session_revoke", "identity", record: ("session", claims.session?.description ?? ""),
            details: "a refresh token was used a second time"), own)
        return .refuse(.unauthorized)
      }
    }
  }

  private func logout(_ call: Call) throws(Problem) -> Step {
    let claims = try refreshToken(call).flatMap { SignedToken($0, .refresh, keys, at: call.at.wall) }
    let session = call.caller?.session ?? claims?.session
    guard let session, let user = call.caller?.user ?? claims?.user else {
      return .reply(Reply(status: 200, [:], headers: Cookies.cleared(call.origin)))
    }
    return .write { (writing) throws(Problem) in
      let isLive = try writing.tables.exists(
        "SELECT 1 FROM sessions WHERE id = ?1 AND user_id = ?2 AND revoked_at IS NULL", session, user)
      if isLive {
        try writing.close([session])
        var own = call
        own.caller = Caller(user: user, session: session)
        try writing.record(AuditEntry("logout", "identity", record: ("session", session.description)), own)
      }
      return .reply(Reply(status: 200, [:], headers: Cookies.cleared(call.origin)))
    }
  }
}
