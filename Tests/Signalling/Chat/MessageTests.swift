// Sending, reading, editing and deleting messages over the routes.

import API
import Access
import Chat
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

@Suite struct SendingTests {
  @Test func `a sent message is answered, told and listed`() throws {
    let talk = try Talk()
    let message = try talk.send("  selam \n")
    #expect(message.content == "selam")
    #expect(message["author"]?["username"] == "member")
    #expect(message["type"] == "default")
    #expect(message["attachments"] == [])
    let events = try talk.events()
    #expect(events.map(\.op) == ["message_create"])
    #expect(events[0].data["message"]?["id"] == message["id"])
    #expect(events[0].audience == .channel(talk.text))
    #expect(talk.get("/channels/\(talk.text)/messages").ids == [message.key])
    #expect(talk.get("/channels/\(talk.text)/messages/\(message.key)")["message"].content == "selam")
  }

  @Test(arguments: ["", "   ", "\n\t\u{2003}"])
  func `a message without text and attachments is refused`(content: String) throws {
    let talk = try Talk()
    #expect(talk.trySend(content).code == "VALIDATION_ERROR")
    #expect(try talk.events().isEmpty)
  }

  @Test func `text has at most 4000 characters`() throws {
    let talk = try Talk()
    #expect(talk.trySend(String(repeating: "ü", count: 4_000)).status == 201)
    let refused = talk.trySend(String(repeating: "ü", count: 4_001))
    #expect(refused.status == 400)
    #expect(refused["pointer"] == "/content")
  }

  @Test func `marks of direction are kept, U+0000 is refused`() throws {
    let talk = try Talk()
    #expect(try talk.send("a\u{202e}b").content == "a\u{202e}b")
    #expect(talk.trySend("a\u{0}b").code == "VALIDATION_ERROR")
  }

  @Test func `markup is kept as it is, for clients to show as text`() throws {
    let talk = try Talk()
    #expect(try talk.send("<script>alert(1)</script>").content == "<script>alert(1)</script>")
  }

  @Test func `who does not see the channel hears that there is none`() throws {
    let talk = try Talk()
    #expect(talk.trySend("x", in: talk.seeded.staff).status == 404)
    #expect(talk.get("/channels/\(talk.seeded.staff)/messages").status == 404)
    let hidden = try talk.send("gizli", as: talk.moderator, in: talk.seeded.staff)
    #expect(talk.get("/channels/\(talk.seeded.staff)/messages/\(hidden.key)").status == 404)
    #expect(talk.get("/channels/\(talk.text)/messages/\(hidden.key)", as: talk.moderator).status == 404)
    for (method, path) in [
      ("PATCH", "/messages/\(hidden.key)"), ("DELETE", "/messages/\(hidden.key)"),
      ("PUT", "/messages/\(hidden.key)/pin"),
      ("PUT", "/messages/\(hidden.key)/reactions/👍/me"),
    ] {
      let unknown = path.replacing(hidden.key, with: "0000000000000001")
      let body: JSONValue? = method == "PATCH" ? ["content": "x"] : nil
      #expect(talk.call(method, path, body).status == 404)
      #expect(talk.call(method, path, body).json == talk.call(method, unknown, body).json)
    }
  }

  @Test func `somebody with a timeout reads and does not write`() throws {
    let talk = try Talk()
    let own = try talk.send("önce")
    try talk.execute("UPDATE users SET timed_out_until = 1900000000000 WHERE id = ?1", talk.member)
    #expect(talk.trySend("sonra").status == 403)
    #expect(talk.call("PATCH", "/messages/\(own.key)", ["content": "x"]).status == 403)
    #expect(talk.call("PUT", "/messages/\(own.key)/reactions/👍/me").status == 403)
    #expect(talk.call("POST", "/channels/\(talk.text)/typing").status == 403)
    #expect(talk.get("/channels/\(talk.text)/messages").ids.count == 1)
  }

  @Test func `the same nonce is the same message`() throws {
    let talk = try Talk()
    let first = try talk.send("bir", ["nonce": "n1"])
    #expect(first["nonce"] == "n1")
    let second = try talk.send("iki", ["nonce": "n1"])
    #expect(second == first)
    #expect(try talk.events().count == 1)
    // Of others, in other channels and under other names it is another.
    try talk.send("iki", as: talk.owner, ["nonce": "n1"])
    try talk.send("iki", in: talk.seeded.voice, ["nonce": "n1"])
    try talk.send("iki", ["nonce": "n2"])
    #expect(try talk.number("SELECT count(*) FROM messages") == 4)
  }

  @Test func `a nonce is known for an hour and then free`() throws {
    let talk = try Talk()
    let first = try talk.send("bir", ["nonce": "n"])
    talk.community.advance(.seconds(3_599))
    #expect(try talk.send("iki", ["nonce": "n"]).key == first.key)
    talk.community.advance(.seconds(2))
    let later = try talk.send("üç", ["nonce": "n"])
    #expect(later.content == "üç")
    #expect(try talk.send("dört", ["nonce": "n"]).key == later.key)
  }

