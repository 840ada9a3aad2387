// Everything that makes the community what it is: its server, channels, roles, members and the log of what was done.

public import API
public import Chronology
public import Identifiers
public import Problems

/// What other modules do when the community acts; they lie above this one, so they are handed in.
public struct CommunityHooks: Sendable {
  /// Removes the messages that a member wrote since a time, within the transaction of the ban. Nil where there is no
  /// chat: then a ban that asks for it is refused.
  public typealias Purge =
    @Sendable (_ user: Identifier, _ since: WallTime, _ writing: inout Writing) throws(Problem) -> Void
  public var purgeMessages: Purge?

  public init(purgeMessages: Purge? = nil) { self.purgeMessages = purgeMessages }
}

public enum CommunityRoutes {
  /// All routes of this module.
  public static func all(hooks: CommunityHooks = CommunityHooks()) -> [Route] {
    ServerRoutes.all + ChannelRoutes.all + CategoryRoutes.all + OverrideRoutes.all + CategoryOverrideRoutes.all
      + RoleRoutes.all + MemberRoutes.all(hooks) + VoiceModeration.all + InviteRoutes.all + AuditRoutes.all
  }
}
