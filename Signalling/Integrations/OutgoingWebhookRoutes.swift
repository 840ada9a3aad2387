// Webhooks out: other servers are told what happens here, signed as standardwebhooks.com describes.

import API
import Access
import Chronology
import Cryptography
import Identifiers
import Identity
import JSON
import Problems
import SQL

extension IntegrationRoutes {
  private static let one: [Shape.Field] = [.init("hook", .reference("OutgoingWebhook"))]

  var outgoingRoutes: [Route] {
    [
      Route(
        .get, "/hooks", "listHooks", "Lists the servers that are told what happens.", tag: "Webhooks",
        access: .server(.admin), answer: [.init("hooks", .array(.reference("OutgoingWebhook"), 0...Limit.outgoing))],
        handle: list),
      Route(
        .post, "/hooks", "createHook", "Has a server told what happens: of some events, or of all.", tag: "Webhooks",
        access: .server(.admin),
        body: .json(
          .object([
            .init("url", .string(8...Limit.url)),
            .optional("events", .array(.string(1...64), 0...64), "names of the gateway's events; none for all"),
          ])),
        answer: Self.one + [.init("secret", .string(1...128), "signs the deliveries, shown once")], status: 201,
        problems: [.conflict], handle: create),
      Route(
        .post, "/hooks/{hook_id}/enable", "enableHook", "Switches a webhook on again that failed too often.",
        tag: "Webhooks", access: .server(.admin), answer: Self.one, handle: enable),
      Route(
        .delete, "/hooks/{hook_id}", "deleteHook", "Removes a webhook and what waits for it.", tag: "Webhooks",
        access: .server(.admin), handle: remove),
    ]
  }

  private func list(_ call: Call) throws(Problem) -> Step {
    .read { reading throws(Problem) in
      let ids = try reading.tables.query("SELECT id FROM outgoing_webhooks ORDER BY id", row: { $0.identifier(0) })
      var hooks: [JSONValue] = []
      for id in ids { hooks.append(try Self.view(id, reading.tables)) }
      return .reply("hooks", .array(hooks))
    }
  }

  private func create(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    let url = call.body["url"]?.string ?? ""
    guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw .invalid("/url", "must be an address that begins with https:// or http://")
    }
    let events = Set((call.body["events"]?.array ?? []).compactMap(\.string)).sorted()
    guard events.allSatisfy({ name in name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0 >= 97 && $0 <= 122 } })
    else { throw .invalid("/events", "must be names of events, like message_create") }
    let keys = keys
    return .write { writing throws(Problem) in
      let count = try writing.tables.first("SELECT count(*) FROM outgoing_webhooks", row: { $0.int(0) }) ?? 0
      guard count < Limit.outgoing else {
        throw Problem(.conflict, "there are \(Limit.outgoing) webhooks already", reason: "limit_hooks")
      }
      let id = writing.newIdentifier()
      let secret = SecureRandom.bytes(32)
      try writing.tables.execute(
        """
        INSERT INTO outgoing_webhooks (id, url, events, secret, created_by, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        """, id, url, events.joined(separator: " "),
        SealedBox(key: keys.sealing).seal(secret, context: Outbox.context(id)), caller.user, writing.at)
      try writing.record(
        AuditEntry(
          "hook_create", "integrations", record: ("hook", id.description),
          new: ["url": .string(url), "events": .array(events.map { .string($0) })]), call)
      let view = try Self.view(id, writing.tables)
      return .reply(Reply(status: 201, ["hook": view, "secret": .string("whsec_" + Base64.encode(secret))]))
    }
  }

  private func enable(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("hook_id")
    return .write { writing throws(Problem) in
      let changed = try writing.tables.execute(
        "UPDATE outgoing_webhooks SET disabled_at = NULL, failures = 0 WHERE id = ?1", id)
      guard changed == 1 else { throw .notFound("hook") }
      try writing.record(AuditEntry("hook_enable", "integrations", record: ("hook", id.description)), call)
      writing.then(.outboxFilled)
      return .reply("hook", try Self.view(id, writing.tables))
    }
  }

  private func remove(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("hook_id")
    return .write { writing throws(Problem) in
      guard try writing.tables.execute("DELETE FROM outgoing_webhooks WHERE id = ?1", id) == 1 else {
        throw .notFound("hook")
      }
      try writing.record(AuditEntry("hook_delete", "integrations", record: ("hook", id.description)), call)
      return .done
    }
  }

  private static func view(_ id: Identifier, _ tables: Tables) throws(Problem) -> JSONValue {
    let found = try tables.first(
      """
      SELECT url, events, failures, disabled_at IS NOT NULL, last_status, last_attempt_at, created_at,
        (SELECT count(*) FROM outbox WHERE webhook_id = outgoing_webhooks.id)
      FROM outgoing_webhooks WHERE id = ?1
      """, id,
      row: { row -> JSONValue in
        [
          "id": .string(id.description), "url": .string(row.text(0)),
          "events": .array(row.text(1).split(separator: " ").map { .string(String($0)) }),
          "failures": .integer(row.int64(2)), "disabled": .bool(row.bool(3)),
          "last_status": row.optionalInt64(4).map { .integer($0) } ?? .null,
          "last_attempt_at": row.optionalTime(5).map { .string(Timestamp($0).text) } ?? .null,
          "created_at": .string(Timestamp(row.time(6)).text), "waiting": .integer(row.int64(7)),
        ]
      })
    guard let found else { throw .notFound("hook") }
    return found
  }
}
