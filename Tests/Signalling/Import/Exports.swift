// Exports as DiscordChatExporter writes them, small enough to see what is in them.

import JSON

enum Exports {
  static func user(_ id: String, _ name: String, nickname: String? = nil) -> JSONValue {
    [
      "id": .string(id), "name": .string(name), "discriminator": "0000", "nickname": .string(nickname ?? name),
      "color": nil, "isBot": false, "roles": [], "avatarUrl": "https://cdn.discordapp.com/embed/avatars/0.png",
    ]
  }

  static let ayse = user("200000000000000001", "ayse", nickname: "Ayşe")
  static let can = user("200000000000000002", "can")

  static func message(
    _ id: String, _ time: String, _ content: String, by author: JSONValue = ayse, type: String = "Default",
    _ more: [(String, JSONValue)] = []
  ) -> JSONValue {
    let usual: [(String, JSONValue)] = [
      ("id", .string(id)), ("type", .string(type)), ("timestamp", .string(time)), ("timestampEdited", nil),
      ("callEndedTimestamp", nil), ("isPinned", false), ("content", .string(content)), ("author", author),
      ("attachments", []), ("embeds", []), ("stickers", []), ("reactions", []), ("mentions", []), ("inlineEmojis", []),
    ]
    var result = JSONObject()
    for (key, value) in usual + more { result[key] = value }
    return .object(result)
  }

  static func file(
    _ messages: [JSONValue], channel: String = "300000000000000001", name: String = "genel",
    type: String = "GuildTextChat", category: (String, String)? = ("400000000000000001", "Sohbet"),
    topic: String? = "Her şey"
  ) -> JSONValue {
    [
      "guild": ["id": "100000000000000001", "name": "Eski Yer", "iconUrl": "https://cdn.discordapp.com/icons/1/a.png"],
      "channel": [
        "id": .string(channel), "type": .string(type), "categoryId": category.map { .string($0.0) } ?? .null,
        "category": category.map { .string($0.1) } ?? .null, "name": .string(name),
        "topic": topic.map { .string($0) } ?? .null,
      ],
      "dateRange": ["after": nil, "before": nil], "exportedAt": "2024-05-01T10:00:00.1234567+03:00",
      "messages": .array(messages), "messageCount": .integer(Int64(messages.count)),
    ]
  }
}