  @Test func `the nonce is shown to the author and in the event only`() throws {
    let talk = try Talk()
    let message = try talk.send("bir", ["nonce": "n"])
    #expect(try talk.events()[0].data["message"]?["nonce"] == "n")
    let path = "/channels/\(talk.text)/messages/\(message.key)"
    #expect(talk.get(path)["message"]["nonce"] == "n")
    #expect(talk.get(path, as: talk.owner)["message"]["nonce"] == nil)
  }

  @Test func `an answer shows what it answers, also when that is gone`() throws {
    let talk = try Talk()
    let long = String(repeating: "ş", count: 300)
    let first = try talk.send(long, as: talk.owner)
    let answer = try talk.send("evet", ["reply_to": .string(first.key)])
    #expect(answer["reply_to"]?["id"] == first["id"])
    #expect(answer["reply_to"]?["user_id"]?.string == talk.owner.description)
    #expect(answer["reply_to"]?["content"]?.string == String(repeating: "ş", count: 200))
    #expect(talk.call("DELETE", "/messages/\(first.key)", as: talk.owner).status == 200)
    let shown = talk.get("/channels/\(talk.text)/messages/\(answer.key)")["message"]["reply_to"]
    #expect(shown == ["id": .string(first.key), "user_id": nil, "content": nil])
  }

  @Test func `an answer stays in its channel`() throws {
    let talk = try Talk()
    let hidden = try talk.send("gizli", as: talk.moderator, in: talk.seeded.staff)
    let refused = talk.trySend("evet", ["reply_to": .string(hidden.key)])
    #expect(refused.status == 400)
    #expect(refused["pointer"] == "/reply_to")
  }

  @Test func `typing is told to the channel`() throws {
    let talk = try Talk()
    #expect(talk.call("POST", "/channels/\(talk.text)/typing").status == 200)
    let events = try talk.events()
    #expect(events.map(\.op) == ["typing_start"])
    #expect(
      events[0].data == [
        "user_id": .string(talk.member.description), "channel_id": .string(talk.text.description),
      ])
  }
}

@Suite struct SlowModeTests {
  @Test func `a member waits between two messages`() throws {
    let talk = try Talk()
    try talk.execute("UPDATE channels SET slow_mode = 30 WHERE id = ?1", talk.text)
    let first = try talk.send("bir")
    talk.community.advance(.milliseconds(10_500))
    let refused = talk.trySend("iki")
    #expect(refused.status == 429)
    #expect(refused["reason"] == "slow_mode")
    #expect(refused["retry_after"].double == 19.5)
    #expect(refused.headers.contains { $0 == ("Retry-After", "20") })
    // Deleting the message does not shorten the wait, and others are not held up.
    #expect(talk.call("DELETE", "/messages/\(first.key)").status == 200)
    #expect(talk.trySend("iki").status == 429)
    try talk.send("selam", as: talk.seeded.admin)
    talk.community.advance(.milliseconds(19_500))
    try talk.send("iki")
  }

  @Test func `who may bypass it does not wait`() throws {
    let talk = try Talk()
    try talk.execute("UPDATE channels SET slow_mode = 30 WHERE id = ?1", talk.text)
    try talk.send("bir", as: talk.owner)
    try talk.send("iki", as: talk.owner)
  }

  @Test func `a retry of a message that is stored is not held up`() throws {
    let talk = try Talk()
    try talk.execute("UPDATE channels SET slow_mode = 30 WHERE id = ?1", talk.text)
    let first = try talk.send("bir", ["nonce": "n"])
    #expect(try talk.send("bir", ["nonce": "n"]).key == first.key)
  }
}

@Suite struct EditingTests {
  @Test func `an author edits, which shows and is told`() throws {
    let talk = try Talk()
    let message = try talk.send("bri")
    _ = try talk.events()
    talk.community.advance(.seconds(5))
    let answer = talk.call("PATCH", "/messages/\(message.key)", ["content": "bir"])
    #expect(answer["message"].content == "bir")
    #expect(answer["message"]["edited_at"]?.string != nil)
    #expect(answer["message"]["created_at"] == message["created_at"])
    let events = try talk.events()
    #expect(events.map(\.op) == ["message_update"])
    #expect(events[0].data["message"]?.content == "bir")
  }

