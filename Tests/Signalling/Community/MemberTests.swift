// Members: the roles they get, and what happens to who misbehaves.

import API
import Access
import Chronology
import Community
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL
import Testing

@Suite struct MemberTests {
  private func roles(_ ids: [Identifier]) -> JSONValue { ["roles": .array(ids.map { .string($0.description) })] }

  // MARK: Roles

  @Test func `roles are set, added and taken, and everybody hears of it`() throws {
    let asking = try Asking()
    let path = "/users/\(asking.ids.member)/roles"
    let answer = asking.put(path, roles([asking.ids.moderatorRole]), as: asking.ids.admin)
    #expect(answer["user"]["roles"] == [.string(asking.ids.moderatorRole.description)])
    #expect(asking.held(asking.ids.member, asking.ids.staff).contains(.viewChannel))
    #expect(asking.ops() == ["member_update"])
    #expect(asking.delete(path + "/\(asking.ids.moderatorRole)", as: asking.ids.admin)["user"]["roles"] == [])
    #expect(asking.put(path + "/\(asking.ids.moderatorRole)", as: asking.ids.admin).status == 200)
    #expect(try asking.actions() == ["role_change", "role_change", "role_change"])
    // The same again is nothing new.
    _ = asking.ops()
    #expect(asking.put(path + "/\(asking.ids.moderatorRole)", as: asking.ids.admin).status == 200)
    #expect(asking.ops().isEmpty)
  }

