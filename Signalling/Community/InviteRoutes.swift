// Invitations: the only way in beside the first set-up (MQ-041…MQ-043, MQ-075…MQ-077). Using one is Identity's.

import API
import Access
import Chronology
import Cryptography
import Identifiers
import JSON
import Problems
import SQL

enum InviteRoutes {
  private static let answer: [Shape.Field] = [.init("invite", .reference("Invite"))]

  static let all: [Route] = [
    Route(
      .post, "/invites", "createInvite", "Makes an invitation.", tag: "Invites", access: .server(.createInvite),
      scope: "invites.manage",
      body: .optionalJSON(
        .object([
          .optional("max_age", .integer(0...Int64(Limit.inviteAge)), "Seconds; a day by default, 0 for ever."),
          .optional("max_uses", .integer(0...Int64(Limit.inviteUses)), "0, the default, for any number."),
          .optional(
            "role_id", .nullable(.identifier),
            "A role for who comes in with it. Needs MANAGE_ROLES and stands below the caller."),
        ])),
      answer: answer, status: 201, problems: [.conflict, .notFound], handle: create),
    Route(
      .get, "/invites", "listInvites",
      "Invitations that can be used: all of them for administrators, otherwise the caller's own.", tag: "Invites",
      access: .server(.createInvite), scope: "invites.manage",
      answer: [.init("invites", .array(.reference("Invite"), 0...Limit.invites))], handle: list),
    Route(
      .get, "/invites/{code}", "previewInvite", "What an invitation leads to, for whoever has its code.",
      tag: "Invites", access: .anyone, answer: [.init("invite", .reference("InvitePreview"))], problems: [.notFound],
      handle: preview),
    Route(
      .delete, "/invites/{code}", "deleteInvite", "Takes an invitation back: one's own, or, for administrators, any.",
      tag: "Invites", access: .member, scope: "invites.manage", problems: [.notFound], handle: remove),
  ]

  private static let columns = "code, created_by, role_id, max_uses, uses, expires_at, created_at"
  /// With the time as ?1.
  private static let active = "(expires_at IS NULL OR expires_at > ?1) AND (max_uses = 0 OR uses < max_uses)"

  @Sendable private static func create(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    let age = call.body["max_age"]?.integer ?? Int64(Limit.standardInviteAge)
    let uses = call.body["max_uses"]?.int ?? 0
    let role = call.bodyID("role_id")
    return .write { writing throws(Problem) in
      if let role { try check(role, by: user, writing.directory, at: writing.at) }
      try writing.tables.execute("DELETE FROM invites WHERE NOT (\(active))", writing.at)
      let count = try writing.tables.first("SELECT count(*) FROM invites") { $0.int(0) } ?? 0
      guard count < Limit.invites else {
        throw Problem(.conflict, "there are \(Limit.invites) invitations already", reason: "limit_invites")
      }
      let code = SecureRandom.alphanumeric(Limit.inviteCode)
      let expires = age == 0 ? nil : WallTime(milliseconds: writing.at.milliseconds + age * 1000)
      try writing.tables.execute(
        """
        INSERT INTO invites (code, created_by, role_id, max_uses, expires_at, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        """, code, user, role, uses, expires, writing.at)
      let invite = try writing.tables.first("SELECT \(columns) FROM invites WHERE code = ?1", code) { view($0) }
      // The log is read by more people than may invite: it gets the beginning of the code only.
      try writing.record(
        AuditEntry(
          "invite_create", "community", record: ("invite", shortened(code)),
          new: [
            "role_id": role.map { .string($0.description) } ?? .null, "max_uses": .integer(Int64(uses)),
            "expires_at": expires.map { .string(Timestamp($0).text) } ?? .null,
          ]), call)
      return .reply("invite", invite ?? .null, status: 201)
    }
  }

  private static func check(
    _ id: Identifier, by user: Identifier, _ directory: Directory, at time: WallTime
  ) throws(Problem) {
    guard let role = directory.roles[id] else { throw .notFound("role") }
    guard role.kind == .ordinary else { throw .invalid("/role_id", "cannot be given by an invitation") }
    let held = directory.permissions(of: user, at: time)
    guard held.isSuperset(of: role.permissions.intersection(.all).union(.manageRoles)),
      directory.outranks(user, role: role)
    else { throw .forbidden }
  }

  @Sendable private static func list(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    return .read { reading throws(Problem) in
      let seesAll = reading.directory.permissions(of: user, at: reading.at).contains(.admin)
      let invites = try reading.tables.query(
        "SELECT \(columns) FROM invites WHERE \(active) AND (?2 OR created_by = ?3) ORDER BY created_at DESC, code",
        reading.at, seesAll, user
      ) { view($0) }
      return .reply("invites", .array(invites))
    }
  }

  @Sendable private static func preview(_ call: Call) throws(Problem) -> Step {
    let code = call.path["code"] ?? ""
    return .read { reading throws(Problem) in
      let sql = "SELECT expires_at FROM invites WHERE \(active) AND code = ?2"
      guard let expires = try reading.tables.first(sql, reading.at, code, row: { $0.optionalTime(0) }) else {
        throw .notFound("invite")
      }
      return .reply(
        "invite",
        [
          "code": .string(code), "server": try ServerView.server(reading.tables),
          "member_count": .integer(Int64(reading.directory.members.count)),
          "expires_at": expires.map { .string(Timestamp($0).text) } ?? .null,
        ])
    }
  }

  @Sendable private static func remove(_ call: Call) throws(Problem) -> Step {
    let user = try call.member().user
    let code = call.path["code"] ?? ""
    return .write { writing throws(Problem) in
      let mayAll = writing.directory.permissions(of: user, at: writing.at).contains(.admin)
      let count = try writing.tables.execute(
        "DELETE FROM invites WHERE code = ?1 AND (?2 OR created_by = ?3)", code, mayAll, user)
      guard count > 0 else { throw .notFound("invite") }
      try writing.record(AuditEntry("invite_delete", "community", record: ("invite", shortened(code))), call)
      return .done
    }
  }

  private static func shortened(_ code: String) -> String { code.prefix(4) + "…" }

  private static func view(_ row: borrowing Row) -> JSONValue {
    [
      "code": .string(row.text(0)), "created_by": row.optionalIdentifier(1).map { .string($0.description) } ?? .null,
      "role_id": row.optionalIdentifier(2).map { .string($0.description) } ?? .null,
      "max_uses": .integer(row.int64(3)), "uses": .integer(row.int64(4)),
      "expires_at": row.optionalTime(5).map { .string(Timestamp($0).text) } ?? .null,
      "created_at": .string(Timestamp(row.time(6)).text),
    ]
  }
}
