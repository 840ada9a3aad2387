// Who is here and what they hold: the facts that every permission is computed from, in memory.

public import Chronology
public import Identifiers

/// A role of the community (MQ-018).
public struct Role: Hashable, Sendable {
  /// Roles with a duty of their own; the others are made by people.
  public enum Kind: Int, Hashable, Sendable {
    case ordinary = 0
    /// Held by everybody, always: Discord's `@everyone`. It is the role Member.
    case everyone = 1
    /// Above all; its holders pass every check (MQ-114).
    case owner = 2
  }

  public var id: Identifier
  public var kind: Kind
  public var name: String
  /// `#RRGGBB`.
  public var color: String
  /// Higher stands above lower; everyone is 0.
  public var position: Int
  public var permissions: Permissions

  public init(
    id: Identifier, kind: Kind = .ordinary, name: String, color: String = "#99AAB5", position: Int,
    permissions: Permissions
  ) {
    self.id = id
    self.kind = kind
    self.name = name
    self.color = color
    self.position = position
    self.permissions = permissions
  }
}

/// An account that belongs to the community. Who was kicked, banned or deactivated is not in the directory.
public struct Member: Hashable, Sendable {
  public var id: Identifier
  /// Without the role that everybody holds.
  public var roles: [Identifier]
  /// While it lasts, the member may only look (Discord's timeout).
  public var timedOutUntil: WallTime?
  public var isBot: Bool
  /// Muted and deafened by a moderator, in every voice channel.
  public var isServerMuted: Bool
  public var isServerDeafened: Bool

  public init(
    id: Identifier, roles: [Identifier] = [], timedOutUntil: WallTime? = nil, isBot: Bool = false,
    isServerMuted: Bool = false, isServerDeafened: Bool = false
  ) {
    self.id = id
    self.roles = roles
    self.timedOutUntil = timedOutUntil
    self.isBot = isBot
    self.isServerMuted = isServerMuted
    self.isServerDeafened = isServerDeafened
  }
}

/// Whom an override is for.
public enum OverrideTarget: Hashable, Sendable {
  case role(Identifier)
  case member(Identifier)
}

/// What one channel gives and takes (MQ-022, MQ-120).
public struct Override: Hashable, Sendable {
  public var allow: Permissions
  public var deny: Permissions

  public init(allow: Permissions = [], deny: Permissions = []) {
    self.allow = allow
    self.deny = deny
  }
}

/// A place for messages or voices. A conversation between people is one too (UN-086).
public struct Channel: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case text
    case voice
    /// Between two people.
    case direct = "dm"
    /// Between some people, without a place in the list of channels.
    case group

    public var isConversation: Bool { self == .direct || self == .group }
  }

  public var id: Identifier
  public var kind: Kind
  public var category: Identifier?
  public var overrides: [OverrideTarget: Override]
  /// Of a conversation: who takes part. Empty for channels of the server.
  public var participants: Set<Identifier>
  /// Of a voice channel: how many may be in it, 0 for any number (MQ-130).
  public var userLimit: Int
  /// Of a voice channel: bit/s of a voice (MQ-131).
  public var bitrate: Int

  public init(
    id: Identifier, kind: Kind, category: Identifier? = nil, overrides: [OverrideTarget: Override] = [:],
    participants: Set<Identifier> = [], userLimit: Int = 0, bitrate: Int = 64_000
  ) {
    self.id = id
    self.kind = kind
    self.category = category
    self.overrides = overrides
    self.participants = participants
    self.userLimit = userLimit
    self.bitrate = bitrate
  }
}

/// All facts, as of one committed transaction. A value: who holds one sees no later change.
public struct Directory: Hashable, Sendable {
  /// Grows with each change (UN-055).
  public var version: UInt64 = 0
  public var roles: [Identifier: Role] = [:]
  public var members: [Identifier: Member] = [:]
  public var channels: [Identifier: Channel] = [:]
  /// The role that everybody holds; nil before the first set-up.
  public var everyone: Identifier?

  public init() {}

  /// Roles of a member, the one of everybody included.
  public func roles(of member: Member) -> [Role] {
    var result: [Role] = []
    if let everyone, let role = roles[everyone] { result.append(role) }
    for id in member.roles {
      if let role = roles[id], id != everyone { result.append(role) }
    }
    return result
  }
}