  @Test func `moderators give roles below their own, members give none`() throws {
    let asking = try Asking()
    let low = asking.role(["name": "Renk", "permissions": 0])
    let strong = asking.role(["name": "Güçlü", "permissions": 1])
    let path = "/users/\(asking.ids.member)/roles/"
    #expect(asking.put(path + "\(low)", as: asking.ids.moderator).status == 200)
    #expect(asking.put(path + "\(strong)", as: asking.ids.moderator).status == 403)
    #expect(asking.put(path + "\(asking.ids.moderatorRole)", as: asking.ids.moderator).status == 403)
    #expect(asking.put(path + "\(asking.ids.adminRole)", as: asking.ids.moderator).status == 403)
    #expect(asking.put(path + "\(low)", as: asking.ids.member).status == 403)
    #expect(
      asking.delete("/users/\(asking.ids.admin)/roles/\(asking.ids.adminRole)", as: asking.ids.moderator).status == 403)
  }

  @Test func `nobody lifts themselves`() throws {
    let asking = try Asking()
    let path = "/users/\(asking.ids.admin)/roles/"
    #expect(asking.put(path + "\(asking.ids.ownerRole)", as: asking.ids.admin).status == 403)
    #expect(asking.delete(path + "\(asking.ids.adminRole)", as: asking.ids.admin).status == 403)
    #expect(asking.put("/users/\(asking.ids.member)/roles/\(asking.ids.adminRole)", as: asking.ids.admin).status == 403)
  }

  @Test func `the last owner stays owner, and a second one can be made and unmade`() throws {
    let asking = try Asking()
    let own = "/users/\(asking.ids.owner)/roles/\(asking.ids.ownerRole)"
    #expect(asking.delete(own, as: asking.ids.owner)["reason"].string == "last_owner")
    #expect(asking.put("/users/\(asking.ids.owner)/roles", roles([]), as: asking.ids.owner).status == 409)
    #expect(asking.community.directory.isOwner(asking.ids.owner))
    #expect(asking.put("/users/\(asking.ids.admin)/roles/\(asking.ids.ownerRole)", as: asking.ids.owner).status == 200)
    #expect(asking.delete(own, as: asking.ids.admin).status == 200)
    #expect(asking.community.directory.owners == [asking.ids.admin])
  }

  @Test func `the role of everybody is given to nobody, and roles and members must exist`() throws {
    let asking = try Asking()
    let path = "/users/\(asking.ids.member)/roles/"
    #expect(asking.put(path + "\(asking.ids.everyoneRole)", as: asking.ids.owner)["reason"].string == "default_role")
    #expect(asking.put(path + "0000000000000001", as: asking.ids.owner).status == 404)
    #expect(asking.put("/users/0000000000000001/roles", roles([]), as: asking.ids.owner).status == 404)
  }

  // MARK: Kick and ban

  @Test func `a kicked member is out at once: roles, sessions, invitations and all`() throws {
    let asking = try Asking()
    try asking.community.write { writing throws(Problem) in
      try writing.tables.execute(
        """
        INSERT INTO sessions (id, user_id, refresh_digest, expires_at, last_used_at, created_at)
        VALUES (77, ?1, x'00', ?2, ?2, ?2)
        """, asking.ids.moderator, writing.at)
      try writing.tables.execute(
        "INSERT INTO invites (code, created_by, created_at) VALUES ('kod', ?1, ?2)", asking.ids.moderator, writing.at)
    }
    let answer = asking.post("/users/\(asking.ids.moderator)/kick", as: asking.ids.admin, reason: "spam")
    #expect(answer.status == 200)
    #expect(asking.community.directory.members[asking.ids.moderator] == nil)
    #expect(asking.ops() == ["member_leave"])
    #expect(
      asking.community.takeConsequences()
        == [.sessionsClosed([Identifier(rawValue: 77)]), .memberRemoved(asking.ids.moderator)])
    #expect(asking.get("/channels", as: asking.ids.moderator).status == 401)
    #expect(asking.get("/invites/kod", as: nil).status == 404)
    try asking.community.read { reading throws(Problem) in
      let row = try reading.tables.first(
        "SELECT state, (SELECT count(*) FROM user_roles WHERE user_id = users.id) FROM users WHERE id = ?1",
        asking.ids.moderator
      ) {
        ($0.text(0), $0.int(1))
      }
      #expect(row?.0 == "left")
      #expect(row?.1 == 0)
      let reason = try reading.tables.first("SELECT reason FROM audit_logs WHERE action = 'member_kick'") { $0.text(0) }
      #expect(reason == "spam")
    }
  }

  @Test(arguments: ["kick", "ban", "timeout"])
  func `nobody acts on who stands at or above them, nor on themselves`(act: String) throws {
    let asking = try Asking()
    let second = try asking.community.addMember("ikinci", roles: [asking.ids.moderatorRole])
    let body: JSONValue? = act == "timeout" ? ["seconds": 60] : nil
    for target in [asking.ids.owner, asking.ids.admin, asking.ids.moderator, second] {
      #expect(asking.post("/users/\(target)/\(act)", body, as: asking.ids.moderator).status == 403, "\(target)")
    }
    #expect(asking.post("/users/\(asking.ids.member)/\(act)", body, as: asking.ids.member).status == 403)
    #expect(asking.post("/users/0000000000000001/\(act)", body, as: asking.ids.owner).status == 404)
    #expect(asking.community.directory.members.count == 5)
    #expect(asking.post("/users/\(asking.ids.member)/\(act)", body, as: asking.ids.moderator).status == 200)
  }

  @Test func `a ban keeps out until it is lifted`() throws {
    let asking = try Asking()
    let path = "/users/\(asking.ids.member)/ban"
    #expect(asking.post(path, as: asking.ids.moderator, reason: "kaba").status == 200)
    #expect(asking.community.takeConsequences() == [.memberRemoved(asking.ids.member)])
    #expect(asking.post(path, as: asking.ids.moderator)["reason"].string == "banned")
    let bans = asking.get("/bans", as: asking.ids.moderator)["bans"]
    #expect(bans[0]?["user"]?["username"]?.string == "member")
    #expect(bans[0]?["reason"]?.string == "kaba")
    #expect(bans[0]?["banned_by"]?.string == asking.ids.moderator.description)
    #expect(asking.get("/bans", as: asking.ids.admin)["bans"].array?.count == 1)
    #expect(asking.delete(path, as: asking.ids.moderator).status == 200)
    #expect(asking.delete(path, as: asking.ids.moderator).status == 404)
    #expect(asking.get("/bans", as: asking.ids.moderator)["bans"] == [])
    #expect(asking.community.directory.members[asking.ids.member] == nil)
    #expect(try asking.actions() == ["member_ban", "member_unban"])
  }

  @Test func `who left already can be banned, and the list comes in pages`() throws {
    let asking = try Asking()
    var people: [Identifier] = []
    for n in 0..<3 { people.append(try asking.community.addMember("kisi\(n)")) }
    #expect(asking.post("/users/\(people[0])/kick", as: asking.ids.owner).status == 200)
    for id in people { #expect(asking.post("/users/\(id)/ban", as: asking.ids.owner).status == 200) }
    let first = asking.get("/bans?limit=2", as: asking.ids.owner)["bans"]
    #expect(first.array?.compactMap { $0["user"]?["username"]?.string } == ["kisi2", "kisi1"])
    let rest = asking.get("/bans?before=\(first[1]?["id"]?.string ?? "")", as: asking.ids.owner)["bans"]
    #expect(rest.array?.compactMap { $0["user"]?["username"]?.string } == ["kisi0"])
    #expect(asking.get("/bans", as: people[0]).status == 401)
    #expect(asking.get("/bans", as: asking.ids.member).status == 403)
  }

  @Test func `a ban can take what was written in the last days with it`() throws {
    let community = try TestCommunity(
      CommunityRoutes.all(
        hooks: CommunityHooks { user, since, writing throws(Problem) in
          try writing.tables.execute(
            "INSERT INTO settings (name, value) VALUES (?1, ?2)", user.description, String(since.milliseconds))
        }))
    let ids = try community.seed()
    let body: JSONValue = ["delete_message_seconds": 3600]
    #expect(community.call("POST", "/api/users/\(ids.member)/ban", body, as: ids.owner).status == 200)
    let since = try community.read { reading throws(Problem) in
      try reading.tables.first("SELECT value FROM settings WHERE name = ?1", ids.member.description) { $0.text(0) }
    }
    #expect(since == String(community.now.wall.milliseconds - 3_600_000))
  }

  // MARK: Timeouts

  @Test func `who is timed out may only look, until it is over`() throws {
    let asking = try Asking()
    let path = "/users/\(asking.ids.member)/timeout"
    let answer = asking.post(path, ["seconds": 60], as: asking.ids.moderator)
    #expect(answer["user"]["timed_out_until"]?.string != nil)
    #expect(asking.ops() == ["member_update"])
    #expect(asking.held(asking.ids.member, asking.ids.text) == .viewChannel)
    asking.community.advance(.seconds(60))
    #expect(asking.held(asking.ids.member, asking.ids.text) == .memberDefault)
  }

  @Test func `a timeout can be ended, lasts at most 28 days, and is not for administrators`() throws {
    let asking = try Asking()
    let path = "/users/\(asking.ids.member)/timeout"
    #expect(asking.post(path, ["seconds": 2_419_201], as: asking.ids.moderator).status == 400)
    #expect(asking.post(path, ["seconds": 2_419_200], as: asking.ids.moderator).status == 200)
    #expect(asking.delete(path, as: asking.ids.moderator)["user"]["timed_out_until"] == .null)
    #expect(asking.held(asking.ids.member, asking.ids.text) == .memberDefault)
    let admin = asking.post("/users/\(asking.ids.admin)/timeout", ["seconds": 60], as: asking.ids.owner)
    #expect(admin["reason"].string == "administrator")
    #expect(asking.delete(path, as: asking.ids.member).status == 403)
    #expect(try asking.actions() == ["member_timeout", "member_timeout_end"])
  }

  @Test func `a moderator who is timed out moderates nobody`() throws {
    let asking = try Asking()
    #expect(asking.post("/users/\(asking.ids.moderator)/timeout", ["seconds": 60], as: asking.ids.admin).status == 200)
    #expect(asking.post("/users/\(asking.ids.member)/kick", as: asking.ids.moderator).status == 403)
  }
}
