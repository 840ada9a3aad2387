// People: the list of members, one of them, and the caller's own profile.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems

extension IdentityRoutes {
  var userRoutes: [Route] {
    [
      Route(
        .get, "/users", "listUsers", "All members, in the order in which they came.", tag: "People", access: .member,
        scope: "members.read",
        query: [
          QueryParameter("after", .identifier, "the last member of the page before"),
          QueryParameter("limit", .integer(1...Int64(Limit.userPage)), "how many"),
        ],
        answer: [Shape.Field("users", .array(.reference("User"), 0...Limit.userPage))],
        handle: { (call) throws(Problem) in try listUsers(call) }),
      Route(
        .get, "/users/me", "getMe", "The caller's own profile.", tag: "People", access: .member, scope: "members.read",
        answer: [Shape.Field("user", .reference("OwnUser"))],
        handle: { (call) throws(Problem) in
          let caller = try call.member()
          return .read { (reading) throws(Problem) in
            .reply(
              "user", try UserView.own(caller.user, reading.tables, reading.directory, at: reading.at))
          }
        }),
      Route(
        .get, "/users/{user_id}", "getUser", "Somebody who is here, or who wrote something here.", tag: "People",
        access: .member, scope: "members.read", answer: [Shape.Field("user", .reference("User"))],
        handle: { (call) throws(Problem) in try getUser(call) }),
      Route(
        .patch, "/users/me", "updateMe", "Changes the caller's profile.", tag: "People", access: .person,
        body: .json(
          .object([
            .optional("username", Shapes.username, "3 to 32 letters, digits and `_ . -`"),
            .optional("display_name", .nullable(Shapes.displayName)),
            .optional("email", .nullable(Shapes.email)),
            .optional(
              "status", .choice(["online", "idle", "dnd", "offline"]), "`offline` looks as if one were not here"),
            .optional("custom_status", .nullable(.string(0...Limit.customStatusCharacters))),
          ])),
        answer: [Shape.Field("user", .reference("OwnUser"))], problems: [.conflict],
        handle: { (call) throws(Problem) in try updateMe(call) }),
    ]
  }

  private func listUsers(_ call: Call) throws(Problem) -> Step {
    let after = try call.queryID("after")
    let limit = try call.queryNumber("limit", 1...Limit.userPage, standard: Limit.userPage)
    return .read { (reading) throws(Problem) in
      let users = try reading.tables.members(after: after, limit: limit)
      return Self.withPresences(users, reading.directory, at: reading.at) { .reply("users", .array($0)) }
    }
  }

  private func getUser(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("user_id")
    return .read { (reading) throws(Problem) in
      guard let user = try reading.tables.user(id) else { throw .notFound("user") }
      return Self.withPresences([user], reading.directory, at: reading.at) { .reply("user", $0.first ?? .null) }
    }
  }

  /// Asks the living process who is here.
  private static func withPresences(
    _ users: [UserRow], _ directory: Directory, at time: WallTime, then: @escaping @Sendable ([JSONValue]) -> Step
  ) -> Step {
    .live(.presences(users.map(\.id))) { (answer) throws(Problem) in
      var statuses: [String: String] = [:]
      if case .json(let presences) = answer {
        for member in presences.object?.members ?? [] { statuses[member.key] = member.value.string }
      }
      return then(
        users.map { UserView.json($0, directory, at: time, presence: statuses[$0.id.description] ?? "offline") })
    }
  }

  private func updateMe(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    let change = try ProfileChange(call, byOwner: call.directory.isOwner(caller.user))
    return .write { (writing) throws(Problem) in
      guard let before = try writing.tables.user(caller.user) else { throw .unauthorized }
      try writing.apply(change, to: caller.user)
      if let username = change.username, username.shown != before.username {
        try writing.record(
          AuditEntry(
            "user_update", "identity", record: ("user", caller.user.description),
            old: ["username": .string(before.username)], new: ["username": .string(username.shown)]), call)
      }
      guard let after = try writing.tables.user(caller.user) else { throw .internal }
      if after != before {
        // The status in it is nobody's presence: the gateway tells that, if it changes.
        writing.emit(
          "member_update", ["user": UserView.json(after, writing.directory, at: writing.at)], to: .everyone)
      }
      if after.chosenStatus != before.chosenStatus {
        writing.then(.statusChosen(caller.user, after.chosenStatus))
      }
      return .reply("user", try UserView.own(caller.user, writing.tables, writing.directory, at: writing.at))
    }
  }
}

/// What a `PATCH /users/me` changes, checked. Outer nil: stays as it is.
private struct ProfileChange: Sendable {
  var username: (shown: String, key: String)?
  var email: (shown: String?, key: String?)?
  var displayName: String??
  var status: String?
  var customStatus: String??

  init(_ call: Call, byOwner: Bool) throws(Problem) {
    if let name = call.body["username"]?.string { username = (name, try Username.chosen(name, byOwner: byOwner)) }
    if call.names("email") {
      email = (nil, nil)
      if let text = call.body["email"]?.string {
        guard let key = EmailAddress.key(text) else { throw .invalid("/email", "is not an e-mail address") }
        email = (text, key)
      }
    }
    if call.names("display_name") {
      displayName = .some(try DisplayText.line(call.body["display_name"]?.string, at: "/display_name"))
    }
    status = call.body["status"]?.string
    if call.names("custom_status") {
      customStatus = .some(try DisplayText.line(call.body["custom_status"]?.string, at: "/custom_status"))
    }
  }
}

extension Writing {
  fileprivate mutating func apply(_ change: ProfileChange, to user: Identifier) throws(Problem) {
    if let name = change.username {
      let count = try tables.executeUnlessTaken(
        "UPDATE users SET username = ?2, username_key = ?3 WHERE id = ?1", user, name.shown, name.key)
      guard count != nil else {
        throw Problem(.conflict, "the username is taken", reason: "username_taken", pointer: "/username")
      }
    }
    if let email = change.email {
      let count = try tables.executeUnlessTaken(
        "UPDATE users SET email = ?2, email_key = ?3 WHERE id = ?1", user, email.shown, email.key)
      guard count != nil else {
        throw Problem(.conflict, "the e-mail address is taken", reason: "email_taken", pointer: "/email")
      }
    }
    if let name = change.displayName {
      try tables.execute("UPDATE users SET display_name = ?2 WHERE id = ?1", user, name)
    }
    if let status = change.status { try tables.execute("UPDATE users SET status = ?2 WHERE id = ?1", user, status) }
    if let text = change.customStatus {
      try tables.execute("UPDATE users SET custom_status = ?2 WHERE id = ?1", user, text)
    }
  }
}
