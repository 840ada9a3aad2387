// Passwords are checked in one way, whichever door they come through: counted first, looked at on a worker, settled in the
// transaction that they allow.

import API
import Chronology
import Identifiers
import JSON
import Problems

/// A password that was right a moment ago.
struct PasswordProof: Sendable {
  let user: Identifier
  /// The hash that it was checked against.
  let hash: String
  let counters: [AttemptCounter]

  /// The account as it is now, and the count of wrong answers back to what it was.
  ///
  /// - Throws: UNAUTHORIZED when the password was changed meanwhile.
  func settle(_ writing: inout Writing) throws(Problem) -> Account {
    guard let account = try writing.tables.account(user), account.passwordHash == hash else {
      throw PasswordProof.wrong
    }
    try writing.absolve(counters)
    return account
  }

  /// One answer for a wrong name, a wrong password and an account that has none.
  static let wrong = Problem(.unauthorized, "the name or the password is wrong", reason: "credentials")
  /// For who is signed in and gives the password again. Not 401: the session is good.
  static let wrongAgain = Problem(.forbidden, "the password is wrong", reason: "credentials", pointer: "/password")
}

extension IdentityRoutes {
  /// Checks the password of the body for `name`. Takes the same steps, and as long, whether anybody has the name or not.
  func prove(
    _ name: SignInName, _ call: Call, then: @escaping @Sendable (PasswordProof) throws(Problem) -> Step
  ) -> Step {
    let password = call.body["password"]?.string ?? ""
    let device = device(call)
    return .write { (writing) throws(Problem) in
      let account = try writing.tables.account(named: name)
      // A browser that somebody else has been signed in with is a stranger's.
      let known = device.flatMap { $0.user == account?.id ? $0.nonce : nil }
      let counters = AttemptCounter.password(name.key, from: Network(call.origin.address), device: known)
      try writing.charge(counters)
      return check(password, account, counters, failing: PasswordProof.wrong, then: then) {
        (writing) throws(Problem) in try writing.remember(.credentials, of: account?.id, call)
      }
    }
  }

  /// Checks the password of the caller, who gives it again for something that a stolen session must not do.
  func proveAgain(
    _ member: String = "password", _ call: Call, then: @escaping @Sendable (PasswordProof) throws(Problem) -> Step
  ) throws(Problem) -> Step {
    let password = call.body[member]?.string ?? ""
    let caller = try call.member()
    return .write { (writing) throws(Problem) in
      let account = try writing.tables.account(caller.user)
      let counters = AttemptCounter.proof(caller.session ?? caller.user)
      try writing.charge(counters)
      var problem = PasswordProof.wrongAgain
      problem.pointer = "/\(member)"
      return check(password, account, counters, failing: problem, then: then) { (_) throws(Problem) in }
    }
  }

  private func check(
    _ password: String, _ account: Account?, _ counters: [AttemptCounter], failing problem: Problem,
    then: @escaping @Sendable (PasswordProof) throws(Problem) -> Step,
    remember: @escaping @Sendable (inout Writing) throws(Problem) -> Void
  ) -> Step {
    .work(.checkPassword(password, hash: account?.passwordHash)) { (result) throws(Problem) in
      switch result {
      case .matches(true):
        guard let account, let hash = account.passwordHash else { throw .internal }
        return try then(PasswordProof(user: account.id, hash: hash, counters: counters))
      case .failed(let problem):
        // Nobody looked at it: that is no wrong answer.
        return .write { (writing) throws(Problem) in
          try writing.absolve(counters, wasRight: false)
          return .refuse(problem)
        }
      default:
        return .write { (writing) throws(Problem) in
          try remember(&writing)
          return .refuse(problem)
        }
      }
    }
  }
}
