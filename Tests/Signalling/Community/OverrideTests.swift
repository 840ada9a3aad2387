// Overrides of channels and categories, and the answer to "why".

import API
import Access
import Community
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL
import Testing

@Suite struct OverrideTests {
  private func bits(_ allow: Permissions = [], _ deny: Permissions = []) -> JSONValue {
    ["allow": .integer(allow.rawValue), "deny": .integer(deny.rawValue)]
  }

  @Test func `an override for a role changes what its holders may do, there and at once`() throws {
    let asking = try Asking()
    let path = "/channels/\(asking.ids.text)/permissions/\(asking.ids.everyoneRole)"
    let answer = asking.put(path, bits([], .sendMessages), as: asking.ids.admin)
    #expect(answer["permissions"][0]?["deny"]?.integer == 32)
    #expect(!asking.held(asking.ids.member, asking.ids.text).contains(.sendMessages))
    #expect(asking.held(asking.ids.member, asking.ids.voice).contains(.sendMessages))
    #expect(asking.ops() == ["channel_update"])
    #expect(try asking.actions() == ["channel_override_update"])
    #expect(asking.delete(path, as: asking.ids.admin)["permissions"].array?.isEmpty == true)
    #expect(asking.held(asking.ids.member, asking.ids.text).contains(.sendMessages))
    #expect(asking.delete(path, as: asking.ids.admin).status == 404)
  }

  @Test func `an override for a member stands above those of roles`() throws {
    let asking = try Asking()
    let path = "/channels/\(asking.ids.staff)/permissions"
    _ = asking.put(path + "/members/\(asking.ids.member)", bits(.viewChannel), as: asking.ids.owner)
    #expect(asking.held(asking.ids.member, asking.ids.staff).contains(.viewChannel))
    let list = asking.get(path, as: asking.ids.member)["permissions"]
    #expect(list.all("target_type") == ["role", "role", "member"])
    #expect(asking.delete(path + "/members/\(asking.ids.member)", as: asking.ids.owner).status == 200)
    #expect(asking.held(asking.ids.member, asking.ids.staff).isEmpty)
  }

  @Test func `bits of the server, or both allowed and denied, are refused`() throws {
    let asking = try Asking()
    let path = "/channels/\(asking.ids.text)/permissions/\(asking.ids.everyoneRole)"
    #expect(asking.put(path, bits(.admin), as: asking.ids.owner).status == 400)
    #expect(asking.put(path, bits([], .kickMembers), as: asking.ids.owner).status == 400)
    #expect(asking.put(path, bits(.speak, .speak), as: asking.ids.owner).status == 400)
    #expect(asking.community.directory.channels[asking.ids.text]?.overrides.isEmpty == true)
  }

  @Test func `targets that are not there, and owners, have no override`() throws {
    let asking = try Asking()
    let path = "/channels/\(asking.ids.text)/permissions/"
    #expect(asking.put(path + "0000000000000001", bits(), as: asking.ids.owner).status == 404)
    #expect(asking.put(path + "members/0000000000000001", bits(), as: asking.ids.owner).status == 404)
    #expect(asking.put(path + "\(asking.ids.ownerRole)", bits(), as: asking.ids.owner)["reason"].string == "owner_role")
  }

  @Test func `nobody gives or takes in a channel what they lack there`() throws {
    let asking = try Asking()
    let keepers = asking.role(["name": "Bekçi", "permissions": 2])
    let keeper = try asking.community.addMember("bekci", roles: [keepers])
    let path = "/channels/\(asking.ids.text)/permissions/"
    #expect(asking.put(path + "\(asking.ids.everyoneRole)", bits(.speak), as: keeper).status == 200)
    #expect(asking.put(path + "\(asking.ids.everyoneRole)", bits(.manageMessages), as: keeper).status == 403)
    #expect(asking.put(path + "\(asking.ids.everyoneRole)", bits([], .manageMessages), as: keeper).status == 403)
    // Nor does anybody touch who stands at or above them.
    #expect(asking.put(path + "\(asking.ids.moderatorRole)", bits(.speak), as: keeper).status == 403)
    #expect(asking.put(path + "\(keepers)", bits(.speak), as: keeper).status == 403)
    #expect(asking.put(path + "members/\(asking.ids.moderator)", bits([], .speak), as: keeper).status == 403)
    #expect(asking.put(path + "members/\(asking.ids.member)", bits([], .speak), as: keeper).status == 200)
  }

  @Test func `who may not manage roles in a channel changes nothing`() throws {
    let asking = try Asking()
    let path = "/channels/\(asking.ids.text)/permissions/\(asking.ids.everyoneRole)"
    #expect(asking.put(path, bits(.speak), as: asking.ids.moderator).status == 403)
    #expect(asking.delete(path, as: asking.ids.moderator).status == 403)
    #expect(asking.post("/channels/\(asking.ids.text)/permissions/sync", as: asking.ids.moderator).status == 403)
  }

  // MARK: Categories

