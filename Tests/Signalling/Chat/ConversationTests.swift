// Direct messages, groups and blocks.

import API
import Access
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

extension Talk {
  func converse(_ others: [Identifier], as user: Identifier? = nil) throws -> Identifier {
    let answer = call(
      "POST", "/conversations", ["user_ids": .array(others.map { .string($0.description) })], as: user)
    return try #require(answer["channel"].id, "\(answer.json)")
  }

  func list(_ user: Identifier) -> [Identifier] {
    (get("/conversations", as: user)["conversations"].array ?? []).compactMap(\.id)
  }
}

@Suite struct DirectMessageTests {
  @Test func `two people have one conversation, whoever begins it`() throws {
    let talk = try Talk()
    let id = try talk.converse([talk.owner])
    #expect(try talk.converse([talk.member], as: talk.owner) == id)
    let view = talk.get("/conversations")["conversations"].array?.first
    #expect(view?["type"] == "dm")
    #expect(
      view?["participants"] == [.string(talk.owner.description), .string(talk.member.description)])
    #expect(view?["permissions"]?.int == 1024 + 32 + 64 + 128 + 256)
  }

  @Test func `only the two read it, not even the owner`() throws {
    let talk = try Talk()
    let id = try talk.converse([talk.moderator])
    let message = try talk.send("gizli", in: id)
    #expect(talk.get("/channels/\(id)/messages", as: talk.moderator).contents == ["gizli"])
    #expect(talk.get("/channels/\(id)/messages", as: talk.owner).status == 404)
    #expect(talk.call("DELETE", "/messages/\(message.key)", as: talk.owner).status == 404)
    #expect(talk.call("DELETE", "/messages/\(message.key)", as: talk.moderator).status == 403)
    #expect(talk.call("PUT", "/messages/\(message.key)/pin", as: talk.moderator).status == 200)
  }

  @Test func `the other sees it from the first message on, and every message counts`() throws {
    let talk = try Talk()
    let id = try talk.converse([talk.owner])
    #expect(talk.list(talk.owner).isEmpty)
    _ = try talk.events()
    try talk.send("selam", in: id)
    let events = try talk.events()
    #expect(events.map(\.op) == ["channel_create", "message_create"])
    #expect(events[0].audience == .users([talk.owner]))
    #expect(events[1].audience == .channel(id))
    #expect(talk.list(talk.owner) == [id])
    #expect(talk.state(id, of: talk.owner) == (1, 1))
  }

  @Test func `a closed conversation comes back with the next message`() throws {
    let talk = try Talk()
    let id = try talk.converse([talk.owner])
    try talk.send("selam", in: id)
    #expect(talk.call("DELETE", "/conversations/\(id)", as: talk.owner).status == 200)
    #expect(talk.list(talk.owner).isEmpty)
    #expect(talk.get("/channels/\(id)/messages", as: talk.owner).contents == ["selam"])
    try talk.send("orada mısın", in: id)
    #expect(talk.list(talk.owner) == [id])
  }

  @Test func `the liveliest conversation stands first`() throws {
    let talk = try Talk()
    let first = try talk.converse([talk.owner])
    talk.community.advance(.seconds(1))
    let second = try talk.converse([talk.moderator])
    #expect(talk.list(talk.member) == [second, first])
    talk.community.advance(.seconds(1))
    try talk.send("selam", in: first)
    #expect(talk.list(talk.member) == [first, second])
  }

  @Test func `nobody talks to themselves or to nobody`() throws {
    let talk = try Talk()
    #expect(talk.call("POST", "/conversations", ["user_ids": [.string(talk.member.description)]]).status == 400)
    #expect(talk.call("POST", "/conversations", ["user_ids": ["0000000000000001"]]).status == 404)
    #expect(talk.call("POST", "/conversations", ["user_ids": []]).status == 400)
  }

  @Test func `a block closes the way in both directions`() throws {
    let talk = try Talk()
    let id = try talk.converse([talk.owner])
    #expect(talk.call("PUT", "/users/\(talk.member)/block", as: talk.owner).status == 200)
    #expect(talk.get("/blocks", as: talk.owner)["users"] == [.string(talk.member.description)])
    for user in [talk.member, talk.owner] {
      let refused = talk.trySend("selam", as: user, in: id)
      #expect(refused.status == 403)
      #expect(refused["reason"] == "blocked")
    }
    // In channels they still meet.
    try talk.send("selam")
    #expect(talk.call("DELETE", "/users/\(talk.member)/block", as: talk.owner).status == 200)
    try talk.send("selam", in: id)
  }

  @Test func `nobody blocks themselves or who is not there`() throws {
    let talk = try Talk()
    #expect(talk.call("PUT", "/users/\(talk.member)/block").status == 400)
    #expect(talk.call("PUT", "/users/0000000000000001/block").status == 404)
  }
}

