// What happens beside the requests: channels and people that go, and messages that come from elsewhere.

import API
import Access
import Chat
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

extension Talk {
  func upkeep() throws -> Int {
    var turns = 0
    while try community.write({ writing throws(Problem) in try Chat.upkeep(&writing) }) { turns += 1 }
    return turns
  }
}

@Suite struct UpkeepTests {
  @Test func `the messages of a channel go after it, some at a time`() throws {
    let talk = try Talk()
    let doomed = try talk.channel()
    for index in 0..<510 { try talk.send("kelime \(index)", in: doomed) }
    let kept = try talk.send("kelime")
    let message = try talk.send("kelime", in: doomed)
    #expect(talk.call("PUT", "/messages/\(message.key)/reactions/👍/me").status == 200)
    #expect(talk.call("PUT", "/messages/\(message.key)/pin", as: talk.owner).status == 200)
    try talk.execute("DELETE FROM channels WHERE id = ?1", doomed)
    // Out of sight at once.
    #expect(talk.search("kelime").ids == [kept.key])
    #expect(talk.call("PATCH", "/messages/\(message.key)", ["content": "x"]).status == 404)
    #expect(try talk.upkeep() == 2)
    for table in ["messages", "reactions", "pins", "channel_removals"] {
      #expect(try talk.number("SELECT count(*) FROM \(table)") == (table == "messages" ? 1 : 0), "\(table)")
    }
    #expect(try talk.number("SELECT count(*) FROM message_search WHERE message_search MATCH 'kelime'") == 1)
    #expect(try talk.upkeep() == 0)
  }

  @Test func `old nonces are forgotten`() throws {
    let talk = try Talk()
    try talk.send("bir", ["nonce": "n1"])
    talk.community.advance(.seconds(3_700))
    try talk.send("iki", ["nonce": "n2"])
    #expect(try talk.upkeep() == 0)
    #expect(try talk.number("SELECT count(*) FROM messages WHERE nonce IS NOT NULL") == 1)
  }

  @Test func `a ban can take the last messages with it`() throws {
    let talk = try Talk()
    let old = try talk.send("eski")
    talk.community.advance(.seconds(60))
    let since = talk.community.now.wall
    try talk.send("yeni")
    try talk.send("yeni", in: talk.seeded.voice)
    let others = try talk.send("yeni", as: talk.owner)
    _ = try talk.events()
    let member = talk.member
    let count = try talk.community.write { writing throws(Problem) in
      try Chat.deleteRecent(of: member, since: since, &writing)
    }
    #expect(count == 2)
    #expect(try talk.events().map(\.op) == ["messages_bulk_delete", "messages_bulk_delete"])
    #expect(talk.get("/channels/\(talk.text)/messages").ids == [others.key, old.key])
    #expect(talk.search("yeni").ids == [others.key])
  }

  @Test func `one person's part of chat can be handed over and removed`() throws {
    let talk = try Talk()
    let own = try talk.send("benim")
    let other = try talk.send("onun <@\(talk.member)>", as: talk.owner)
    let group = try talk.converse([talk.owner, talk.moderator])
    #expect(talk.call("PUT", "/messages/\(other.key)/reactions/👍/me").status == 200)
    #expect(talk.call("PUT", "/users/\(talk.owner)/block").status == 200)
    let member = talk.member
    let exported = try talk.community.read { reading throws(Problem) in
      (
        try ChatEraser.messages(of: member, after: nil, limit: 10, reading),
        try ChatEraser.remainder(of: member, reading)
      )
    }
    #expect(exported.0.map(\.content) == ["benim"])
    #expect(exported.0.first?.id == own.id)
    #expect(exported.1["reactions"]?.array?.count == 1)
    #expect(exported.1["conversations"]?[0]?["channel_id"]?.string == group.description)
    #expect(exported.1["blocks"]?.array?.count == 1)
    while try talk.community.write({ writing throws(Problem) in try ChatEraser.erase(member, &writing) }) {}
    #expect(talk.get("/channels/\(talk.text)/messages", as: talk.owner).ids == [other.key])
    #expect(talk.get("/messages/\(other.key)/reactions/👍", as: talk.owner)["users"] == [])
    for table in ["read_states", "reactions", "participants"] {
      #expect(try talk.number("SELECT count(*) FROM \(table) WHERE user_id = \(member.rawValue)") == 0, "\(table)")
    }
    #expect(try talk.number("SELECT count(*) FROM mentions WHERE target_id = \(member.rawValue)") == 0)
  }
}

@Suite struct ImportTests {
  private func store(_ imported: ImportedMessage, _ talk: Talk) throws -> Identifier? {
    try talk.community.write { writing throws(Problem) in try Chat.store(imported, &writing) }
  }

  @Test func `imported messages stand at their place in time, once`() throws {
    let talk = try Talk()
    let newest = try talk.send("bugün")
    let time = WallTime(milliseconds: 1_750_000_000_123)
    var first = ImportedMessage(
      externalID: "discord:1", channel: talk.text, author: talk.owner, content: "eskiden @everyone", createdAt: time)
    first.reactions = [("👍", [talk.member, talk.owner])]
    first.isPinned = true
    var second = ImportedMessage(
      externalID: "discord:2", channel: talk.text, author: talk.owner, content: "aynı anda", createdAt: time)
    second.replyTo = "discord:1"
    let one = try #require(try store(first, talk))
    let two = try #require(try store(second, talk))
    #expect(try store(first, talk) == nil)
    #expect(one < two)
    let listed = talk.get("/channels/\(talk.text)/messages")
    #expect(listed.ids == [newest.key, two.description, one.description])
    #expect(listed["messages"][2]?["created_at"] == "2025-06-15T15:06:40.123Z")
    #expect(listed["messages"][1]?["reply_to"]?["id"]?.string == one.description)
    #expect(listed["messages"][2]?["reactions"] == [["emoji": "👍", "count": 2, "me": true]])
    #expect(talk.get("/channels/\(talk.text)/pins").ids == [one.description])
    #expect(talk.search("eskiden").ids == [one.description])
    // It is old, and called nobody.
    #expect(talk.state(talk.text, of: talk.moderator) == (1, 0))
    #expect(
      try Int64(talk.number("SELECT last_message_id FROM channels WHERE id = \(talk.text.rawValue)"))
        == newest.id?.rawValue)
  }
}
