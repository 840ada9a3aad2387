// Becoming a member: invitations, their limits, and names that are taken.

import API
import Access
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL
import Testing

@testable import Identity

@Suite struct RegistrationTests {
  private func register(_ accounts: Accounts, _ name: String, _ code: String?, _ more: JSONObject = JSONObject())
    -> Answer
  {
    var body = more
    body["username"] = .string(name)
    body["password"] = .string(Accounts.password)
    if let code { body["invite_code"] = .string(code) }
    return accounts.call("POST", "/api/auth/register", .object(body))
  }

  @Test func `without an invitation nobody registers once there is an owner`() throws {
    let answer = register(try Accounts(), "mehmet", nil)
    #expect(answer.status == 403 && answer["reason"] == "invite_required")
  }

  @Test func `an invitation makes a member who is signed in, and everybody hears of it`() throws {
    let accounts = try Accounts()
    try accounts.invite()
    let client = try Client(register(accounts, "Mehmet", "davet"))
    #expect(accounts.isSignedIn(client.access))
    #expect(accounts.community.directory.members[client.user] != nil)
    let event = try #require(accounts.community.takeEvents().first)
    #expect(event.op == "member_join" && event.audience == .everyone)
    #expect(try JSONValue(parsing: event.data)["user"]?["username"] == "Mehmet")
  }

  @Test func `an unknown invitation, an expired one and one that is used up are refused and count nothing`() throws {
    let accounts = try Accounts()
    try accounts.invite("old", expires: accounts.community.now.wall)
    try accounts.invite("once", uses: 1)
    #expect(register(accounts, "first", "once").status == 201)
    #expect(register(accounts, "mehmet", "nothing").status == 404)
    #expect(register(accounts, "mehmet", "old")["reason"] == "invite_expired")
    #expect(register(accounts, "mehmet", "once")["reason"] == "invite_used_up")
    let uses = try accounts.community.database.query("SELECT code, uses FROM invites ORDER BY code") { row in
      "\(row.text(0)) \(row.int(1))"
    }
    #expect(uses == ["old 0", "once 1"])
  }

  @Test func `an invitation that ran out while the password was hashed lets nobody in`() throws {
    let accounts = try Accounts()
    try accounts.invite("short", expires: accounts.community.now.wall + .seconds(5))
    let community = accounts.community
    community.worker = { work in
      community.advance(.seconds(6))
      return TestCommunity.passwords(work)
    }
    #expect(register(accounts, "mehmet", "short")["reason"] == "invite_expired")
    #expect(accounts.login("mehmet").status == 401)
  }

  @Test func `a name that is taken in another spelling uses nothing up`() throws {
    let accounts = try Accounts()
    try accounts.invite()
    #expect(register(accounts, "Çağrı", "davet").status == 201)
    let answer = register(accounts, "cagri", "davet")
    #expect(answer.status == 409 && answer["reason"] == "username_taken" && answer["pointer"] == "/username")
    #expect(try accounts.community.database.query("SELECT uses FROM invites") { $0.int(0) } == [1])
  }

  @Test func `an e-mail address belongs to one account`() throws {
    let accounts = try Accounts()
    try accounts.invite()
    var more = JSONObject()
    more["email"] = "AYSE@example.org"
    #expect(register(accounts, "mehmet", "davet", more)["reason"] == "email_taken")
  }

  @Test func `names of officials are the owner's to choose`() throws {
    let accounts = try Accounts()
    try accounts.invite()
    for name in ["admin", "Moderator", "everyone", "deleted-1"] {
      #expect(register(accounts, name, "davet")["pointer"] == "/username", "\(name)")
    }
  }

  @Test func `a role comes with an invitation while its maker could still give it`() throws {
    let accounts = try Accounts()
    let role = try accounts.role("Moderator")
    try accounts.invite("staff", role: role)
    let mehmet = try Client(register(accounts, "mehmet", "staff"))
    #expect(accounts.community.directory.members[mehmet.user]?.roles == [role])

    // A moderator's invitation cannot make moderators.
    try accounts.invite("forged", role: role, by: mehmet.user)
    let zeynep = try Client(register(accounts, "zeynep", "forged"))
    #expect(accounts.community.directory.members[zeynep.user]?.roles == [])
  }

  @Test func `joining by the invitation's own path registers`() throws {
    let accounts = try Accounts()
    try accounts.invite()
    let answer = accounts.call(
      "POST", "/api/invites/davet/join", ["username": "mehmet", "password": .string(Accounts.password)])
    #expect(answer.status == 201 && answer["user"]["username"] == "mehmet")
    #expect(accounts.call("POST", "/api/invites/davet/join")["pointer"] == "/username")
  }

  @Test func `who is a member already does not join again`() throws {
    let accounts = try Accounts()
    try accounts.invite()
    let client = try accounts.join("mehmet")
    #expect(accounts.call("POST", "/api/invites/davet/join", token: client.access)["reason"] == "already_member")
    #expect(try accounts.community.database.query("SELECT uses FROM invites WHERE code = 'davet'") { $0.int(0) } == [0])
  }

  @Test func `who has left comes back with an invitation and the old password`() throws {
    let accounts = try Accounts()
    let client = try accounts.join("mehmet")
    try accounts.set("state", "left", of: client.user)
    try accounts.invite()
    #expect(accounts.login("mehmet")["reason"] == "not_member")
    let wrong = accounts.call(
      "POST", "/api/invites/davet/join", ["username": "mehmet", "password": "another password"])
    #expect(wrong.status == 401)
    let answer = accounts.call(
      "POST", "/api/invites/davet/join", ["username": "mehmet", "password": .string(Accounts.password)])
    #expect(try Client(answer).user == client.user)
    #expect(accounts.login("mehmet").status == 200)
  }

  @Test func `who is banned does not come back by invitation`() throws {
    let accounts = try Accounts()
    let client = try accounts.join("mehmet")
    try accounts.set("state", "banned", of: client.user)
    try accounts.invite()
    let answer = accounts.call(
      "POST", "/api/invites/davet/join", ["username": "mehmet", "password": .string(Accounts.password)])
    #expect(answer.status == 409)
    #expect(accounts.login("mehmet")["reason"] == "banned")
  }
}
