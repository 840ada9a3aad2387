// Channels: who sees them, who makes them, and what everybody hears.

import API
import Access
import Community
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

@Suite struct ChannelTests {
  @Test func `the list shows what the caller may see and do`() throws {
    let asking = try Asking()
    let answer = asking.get("/channels", as: asking.ids.member)
    #expect(answer["channels"].array?.count == 2)
    #expect(answer["channels"].all("name") == ["genel", "Sohbet"])
    #expect(answer["channels"][0]?["permissions"]?.integer == Permissions.memberDefault.rawValue)
    #expect(asking.get("/channels", as: asking.ids.moderator)["channels"].all("name") == ["genel", "Sohbet", "ekip"])
    #expect(
      asking.get("/channels", as: asking.ids.owner)["channels"][2]?["permissions"]?.integer == Permissions.all.rawValue)
  }

  @Test func `a channel keeps the name that people wrote`() throws {
    let asking = try Asking()
    let answer = asking.post(
      "/channels", ["name": " Şakır şakır Çiğköfte 🌶️ ", "topic": "  Afiyet olsun "], as: asking.ids.admin)
    #expect(answer.status == 201)
    #expect(answer["channel"]["name"]?.string == "Şakır şakır Çiğköfte 🌶️")
    #expect(answer["channel"]["topic"]?.string == "Afiyet olsun")
    #expect(answer["channel"]["type"]?.string == "text")
    let events = asking.community.takeEvents()
    #expect(events.map(\.op) == ["channel_create"])
    #expect(events.first?.audience == .channel(Identifier(answer["channel"]["id"]?.string ?? "") ?? asking.ids.text))
    #expect(try asking.actions() == ["channel_create"])
  }

  @Test func `a voice channel has a limit and a bitrate, a text channel has not`() throws {
    let asking = try Asking()
    let body: JSONValue = ["name": "Sahne", "type": "voice", "user_limit": 5, "bitrate": 96_000]
    let voice = asking.post("/channels", body, as: asking.ids.owner)["channel"]
    #expect(voice["user_limit"]?.integer == 5)
    #expect(voice["bitrate"]?.integer == 96_000)
    let text = asking.post("/channels", ["name": "x", "user_limit": 5], as: asking.ids.owner)
    #expect(text.status == 400)
    #expect(text["pointer"].string == "/user_limit")
  }

  @Test func `making, changing and deleting need MANAGE_CHANNELS`() throws {
    let asking = try Asking()
    let path = "/channels/\(asking.ids.text)"
    #expect(asking.post("/channels", ["name": "x"], as: asking.ids.moderator).status == 403)
    #expect(asking.patch(path, ["name": "x"], as: asking.ids.moderator).status == 403)
    #expect(asking.delete(path, as: asking.ids.member).status == 403)
    #expect(
      asking.put(
        "/channels/positions", ["channels": [["id": .string(asking.ids.text.description)]]], as: asking.ids.member
      ).status == 403)
    #expect(asking.ops().isEmpty)
  }

  @Test func `a channel that one may not see is not there`() throws {
    let asking = try Asking()
    let path = "/channels/\(asking.ids.staff)"
    for answer in [
      asking.get(path, as: asking.ids.member), asking.patch(path, ["name": "x"], as: asking.ids.member),
      asking.delete(path, as: asking.ids.member), asking.get(path + "/permissions", as: asking.ids.member),
      asking.get("/channels/0000000000000001", as: asking.ids.owner),
    ] {
      #expect(answer.code == "NOT_FOUND")
    }
    #expect(asking.get(path, as: asking.ids.moderator)["channel"]["name"]?.string == "ekip")
  }

  @Test func `an update changes what it names and nothing else`() throws {
    let asking = try Asking()
    let category = asking.category("Proje")
    _ = asking.ops()
    let body: JSONValue = ["category_id": .string(category.description), "slow_mode": 30]
    let answer = asking.patch("/channels/\(asking.ids.text)", body, as: asking.ids.owner)["channel"]
    #expect(answer["name"]?.string == "genel")
    #expect(answer["category_id"]?.string == category.description)
    #expect(answer["slow_mode"]?.integer == 30)
    #expect(asking.ops() == ["channel_update"])
    let cleared = asking.patch("/channels/\(asking.ids.text)", ["category_id": nil], as: asking.ids.owner)["channel"]
    #expect(cleared["category_id"] == .null)
    #expect(cleared["slow_mode"]?.integer == 30)
  }

  @Test func `a category that is not there takes no channels`() throws {
    let asking = try Asking()
    let body: JSONValue = ["category_id": "0000000000000001"]
    #expect(asking.patch("/channels/\(asking.ids.text)", body, as: asking.ids.owner).status == 404)
    #expect(
      asking.post("/channels", ["name": "x", "category_id": "0000000000000001"], as: asking.ids.owner).status == 404)
  }

  @Test func `a deleted channel is told to who saw it, and its media room ends`() throws {
    let asking = try Asking()
    #expect(asking.delete("/channels/\(asking.ids.staff)", as: asking.ids.owner).status == 200)
    let events = asking.community.takeEvents()
    #expect(events.map(\.op) == ["channel_delete"])
    #expect(events.first?.audience == .users([asking.ids.owner, asking.ids.admin, asking.ids.moderator]))
    #expect(asking.community.takeConsequences() == [.channelRemoved(asking.ids.staff)])
    #expect(asking.community.directory.channels[asking.ids.staff] == nil)
    #expect(asking.delete("/channels/\(asking.ids.staff)", as: asking.ids.owner).status == 404)
  }

  @Test func `the whole order comes in one call, and what is not listed stays between`() throws {
    let asking = try Asking()
    let last = asking.channel(["name": "son"])
    _ = asking.ops()
    let category = asking.category("Alt")
    // Now: genel, Sohbet, ekip, son. Listed: son and genel, in this order; Sohbet and ekip keep their places.
    let body: JSONValue = [
      "channels": [
        ["id": .string(last.description), "category_id": .string(category.description)],
        ["id": .string(asking.ids.text.description)],
      ]
    ]
    let answer = asking.put("/channels/positions", body, as: asking.ids.owner)
    #expect(answer["channels"].all("name") == ["son", "Sohbet", "ekip", "genel"])
    #expect(answer["channels"][0]?["category_id"]?.string == category.description)
    #expect(try asking.actions().last == "channel_order_update")
  }

  @Test func `an order that names a channel twice, or none that exists, is refused`() throws {
    let asking = try Asking()
    let id: JSONValue = ["id": .string(asking.ids.text.description)]
    #expect(asking.put("/channels/positions", ["channels": [id, id]], as: asking.ids.owner).status == 400)
    let stranger: JSONValue = ["id": "0000000000000001"]
    #expect(asking.put("/channels/positions", ["channels": [stranger]], as: asking.ids.owner).status == 404)
  }

  @Test func `there are at most five hundred`() throws {
    let asking = try Asking()
    try asking.community.write { writing throws(Problem) in
      for _ in 3..<500 { _ = try writing.channel("dolgu", .text) }
      try writing.directoryChanged()
    }
    let answer = asking.post("/channels", ["name": "bir fazla"], as: asking.ids.owner)
    #expect(answer.status == 409)
    #expect(answer["reason"].string == "limit_channels")
  }

  @Test func `a private channel can be made in one request`() throws {
    let asking = try Asking()
    let body: JSONValue = [
      "name": "gizli",
      "overrides": [
        ["target_type": "role", "target_id": .string(asking.ids.everyoneRole.description), "allow": 0, "deny": 1024],
        ["target_type": "member", "target_id": .string(asking.ids.member.description), "allow": 1024, "deny": 0],
      ],
    ]
    let id = asking.channel(body)
    #expect(asking.held(asking.ids.member, id).contains(.viewChannel))
    #expect(asking.held(asking.ids.moderator, id).isEmpty)
  }
}
