// A person's data: handed over as one JSON document, and erased.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

extension IdentityRoutes {
  var dataRoutes: [Route] {
    let choice = Shape.Field.optional(
      "messages", .choice(["keep", "remove"]), "`keep` (the default): they stay, written by a deleted account")
    return [
      Route(
        .get, "/users/me/export", "exportMyData", "Everything that this server keeps of the caller.", tag: "People",
        access: .person, answer: [Shape.Field("export", .any)], rate: .search,
        handle: { (call) throws(Problem) in try export(call) }),
      Route(
        .post, "/users/me/erase", "eraseMe", "Removes the caller's account for good.", tag: "People", access: .person,
        body: .json(.object([Shape.Field("password", Shapes.password), choice])),
        problems: [.forbidden, .conflict, .unavailable], rate: .credentials,
        handle: { (call) throws(Problem) in
          try proveAgain("password", call) { (proof) throws(Problem) in
            .write { (writing) throws(Problem) in
              let account = try proof.settle(&writing)
              guard try !writing.isLastOwner(account.id) else {
                throw Problem(.conflict, "make somebody else an owner first", reason: "last_owner")
              }
              try erase(account.id, &writing, call)
              return .reply(Reply(status: 200, [:], headers: Cookies.cleared(call.origin)))
            }
          }
        }),
      Route(
        .post, "/users/{user_id}/erase", "eraseUser", "Removes somebody's account for good.", tag: "People",
        access: .server(.admin), body: .optionalJSON(.object([choice])), problems: [.notFound],
        handle: { (call) throws(Problem) in
          let caller = try call.member()
          let user = try call.id("user_id")
          return .write { (writing) throws(Problem) in
            guard let account = try writing.tables.account(user), account.state != .erased else {
              throw .notFound("user")
            }
            guard user != caller.user, writing.directory.outranks(caller.user, user) else { throw .forbidden }
            try erase(user, &writing, call)
            return .done
          }
        }),
    ]
  }

  private func export(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    return .read { (reading) throws(Problem) in
      var document = JSONObject()
      document["exported_at"] = .string(Timestamp(reading.at).text)
      document["account"] = try UserView.own(caller.user, reading.tables, reading.directory, at: reading.at)
      document["logins"] = .array(
        try reading.tables.signIns(of: caller.user, before: nil, limit: Limit.historyPerUser))
      document["invites"] = .array(
        try reading.tables.query(
          "SELECT code, max_uses, uses, created_at FROM invites WHERE created_by = ?1 ORDER BY created_at", caller.user
        ) { row -> JSONValue in
          [
            "code": .string(row.text(0)), "max_uses": .integer(row.int64(1)), "uses": .integer(row.int64(2)),
            "created_at": .string(Timestamp(row.time(3)).text),
          ]
        })
      for holder in holders { document[holder.name] = try holder.export(reading, caller.user) }
      return .reply("export", .object(document))
    }
  }

  /// What other modules keep goes first, by their choice; then the account: a name and a password no more. The row stays,
  /// because messages that stay have an author.
  private func erase(_ user: Identifier, _ writing: inout Writing, _ call: Call) throws(Problem) {
    let choice = call.body["messages"]?.string.flatMap { DataHolder.Choice(rawValue: $0) } ?? .keep
    // Before the rows say otherwise: the entry is the actor's, and names nothing but ids.
    try writing.record(
      AuditEntry(
        "user_erase", "identity", record: ("user", user.description), new: ["messages": .string(choice.rawValue)]), call
    )
    try writing.closeSessions(of: user)
    for holder in holders { try holder.erase(&writing, user, choice) }
    try writing.tables.execute(
      """
      UPDATE users SET username = 'deleted-' || ?2, username_key = 'deleted-' || ?2, email = NULL, email_key = NULL,
        display_name = NULL, avatar_blob = NULL, password_hash = NULL, state = 'erased', status = 'offline',
        custom_status = NULL, last_seen_at = NULL, timed_out_until = NULL WHERE id = ?1
      """, user, user.description)
    for table in Self.personalTables {
      try writing.tables.execute("DELETE FROM \(table) WHERE user_id = ?1", user)
    }
    try writing.directoryChanged()
    writing.then(.memberRemoved(user))
    writing.emit("member_leave", ["user_id": .string(user.description)], to: .everyone)
  }

  /// Rows that say something about a person and nothing to others.
  private static let personalTables = [
    "sessions", "two_factor", "recovery_codes", "password_resets", "login_history", "user_roles",
    "channel_permissions",
  ]
}

extension Writing {
  /// Whether nobody would own the server without `user`.
  fileprivate func isLastOwner(_ user: Identifier) throws(Problem) -> Bool {
    directory.isOwner(user) && !directory.members.keys.contains { $0 != user && directory.isOwner($0) }
  }
}
