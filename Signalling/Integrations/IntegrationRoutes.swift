// Programs that take part: bots with tokens and scopes, webhooks into a channel, webhooks out to other servers.

public import API
import Identity

public struct IntegrationRoutes: Sendable {
  /// Seals the secrets of outgoing webhooks at rest.
  let keys: AccountKeys

  public init(_ keys: AccountKeys) { self.keys = keys }

  public var all: [Route] { BotRoutes.all + IncomingWebhookRoutes.all + outgoingRoutes }

  public static let components: Components = [
    (
      "Bot",
      .object([
        .init("user", .reference("User")), .init("scopes", .array(.choice(Scopes.all), 0...Scopes.all.count)),
        .init("created_at", .time),
      ])
    ),
    (
      "IncomingWebhook",
      .object([
        .init("id", .identifier), .init("channel_id", .identifier), .init("name", .string(1...Limit.name)),
        .init("created_by", .nullable(.identifier)), .init("created_at", .time),
      ])
    ),
    (
      "OutgoingWebhook",
      .object([
        .init("id", .identifier), .init("url", .string(1...Limit.url)),
        .init("events", .array(.string(1...64), 0...64)), .init("failures", .integer(0...Int64.max)),
        .init("disabled", .boolean), .init("last_status", .nullable(.integer(0...999))),
        .init("last_attempt_at", .nullable(.time)), .init("waiting", .integer(0...Int64.max)),
        .init("created_at", .time),
      ])
    ),
  ]
}

/// What a bot's token can be good for.
enum Scopes {
  static let all = [
    "messages.read", "messages.write", "channels.read", "channels.manage", "members.read", "members.moderate",
    "roles.manage", "invites.manage", "audit.read", "voice", "files.write",
  ]
}
