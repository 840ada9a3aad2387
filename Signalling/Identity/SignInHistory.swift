// The history of sign-ins, also of failed ones (UN-022): what an owner of an account looks at after a fright.

import API
import Chronology
import Identifiers
import JSON
import Problems
import SQL

enum SignInOutcome: String, Sendable, CaseIterable {
  case success
  /// Name or password were wrong.
  case credentials
  /// The password was right and the second factor was not.
  case secondFactor = "second_factor"
  /// All was right, but the account is banned or has left.
  case notMember = "not_member"
  /// A refresh token was used a second time: the session was closed.
  case tokenReuse = "token_reuse"
}

extension Writing {
  mutating func remember(
    _ outcome: SignInOutcome, of user: Identifier?, session: Identifier? = nil, _ call: Call
  ) throws(Problem) {
    try tables.execute(
      """
      INSERT INTO login_history (id, user_id, outcome, session_id, ip, user_agent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      """, newIdentifier(), user, outcome.rawValue, session, call.origin.address,
      String(call.origin.userAgent.prefix(256)))
    try tables.execute(
      """
      DELETE FROM login_history WHERE user_id IS ?1 AND id <=
        (SELECT id FROM login_history WHERE user_id IS ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
      """, user, Limit.historyPerUser)
  }
}

extension Tables {
  /// The sign-ins of a person, newest first.
  func signIns(of user: Identifier, before: Identifier?, limit: Int) throws(Problem) -> [JSONValue] {
    try query(
      """
      SELECT id, outcome, session_id, ip, user_agent FROM login_history WHERE user_id = ?1 AND id < ?2
      ORDER BY id DESC LIMIT ?3
      """, user, before?.rawValue ?? Int64.max, limit
    ) { row -> JSONValue in
      [
        "id": .string(row.identifier(0).description), "outcome": .string(row.text(1)),
        "session_id": row.optionalIdentifier(2).map { .string($0.description) } ?? .null, "ip": .string(row.text(3)),
        "user_agent": .string(row.text(4)), "created_at": .string(Timestamp(row.identifier(0).time).text),
      ]
    }
  }
}
