// Shapes that several routes share, and the schemas that answers name.

public import API
import Access

extension CommunityRoutes {
  /// The objects of this module's answers, by the names that `Shape.reference` gives them.
  public static let schemas: [(name: String, shape: Shape)] = [
    ("Server", Shapes.server), ("Channel", Shapes.channel), ("Category", Shapes.category), ("Role", Shapes.role),
    ("Override", Shapes.override), ("Invite", Shapes.invite), ("InvitePreview", Shapes.invitePreview),
    ("AuditLogEntry", Shapes.auditEntry), ("PermissionStep", Shapes.step),
  ]
}

enum Shapes {
  static let bits = Shape.integer(0...Permissions.all.rawValue)
  static let color = Shape.string(7...7)

  static let server = Shape.object([
    .init("id", .identifier), .init("name", .string(1...Limit.name)), .init("icon_url", .nullable(.string(1...200))),
    .init("created_at", .time),
  ])
  static let category = Shape.object([
    .init("id", .identifier), .init("name", .string(1...Limit.name)), .init("position", .integer(0...Int64.max)),
  ])
  static let override = Shape.object([
    .init("target_type", .choice(["role", "member"])), .init("target_id", .identifier), .init("allow", bits),
    .init("deny", bits),
  ])
  static let channel = Shape.object([
    .init("id", .identifier), .init("name", .string(0...Limit.name)),
    .init("type", .choice(["text", "voice", "dm", "group"])), .init("category_id", .nullable(.identifier)),
    .init("topic", .nullable(.string(0...Limit.topic))), .init("position", .integer(0...Int64.max)),
    .init("user_limit", .integer(0...Int64(Limit.userLimit)), "Voice: how many may be in it; 0 for any number."),
    .init("bitrate", .integer(0...Int64(Limit.bitrate)), "Voice: bit/s of one voice."),
    .init("slow_mode", .integer(0...Int64(Limit.slowMode)), "Seconds between two messages of a member."),
    .init("last_message_id", .nullable(.identifier)),
    .init("overrides", .array(.reference("Override"), 0...Limit.overrides)),
    .optional("participants", .array(.identifier, 0...1000), "Of a conversation."),
    .optional("permissions", bits, "What the asking member may do here."),
  ])
  static let role = Shape.object([
    .init("id", .identifier), .init("name", .string(1...Limit.name)), .init("color", color),
    .init("position", .integer(0...Int64.max)), .init("permissions", bits),
    .init("permission_codes", .array(.string(1...40), 0...64)), .init("hoist", .boolean),
    .init("mentionable", .boolean), .init("is_default", .boolean), .init("is_owner", .boolean),
  ])
  static let invite = Shape.object([
    .init("code", .string(1...64)), .init("created_by", .nullable(.identifier)),
    .init("role_id", .nullable(.identifier)), .init("max_uses", .integer(0...Int64(Limit.inviteUses))),
    .init("uses", .integer(0...Int64.max)), .init("expires_at", .nullable(.time)), .init("created_at", .time),
  ])
  static let invitePreview = Shape.object([
    .init("code", .string(1...64)), .init("server", .reference("Server")),
    .init("member_count", .integer(0...Int64.max)),
    .init("expires_at", .nullable(.time)),
  ])
  static let auditEntry = Shape.object([
    .init("id", .identifier), .init("user_id", .nullable(.identifier)), .init("action", .string(1...100)),
    .init("module", .string(1...100)), .init("record_type", .nullable(.string(0...100))),
    .init("record_id", .nullable(.string(0...1000))), .init("details", .nullable(.string(0...10_000))),
    .init("reason", .nullable(.string(1...512))), .init("old_values", .any), .init("new_values", .any),
    .init("ip_address", .nullable(.string(0...100))), .init("user_agent", .nullable(.string(0...1000))),
    .init("created_at", .time),
  ])
  static let step = Shape.object([
    .init("step", .string(1...40), "What was looked at: role, everyone_override, role_overrides, member_override, …"),
    .init("role_id", .nullable(.identifier)), .init("allow", bits), .init("deny", bits), .init("result", bits),
    .init("result_codes", .array(.string(1...40), 0...64)),
  ])
}
