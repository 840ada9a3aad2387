// The directory, read from its tables. Access is computed from these facts and from nothing else.

import Chronology
import Identifiers
public import SQL

extension Directory {
  /// All facts as the tables say them. Some milliseconds for ten thousand members: roles and channels change rarely.
  public init(reading database: Database) throws(SQLError) {
    self.init()
    try readRoles(database)
    try readMembers(database)
    try readChannels(database)
  }

  private mutating func readRoles(_ database: Database) throws(SQLError) {
    let sql = "SELECT id, kind, name, color, position, permissions FROM roles"
    for role in try database.query(
      sql,
      row: { row in
        Role(
          id: Identifier(rawValue: row.int64(0)), kind: Role.Kind(rawValue: row.int(1)) ?? .ordinary, name: row.text(2),
          color: row.text(3), position: row.int(4), permissions: Permissions(rawValue: row.int64(5)))
      })
    {
      roles[role.id] = role
      if role.kind == .everyone { everyone = role.id }
    }
  }

  private mutating func readMembers(_ database: Database) throws(SQLError) {
    let sql = """
      SELECT id, timed_out_until, kind = 'bot', server_muted, server_deafened FROM users
      WHERE state = 'active' AND kind <> 'imported'
      """
    for member in try database.query(
      sql,
      row: { row in
        Member(
          id: Identifier(rawValue: row.int64(0)),
          timedOutUntil: row.isNull(1) ? nil : WallTime(milliseconds: row.int64(1)), isBot: row.bool(2),
          isServerMuted: row.bool(3), isServerDeafened: row.bool(4))
      })
    { members[member.id] = member }
    let held = try database.query(
      "SELECT user_id, role_id FROM user_roles ORDER BY user_id, role_id",
      row: { row in (Identifier(rawValue: row.int64(0)), Identifier(rawValue: row.int64(1))) })
    for (user, role) in held { members[user]?.roles.append(role) }
  }

  private mutating func readChannels(_ database: Database) throws(SQLError) {
    for channel in try database.query(
      "SELECT id, type, category_id, user_limit, bitrate FROM channels",
      row: { row in
        Channel(
          id: Identifier(rawValue: row.int64(0)), kind: Channel.Kind(rawValue: row.text(1)) ?? .text,
          category: row.isNull(2) ? nil : Identifier(rawValue: row.int64(2)), userLimit: row.int(3),
          bitrate: row.int(4))
      })
    { channels[channel.id] = channel }
    let overrides = try database.query(
      "SELECT channel_id, role_id, user_id, allow, deny FROM channel_permissions",
      row: { row -> (Identifier, OverrideTarget, Override) in
        let target: OverrideTarget =
          row.isNull(1)
          ? .member(Identifier(rawValue: row.int64(2))) : .role(Identifier(rawValue: row.int64(1)))
        let override = Override(
          allow: Permissions(rawValue: row.int64(3)), deny: Permissions(rawValue: row.int64(4)))
        return (Identifier(rawValue: row.int64(0)), target, override)
      })
    for (channel, target, override) in overrides { channels[channel]?.overrides[target] = override }
    let participants = try database.query(
      "SELECT channel_id, user_id FROM participants",
      row: { row in (Identifier(rawValue: row.int64(0)), Identifier(rawValue: row.int64(1))) })
    for (channel, user) in participants { channels[channel]?.participants.insert(user) }
  }
}
