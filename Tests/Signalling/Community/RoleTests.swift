// Roles: made and changed below one's own, and never with more than one has.

import API
import Access
import Community
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

@Suite struct RoleTests {
  /// A person who may manage roles, between Moderator and Admin, and their role.
  private func manager(_ asking: Asking) throws -> (user: Identifier, role: Identifier) {
    let role = asking.role(["name": "Yönetici", "permissions": 1506])
    let order: JSONValue = [
      "roles": [
        .string(asking.ids.adminRole.description), .string(role.description),
        .string(asking.ids.moderatorRole.description),
      ]
    ]
    #expect(asking.put("/roles/positions", order, as: asking.ids.owner).status == 200)
    let user = try asking.community.addMember("yonetici", roles: [role])
    _ = asking.ops()
    return (user, role)
  }

  @Test func `everybody reads them, the highest first`() throws {
    let asking = try Asking()
    let roles = asking.get("/roles", as: asking.ids.member)["roles"]
    #expect(roles.all("name") == ["Owner", "Admin", "Moderator", "Member"])
    #expect(roles[0]?["is_owner"]?.bool == true)
    #expect(roles[3]?["is_default"]?.bool == true)
    #expect(roles[3]?["permissions"]?.integer == 1504)
    #expect(roles[3]?["permission_codes"]?.array?.count == 5)
  }

