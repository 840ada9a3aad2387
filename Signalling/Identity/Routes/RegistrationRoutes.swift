// Becoming a member: with an invitation, which counts its uses in the transaction that makes the account (MQ-032, MQ-042).

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

extension IdentityRoutes {
  var registrationRoutes: [Route] {
    [
      Route(
        .post, "/auth/register", "register",
        "Makes an account: with an invitation, or the owner's while nobody has one.", tag: "Accounts", access: .anyone,
        body: .json(
          .object(
            Shapes.registration + [
              .optional("invite_code", .string(1...64), "needed once there is an owner"), Self.codeField,
            ])),
        answer: Shapes.signedIn, status: 201, problems: [.forbidden, .notFound, .conflict], rate: .credentials,
        headers: BrowserHeaders.all,
        handle: { (call) throws(Problem) in try register(call) }),
      Route(
        .post, "/invites/{code}/join", "joinWithInvite",
        "Makes an account with this invitation, or brings one back that has left.", tag: "Accounts", access: .anyone,
        body: .optionalJSON(
          .object(
            Shapes.registration.map { .optional($0.name, $0.schema, $0.note) } + [
              .optional("code", Shapes.code, "of the second factor, for who comes back with one")
            ])),
        answer: Shapes.signedIn.map { .optional($0.name, $0.schema, $0.note) }, status: 201,
        problems: [.unauthorized, .forbidden, .twoFactorRequired, .notFound, .conflict], rate: .credentials,
        headers: BrowserHeaders.all,
        handle: { (call) throws(Problem) in try joinWithInvite(call) }),
    ]
  }

  private func register(_ call: Call) throws(Problem) -> Step {
    let code = call.body["invite_code"]?.string
    // The owner may have an official name; whether this is the owner, the tables say.
    let form = try Registration(call, byOwner: true)
    return .read { (reading) throws(Problem) in
      if try reading.tables.needsSetup() {
        try checkSetup(call)
        return found(form, FirstChannels(locale: "tr").server, call)
      }
      guard let code else {
        throw Problem(.forbidden, "this server can be joined by invitation only", reason: "invite_required")
      }
      return try join(code, Registration(call, byOwner: false), call)
    }
  }

  private func joinWithInvite(_ call: Call) throws(Problem) -> Step {
    guard call.caller == nil else {
      throw Problem(.conflict, "you are a member already", reason: "already_member")
    }
    let code = call.path["code"] ?? ""
    guard call.names("username"), call.names("password") else {
      throw .invalid(call.names("username") ? "/password" : "/username", "is missing")
    }
    let name = SignInName(call.body["username"]?.string ?? "")
    return .read { (reading) throws(Problem) in
      try reading.tables.checkInvite(code, at: reading.at)
      // Who has left proves who they are; everybody else registers.
      guard let account = try reading.tables.account(named: name), account.state == .left else {
        return try join(code, Registration(call, byOwner: false), call)
      }
      return try comeBack(name, code, call)
    }
  }

  private func join(_ code: String, _ form: Registration, _ call: Call) throws(Problem) -> Step {
    .read { (reading) throws(Problem) in
      // Before the password is hashed: codes that are guessed cost nothing.
      try reading.tables.checkInvite(code, at: reading.at)
      return .work(.hashPassword(form.password)) { (result) throws(Problem) in
        let hash = try result.hash()
        return .write { (writing) throws(Problem) in
          let user = try writing.register(form, passwordHash: hash)
          return try welcome(user, code, &writing, call)
        }
      }
    }
  }

  private func comeBack(_ name: SignInName, _ code: String, _ call: Call) throws(Problem) -> Step {
    prove(name, call) { (proof) throws(Problem) in
      .write { (writing) throws(Problem) in
        let account = try proof.settle(&writing)
        if account.hasTwoFactor, let refusal = try secondFactorRefusal(account.id, &writing, call) { return refusal }
        guard account.state == .left else {
          throw Problem(.conflict, "the username is taken", reason: "username_taken")
        }
        try writing.tables.execute("UPDATE users SET state = 'active' WHERE id = ?1", account.id)
        return try welcome(account.id, code, &writing, call)
      }
    }
  }

