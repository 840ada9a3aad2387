// Bots, webhooks in and webhooks out, over routes and rows.

import API
import Access
import Chat
import Chronology
import CommunitySupport
import Cryptography
import Identifiers
import Identity
import JSON
import Problems
import SQL
import Testing

@testable import Integrations

private let keys = AccountKeys.random()

private func community() throws -> (TestCommunity, Seeded) {
  let community = try TestCommunity(IntegrationRoutes(keys).all + ChatRoutes.all)
  return (community, try community.seed())
}

@Suite struct BotTests {
  @Test func `a bot's token is shown once and opens the door that its scopes name`() throws {
    let (community, seeded) = try community()
    let made = community.call(
      "POST", "/api/bots", ["username": "yardimci", "scopes": ["messages.write"]], as: seeded.owner)
    #expect(made.status == 201)
    let token = try #require(made["token"].string)
    let id = try #require(made["bot"]["user"]?["id"]?.string.flatMap { Identifier($0) })
    #expect(
      community.takeConsequences().contains(
        .botOpened(tokenDigest: BotToken.digest(token), user: id, scopes: ["messages.write"])))
    #expect(community.directory.members[id]?.isBot == true)
    let listed = community.call("GET", "/api/bots", as: seeded.owner)
    #expect(!listed.json.description.contains(token))
    let bot = Caller(user: id, scopes: ["messages.write"])
    let path = "/api/channels/\(seeded.text)/messages"
    #expect(community.call("POST", path, ["content": "merhaba"], caller: bot).status == 201)
    #expect(community.call("GET", path, caller: bot).status == 403)
  }

  @Test func `a bot that is removed is no member and its token no key`() throws {
    let (community, seeded) = try community()
    let made = community.call("POST", "/api/bots", ["username": "robot", "scopes": []], as: seeded.owner)
    let id = try #require(made["bot"]["user"]?["id"]?.string.flatMap { Identifier($0) })
    _ = community.takeConsequences()
    #expect(community.call("DELETE", "/api/bots/\(id)", as: seeded.owner).status == 200)
    #expect(community.takeConsequences().contains(.botClosed(user: id)))
    #expect(community.directory.members[id] == nil)
    #expect(community.call("DELETE", "/api/bots/\(id)", as: seeded.owner).status == 404)
  }

  @Test func `a person is no bot that could be removed or given a token`() throws {
    let (community, seeded) = try community()
    #expect(community.call("DELETE", "/api/bots/\(seeded.member)", as: seeded.owner).status == 404)
    #expect(community.call("POST", "/api/bots/\(seeded.member)/token", as: seeded.owner).status == 404)
  }
}

@Suite struct IncomingWebhookTests {
  @Test func `whoever knows the address writes under the webhook's name, and notifies nobody in mass`() throws {
    let (community, seeded) = try community()
    let made = community.call("POST", "/api/channels/\(seeded.text)/webhooks", ["name": "Derleme"], as: seeded.owner)
    let url = try #require(made["url"].string)
    // Behind `http://localhost`.
    let path = "/" + url.split(separator: "/").dropFirst(2).joined(separator: "/")
    _ = community.takeEvents()
    let answer = community.call("POST", path, ["content": "@everyone bitti"])
    #expect(answer.status == 201)
    let event = try #require(community.takeEvents().first { $0.op == "message_create" })
    let message = try #require(try JSONValue(parsing: event.data)["message"])
    #expect(message["webhook"]?["name"] == "Derleme")
    #expect(message["mentions"]?["everyone"] == false)
  }

  @Test func `a wrong token finds nothing`() throws {
    let (community, seeded) = try community()
    let made = community.call("POST", "/api/channels/\(seeded.text)/webhooks", ["name": "x"], as: seeded.owner)
    let id = try #require(made["webhook"]["id"]?.string)
    #expect(community.call("POST", "/api/webhooks/\(id)/wrong", ["content": "a"]).status == 404)
  }

  @Test func `who may not manage webhooks neither makes nor removes one`() throws {
    let (community, seeded) = try community()
    let path = "/api/channels/\(seeded.text)/webhooks"
    #expect(community.call("POST", path, ["name": "x"], as: seeded.member).status == 403)
    let made = community.call("POST", path, ["name": "x"], as: seeded.owner)
    let id = try #require(made["webhook"]["id"]?.string)
    #expect(community.call("DELETE", "/api/webhooks/\(id)", as: seeded.member).status == 403)
    #expect(community.call("DELETE", "/api/webhooks/\(id)", as: seeded.owner).status == 200)
  }
}

