// New passwords: chosen by their owner, or with a code that an administrator hands over.

import API
import Access
import Chronology
import Cryptography
import Identifiers
import JSON
import Problems

extension IdentityRoutes {
  var passwordRoutes: [Route] {
    [
      Route(
        .post, "/users/me/password", "changePassword", "Sets a new password and ends all other sessions.",
        tag: "Accounts", access: .person,
        body: .json(
          .object([
            Shape.Field("current_password", Shapes.password), Shape.Field("new_password", Shapes.newPassword),
          ])),
        problems: [.forbidden, .unavailable], rate: .credentials,
        handle: { (call) throws(Problem) in try changePassword(call) }),
      Route(
        .post, "/users/{user_id}/password-reset", "resetPassword",
        "Makes the password void and gives a code to set a new one with; ends all sessions of that account.",
        tag: "Accounts", access: .server(.admin),
        body: .optionalJSON(
          .object([.optional("clear_two_factor", .boolean, "also removes the second factor, for a lost phone")])),
        answer: [
          Shape.Field(
            "reset", .object([Shape.Field("code", .string(1...64)), Shape.Field("expires_at", .time)]),
            "shown once; hand it over on another way than this server")
        ], problems: [.notFound],
        handle: { (call) throws(Problem) in try resetPassword(call) }),
      Route(
        .post, "/auth/password-reset", "redeemPasswordReset", "Sets a new password with an administrator's code.",
        tag: "Accounts", access: .anyone,
        body: .json(
          .object([Shape.Field("code", .string(1...64)), Shape.Field("new_password", Shapes.newPassword)])),
        problems: [.forbidden, .unavailable], rate: .credentials,
        handle: { (call) throws(Problem) in redeem(call) }),
    ]
  }

  private func changePassword(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    let chosen = call.body["new_password"]?.string ?? ""
    guard chosen != call.body["current_password"]?.string else {
      throw .invalid("/new_password", "is the password that you have")
    }
    return try proveAgain("current_password", call) { (proof) throws(Problem) in
      .read { (reading) throws(Problem) in
        guard let account = try reading.tables.account(caller.user) else { throw .unauthorized }
        try PasswordRule.check(chosen, username: account.username, at: "/new_password")
        return .work(.hashPassword(chosen)) { (result) throws(Problem) in
          let hash = try result.hash()
          return .write { (writing) throws(Problem) in
            _ = try proof.settle(&writing)
            try writing.setPassword(hash, of: caller.user)
            try writing.closeSessions(of: caller.user, except: caller.session)
            try writing.record(
              AuditEntry("password_change", "identity", record: ("user", caller.user.description)), call)
            return .done
          }
        }
      }
    }
  }

  private func resetPassword(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    let user = try call.id("user_id")
    let clearsFactor = call.body["clear_two_factor"]?.bool ?? false
    return .write { (writing) throws(Problem) in
      guard let account = try writing.tables.account(user), account.state != .erased else { throw .notFound("user") }
      guard user != caller.user else {
        throw Problem(.validation, "change your own password with the one that you have")
      }
      guard Self.mayAct(caller.user, on: user, writing.directory) else { throw .forbidden }
      let code = RecoveryCode.make() + "-" + RecoveryCode.make()
      let expires = writing.at + Limit.resetLife
      try writing.tables.execute(
        """
        INSERT INTO password_resets (user_id, digest, created_by, expires_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (user_id) DO UPDATE SET digest = ?2, created_by = ?3, expires_at = ?4
        """, user, RecoveryCode.digest(code), caller.user, expires)
      try writing.tables.execute("UPDATE users SET password_hash = NULL WHERE id = ?1", user)
      if clearsFactor { try writing.removeTwoFactor(user) }
      try writing.closeSessions(of: user)
      try writing.record(
        AuditEntry(
          "password_reset", "identity", record: ("user", user.description),
          new: ["two_factor_removed": .bool(clearsFactor)]), call)
      let reset: JSONValue = ["code": .string(code), "expires_at": .string(Timestamp(expires).text)]
      return .reply("reset", reset)
    }
  }

  /// Above in rank, or both owners: nobody else touches an owner's account.
  static func mayAct(_ actor: Identifier, on target: Identifier, _ directory: Directory) -> Bool {
    directory.outranks(actor, target) || directory.isOwner(actor) && directory.isOwner(target)
  }

  private func redeem(_ call: Call) -> Step {
    let code = call.body["code"]?.string ?? ""
    let chosen = call.body["new_password"]?.string ?? ""
    let counters = AttemptCounter.code(from: Network(call.origin.address))
    return .write { (writing) throws(Problem) in
      try writing.charge(counters)
      guard let user = try writing.tables.userOfReset(code, at: writing.at),
        let account = try writing.tables.account(user)
      else { return .refuse(Self.noReset) }
      try writing.absolve(counters)
      try PasswordRule.check(chosen, username: account.username, at: "/new_password")
      return .work(.hashPassword(chosen)) { (result) throws(Problem) in
        let hash = try result.hash()
        return .write { (writing) throws(Problem) in
          // Looked up again: of two requests with one code, the second finds none.
          guard try writing.tables.userOfReset(code, at: writing.at) == user else { throw Self.noReset }
          try writing.setPassword(hash, of: user)
          try writing.closeSessions(of: user)
          var own = call
          own.caller = Caller(user: user)
          try writing.record(
            AuditEntry(
              "password_change", "identity", record: ("user", user.description), details: "with a reset code"), own)
          return .done
        }
      }
    }
  }

  private static let noReset = Problem(
    .forbidden, "the code is wrong, was used, or has expired", reason: "reset_code", pointer: "/code")
}

extension Tables {
  fileprivate func userOfReset(_ code: String, at time: WallTime) throws(Problem) -> Identifier? {
    try first(
      "SELECT user_id FROM password_resets WHERE digest = ?1 AND expires_at > ?2", RecoveryCode.digest(code), time
    ) { $0.identifier(0) }
  }
}

extension Writing {
  /// Also makes a reset code void: it was for the password before.
  fileprivate mutating func setPassword(_ hash: String, of user: Identifier) throws(Problem) {
    try tables.execute("UPDATE users SET password_hash = ?2 WHERE id = ?1", user, hash)
    try tables.execute("DELETE FROM password_resets WHERE user_id = ?1", user)
  }
}
