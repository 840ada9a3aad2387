// Webhooks into a channel: whoever knows the address may write there, under the webhook's name.

import API
import Access
import Chat
import Chronology
import Cryptography
import Identifiers
import JSON
import Problems
import SQL

enum IncomingWebhookRoutes {
  private static let webhook: [Shape.Field] = [.init("webhook", .reference("IncomingWebhook"))]

  static let all: [Route] = [
    Route(
      .get, "/channels/{channel_id}/webhooks", "listWebhooks", "Lists a channel's webhooks.", tag: "Webhooks",
      access: .channel(.manageWebhooks),
      answer: [.init("webhooks", .array(.reference("IncomingWebhook"), 0...Limit.webhooksOfChannel))], handle: list),
    Route(
      .post, "/channels/{channel_id}/webhooks", "createWebhook", "Makes a webhook that writes into a channel.",
      tag: "Webhooks", access: .channel(.manageWebhooks),
      body: .json(.object([.init("name", .string(1...Limit.name))])),
      answer: webhook + [.init("url", .string(1...400), "the address to post to, shown once")], status: 201,
      problems: [.conflict], handle: create),
    Route(
      .delete, "/webhooks/{webhook_id}", "deleteWebhook", "Removes a webhook. What it wrote stays.", tag: "Webhooks",
      access: .member, handle: remove),
    Route(
      .post, "/webhooks/{webhook_id}/{token}", "executeWebhook", "Writes a message through a webhook.",
      tag: "Webhooks", access: .anyone,
      body: .json(
        .object([
          .init("content", .string(1...4_000)),
          .optional("username", .string(1...Limit.name), "shown instead of the webhook's name"),
        ])),
      answer: [.init("message", .reference("Message"))], status: 201, problems: [.conflict], rate: .message,
      handle: execute),
  ]

  private static func list(_ call: Call) throws(Problem) -> Step {
    let channel = try call.id("channel_id")
    return .read { reading throws(Problem) in
      .reply("webhooks", .array(try views(reading.tables, "channel_id", channel)))
    }
  }

  private static func create(_ call: Call) throws(Problem) -> Step {
    let channel = try call.id("channel_id")
    let caller = try call.member()
    let name = call.body["name"]?.string ?? ""
    return .write { writing throws(Problem) in
      guard writing.directory.channels[channel]?.kind == .text else {
        throw .invalid("/channel_id", "must be a text channel")
      }
      let count = try writing.tables.first(
        "SELECT count(*) FROM incoming_webhooks WHERE channel_id = ?1", channel, row: { $0.int(0) })
      guard count ?? 0 < Limit.webhooksOfChannel else {
        throw Problem(.conflict, "a channel can have \(Limit.webhooksOfChannel) webhooks", reason: "limit_webhooks")
      }
      let id = writing.newIdentifier()
      let account = writing.newIdentifier()
      let token = SecureRandom.alphanumeric(43)
      try writing.tables.execute(
        """
        INSERT INTO users (id, username_key, username, kind, state, created_at) VALUES (?1, ?2, ?2, 'bot', 'left', ?3)
        """, account, "webhook-\(id)", writing.at)
      try writing.tables.execute(
        """
        INSERT INTO incoming_webhooks (id, channel_id, user_id, name, digest, created_by, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        """, id, channel, account, name, SHA256.digest(of: Array(token.utf8)), caller.user, writing.at)
      try writing.record(
        AuditEntry(
          "webhook_create", "integrations", record: ("webhook", id.description),
          new: ["channel_id": .string(channel.description), "name": .string(name)]), call)
      let url = "\(call.origin.isSecure ? "https" : "http")://\(call.origin.host)/api/webhooks/\(id)/\(token)"
      let view = try views(writing.tables, "id", id).first ?? .null
      return .reply(Reply(status: 201, ["webhook": view, "url": .string(url)]))
    }
  }

  private static func remove(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("webhook_id")
    let caller = try call.member()
    return .write { writing throws(Problem) in
      guard
        let channel = try writing.tables.first(
          "SELECT channel_id FROM incoming_webhooks WHERE id = ?1", id, row: { $0.identifier(0) }),
        writing.directory.sees(caller.user, channel, at: writing.at)
      else { throw .notFound("webhook") }
      try writing.directory.require(.manageWebhooks, of: caller.user, in: channel, at: writing.at)
      try writing.tables.execute("DELETE FROM incoming_webhooks WHERE id = ?1", id)
      try writing.record(
        AuditEntry(
          "webhook_delete", "integrations", record: ("webhook", id.description),
          old: ["channel_id": .string(channel.description)]), call)
      return .done
    }
  }

  private static func execute(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("webhook_id")
    let digest = SHA256.digest(of: Array((call.path["token"] ?? "").utf8))
    let content = call.body["content"]?.string ?? ""
    let shown = call.body["username"]?.string
    return .write { writing throws(Problem) in
      let found = try writing.tables.first(
        "SELECT channel_id, user_id, name, digest FROM incoming_webhooks WHERE id = ?1", id,
        row: { ($0.identifier(0), $0.identifier(1), $0.text(2), $0.blob(3)) })
      // A wrong token and a webhook that is not there look the same.
      guard let (channel, account, name, known) = found, ConstantTime.areEqual(known, digest) else {
        throw .notFound("webhook")
      }
      var draft = Draft(channel: channel, author: account, content: content)
      draft.webhook = WebhookAuthor(id: id, name: shown ?? name)
      draft.mayMentionAll = false
      let posted = try Chat.post(draft, &writing)
      return .reply("message", posted.json, status: 201)
    }
  }

  /// `column` is one of ours: `id` or `channel_id`.
  private static func views(_ tables: Tables, _ column: StaticString, _ id: Identifier) throws(Problem) -> [JSONValue] {
    try tables.query(
      """
      SELECT id, channel_id, name, created_by, created_at FROM incoming_webhooks WHERE \(column) = ?1 ORDER BY id
      """, id,
      row: { row -> JSONValue in
        [
          "id": .string(row.identifier(0).description), "channel_id": .string(row.identifier(1).description),
          "name": .string(row.text(2)),
          "created_by": row.optionalIdentifier(3).map { .string($0.description) } ?? .null,
          "created_at": .string(Timestamp(row.time(4)).text),
        ]
      })
  }
}