@Suite struct OutboxTests {
  private func hook(_ community: TestCommunity, _ seeded: Seeded, _ events: [JSONValue] = []) throws -> String {
    let made = community.call(
      "POST", "/api/hooks", ["url": "https://example.org/hook", "events": .array(events)], as: seeded.owner)
    #expect(made.status == 201)
    return try #require(made["secret"].string)
  }

  private func told(_ community: TestCommunity, _ op: String, to audience: Audience) throws {
    try community.write { (writing) throws(Problem) in
      writing.emit(op, ["text": "selam"], to: audience)
      try Outbox.note(writing.events, in: &writing)
    }
  }

  @Test func `a delivery is signed as the standard says and keeps its id`() throws {
    let (community, seeded) = try community()
    let secret = try #require(Base64.decode(String(try hook(community, seeded).dropFirst(6))))
    try told(community, "message_create", to: .channel(seeded.text))
    let first = try #require(try community.write { (writing) throws(Problem) in try Outbox.take(&writing, keys) }.first)
    let fields = Dictionary(uniqueKeysWithValues: first.headers.map { ($0.name, $0.value) })
    let signed = "\(fields["webhook-id"] ?? "").\(fields["webhook-timestamp"] ?? "")."
    let code = HMACSHA256.code(for: Array(signed.utf8) + first.body, key: secret)
    #expect(fields["webhook-signature"] == "v1,\(Base64.encode(code))")
    community.advance(.seconds(3_600))
    let again = try community.write { (writing) throws(Problem) in try Outbox.take(&writing, keys) }.first
    #expect(again?.id == first.id)
    #expect(again?.body == first.body)
  }

  @Test func `what people say among themselves and who types stays here`() throws {
    let (community, seeded) = try community()
    _ = try hook(community, seeded)
    try told(community, "message_create", to: .users([seeded.member]))
    try told(community, "typing_start", to: .channel(seeded.text))
    try told(community, "presence_update", to: .everyone)
    #expect(try community.write { (writing) throws(Problem) in try Outbox.take(&writing, keys) }.isEmpty)
  }

  @Test func `a webhook hears only of what it asked for`() throws {
    let (community, seeded) = try community()
    _ = try hook(community, seeded, ["member_join"])
    try told(community, "message_create", to: .channel(seeded.text))
    try told(community, "member_join", to: .everyone)
    let taken = try community.write { (writing) throws(Problem) in try Outbox.take(&writing, keys) }
    #expect(taken.count == 1)
  }

  @Test func `an attempt that fails comes again later and later, and ends after eight`() throws {
    let (community, seeded) = try community()
    _ = try hook(community, seeded)
    try told(community, "message_create", to: .channel(seeded.text))
    var attempts = 0
    for _ in 0..<20 {
      let taken = try community.write { (writing) throws(Problem) in try Outbox.take(&writing, keys) }
      for delivery in taken {
        attempts += 1
        try community.write { (writing) throws(Problem) in try Outbox.finish(delivery.id, status: 503, &writing) }
      }
      // Nothing is due before its wait is over.
      #expect(try community.write { (writing) throws(Problem) in try Outbox.take(&writing, keys) }.isEmpty)
      community.advance(Limit.longestWait)
    }
    #expect(attempts == Limit.attempts)
  }

  @Test func `a webhook that nobody wants any more is switched off`() throws {
    let (community, seeded) = try community()
    _ = try hook(community, seeded)
    try told(community, "message_create", to: .channel(seeded.text))
    let taken = try community.write { (writing) throws(Problem) in try Outbox.take(&writing, keys) }
    try community.write { (writing) throws(Problem) in try Outbox.finish(taken[0].id, status: 410, &writing) }
    let hooks = community.call("GET", "/api/hooks", as: seeded.owner)["hooks"]
    #expect(hooks[0]?["disabled"] == true)
    #expect(hooks[0]?["waiting"] == 0)
    try told(community, "message_create", to: .channel(seeded.text))
    community.advance(.seconds(60))
    #expect(try community.write { (writing) throws(Problem) in try Outbox.take(&writing, keys) }.isEmpty)
  }

  @Test func `the queue of one webhook stays bounded`() throws {
    let (community, seeded) = try community()
    _ = try hook(community, seeded)
    try community.write { (writing) throws(Problem) in
      for _ in 0..<(Limit.waiting + 50) {
        try writing.tables.execute(
          """
          INSERT INTO outbox (id, webhook_id, event, body, due_at, created_at)
          VALUES (?1, (SELECT id FROM outgoing_webhooks), 'x', x'7b7d', ?2, ?2)
          """, writing.newIdentifier(), writing.at)
      }
      try Outbox.trim(&writing)
    }
    let count = try community.read { reading throws(Problem) in
      try reading.tables.first("SELECT count(*) FROM outbox", row: { $0.int(0) })
    }
    #expect(count == Limit.waiting)
  }
}
