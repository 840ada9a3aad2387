// Reactions and pins.

import API
import Access
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

@Suite struct ReactionTests {
  @Test func `reactions are counted, and marked for who chose them`() throws {
    let talk = try Talk()
    let message = try talk.send("selam")
    _ = try talk.events()
    for user in [talk.member, talk.owner, talk.owner] {
      #expect(talk.call("PUT", "/messages/\(message.key)/reactions/%F0%9F%91%8D/me", as: user).status == 200)
    }
    talk.community.advance(.milliseconds(1))
    #expect(talk.call("PUT", "/messages/\(message.key)/reactions/❤️/me", as: talk.owner).status == 200)
    let events = try talk.events()
    #expect(events.map(\.op) == ["reaction_add", "reaction_add", "reaction_add"])
    #expect(
      events[0].data == [
        "message_id": .string(message.key), "channel_id": .string(talk.text.description),
        "user_id": .string(talk.member.description), "emoji": "👍",
      ])
    let shown = talk.get("/channels/\(talk.text)/messages/\(message.key)")["message"]["reactions"]
    #expect(shown == [["emoji": "👍", "count": 2, "me": true], ["emoji": "❤️", "count": 1, "me": false]])
    #expect(
      talk.get("/messages/\(message.key)/reactions/👍")["users"]
        == [.string(talk.owner.description), .string(talk.member.description)])
    #expect(
      talk.get("/messages/\(message.key)/reactions/👍?after=\(talk.owner)")["users"]
        == [.string(talk.member.description)])
  }

  @Test func `a reaction is taken back once`() throws {
    let talk = try Talk()
    let message = try talk.send("selam")
    let path = "/messages/\(message.key)/reactions/👍/me"
    #expect(talk.call("PUT", path).status == 200)
    _ = try talk.events()
    #expect(talk.call("DELETE", path).status == 200)
    #expect(talk.call("DELETE", path).status == 200)
    #expect(try talk.events().map(\.op) == ["reaction_remove"])
    #expect(talk.get("/channels/\(talk.text)/messages/\(message.key)")["message"]["reactions"] == [])
  }

  @Test func `who manages messages clears an emoji`() throws {
    let talk = try Talk()
    let message = try talk.send("selam")
    #expect(talk.call("PUT", "/messages/\(message.key)/reactions/👍/me").status == 200)
    #expect(talk.call("DELETE", "/messages/\(message.key)/reactions/👍").status == 403)
    _ = try talk.events()
    #expect(talk.call("DELETE", "/messages/\(message.key)/reactions/👍", as: talk.moderator).status == 200)
    #expect(try talk.events().first?.data["user_id"] == .null)
    #expect(talk.get("/messages/\(message.key)/reactions/👍")["users"] == [])
  }

  @Test(arguments: ["👍", "❤️", "🇹🇷", "👨‍👩‍👧‍👦", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☕"])
  func `an emoji is taken`(emoji: String) throws {
    let talk = try Talk()
    let message = try talk.send("selam")
    #expect(talk.call("PUT", "/messages/\(message.key)/reactions/\(emoji)/me").status == 200)
  }

  @Test(arguments: ["a", "1", "#", "👍👍", "ş", ":smile:", "👍x", "%00", "\u{200d}"])
  func `what is no emoji is refused`(emoji: String) throws {
    let talk = try Talk()
    let message = try talk.send("selam")
    let status = talk.call("PUT", "/messages/\(message.key)/reactions/\(emoji)/me").status
    #expect(status == 400 || status == 404)
  }

  @Test func `a message has twenty different reactions at most`() throws {
    let talk = try Talk()
    let message = try talk.send("selam")
    let emojis = (0..<21).compactMap { Unicode.Scalar(0x1f600 + UInt32($0)) }.map { String($0) }
    for emoji in emojis.prefix(20) {
      #expect(talk.call("PUT", "/messages/\(message.key)/reactions/\(emoji)/me").status == 200)
    }
    let refused = talk.call("PUT", "/messages/\(message.key)/reactions/\(emojis[20])/me", as: talk.owner)
    #expect(refused["reason"] == "reaction_limit")
    #expect(talk.call("PUT", "/messages/\(message.key)/reactions/\(emojis[0])/me", as: talk.owner).status == 200)
  }

  @Test func `an event about an edited message says nothing about me`() throws {
    let talk = try Talk()
    let message = try talk.send("selam")
    #expect(talk.call("PUT", "/messages/\(message.key)/reactions/👍/me").status == 200)
    _ = try talk.events()
    #expect(talk.call("PATCH", "/messages/\(message.key)", ["content": "merhaba"]).status == 200)
    #expect(try talk.events().first?.data["message"]?["reactions"] == [["emoji": "👍", "count": 1]])
  }
}

@Suite struct PinTests {
  @Test func `pinned messages are listed, the last first`() throws {
    let talk = try Talk()
    let first = try talk.send("bir")
    let second = try talk.send("iki")
    _ = try talk.events()
    for message in [first, second] {
      talk.community.advance(.seconds(1))
      #expect(talk.call("PUT", "/messages/\(message.key)/pin", as: talk.moderator).status == 200)
      #expect(talk.call("PUT", "/messages/\(message.key)/pin", as: talk.moderator).status == 200)
    }
    let events = try talk.events()
    #expect(events.map(\.op) == ["message_pin", "message_pin"])
    #expect(
      events[0].data == [
        "message_id": .string(first.key), "channel_id": .string(talk.text.description),
        "user_id": .string(talk.moderator.description),
      ])
    #expect(talk.get("/channels/\(talk.text)/pins").contents == ["iki", "bir"])
    #expect(talk.get("/channels/\(talk.text)/messages/\(first.key)")["message"]["pinned"] == true)
    #expect(talk.call("DELETE", "/messages/\(first.key)/pin", as: talk.moderator).status == 200)
    #expect(try talk.events().map(\.op) == ["message_unpin"])
    #expect(talk.call("DELETE", "/messages/\(second.key)").status == 200)
    #expect(talk.get("/channels/\(talk.text)/pins").ids.isEmpty)
  }

  @Test func `pinning takes the permission to manage messages`() throws {
    let talk = try Talk()
    let message = try talk.send("bir")
    #expect(talk.call("PUT", "/messages/\(message.key)/pin").status == 403)
    #expect(talk.call("DELETE", "/messages/\(message.key)/pin").status == 403)
  }

  @Test func `a channel has fifty pinned messages at most`() throws {
    let talk = try Talk()
    let messages = try (0..<51).map { try talk.send("\($0)") }
    for message in messages.prefix(50) {
      #expect(talk.call("PUT", "/messages/\(message.key)/pin", as: talk.owner).status == 200)
    }
    let refused = talk.call("PUT", "/messages/\(messages[50].key)/pin", as: talk.owner)
    #expect(refused["reason"] == "pin_limit")
  }
}
