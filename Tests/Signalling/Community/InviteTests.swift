// Invitations: who makes them, how long they last, and what strangers see.

import API
import Access
import Chronology
import Community
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

@Suite struct InviteTests {
  @Test func `an invitation lasts a day, and shows strangers where it leads`() throws {
    let asking = try Asking()
    let invite = asking.post("/invites", as: asking.ids.admin)["invite"]
    let code = invite["code"]?.string ?? ""
    #expect(code.count == 12)
    #expect(invite["max_uses"]?.integer == 0)
    let preview = asking.get("/invites/\(code)", as: nil)["invite"]
    #expect(preview["server"]?["name"]?.string == "Deneme")
    #expect(preview["member_count"]?.integer == 4)
    asking.community.advance(.seconds(86_399))
    #expect(asking.get("/invites/\(code)", as: nil).status == 200)
    asking.community.advance(.seconds(1))
    #expect(asking.get("/invites/\(code)", as: nil).status == 404)
    #expect(asking.get("/invites", as: asking.ids.admin)["invites"] == [])
  }

  @Test func `codes differ, and a wrong one leads nowhere`() throws {
    let asking = try Asking()
    let codes = (0..<50).compactMap { _ in asking.post("/invites", as: asking.ids.admin)["invite"]["code"]?.string }
    #expect(Set(codes).count == 50)
    #expect(asking.get("/invites/aaaaaaaaaaaa", as: nil).status == 404)
  }

  @Test func `ages beyond seven days are refused, and 0 is for ever`() throws {
    let asking = try Asking()
    #expect(asking.post("/invites", ["max_age": 604_801], as: asking.ids.admin).status == 400)
    let invite = asking.post("/invites", ["max_age": 0, "max_uses": 3], as: asking.ids.admin)["invite"]
    #expect(invite["expires_at"] == .null)
    asking.community.advance(.seconds(100_000_000))
    #expect(asking.get("/invites", as: asking.ids.admin)["invites"].all("code") == [invite["code"]?.string ?? ""])
  }

  @Test func `one that is used up is not listed any more`() throws {
    let asking = try Asking()
    let code = asking.post("/invites", ["max_uses": 1], as: asking.ids.admin)["invite"]["code"]?.string ?? ""
    try asking.community.write { writing throws(Problem) in
      _ = try writing.tables.execute("UPDATE invites SET uses = uses + 1 WHERE code = ?1", code)
    }
    #expect(asking.get("/invites", as: asking.ids.admin)["invites"] == [])
    #expect(asking.get("/invites/\(code)", as: nil).status == 404)
  }

  @Test func `members invite when they may, and see their own`() throws {
    let asking = try Asking()
    #expect(asking.post("/invites", as: asking.ids.member).status == 403)
    #expect(asking.get("/invites", as: asking.ids.member).status == 403)
    let may: JSONValue = ["permissions": .integer(Permissions.memberDefault.union(.createInvite).rawValue)]
    #expect(asking.patch("/roles/\(asking.ids.everyoneRole)", may, as: asking.ids.owner).status == 200)
    let own = asking.post("/invites", as: asking.ids.member)["invite"]["code"]?.string ?? ""
    let other = asking.post("/invites", as: asking.ids.admin)["invite"]["code"]?.string ?? ""
    #expect(asking.get("/invites", as: asking.ids.member)["invites"].all("code") == [own])
    #expect(Set(asking.get("/invites", as: asking.ids.owner)["invites"].all("code")) == [own, other])
    #expect(asking.delete("/invites/\(other)", as: asking.ids.member).status == 404)
    #expect(asking.delete("/invites/\(own)", as: asking.ids.member).status == 200)
    #expect(asking.delete("/invites/\(other)", as: asking.ids.owner).status == 200)
    #expect(asking.get("/invites/\(other)", as: nil).status == 404)
  }

  @Test func `a role comes with it only from who could give it`() throws {
    let asking = try Asking()
    let role = asking.role(["name": "Misafir", "permissions": 0])
    let body: JSONValue = ["role_id": .string(role.description)]
    #expect(asking.post("/invites", body, as: asking.ids.admin)["invite"]["role_id"]?.string == role.description)
    let may: JSONValue = ["permissions": .integer(Permissions.moderatorDefault.union(.createInvite).rawValue)]
    #expect(asking.patch("/roles/\(asking.ids.moderatorRole)", may, as: asking.ids.owner).status == 200)
    #expect(asking.post("/invites", body, as: asking.ids.moderator).status == 403)
    #expect(
      asking.post("/invites", ["role_id": .string(asking.ids.adminRole.description)], as: asking.ids.admin).status
        == 403)
    #expect(
      asking.post("/invites", ["role_id": .string(asking.ids.ownerRole.description)], as: asking.ids.owner).status
        == 400)
    #expect(asking.post("/invites", ["role_id": "0000000000000001"], as: asking.ids.owner).status == 404)
  }

  @Test func `there are at most a thousand, and dead ones do not count`() throws {
    let asking = try Asking()
    try asking.community.write { writing throws(Problem) in
      for n in 0..<1000 {
        try writing.tables.execute(
          "INSERT INTO invites (code, created_at, expires_at) VALUES (?1, ?2, ?3)", "kod\(n)", writing.at,
          WallTime(milliseconds: writing.at.milliseconds + 1000))
      }
    }
    #expect(asking.post("/invites", as: asking.ids.owner)["reason"].string == "limit_invites")
    asking.community.advance(.seconds(1))
    #expect(asking.post("/invites", as: asking.ids.owner).status == 201)
  }

  @Test func `the log does not hold codes that work`() throws {
    let asking = try Asking()
    let code = asking.post("/invites", as: asking.ids.admin)["invite"]["code"]?.string ?? ""
    let log = asking.get("/audit-log", as: asking.ids.owner)
    #expect(log["audit_logs"].all("action") == ["invite_create"])
    #expect(!log.json.description.contains(code))
  }
}
