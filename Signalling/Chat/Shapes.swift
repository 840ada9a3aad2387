// The objects of chat's answers, for the OpenAPI document.

public import API
import Access

extension ChatRoutes {
  /// By the names that `Shape.reference` gives them.
  public static let schemas: Components = [
    ("Message", message), ("FoundMessage", found), ("ReadState", readState), ("Conversation", conversation),
  ]

  private static let author = Shape.object([
    .init("id", .identifier), .init("username", .string(0...200)), .init("display_name", .string(0...200)),
    .init("avatar_url", .nullable(.string(0...2_000))), .init("bot", .boolean),
  ])
  private static let reply = Shape.object([
    .init("id", .identifier), .init("user_id", .nullable(.identifier), "Null where the message is gone."),
    .init("content", .nullable(.string(0...Limit.replyCharacters))),
  ])
  private static let reaction = Shape.object([
    .init("emoji", .string(1...Limit.emojiBytes)), .init("count", .integer(1...Int64.max)),
    .optional("me", .boolean, "Whether the reader is among them; missing in events."),
  ])
  private static let mentions = Shape.object([
    .init("users", .array(.identifier, 0...Limit.mentionedUsers)),
    .init("roles", .array(.identifier, 0...Limit.mentionedRoles)), .init("everyone", .boolean),
  ])

  private static let messageFields: [Shape.Field] = [
    .init("id", .identifier), .init("channel_id", .identifier), .init("user_id", .identifier),
    .init("author", author), .init("content", .nullable(.string(0...100_000))),
    .init("type", .choice(["default", "system"])), .init("created_at", .time), .init("edited_at", .nullable(.time)),
    .init("reply_to", .nullable(reply)), .init("attachments", .array(.reference("Attachment"), 0...1_000)),
    .init("embeds", .array(.any, 0...10)), .init("reactions", .array(reaction, 0...Limit.reactions)),
    .init("mentions", mentions), .init("pinned", .boolean),
    .init(
      "webhook", .nullable(.object([.init("id", .identifier), .init("name", .string(0...200))]))),
    .optional("nonce", .string(1...Limit.nonceCharacters), "For the author."),
  ]
  private static let message = Shape.object(messageFields)
  private static let found = Shape.object(
    messageFields + [
      .init(
        "snippet",
        .object([
          .init("text", .string(0...Limit.snippetCharacters)),
          .init(
            "highlights", .array(.array(.integer(0...Int64.max), 2...2), 0...Limit.snippetCharacters),
            "Start and length of each hit in UTF-16 code units."),
        ]))
    ])

  private static let readState = Shape.object([
    .init("channel_id", .identifier), .init("last_read_message_id", .nullable(.identifier)),
    .init("last_message_id", .nullable(.identifier)), .init("unread_count", .integer(0...Limit.counted)),
    .init("mention_count", .integer(0...Limit.counted)),
  ])

  private static let conversation = Shape.object([
    .init("id", .identifier), .init("name", .string(0...Limit.groupName)), .init("type", .choice(["dm", "group"])),
    .init("category_id", .nullable(.identifier)), .init("topic", .nullable(.string(0...0))),
    .init("position", .integer(0...0)), .init("user_limit", .integer(0...0)), .init("bitrate", .integer(0...Int64.max)),
    .init("slow_mode", .integer(0...0)), .init("owner_id", .nullable(.identifier), "Of a group."),
    .init("last_message_id", .nullable(.identifier)), .init("overrides", .array(.any, 0...0)),
    .init("participants", .array(.identifier, 0...Limit.participants)), .init("created_at", .time),
    .optional("permissions", .integer(0...Permissions.all.rawValue), "What the reader may do there."),
  ])
}
