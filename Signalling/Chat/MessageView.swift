// A message as clients get it. A page of fifty takes at most five queries, however much hangs on the messages.

import API
import Chronology
import Identifiers
import JSON
import Problems
import SQL

/// Ids as one bound value, which `json_each` takes apart again: one statement for any number of them.
func list(_ ids: some Sequence<Identifier>) -> String {
  "[" + ids.map { String($0.rawValue) }.joined(separator: ",") + "]"
}

/// Renders messages for one reader, or for an event that goes to many.
struct MessageView {
  /// Whose own reactions are marked; nil in events, whose reactions say nothing about `me`.
  let reader: Identifier?
  private var reactions: [Identifier: [JSONValue]] = [:]
  private var mentions: [Identifier: MentionSet] = [:]
  private var replies: [Identifier: JSONValue] = [:]
  private var attachments: [Identifier: [JSONValue]] = [:]

  private init(for reader: Identifier?) { self.reader = reader }

  static func render(_ messages: [Message], for reader: Identifier?, _ tables: Tables) throws(Problem) -> [JSONValue] {
    var view = MessageView(for: reader)
    try view.load(messages, tables)
    return messages.map { view.json($0) }
  }

  static func render(_ message: Message, for reader: Identifier?, _ tables: Tables) throws(Problem) -> JSONValue {
    try render([message], for: reader, tables).first ?? nil
  }

  // MARK: What hangs on them

  private mutating func load(_ messages: [Message], _ tables: Tables) throws(Problem) {
    let reacted = messages.filter { $0.flags.contains(.reactions) }.map(\.id)
    if !reacted.isEmpty { try loadReactions(reacted, tables) }
    let naming = messages.filter { $0.flags.contains(.mentions) }.map(\.id)
    if !naming.isEmpty { mentions = try MentionSet.load(naming, tables) }
    let answering = messages.compactMap(\.replyTo)
    if !answering.isEmpty { try loadReplies(answering, tables) }
    let carrying = messages.filter { $0.flags.contains(.files) }.map(\.id)
    if !carrying.isEmpty { attachments = try MessageFiles.views(of: carrying, tables) }
  }

  static let reactionsOf = """
    SELECT r.message_id, r.emoji, count(*), max(r.user_id = ?2), min(r.created_at)
    FROM json_each(?1) j CROSS JOIN reactions r ON r.message_id = j.value
    GROUP BY r.message_id, r.emoji ORDER BY r.message_id, 5, r.emoji
    """

  private mutating func loadReactions(_ ids: [Identifier], _ tables: Tables) throws(Problem) {
    let reader = reader
    let rows = try tables.query(Self.reactionsOf, list(ids), reader) { row in
      var reaction: JSONValue = ["emoji": .string(row.text(1)), "count": .integer(row.int64(2))]
      if reader != nil { reaction.set("me", .bool(row.bool(3))) }
      return (row.identifier(0), reaction)
    }
    for (id, reaction) in rows { reactions[id, default: []].append(reaction) }
  }

  private mutating func loadReplies(_ ids: [Identifier], _ tables: Tables) throws(Problem) {
    let sql = """
      SELECT m.id, m.user_id, m.content FROM json_each(?1) j CROSS JOIN messages m ON m.id = j.value
      """
    let rows = try tables.query(sql, list(ids)) { row in
      let content = row.optionalText(2).map { JSONValue.string($0.beginning(Limit.replyCharacters)) }
      return (row.identifier(0), JSONValue.string(row.identifier(1).description), content ?? .null)
    }
    for (id, user, content) in rows {
      replies[id] = ["id": .string(id.description), "user_id": user, "content": content]
    }
  }

  // MARK: JSON

  private func json(_ message: Message) -> JSONValue {
    let mentions = mentions[message.id] ?? MentionSet()
    var json: JSONValue = [
      "id": .id(message.id), "channel_id": .id(message.channel), "user_id": .id(message.author.id),
      "author": Self.author(message), "content": message.content.map { .string($0) } ?? .null,
      "type": .string(message.type.word), "created_at": .time(message.createdAt),
      "edited_at": message.editedAt.map { .time($0) } ?? .null, "reply_to": reply(message),
      "attachments": .array(attachments[message.id] ?? []), "embeds": Self.embeds(message),
      "reactions": .array(reactions[message.id] ?? []),
      "mentions": [
        "users": .array(mentions.users.map { .id($0) }), "roles": .array(mentions.roles.map { .id($0) }),
        "everyone": .bool(message.flags.contains(.everyone)),
      ],
      "pinned": .bool(message.flags.contains(.pinned)),
      "webhook": message.webhook.map { ["id": .id($0.id), "name": .string($0.name)] } ?? .null,
    ]
    // The sender knows it by this name; nobody else needs it, but the event is one for all.
    if let nonce = message.nonce, reader == nil || reader == message.author.id { json.set("nonce", .string(nonce)) }
    return json
  }

  private static func author(_ message: Message) -> JSONValue {
    let author = message.author
    if let webhook = message.webhook {
      return [
        "id": .id(author.id), "username": .string(webhook.name), "display_name": .string(webhook.name),
        "avatar_url": webhook.avatar.map { .string($0) } ?? .null, "bot": true,
      ]
    }
    return [
      "id": .id(author.id), "username": .string(author.username),
      "display_name": .string(author.displayName ?? author.username),
      "avatar_url": author.avatar.map { .string("/api/users/\(author.id)/avatar?v=\($0.prefix(8))") } ?? .null,
      "bot": .bool(author.isBot),
    ]
  }

  /// An answer to a message that is gone still says that it was one.
  private func reply(_ message: Message) -> JSONValue {
    guard let id = message.replyTo else { return nil }
    return replies[id] ?? ["id": .id(id), "user_id": nil, "content": nil]
  }

  private static func embeds(_ message: Message) -> JSONValue {
    message.embeds.flatMap { try? JSONValue(parsing: $0) } ?? []
  }
}

extension JSONValue {
  static func id(_ id: Identifier) -> JSONValue { .string(id.description) }
  static func time(_ time: WallTime) -> JSONValue { .string(Timestamp(time).text) }

  /// Sets a member of an object; anything else stays as it is.
  mutating func set(_ key: String, _ value: JSONValue) {
    guard case .object(var object) = self else { return }
    object[key] = value
    self = .object(object)
  }
}

extension String {
  /// At most so many Unicode scalars from the start.
  func beginning(_ count: Int) -> String {
    // Most texts are shorter, and their UTF-8 length says so at once.
    utf8.count <= count ? self : String(String.UnicodeScalarView(unicodeScalars.prefix(count)))
  }
}
