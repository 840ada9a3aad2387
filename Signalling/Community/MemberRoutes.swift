// What is done to members: roles given and taken, kick, ban, timeout (MQ-074, MQ-083, MQ-084, MQ-124, MQ-126).

public import API
import Access
import Chronology
public import Identifiers
import Identity
import JSON
public import Problems
import SQL

enum MemberRoutes {
  private static let answer: [Shape.Field] = [.init("user", .reference("User"))]

  static func all(_ hooks: CommunityHooks) -> [Route] {
    [
      Route(
        .put, "/users/{user_id}/roles", "setMemberRoles",
        "Gives a member exactly these roles. Needs MANAGE_ROLES or MODERATE_MEMBERS, and every role that comes or goes "
          + "stands below the caller.",
        tag: "Members", access: .member, scope: "roles.manage",
        body: .json(.object([.init("roles", .array(.identifier, 0...Limit.rolesOfMember))])), answer: answer,
        problems: [.forbidden, .notFound, .conflict], handle: RoleAssignment.replace),
      Route(
        .put, "/users/{user_id}/roles/{role_id}", "addMemberRole", "Gives a member one role more.", tag: "Members",
        access: .member, scope: "roles.manage", answer: answer, problems: [.forbidden, .notFound, .conflict],
        handle: RoleAssignment.add),
      Route(
        .delete, "/users/{user_id}/roles/{role_id}", "removeMemberRole", "Takes one role from a member.",
        tag: "Members", access: .member, scope: "roles.manage", answer: answer,
        problems: [.forbidden, .notFound, .conflict], handle: RoleAssignment.remove),
      Route(
        .post, "/users/{user_id}/kick", "kickMember", "Removes a member, who may come back with an invitation.",
        tag: "Members", access: .server(.kickMembers), scope: "members.moderate", problems: [.notFound],
        handle: kick),
      Route(
        .post, "/users/{user_id}/ban", "banMember",
        "Removes somebody and keeps them out, be they a member or one who left.", tag: "Members",
        access: .server(.banMembers), scope: "members.moderate",
        body: .optionalJSON(
          .object([
            .optional(
              "delete_message_seconds", .integer(0...Int64(Limit.purge)),
              "Also deletes what they wrote in the last so many seconds.")
          ])), problems: [.notFound, .conflict]
      ) { call throws(Problem) in try ban(call, hooks) },
      Route(
        .delete, "/users/{user_id}/ban", "unbanMember", "Lets somebody come back with an invitation.", tag: "Members",
        access: .server(.banMembers), scope: "members.moderate", problems: [.notFound], handle: unban),
      Route(
        .get, "/bans", "listBans", "Who is kept out, the last first.", tag: "Members", access: .server(.banMembers),
        scope: "members.moderate",
        query: [
          QueryParameter("before", .identifier, "The `id` of a ban: only those before it."),
          QueryParameter("limit", .integer(1...Int64(Limit.bansPage)), "At most so many; 50 by default."),
        ],
        answer: [
          .init(
            "bans",
            .array(
              .object([
                .init("id", .identifier), .init("user", .any), .init("banned_by", .nullable(.identifier)),
                .init("reason", .nullable(.string(0...512))), .init("created_at", .time),
              ]), 0...Limit.bansPage))
        ], handle: bans),
      Route(
        .post, "/users/{user_id}/timeout", "timeOutMember", "Lets a member only look for so many seconds.",
        tag: "Members", access: .server(.moderateMembers), scope: "members.moderate",
        body: .json(.object([.init("seconds", .integer(1...Int64(Limit.timeout)))])), answer: answer,
        problems: [.notFound, .conflict], handle: timeOut),
      Route(
        .delete, "/users/{user_id}/timeout", "endTimeout", "Ends a timeout.", tag: "Members",
        access: .server(.moderateMembers), scope: "members.moderate", answer: answer, problems: [.notFound],
        handle: endTimeout),
    ]
  }

  // MARK: Kick and ban

  @Sendable private static func kick(_ call: Call) throws(Problem) -> Step {
    let actor = try call.member().user
    let target = try call.id("user_id")
    return .write { writing throws(Problem) in
      try below(actor, target, writing.directory)
      try writing.endMembership(of: target, state: "left")
      try writing.record(AuditEntry("member_kick", "community", record: ("user", target.description)), call)
      return .done
    }
  }