  @Test func `new channels begin with the overrides of their category`() throws {
    let asking = try Asking()
    let category = asking.category("Gizli")
    let path = "/categories/\(category)/permissions/"
    #expect(asking.put(path + "\(asking.ids.everyoneRole)", bits([], .viewChannel), as: asking.ids.admin).status == 200)
    #expect(asking.put(path + "members/\(asking.ids.member)", bits(.viewChannel), as: asking.ids.admin).status == 200)
    let channel = asking.channel(["name": "içeride", "category_id": .string(category.description)])
    #expect(asking.held(asking.ids.member, channel).contains(.viewChannel))
    #expect(asking.held(asking.ids.moderator, channel).isEmpty)
    #expect(asking.get("/channels/\(channel)/permissions", as: asking.ids.admin)["synced"].bool == true)
    #expect(
      asking.delete(path + "members/\(asking.ids.member)", as: asking.ids.admin)["permissions"].array?.count == 1)
    #expect(asking.held(asking.ids.member, channel).isEmpty)
    #expect(asking.delete(path + "\(asking.ids.everyoneRole)", as: asking.ids.admin).status == 200)
    #expect(asking.held(asking.ids.moderator, channel).contains(.viewChannel))
  }

  @Test func `a synced channel follows its category until it has an override of its own`() throws {
    let asking = try Asking()
    let category = asking.category("Proje")
    let body: JSONValue = ["name": "x", "category_id": .string(category.description)]
    let follower = asking.channel(body)
    let other = asking.channel(body)
    let everyone = asking.ids.everyoneRole
    _ = asking.put(
      "/channels/\(other)/permissions/\(asking.ids.moderatorRole)", bits([], .speak), as: asking.ids.owner)
    _ = asking.ops()
    let answer = asking.put(
      "/categories/\(category)/permissions/\(everyone)", bits([], .sendMessages), as: asking.ids.owner)
    #expect(answer["synced_channels"] == [.string(follower.description)])
    #expect(!asking.held(asking.ids.member, follower).contains(.sendMessages))
    #expect(asking.held(asking.ids.member, other).contains(.sendMessages))
    #expect(asking.ops() == ["channel_update"])

    // Coming back is one call, for the channel or for all.
    #expect(asking.post("/channels/\(other)/permissions/sync", as: asking.ids.owner)["synced"].bool == true)
    #expect(!asking.held(asking.ids.member, other).contains(.sendMessages))
  }

  @Test func `one call brings all channels of a category back to it`() throws {
    let asking = try Asking()
    let category = asking.category("Proje")
    let channel = asking.channel(["name": "x", "category_id": .string(category.description)])
    let path = "/channels/\(channel)/permissions/\(asking.ids.everyoneRole)"
    _ = asking.put(path, bits([], .sendMessages), as: asking.ids.owner)
    let answer = asking.post("/categories/\(category)/permissions/sync", as: asking.ids.owner)
    #expect(answer["synced_channels"] == [.string(channel.description)])
    #expect(asking.held(asking.ids.member, channel).contains(.sendMessages))
    _ = asking.ops()
    // Again there is nothing to bring back, to tell or to log.
    #expect(asking.post("/categories/\(category)/permissions/sync", as: asking.ids.owner).status == 200)
    #expect(asking.ops().isEmpty)
    #expect(asking.post("/categories/\(category)/permissions/sync", as: asking.ids.member).status == 403)
    #expect(asking.get("/categories/\(category)/permissions", as: asking.ids.member).status == 403)
  }

  @Test func `a channel without a category has nothing to follow`() throws {
    let asking = try Asking()
    let answer = asking.post("/channels/\(asking.ids.text)/permissions/sync", as: asking.ids.owner)
    #expect(answer["reason"].string == "no_category")
  }

  @Test func `a category's change that one of its channels forbids changes nothing at all`() throws {
    let asking = try Asking()
    let keepers = asking.role([
      "name": "Bekçi", "permissions": .integer(Permissions.memberDefault.union(.manageRoles).rawValue),
    ])
    let keeper = try asking.community.addMember("bekci", roles: [keepers])
    let category = asking.category("Proje")
    let channel = asking.channel(["name": "x", "category_id": .string(category.description)])
    let path = "/categories/\(category)/permissions/"
    // Both equal, and the keeper cannot manage roles in the channel.
    #expect(asking.put(path + "\(keepers)", bits([], .manageRoles), as: asking.ids.owner).status == 200)
    #expect(asking.put(path + "\(asking.ids.everyoneRole)", bits([], .speak), as: keeper).status == 403)
    #expect(asking.community.directory.channels[channel]?.overrides.count == 1)
    #expect(asking.get("/categories/\(category)/permissions", as: asking.ids.owner)["permissions"].array?.count == 1)
  }

  // MARK: Why

  @Test func `the explanation names the role and the override that decided`() throws {
    let asking = try Asking()
    let path = "/channels/\(asking.ids.staff)/permissions/explain"
    let answer = asking.get(path + "?user_id=\(asking.ids.moderator)", as: asking.ids.admin)
    #expect(answer["permissions"].integer == asking.held(asking.ids.moderator, asking.ids.staff).rawValue)
    #expect(answer["steps"].all("step") == ["role", "role", "everyone_override", "role_override", "role_overrides"])
    #expect(answer["steps"][3]?["role_id"]?.string == asking.ids.moderatorRole.description)
    let hidden = asking.get(path + "?user_id=\(asking.ids.member)", as: asking.ids.admin)
    #expect(hidden["permissions"].integer == 0)
    #expect(hidden["steps"].all("step") == ["role", "everyone_override", "dependencies"])
  }

  @Test func `everybody may ask about themselves, and about others who manages roles`() throws {
    let asking = try Asking()
    let path = "/channels/\(asking.ids.text)/permissions/explain"
    #expect(asking.get(path, as: asking.ids.member)["user_id"].string == asking.ids.member.description)
    #expect(asking.get(path + "?user_id=\(asking.ids.owner)", as: asking.ids.member).status == 403)
    #expect(asking.get(path + "?user_id=0000000000000001", as: asking.ids.owner).status == 404)
    #expect(asking.get(path + "?user_id=nobody", as: asking.ids.owner).status == 400)
  }
}