  @Test func `a new role stands right above the one of everybody`() throws {
    let asking = try Asking()
    let body: JSONValue = ["name": "Sanatçı", "color": "#aabbcc", "permissions": 128, "hoist": true]
    let role = asking.post("/roles", body, as: asking.ids.admin)["role"]
    #expect(role["color"]?.string == "#AABBCC")
    #expect(role["hoist"]?.bool == true)
    #expect(asking.ops() == ["role_create"])
    let second = asking.post("/roles", ["name": "Yeni"], as: asking.ids.admin)["role"]
    #expect(second["position"]?.integer == 1)
    #expect(
      asking.get("/roles", as: asking.ids.member)["roles"].all("name")
        == ["Owner", "Admin", "Moderator", "Sanatçı", "Yeni", "Member"])
    // The four that moved up, for whoever keeps a list.
    #expect(asking.ops() == ["role_create", "role_update", "role_update", "role_update", "role_update"])
  }

  @Test func `bits can be written as codes, and come back as both`() throws {
    let asking = try Asking()
    let id = asking.role(["name": "x", "permission_codes": ["voice.speak", "channels.view"]])
    #expect(asking.community.directory.roles[id]?.permissions == [.speak, .viewChannel])
    #expect(asking.post("/roles", ["name": "x", "permission_codes": ["fly"]], as: asking.ids.owner).status == 400)
    let both: JSONValue = ["name": "x", "permission_codes": [], "permissions": 0]
    #expect(asking.post("/roles", both, as: asking.ids.owner).status == 400)
    for color in ["red", "#GGGGGG", "1234567", "#١٢٣٤٥٦"] {
      #expect(asking.post("/roles", ["name": "x", "color": .string(color)], as: asking.ids.owner).status == 400)
    }
  }

  @Test func `members and moderators make, change and delete none`() throws {
    let asking = try Asking()
    for user in [asking.ids.member, asking.ids.moderator] {
      #expect(asking.post("/roles", ["name": "x"], as: user).status == 403)
      #expect(asking.patch("/roles/\(asking.ids.everyoneRole)", ["name": "x"], as: user).status == 403)
      #expect(asking.delete("/roles/\(asking.ids.moderatorRole)", as: user).status == 403)
    }
    #expect(asking.ops().isEmpty)
  }

  @Test func `nobody makes a role with bits that they lack`() throws {
    let asking = try Asking()
    let (user, _) = try manager(asking)
    #expect(asking.post("/roles", ["name": "x", "permissions": 512], as: user).status == 403)
    #expect(asking.post("/roles", ["name": "x", "permissions": 16], as: user).status == 403)
    #expect(asking.post("/roles", ["name": "x", "permissions": 1504], as: user).status == 201)
  }

  @Test func `nobody adds or takes bits that they lack, nor touches roles at or above their own`() throws {
    let asking = try Asking()
    let (user, own) = try manager(asking)
    let below = "/roles/\(asking.ids.moderatorRole)"
    let current = Permissions.moderatorDefault.rawValue
    #expect(asking.patch(below, ["permissions": .integer(current | 512)], as: user).status == 403)
    #expect(asking.patch(below, ["permissions": .integer(current & ~4)], as: user).status == 403)
    #expect(asking.patch(below, ["permissions": .integer(current & ~32), "name": "Mod"], as: user).status == 200)
    #expect(asking.patch("/roles/\(own)", ["name": "x"], as: user).status == 403)
    #expect(asking.patch("/roles/\(asking.ids.adminRole)", ["name": "x"], as: user).status == 403)
    #expect(asking.delete("/roles/\(asking.ids.adminRole)", as: user).status == 403)
    #expect(asking.delete(below, as: user).status == 200)
  }

  @Test func `the owner role is edited by owners, keeps its bits, and stays`() throws {
    let asking = try Asking()
    let path = "/roles/\(asking.ids.ownerRole)"
    #expect(asking.patch(path, ["name": "Kurucu"], as: asking.ids.admin).status == 403)
    #expect(asking.patch(path, ["name": "Kurucu"], as: asking.ids.owner)["role"]["name"]?.string == "Kurucu")
    #expect(asking.patch(path, ["permissions": 0], as: asking.ids.owner)["reason"].string == "owner_role")
    #expect(asking.delete(path, as: asking.ids.owner)["reason"].string == "owner_role")
    #expect(asking.delete("/roles/\(asking.ids.everyoneRole)", as: asking.ids.owner)["reason"].string == "default_role")
  }

  @Test func `who held a deleted role holds it no more, and no channel remembers it`() throws {
    let asking = try Asking()
    #expect(asking.held(asking.ids.moderator, asking.ids.staff).contains(.viewChannel))
    #expect(asking.delete("/roles/\(asking.ids.moderatorRole)", as: asking.ids.owner).status == 200)
    #expect(asking.community.directory.members[asking.ids.moderator]?.roles == [])
    #expect(asking.held(asking.ids.moderator, asking.ids.staff).isEmpty)
    #expect(asking.ops() == ["role_delete", "channel_update"])
    #expect(asking.delete("/roles/\(asking.ids.moderatorRole)", as: asking.ids.owner).status == 404)
  }

  @Test func `the order names every role once, and nobody moves what stands at or above them`() throws {
    let asking = try Asking()
    let (user, own) = try manager(asking)
    let low = asking.role(["name": "Alt"])
    func order(_ ids: [Identifier]) -> JSONValue { ["roles": .array(ids.map { .string($0.description) })] }
    let admin = asking.ids.adminRole
    let moderator = asking.ids.moderatorRole
    #expect(asking.put("/roles/positions", order([admin, own, low, moderator]), as: user).status == 200)
    #expect(
      asking.get("/roles", as: user)["roles"].all("name")
        == ["Owner", "Admin", "Yönetici", "Alt", "Moderator", "Member"])
    #expect(asking.put("/roles/positions", order([admin, low, own, moderator]), as: user).status == 403)
    #expect(asking.put("/roles/positions", order([own, admin, low, moderator]), as: user).status == 403)
    #expect(asking.put("/roles/positions", order([admin, own, low]), as: user)["reason"].string == "order_incomplete")
    #expect(asking.put("/roles/positions", order([admin, own, low, low]), as: user).status == 409)
  }

  @Test func `there are at most two hundred and fifty`() throws {
    let asking = try Asking()
    try asking.community.write { writing throws(Problem) in
      for n in 4..<250 { _ = try writing.role("\(n)", .ordinary, 1, []) }
      try writing.directoryChanged()
    }
    #expect(asking.post("/roles", ["name": "x"], as: asking.ids.owner)["reason"].string == "limit_roles")
  }

  @Test func `everybody hears what they may do themselves`() throws {
    let asking = try Asking()
    let mine = asking.get("/permissions/me", as: asking.ids.member)
    #expect(mine["permissions"].integer == 1504)
    #expect(mine["is_owner"].bool == false)
    #expect(asking.get("/permissions/me", as: asking.ids.owner)["is_owner"].bool == true)
    #expect(asking.get("/permissions/me", as: nil).status == 401)
  }
}
