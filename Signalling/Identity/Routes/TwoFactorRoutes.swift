// Putting a second factor on an account and taking it off.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

extension IdentityRoutes {
  var twoFactorRoutes: [Route] {
    let recoveryCodes = Shape.Field(
      "recovery_codes", .array(.string(1...64), 0...Limit.recoveryCodes), "shown once; each is good once")
    return [
      Route(
        .post, "/users/me/two-factor", "beginTwoFactor", "Makes a secret for an authenticator app.", tag: "Accounts",
        access: .person, body: .json(.object([Shape.Field("password", Shapes.password)])),
        answer: [
          Shape.Field(
            "two_factor",
            .object([
              Shape.Field("secret", .string(1...64), "base 32"),
              Shape.Field("otpauth_url", .string(1...1024), "what a QR code says"),
            ]))
        ], problems: [.forbidden, .conflict, .unavailable], rate: .credentials,
        handle: { (call) throws(Problem) in try beginTwoFactor(call) }),
      Route(
        .post, "/users/me/two-factor/confirm", "confirmTwoFactor",
        "Puts the secret to use with a first code, and gives recovery codes.", tag: "Accounts", access: .person,
        body: .json(.object([Shape.Field("code", Shapes.code)])), answer: [recoveryCodes],
        problems: [.forbidden], rate: .credentials,
        handle: { (call) throws(Problem) in try confirmTwoFactor(call) }),
      Route(
        .post, "/users/me/two-factor/recovery-codes", "remakeRecoveryCodes",
        "Gives new recovery codes in the place of the old ones.", tag: "Accounts", access: .person,
        body: .json(.object([Shape.Field("password", Shapes.password), Shape.Field("code", Shapes.code)])),
        answer: [recoveryCodes], problems: [.forbidden, .unavailable], rate: .credentials,
        handle: { (call) throws(Problem) in
          try withBothFactors(call) { (user, writing) throws(Problem) in
            let codes = try writing.makeRecoveryCodes(user)
            try writing.record(
              AuditEntry("recovery_codes_create", "identity", record: ("user", user.description)), call)
            return Self.recoveryCodes(codes)
          }
        }),
      Route(
        .delete, "/users/me/two-factor", "removeTwoFactor", "Takes the second factor off the account.", tag: "Accounts",
        access: .person,
        body: .json(.object([Shape.Field("password", Shapes.password), Shape.Field("code", Shapes.code)])),
        problems: [.forbidden, .unavailable], rate: .credentials,
        handle: { (call) throws(Problem) in
          try withBothFactors(call) { (user, writing) throws(Problem) in
            try writing.removeTwoFactor(user)
            try writing.record(AuditEntry("two_factor_disable", "identity", record: ("user", user.description)), call)
            return .done
          }
        }),
    ]
  }

  private func beginTwoFactor(_ call: Call) throws(Problem) -> Step {
    try proveAgain("password", call) { (proof) throws(Problem) in
      .write { (writing) throws(Problem) in
        let account = try proof.settle(&writing)
        let factor = try writing.beginTwoFactor(account.id, keys)
        let server = try writing.tables.first("SELECT name FROM server LIMIT 1") { $0.text(0) }
        let url = factor.url(issuer: server ?? "mqvi", account: account.username)
        return .reply("two_factor", ["secret": .string(factor.text), "otpauth_url": .string(url)])
      }
    }
  }

  private func confirmTwoFactor(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    let code = (call.body["code"]?.string ?? "").filter { $0 != " " }
    return .write { (writing) throws(Problem) in
      let counters = AttemptCounter.proof(caller.session ?? caller.user)
      try writing.charge(counters)
      guard try writing.confirmTwoFactor(caller.user, code, keys) else { return .refuse(Self.wrongCode) }
      try writing.absolve(counters)
      let codes = try writing.makeRecoveryCodes(caller.user)
      // Whoever holds an older session has not shown the second factor.
      try writing.closeSessions(of: caller.user, except: caller.session)
      try writing.record(
        AuditEntry("two_factor_enable", "identity", record: ("user", caller.user.description)), call)
      return Self.recoveryCodes(codes)
    }
  }

  /// Runs `body` once the password and a code of the second factor were right.
  private func withBothFactors(
    _ call: Call, _ body: @escaping @Sendable (Identifier, inout Writing) throws(Problem) -> Step
  ) throws(Problem) -> Step {
    let code = call.body["code"]?.string ?? ""
    return try proveAgain("password", call) { (proof) throws(Problem) in
      .write { (writing) throws(Problem) in
        let account = try proof.settle(&writing)
        guard account.hasTwoFactor else {
          throw Problem(.validation, "there is no second factor", reason: "two_factor_disabled")
        }
        // The right password sets its own count back, not that of codes.
        let counters = AttemptCounter.secondFactor(account.id)
        try writing.charge(counters)
        guard try writing.takeSecondFactor(account.id, code, keys) else { return .refuse(Self.wrongCode) }
        try writing.absolve(counters)
        return try body(account.id, &writing)
      }
    }
  }

  private static let wrongCode = Problem(
    .forbidden, "the code is wrong or was used", reason: "second_factor", pointer: "/code")

  private static func recoveryCodes(_ codes: [String]) -> Step {
    .reply("recovery_codes", .array(codes.map { .string($0) }))
  }
}
