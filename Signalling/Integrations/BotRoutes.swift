// Accounts for programs: made by administrators, signed in by a token that is shown once.

import API
import Access
import Chronology
import Identifiers
import Identity
import JSON
import Problems
import SQL

enum BotRoutes {
  private static let scopes = Shape.array(.choice(Scopes.all), 0...Scopes.all.count)
  private static let withToken: [Shape.Field] = [
    .init("bot", .reference("Bot")), .init("token", .string(1...128), "shown once, sent as `Authorization: Bot …`"),
  ]

  static let all: [Route] = [
    Route(
      .get, "/bots", "listBots", "Lists the community's bots.", tag: "Bots", access: .server(.admin),
      answer: [.init("bots", .array(.reference("Bot"), 0...Limit.bots))], handle: list),
    Route(
      .post, "/bots", "createBot", "Makes a bot: an account with a token instead of a password.", tag: "Bots",
      access: .server(.admin),
      body: .json(.object([.init("username", .string(3...Limit.name)), .init("scopes", scopes)])), answer: withToken,
      status: 201, problems: [.conflict], handle: create),
    Route(
      .patch, "/bots/{user_id}", "updateBot", "Changes what a bot's token is good for.", tag: "Bots",
      access: .server(.admin), body: .json(.object([.init("scopes", scopes)])),
      answer: [.init("bot", .reference("Bot"))], handle: update),
    Route(
      .post, "/bots/{user_id}/token", "renewBotToken", "Gives a bot a new token; the old one is good no more.",
      tag: "Bots", access: .server(.admin), answer: withToken, handle: renew),
    Route(
      .delete, "/bots/{user_id}", "deleteBot", "Removes a bot. What it wrote stays.", tag: "Bots",
      access: .server(.admin), handle: remove),
  ]

  private static func list(_ call: Call) throws(Problem) -> Step {
    .read { reading throws(Problem) in
      let ids = try reading.tables.query(
        "SELECT user_id FROM bot_tokens ORDER BY user_id", row: { $0.identifier(0) })
      var bots: [JSONValue] = []
      for id in ids { bots.append(try view(id, reading.tables, reading.directory, at: reading.at)) }
      return .reply("bots", .array(bots))
    }
  }

  private static func create(_ call: Call) throws(Problem) -> Step {
    let caller = try call.member()
    let name = call.body["username"]?.string ?? ""
    guard let key = Username.key(name), key.utf8.first != UInt8(ascii: "-"), !key.hasPrefix("deleted-"),
      !key.hasPrefix("webhook-")
    else { throw .invalid("/username", "may have letters, digits and the characters _ . -") }
    let scopes = words(call)
    return .write { writing throws(Problem) in
      let count = try writing.tables.first("SELECT count(*) FROM bot_tokens", row: { $0.int(0) }) ?? 0
      guard count < Limit.bots else {
        throw Problem(.conflict, "there are \(Limit.bots) bots already", reason: "limit_bots")
      }
      let id = writing.newIdentifier()
      let made = try writing.tables.executeUnlessTaken(
        "INSERT INTO users (id, username_key, username, kind, created_at) VALUES (?1, ?2, ?3, 'bot', ?4)", id, key,
        name,
        writing.at)
      guard made != nil else {
        throw Problem(.conflict, "the username is taken", reason: "username_taken", pointer: "/username")
      }
      let (token, digest) = BotToken.make()
      try writing.tables.execute(
        "INSERT INTO bot_tokens (user_id, digest, scopes, created_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5)", id,
        digest, scopes.joined(separator: " "), caller.user, writing.at)
      try writing.directoryChanged()
      writing.then(.botOpened(tokenDigest: digest, user: id, scopes: scopes))
      try writing.record(
        AuditEntry(
          "bot_create", "integrations", record: ("user", id.description),
          new: ["username": .string(name), "scopes": .array(scopes.map { .string($0) })]), call)
      let bot = try view(id, writing.tables, writing.directory, at: writing.at)
      writing.emit("member_join", ["user": bot["user"] ?? .null], to: .everyone)
      return .reply(Reply(status: 201, ["bot": bot, "token": .string(token)]))
    }
  }

  private static func update(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("user_id")
    let scopes = words(call)
    return .write { writing throws(Problem) in
      guard
        let (digest, old) = try writing.tables.first(
          "SELECT digest, scopes FROM bot_tokens WHERE user_id = ?1", id, row: { ($0.blob(0), $0.text(1)) })
      else { throw .notFound("bot") }
      try writing.tables.execute(
        "UPDATE bot_tokens SET scopes = ?2 WHERE user_id = ?1", id, scopes.joined(separator: " "))
      // Connections were opened with the old scopes.
      writing.then(.botClosed(user: id))
      writing.then(.botOpened(tokenDigest: digest, user: id, scopes: scopes))
      try writing.record(
        AuditEntry(
          "bot_update", "integrations", record: ("user", id.description), old: ["scopes": .string(old)],
          new: ["scopes": .string(scopes.joined(separator: " "))]), call)
      return .reply("bot", try view(id, writing.tables, writing.directory, at: writing.at))
    }
  }

  private static func renew(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("user_id")
    return .write { writing throws(Problem) in
      let (token, digest) = BotToken.make()
      let changed = try writing.tables.execute(
        "UPDATE bot_tokens SET digest = ?2 WHERE user_id = ?1", id, digest)
      guard changed == 1 else { throw .notFound("bot") }
      let scopes =
        try writing.tables.first("SELECT scopes FROM bot_tokens WHERE user_id = ?1", id, row: { $0.text(0) }) ?? ""
      writing.then(.botClosed(user: id))
      writing.then(.botOpened(tokenDigest: digest, user: id, scopes: scopes.split(separator: " ").map(String.init)))
      try writing.record(AuditEntry("bot_token_renew", "integrations", record: ("user", id.description)), call)
      let bot = try view(id, writing.tables, writing.directory, at: writing.at)
      return .reply(Reply(status: 200, ["bot": bot, "token": .string(token)]))
    }
  }

  private static func remove(_ call: Call) throws(Problem) -> Step {
    let id = try call.id("user_id")
    return .write { writing throws(Problem) in
      guard try writing.tables.execute("DELETE FROM bot_tokens WHERE user_id = ?1", id) == 1 else {
        throw .notFound("bot")
      }
      try writing.tables.execute("UPDATE users SET state = 'left' WHERE id = ?1", id)
      try writing.tables.execute("DELETE FROM user_roles WHERE user_id = ?1", id)
      try writing.directoryChanged()
      writing.then(.botClosed(user: id))
      writing.then(.memberRemoved(id))
      writing.emit("member_leave", ["user_id": .string(id.description)], to: .everyone)
      try writing.record(AuditEntry("bot_delete", "integrations", record: ("user", id.description)), call)
      return .done
    }
  }

  private static func words(_ call: Call) -> [String] {
    Set((call.body["scopes"]?.array ?? []).compactMap(\.string)).sorted()
  }

  private static func view(
    _ id: Identifier, _ tables: Tables, _ directory: Directory, at time: WallTime
  ) throws(Problem) -> JSONValue {
    guard let row = try tables.user(id),
      let (scopes, created) = try tables.first(
        "SELECT scopes, created_at FROM bot_tokens WHERE user_id = ?1", id, row: { ($0.text(0), $0.time(1)) })
    else { throw .notFound("bot") }
    return [
      "user": UserView.json(row, directory, at: time),
      "scopes": .array(scopes.split(separator: " ").map { .string(String($0)) }),
      "created_at": .string(Timestamp(created).text),
    ]
  }
}