  private static func ban(_ call: Call, _ hooks: CommunityHooks) throws(Problem) -> Step {
    let actor = try call.member().user
    let target = try call.id("user_id")
    let seconds = call.body["delete_message_seconds"]?.integer ?? 0
    return .write { writing throws(Problem) in
      let sql = "SELECT state FROM users WHERE id = ?1 AND kind <> 'imported' AND state <> 'erased'"
      guard let state = try writing.tables.first(sql, target, row: { $0.text(0) }) else { throw .notFound("user") }
      guard state != "banned" else { throw Problem(.conflict, "the user is banned already", reason: "banned") }
      guard writing.directory.outranks(actor, target) else { throw .forbidden }
      if seconds > 0 {
        guard let purge = hooks.purgeMessages else { throw .internal }
        try purge(target, .init(milliseconds: writing.at.milliseconds - seconds * 1000), &writing)
      }
      try writing.endMembership(of: target, state: "banned")
      try writing.tables.execute(
        "INSERT INTO bans (id, user_id, banned_by, reason, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        writing.newIdentifier(), target, actor, call.reason, writing.at)
      try writing.record(
        AuditEntry(
          "member_ban", "community", record: ("user", target.description),
          new: seconds > 0 ? ["delete_message_seconds": .integer(seconds)] : .none), call)
      return .done
    }
  }

  @Sendable private static func unban(_ call: Call) throws(Problem) -> Step {
    let target = try call.id("user_id")
    return .write { writing throws(Problem) in
      guard try writing.tables.execute("DELETE FROM bans WHERE user_id = ?1", target) > 0 else {
        throw .notFound("ban")
      }
      try writing.tables.execute("UPDATE users SET state = 'left' WHERE id = ?1 AND state = 'banned'", target)
      try writing.record(AuditEntry("member_unban", "community", record: ("user", target.description)), call)
      return .done
    }
  }

  private struct Ban {
    var id: Identifier
    var user: Identifier
    var by: Identifier?
    var reason: String?
    var time: WallTime

    func view(_ user: AuthorView?) -> JSONValue {
      [
        "id": .string(id.description), "user": user?.json ?? .null,
        "banned_by": by.map { .string($0.description) } ?? .null, "reason": reason.map { .string($0) } ?? .null,
        "created_at": .string(Timestamp(time).text),
      ]
    }
  }

  @Sendable private static func bans(_ call: Call) throws(Problem) -> Step {
    let before = try call.queryID("before")
    let limit = try call.queryNumber("limit", 1...Limit.bansPage, standard: 50)
    return .read { reading throws(Problem) in
      let bans = try reading.tables.query(
        "SELECT id, user_id, banned_by, reason, created_at FROM bans WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
        before?.rawValue ?? Int64.max, limit
      ) { row in
        Ban(
          id: row.identifier(0), user: row.identifier(1), by: row.optionalIdentifier(2), reason: row.optionalText(3),
          time: row.time(4))
      }
      let people = try reading.tables.authors(bans.map(\.user))
      return .reply("bans", .array(bans.map { $0.view(people[$0.user]) }))
    }
  }

  // MARK: Timeouts

  @Sendable private static func timeOut(_ call: Call) throws(Problem) -> Step {
    let actor = try call.member().user
    let target = try call.id("user_id")
    let seconds = call.body["seconds"]?.integer ?? 1
    return .write { writing throws(Problem) in
      try below(actor, target, writing.directory)
      guard !writing.directory.permissions(of: target, at: writing.at).contains(.admin) else {
        throw Problem(.conflict, "administrators cannot be timed out", reason: "administrator")
      }
      let until = WallTime(milliseconds: writing.at.milliseconds + seconds * 1000)
      return try setTimeout(until, of: target, &writing, call)
    }
  }

  @Sendable private static func endTimeout(_ call: Call) throws(Problem) -> Step {
    let actor = try call.member().user
    let target = try call.id("user_id")
    return .write { writing throws(Problem) in
      try below(actor, target, writing.directory)
      return try setTimeout(nil, of: target, &writing, call)
    }
  }

  private static func setTimeout(
    _ until: WallTime?, of target: Identifier, _ writing: inout Writing, _ call: Call
  ) throws(Problem) -> Step {
    func text(_ time: WallTime?) -> JSONValue { ["timed_out_until": time.map { .string(Timestamp($0).text) } ?? .null] }
    let old = writing.directory.members[target]?.timedOutUntil
    if old != until {
      try writing.tables.execute("UPDATE users SET timed_out_until = ?2 WHERE id = ?1", target, until)
      try writing.directoryChanged()
      try writing.record(
        AuditEntry(
          until == nil ? "member_timeout_end" : "member_timeout", "community", record: ("user", target.description),
          old: text(old), new: text(until)), call)
    }
    return try tell(target, &writing)
  }

  // MARK: Shared

  /// Passes when the target is a member whom the actor stands above.
  static func below(_ actor: Identifier, _ target: Identifier, _ directory: Directory) throws(Problem) {
    guard directory.members[target] != nil else { throw .notFound("member") }
    guard directory.outranks(actor, target) else { throw .forbidden }
  }

  /// Tells everybody how the member is now, and answers with it.
  static func tell(_ target: Identifier, _ writing: inout Writing) throws(Problem) -> Step {
    let user = try UserView.json(target, writing.tables, writing.directory, at: writing.at)
    writing.emit("member_update", ["user": user], to: .everyone)
    return .reply("user", user)
  }
}

extension Writing {
  /// Ends a membership, whoever decided it: roles and invitations go with it, sessions, sockets and media end.
  public mutating func endMembership(of user: Identifier, state: String) throws(Problem) {
    let isMember = directory.members[user] != nil
    let isBot = directory.members[user]?.isBot == true
    try tables.execute("UPDATE users SET state = ?2 WHERE id = ?1", user, state)
    try tables.execute("DELETE FROM user_roles WHERE user_id = ?1", user)
    // An invitation stands for who made it: nobody comes in on the word of somebody who is out.
    try tables.execute("DELETE FROM invites WHERE created_by = ?1", user)
    guard isMember else { return }
    try directoryChanged()
    try closeSessions(of: user)
    if isBot { then(.botClosed(user: user)) }
    then(.memberRemoved(user))
    emit("member_leave", ["user_id": .string(user.description)], to: .everyone)
  }
}
