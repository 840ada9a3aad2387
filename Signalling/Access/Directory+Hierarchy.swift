// Who stands above whom. Holding a permission says what one may do; rank says to whom (UN-054, MQ-124).

public import Chronology
public import Identifiers

extension Directory {
  /// The highest position that `user` holds: 0 for a member with the role of everybody only, `Int.max` for an owner, −1
  /// for who is not a member.
  public func rank(of user: Identifier) -> Int {
    guard let member = members[user] else { return -1 }
    var highest = 0
    for id in member.roles {
      guard let role = roles[id] else { continue }
      if role.kind == .owner { return Int.max }
      highest = max(highest, role.position)
    }
    return highest
  }

  public func isOwner(_ user: Identifier) -> Bool { rank(of: user) == Int.max }

  /// Members who hold the Owner role. A community that was set up never has none (MQ-115).
  public var owners: [Identifier] { members.keys.filter(isOwner) }

  /// Whether `actor` stands above `target`: one acts on members of lower rank only, never on equals or on oneself. Who is
  /// not a member stands below every member.
  public func outranks(_ actor: Identifier, _ target: Identifier) -> Bool { rank(of: actor) > rank(of: target) }

  /// Whether `actor` may edit, move, delete, give or take `role`: it stands below the own highest role. The Owner role
  /// answers to owners only (MQ-115).
  public func outranks(_ actor: Identifier, role: Role) -> Bool {
    role.kind == .owner ? isOwner(actor) : rank(of: actor) > role.position
  }

  /// Whether `actor` holds all of `permissions`, so that giving them away raises nobody above the giver (UN-054).
  public func mayGrant(_ actor: Identifier, _ permissions: Permissions, at time: WallTime) -> Bool {
    self.permissions(of: actor, at: time).isSuperset(of: permissions)
  }

  /// Whether `actor` may give `role` to `target` or take it away: somebody of lower rank or oneself (owners: anybody), a
  /// role below the own, and, to give it, all of its bits.
  public func mayAssign(
    _ actor: Identifier, _ role: Role, to target: Identifier, taking: Bool = false, at time: WallTime
  ) -> Bool {
    guard members[target] != nil, role.kind != .everyone, outranks(actor, role: role) else { return false }
    guard actor == target || outranks(actor, target) || isOwner(actor) else { return false }
    return taking || mayGrant(actor, role.permissions.intersection(.all), at: time)
  }

  /// Whether `actor` may change what `channel` allows and denies `target` from one override to another.
  ///
  /// The target stands below the actor or is the actor (everybody's role is below everybody who may change overrides at
  /// all), and every bit that changes is one that the actor holds in that channel: nobody gives or takes what they lack.
  /// Who may manage overrides only in a channel cannot pass that on: MANAGE_ROLES itself asks for MANAGE_ROLES on the
  /// server. Without a channel it is asked for a category, where what the actor holds on the server counts.
  public func mayOverride(
    _ actor: Identifier, _ target: OverrideTarget, from old: Override, to new: Override, in channel: Identifier?,
    at time: WallTime
  ) -> Bool {
    let held = channel.map { permissions(of: actor, in: $0, at: time) } ?? permissions(of: actor, at: time)
    let changed = old.allow.symmetricDifference(new.allow).union(old.deny.symmetricDifference(new.deny))
    guard held.contains(.manageRoles), held.isSuperset(of: changed), reaches(actor, target) else { return false }
    return !changed.contains(.manageRoles) || permissions(of: actor, at: time).contains(.manageRoles)
  }

  private func reaches(_ actor: Identifier, _ target: OverrideTarget) -> Bool {
    switch target {
    case .member(let user): return user == actor || outranks(actor, user)
    case .role(let id):
      // A role that is gone stands above nobody.
      guard let role = roles[id], role.kind != .everyone else { return true }
      return outranks(actor, role: role)
    }
  }
}
