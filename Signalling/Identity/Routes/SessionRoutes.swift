// What a person sees and ends of their own sessions, and the history of sign-ins.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

extension IdentityRoutes {
  var sessionRoutes: [Route] {
    [
      Route(
        .get, "/sessions", "listSessions", "The caller's live sessions, the last used first.", tag: "Accounts",
        access: .person, answer: [Shape.Field("sessions", .array(.reference("Session"), 0...Limit.sessionsPerUser))],
        handle: { (call) throws(Problem) in try listSessions(call) }),
      Route(
        .delete, "/sessions", "revokeOtherSessions", "Ends all sessions of the caller but this one.", tag: "Accounts",
        access: .person, answer: [Shape.Field("revoked", .integer(0...Int64(Limit.sessionsPerUser)))],
        handle: { (call) throws(Problem) in try revokeOthers(call) }),
      Route(
        .delete, "/sessions/{session_id}", "revokeSession", "Ends one session of the caller.", tag: "Accounts",
        access: .person, problems: [.notFound],
        handle: { (call) throws(Problem) in try revoke(call) }),
      Route(
        .get, "/login-history", "listLoginHistory",
        "Sign-ins of the caller, or for administrators of somebody below them; newest first.", tag: "Accounts",
        access: .person,
        query: [
          QueryParameter("user_id", .identifier, "whose, if not the caller's"),
          QueryParameter("before", .identifier, "the last entry of the page before"),
          QueryParameter("limit", .integer(1...Int64(Limit.historyPage)), "how many"),
        ],
        answer: [Shape.Field("logins", .array(.reference("Login"), 0...Limit.historyPage))],
        problems: [.forbidden, .notFound],
        handle: { (call) throws(Problem) in try listHistory(call) }),
    ]
  }

  private func listSessions(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    return .read { (reading) throws(Problem) in
      let sessions = try reading.tables.query(
        """
        SELECT id, ip, user_agent, created_at, last_used_at, expires_at FROM sessions
        WHERE user_id = ?1 AND revoked_at IS NULL AND expires_at > ?2 ORDER BY last_used_at DESC, id DESC
        """, caller.user, reading.at
      ) { row -> JSONValue in
        let id = row.identifier(0)
        return [
          "id": .string(id.description), "current": .bool(id == caller.session),
          "ip": row.optionalText(1).map { .string($0) } ?? .null,
          "user_agent": row.optionalText(2).map { .string($0) } ?? .null,
          "created_at": .string(Timestamp(row.time(3)).text), "last_used_at": .string(Timestamp(row.time(4)).text),
          "expires_at": .string(Timestamp(row.time(5)).text),
        ]
      }
      return .reply("sessions", .array(sessions))
    }
  }

  private func revoke(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    let id = try call.id("session_id")
    return .write { (writing) throws(Problem) in
      // Somebody else's session is none: whoever guesses an id learns nothing.
      let isOwn = try writing.tables.exists(
        "SELECT 1 FROM sessions WHERE id = ?1 AND user_id = ?2 AND revoked_at IS NULL", id, caller.user)
      guard isOwn else { throw .notFound("session") }
      try writing.close([id])
      try writing.record(AuditEntry("session_revoke", "identity", record: ("session", id.description)), call)
      return .done
    }
  }

  private func revokeOthers(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    return .write { (writing) throws(Problem) in
      let closed = try writing.closeSessions(of: caller.user, except: caller.session)
      if !closed.isEmpty {
        try writing.record(
          AuditEntry(
            "session_revoke", "identity", record: ("user", caller.user.description),
            details: "all other sessions: \(closed.count)"), call)
      }
      return .reply("revoked", .integer(Int64(closed.count)))
    }
  }

  private func listHistory(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    let user = try call.queryID("user_id") ?? caller.user
    let before = try call.queryID("before")
    let limit = try call.queryNumber("limit", 1...Limit.historyPage, standard: 50)
    return .read { (reading) throws(Problem) in
      if user != caller.user {
        try reading.directory.require(.admin, of: caller.user, at: reading.at)
        guard try reading.tables.account(user) != nil else { throw .notFound("user") }
        guard reading.directory.outranks(caller.user, user) else { throw .forbidden }
      }
      return .reply("logins", .array(try reading.tables.signIns(of: user, before: before, limit: limit)))
    }
  }
}