  /// Why somebody with a second factor does not come back: nil when the code of the body is right.
  private func secondFactorRefusal(
    _ user: Identifier, _ writing: inout Writing, _ call: Call
  ) throws(Problem) -> Step? {
    guard let code = call.body["code"]?.string else {
      return .refuse(Problem(.twoFactorRequired, "send a code of your second factor along", pointer: "/code"))
    }
    let counters = AttemptCounter.secondFactor(user)
    try writing.charge(counters)
    guard try writing.takeSecondFactor(user, code, keys) else {
      return .refuse(Problem(.unauthorized, "the code is wrong or was used", reason: "second_factor", pointer: "/code"))
    }
    try writing.absolve(counters)
    return nil
  }

  /// Uses the invitation for `user`, tells everybody, and signs the new member in.
  private func welcome(
    _ user: Identifier, _ code: String, _ writing: inout Writing, _ call: Call
  ) throws(Problem) -> Step {
    let invite = try writing.useInvite(code)
    if let role = try writing.role(of: invite) {
      try writing.tables.execute("INSERT OR IGNORE INTO user_roles (user_id, role_id) VALUES (?1, ?2)", user, role)
    }
    try writing.directoryChanged()
    let view = try UserView.json(user, writing.tables, writing.directory, at: writing.at)
    writing.emit("member_join", ["user": view], to: .everyone)
    var own = call
    own.caller = Caller(user: user)
    try writing.record(
      AuditEntry(
        "member_join", "identity", record: ("user", user.description),
        new: ["invited_by": invite.creator.map { .string($0.description) } ?? .null]), own)
    return try signedIn(user, &writing, call, status: 201)
  }
}

/// An invitation that was used.
struct UsedInvite: Hashable, Sendable {
  var role: Identifier?
  var creator: Identifier?
}

extension Tables {
  /// Passes while the invitation could be used (MQ-041).
  func checkInvite(_ code: String, at time: WallTime) throws(Problem) {
    let invite = try first("SELECT max_uses, uses, expires_at FROM invites WHERE code = ?1", code) {
      (usedUp: $0.int64(0) > 0 && $0.int64(1) >= $0.int64(0), expires: $0.optionalTime(2))
    }
    guard let invite else { throw .notFound("invite") }
    if let expires = invite.expires, expires <= time {
      throw Problem(.forbidden, "the invitation has expired", reason: "invite_expired")
    }
    guard !invite.usedUp else { throw Problem(.forbidden, "the invitation is used up", reason: "invite_used_up") }
  }
}

extension Writing {
  /// Counts one use, if one is left: in the one statement that also looks (MQ-042).
  mutating func useInvite(_ code: String) throws(Problem) -> UsedInvite {
    let used = try tables.execute(
      """
      UPDATE invites SET uses = uses + 1
      WHERE code = ?1 AND (max_uses = 0 OR uses < max_uses) AND (expires_at IS NULL OR expires_at > ?2)
      """, code, at)
    if used == 0 { try tables.checkInvite(code, at: at) }
    let invite = try tables.first("SELECT role_id, created_by FROM invites WHERE code = ?1", code) {
      UsedInvite(role: $0.optionalIdentifier(0), creator: $0.optionalIdentifier(1))
    }
    guard used == 1, let invite else { throw .notFound("invite") }
    return invite
  }

  /// The role that comes with an invitation, if who made it may still give it: whoever lost a rank has no ranks left in
  /// old invitations.
  mutating func role(of invite: UsedInvite) throws(Problem) -> Identifier? {
    guard let id = invite.role, let role = directory.roles[id], role.kind == .ordinary, let creator = invite.creator,
      directory.outranks(creator, role: role),
      directory.permissions(of: creator, at: at).isSuperset(of: role.permissions)
    else { return nil }
    return id
  }
}
