// A community to begin with: rows as the first set-up makes them, without going through it.

public import API
public import Access
import Chronology
public import Identifiers
public import Problems

/// Who and what `TestCommunity.seed` made.
public struct Seeded {
  public var owner: Identifier
  public var admin: Identifier
  public var moderator: Identifier
  public var member: Identifier
  public var everyoneRole: Identifier
  public var moderatorRole: Identifier
  public var adminRole: Identifier
  public var ownerRole: Identifier
  public var text: Identifier
  public var voice: Identifier
  /// A text channel that only moderators and above see.
  public var staff: Identifier
}

extension TestCommunity {
  /// Roles Owner, Admin, Moderator and Member, one person of each, a text channel, a voice channel and a hidden one.
  public func seed() throws(Problem) -> Seeded {
    let seeded = try write { (writing) throws(Problem) -> Seeded in
      try writing.tables.execute(
        "INSERT INTO server (id, name, created_at) VALUES (?1, 'Deneme', ?2)", writing.newIdentifier(), writing.at)
      let everyone = try writing.role("Member", .everyone, 0, .memberDefault)
      let moderators = try writing.role("Moderator", .ordinary, 10, .moderatorDefault)
      let admins = try writing.role("Admin", .ordinary, 20, .all)
      let owners = try writing.role("Owner", .owner, 30, .all)
      let seeded = Seeded(
        owner: try writing.person("owner", [owners]), admin: try writing.person("admin", [admins]),
        moderator: try writing.person("moderator", [moderators]), member: try writing.person("member", []),
        everyoneRole: everyone, moderatorRole: moderators, adminRole: admins, ownerRole: owners,
        text: try writing.channel("genel", .text), voice: try writing.channel("Sohbet", .voice),
        staff: try writing.channel("ekip", .text))
      try writing.override(seeded.staff, .role(everyone), deny: .viewChannel)
      try writing.override(seeded.staff, .role(moderators), allow: .viewChannel)
      try writing.directoryChanged()
      return seeded
    }
    _ = takeEvents()
    _ = takeConsequences()
    return seeded
  }

  /// One more member, with these roles.
  public func addMember(_ name: String, roles: [Identifier] = []) throws(Problem) -> Identifier {
    try write { (writing) throws(Problem) -> Identifier in
      let id = try writing.person(name, roles)
      try writing.directoryChanged()
      return id
    }
  }
}

extension Writing {
  public mutating func role(
    _ name: String, _ kind: Role.Kind, _ position: Int, _ permissions: Permissions
  ) throws(Problem) -> Identifier {
    let id = newIdentifier()
    try tables.execute(
      "INSERT INTO roles (id, kind, name, position, permissions, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", id,
      kind.rawValue, name, position, permissions.rawValue, at)
    return id
  }

  public mutating func person(_ name: String, _ roles: [Identifier]) throws(Problem) -> Identifier {
    let id = newIdentifier()
    try tables.execute(
      """
      INSERT INTO users (id, username_key, username, password_hash, created_at) VALUES (?1, ?2, ?2, ?3, ?4)
      """, id, name, "test$" + name, at)
    for role in roles { try tables.execute("INSERT INTO user_roles (user_id, role_id) VALUES (?1, ?2)", id, role) }
    return id
  }

  public mutating func channel(_ name: String, _ kind: Channel.Kind) throws(Problem) -> Identifier {
    let id = newIdentifier()
    try tables.execute(
      "INSERT INTO channels (id, name, type, created_at) VALUES (?1, ?2, ?3, ?4)", id, name, kind.rawValue, at)
    return id
  }

  public mutating func override(
    _ channel: Identifier, _ target: OverrideTarget, allow: Permissions = [], deny: Permissions = []
  ) throws(Problem) {
    var role: Identifier?
    var user: Identifier?
    switch target {
    case .role(let id): role = id
    case .member(let id): user = id
    }
    try tables.execute(
      "INSERT INTO channel_permissions (channel_id, role_id, user_id, allow, deny) VALUES (?1, ?2, ?3, ?4, ?5)",
      channel,
      role, user, allow.rawValue, deny.rawValue)
  }
}