@Suite struct GroupTests {
  @Test func `a group is made, named, joined and left`() throws {
    let talk = try Talk()
    let id = try talk.converse([talk.owner, talk.moderator])
    #expect(try talk.events().first?.audience == .users([talk.member, talk.owner, talk.moderator]))
    #expect(talk.call("PATCH", "/conversations/\(id)", ["name": "plan"])["channel"]["name"] == "plan")
    let path = "/conversations/\(id)/participants/\(talk.seeded.admin)"
    #expect(talk.call("PUT", path)["channel"]["participants"]?.array?.count == 4)
    #expect(try talk.events().map(\.op) == ["channel_update", "channel_create", "channel_update"])
    #expect(talk.call("DELETE", "/conversations/\(id)", as: talk.owner).status == 200)
    #expect(talk.get("/channels/\(id)/messages", as: talk.owner).status == 404)
    #expect(try talk.events().map(\.op) == ["channel_delete", "channel_update"])
    // Only its owner takes others out.
    #expect(talk.call("DELETE", path, as: talk.moderator).status == 403)
    #expect(talk.call("DELETE", path).status == 200)
  }

  @Test func `an owner who leaves hands the group on, the last one ends it`() throws {
    let talk = try Talk()
    let id = try talk.converse([talk.owner, talk.moderator])
    try talk.send("selam", in: id)
    #expect(talk.call("DELETE", "/conversations/\(id)").status == 200)
    let heir = talk.get("/conversations", as: talk.owner)["conversations"].array?.first?["owner_id"]?.string
    #expect(heir == talk.owner.description)
    #expect(talk.call("DELETE", "/conversations/\(id)", as: talk.owner).status == 200)
    #expect(talk.call("DELETE", "/conversations/\(id)", as: talk.moderator).status == 200)
    #expect(talk.community.takeConsequences() == [.channelRemoved(id)])
    #expect(try talk.number("SELECT count(*) FROM channels WHERE type = 'group'") == 0)
  }

  @Test func `a group has ten people at most`() throws {
    let talk = try Talk()
    let people = try (0..<10).map { try talk.community.addMember("kisi\($0)") }
    let all = JSONValue.array(people.map { .string($0.description) })
    #expect(talk.call("POST", "/conversations", ["user_ids": all]).status == 400)
    let id = try talk.converse(Array(people.prefix(9)))
    let refused = talk.call("PUT", "/conversations/\(id)/participants/\(people[9])")
    #expect(refused["reason"] == "group_full")
  }

  @Test func `a conversation of two stays one of two`() throws {
    let talk = try Talk()
    let id = try talk.converse([talk.owner])
    #expect(talk.call("PUT", "/conversations/\(id)/participants/\(talk.moderator)")["reason"] == "not_a_group")
    #expect(talk.call("PATCH", "/conversations/\(id)", ["name": "x"])["reason"] == "not_a_group")
  }

  @Test func `channels of the server are no conversations`() throws {
    let talk = try Talk()
    #expect(talk.call("DELETE", "/conversations/\(talk.text)").status == 404)
    #expect(talk.call("PUT", "/conversations/\(talk.text)/participants/\(talk.owner)").status == 404)
  }

  @Test func `who blocked somebody is not taken into a group by them`() throws {
    let talk = try Talk()
    #expect(talk.call("PUT", "/users/\(talk.member)/block", as: talk.owner).status == 200)
    let body: JSONValue = [
      "user_ids": [.string(talk.owner.description), .string(talk.moderator.description)]
    ]
    #expect(talk.call("POST", "/conversations", body)["reason"] == "blocked")
  }
}