  @Test func `the same text again is no edit`() throws {
    let talk = try Talk()
    let message = try talk.send("bir")
    _ = try talk.events()
    #expect(
      talk.call("PATCH", "/messages/\(message.key)", ["content": " bir "])["message"]["edited_at"] == JSONValue.null)
    #expect(try talk.events().isEmpty)
  }

  @Test func `only the author edits`() throws {
    let talk = try Talk()
    let message = try talk.send("bir")
    for user in [talk.owner, talk.moderator] {
      #expect(talk.call("PATCH", "/messages/\(message.key)", ["content": "iki"], as: user).status == 403)
    }
  }

  @Test func `a message cannot be edited to nothing`() throws {
    let talk = try Talk()
    let message = try talk.send("bir")
    #expect(talk.call("PATCH", "/messages/\(message.key)", ["content": "  "]).status == 400)
  }
}

@Suite struct DeletingTests {
  @Test func `an author deletes without a trace in the log`() throws {
    let talk = try Talk()
    let message = try talk.send("bir")
    _ = try talk.events()
    #expect(talk.call("DELETE", "/messages/\(message.key)").status == 200)
    let events = try talk.events()
    #expect(events.map(\.op) == ["message_delete"])
    #expect(
      events[0].data == ["id": .string(message.key), "channel_id": .string(talk.text.description)])
    #expect(talk.get("/channels/\(talk.text)/messages").ids.isEmpty)
    #expect(talk.call("DELETE", "/messages/\(message.key)").status == 404)
    #expect(try talk.number("SELECT count(*) FROM audit_logs") == 0)
  }

  @Test func `another's message takes the permission, and is logged without its text`() throws {
    let talk = try Talk()
    let message = try talk.send("çok gizli", as: talk.owner)
    #expect(talk.call("DELETE", "/messages/\(message.key)").status == 403)
    #expect(talk.call("DELETE", "/messages/\(message.key)", as: talk.moderator).status == 200)
    let sql = """
      SELECT count(*) FROM audit_logs WHERE action = 'message_delete' AND instr(old_values, 'gizli') = 0
        AND instr(old_values, 'user_id') > 0
      """
    #expect(try talk.number(sql) == 1)
  }

  @Test func `many go at once, of this channel only`() throws {
    let talk = try Talk()
    let own = try (0..<5).map { try talk.send("m\($0)").key }
    let other = try talk.send("başka", in: talk.seeded.voice).key
    _ = try talk.events()
    let body: JSONValue = [
      "message_ids": .array((own.prefix(3) + [other, "0000000000000001"]).map { .string($0) })
    ]
    let path = "/channels/\(talk.text)/messages/bulk-delete"
    #expect(talk.call("POST", path, body).status == 403)
    let answer = talk.call("POST", path, body, as: talk.moderator)
    #expect(answer["deleted"].array?.compactMap(\.string) == Array(own.prefix(3)))
    let events = try talk.events()
    #expect(events.map(\.op) == ["messages_bulk_delete"])
    #expect(events[0].data["ids"]?.array?.count == 3)
    #expect(talk.get("/channels/\(talk.text)/messages").ids == own.suffix(2).reversed())
    #expect(try talk.number("SELECT count(*) FROM audit_logs WHERE action = 'messages_bulk_delete'") == 1)
    let tooMany = JSONValue.array((0..<101).map { _ in .string(other) })
    #expect(talk.call("POST", path, ["message_ids": tooMany], as: talk.moderator).status == 400)
  }

  @Test func `the last message of a channel is the last that is left`() throws {
    let talk = try Talk()
    let first = try talk.send("bir")
    let second = try talk.send("iki")
    let last = "SELECT last_message_id FROM channels WHERE id = \(talk.text.rawValue)"
    #expect(try Int64(talk.number(last)) == second.id?.rawValue)
    #expect(talk.call("DELETE", "/messages/\(second.key)").status == 200)
    #expect(try Int64(talk.number(last)) == first.id?.rawValue)
    #expect(talk.call("DELETE", "/messages/\(first.key)").status == 200)
    #expect(try talk.number(last) == 0)
  }
}

@Suite struct ShapeTests {
  private func shape(_ name: String) throws -> Shape {
    try #require(ChatRoutes.schemas.first { $0.name == name }).shape
  }

  @Test func `answers have the shapes that the documentation says`() throws {
    let talk = try Talk()
    let first = try talk.send("selam <@\(talk.owner)> https://a.b", ["nonce": "n"])
    #expect(talk.call("PUT", "/messages/\(first.key)/reactions/👍/me").status == 200)
    #expect(talk.call("PUT", "/messages/\(first.key)/pin", as: talk.owner).status == 200)
    try talk.send("evet", ["reply_to": .string(first.key)])
    let id = try talk.converse([talk.owner])
    for message in talk.get("/channels/\(talk.text)/messages")["messages"].array ?? [] {
      try shape("Message").check(message)
    }
    for message in talk.search("selam")["messages"].array ?? [] { try shape("FoundMessage").check(message) }
    for state in talk.get("/read-states")["read_states"].array ?? [] { try shape("ReadState").check(state) }
    for view in talk.get("/conversations")["conversations"].array ?? [] { try shape("Conversation").check(view) }
    #expect(talk.list(talk.member) == [id])
  }
}
