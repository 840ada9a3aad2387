// The objects of this module's answers, for the OpenAPI document.

public import API

extension IdentityRoutes {
  /// Objects that the routes refer to by name.
  public static let components: Components = [
    ("User", .object(user)), ("OwnUser", .object(user + own)), ("Author", .object(author)),
    ("Server", .object(server)), ("Session", .object(session)), ("Login", .object(login)),
  ]

  private static let user: [Shape.Field] = [
    Shape.Field("id", .identifier), Shape.Field("username", .string(1...64)),
    Shape.Field("display_name", .nullable(.string(1...Limit.displayNameCharacters))),
    Shape.Field("avatar_url", .nullable(.string(1...256))), Shape.Field("bot", .boolean),
    Shape.Field("status", .choice(["online", "idle", "dnd", "offline"])),
    Shape.Field("custom_status", .nullable(.string(0...Limit.customStatusCharacters))),
    Shape.Field("created_at", .time), Shape.Field("last_seen_at", .nullable(.time)),
    Shape.Field("roles", .array(.identifier, 0...250), "without the role that everybody holds"),
    Shape.Field("timed_out_until", .nullable(.time)),
  ]

  private static let own: [Shape.Field] = [
    Shape.Field("email", .nullable(.string(1...Limit.emailBytes))), Shape.Field("two_factor_enabled", .boolean),
    Shape.Field("must_change_password", .boolean, "an administrator made the password void"),
  ]

  private static let author: [Shape.Field] = user.filter {
    ["id", "username", "display_name", "avatar_url", "bot"].contains($0.name)
  }

  private static let server: [Shape.Field] = [
    Shape.Field("id", .identifier), Shape.Field("name", .string(1...100)),
    Shape.Field("icon_url", .nullable(.string(1...256))), Shape.Field("created_at", .time),
  ]

  private static let session: [Shape.Field] = [
    Shape.Field("id", .identifier), Shape.Field("current", .boolean), Shape.Field("ip", .nullable(.string(0...64))),
    Shape.Field("user_agent", .nullable(.string(0...256))), Shape.Field("created_at", .time),
    Shape.Field("last_used_at", .time), Shape.Field("expires_at", .time),
  ]

  private static let login: [Shape.Field] = [
    Shape.Field("id", .identifier),
    Shape.Field("outcome", .choice(SignInOutcome.allCases.map(\.rawValue))),
    Shape.Field("session_id", .nullable(.identifier)), Shape.Field("ip", .string(0...64)),
    Shape.Field("user_agent", .string(0...256)), Shape.Field("created_at", .time),
  ]
}
