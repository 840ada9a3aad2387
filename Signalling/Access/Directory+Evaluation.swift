// The one evaluator: what a member may do, on the server and in a channel, in Discord's order.
// Documented convention: discord.com/developers/docs/topics/permissions, "Permission Overwrites".

public import Chronology
public import Identifiers
public import Problems

extension Directory {
  /// What `user` may do on the server as a whole. Nothing for who is not a member.
  ///
  /// Order: owner → all; OR of the roles; ADMIN → all; a timeout leaves looking.
  public func permissions(of user: Identifier, at time: WallTime) -> Permissions {
    guard let member = members[user] else { return [] }
    return restricted(base(member), member, at: time)
  }

  /// What `user` may do in `channel`. Nothing where they may not look, whatever else is allowed.
  ///
  /// Order: ADMIN → all; override of everyone (deny, allow); all denies of roles together, then all allows of roles
  /// together (positions do not matter); override of the member (deny, allow); a timeout; what one needs for another.
  public func permissions(of user: Identifier, in channel: Identifier, at time: WallTime) -> Permissions {
    guard let member = members[user], let channel = channels[channel] else { return [] }
    if channel.kind.isConversation { return conversation(channel, member, at: time) }
    let base = base(member)
    guard !base.contains(.admin) else { return .all }
    var result = base
    if let everyone { result.apply(channel.overrides[.role(everyone)]) }
    var ofRoles = Override()
    for id in member.roles where id != everyone && roles[id] != nil {
      guard let override = channel.overrides[.role(id)] else { continue }
      ofRoles.allow.formUnion(override.allow)
      ofRoles.deny.formUnion(override.deny)
    }
    result.apply(ofRoles)
    result.apply(channel.overrides[.member(user)])
    return Self.implied(restricted(result, member, at: time))
  }

  /// Whether `user` may know of `channel` at all.
  public func sees(_ user: Identifier, _ channel: Identifier, at time: WallTime) -> Bool {
    permissions(of: user, in: channel, at: time).contains(.viewChannel)
  }

  /// Whether `actor` stands above `target`: one acts on members of lower rank only, never on oneself's equals.
  public func outranks(_ actor: Identifier, _ target: Identifier) -> Bool { rank(of: actor) > rank(of: target) }

  /// Whether `actor` may give, take, edit or delete `role`: it stands below the own highest role. The role of everybody
  /// can be edited by who may manage roles, but no bits that the actor lacks can be added (UN-054): see `mayGrant`.
  public func outranks(_ actor: Identifier, role: Role) -> Bool {
    role.kind != .owner && rank(of: actor) > role.position || role.kind == .owner && isOwner(actor)
  }

  /// Whether `actor` holds all of `permissions`, so that giving them away raises nobody above the giver (UN-054).
  public func mayGrant(_ actor: Identifier, _ permissions: Permissions, at time: WallTime) -> Bool {
    self.permissions(of: actor, at: time).isSuperset(of: permissions)
  }

  // MARK: Refusing

  /// Passes when `user` holds all of `needed` on the server.
  public func require(_ needed: Permissions, of user: Identifier, at time: WallTime) throws(Problem) {
    guard permissions(of: user, at: time).isSuperset(of: needed) else { throw .forbidden }
  }

  /// Passes when `user` holds all of `needed` in `channel`. Who may not see the channel hears that there is none.
  @discardableResult
  public func require(
    _ needed: Permissions, of user: Identifier, in channel: Identifier, at time: WallTime
  ) throws(Problem) -> Channel {
    let held = permissions(of: user, in: channel, at: time)
    guard held.contains(.viewChannel), let found = channels[channel] else { throw .notFound("channel") }
    guard held.isSuperset(of: needed) else { throw .forbidden }
    return found
  }

  // MARK: Steps of the order

  private func base(_ member: Member) -> Permissions {
    var result: Permissions = []
    for role in roles(of: member) {
      if role.kind == .owner { return .all }
      result.formUnion(role.permissions)
    }
    return result.contains(.admin) ? .all : result.intersection(.all)
  }

  /// A timeout leaves looking; administrators cannot be timed out.
  private func restricted(_ held: Permissions, _ member: Member, at time: WallTime) -> Permissions {
    guard let until = member.timedOutUntil, until > time, !held.contains(.admin) else { return held }
    return held.intersection(.viewChannel)
  }

  /// What needs another permission to mean anything goes with it.
  private static func implied(_ held: Permissions) -> Permissions {
    guard held.contains(.viewChannel) else { return [] }
    var result = held
    if !result.contains(.sendMessages) { result.subtract([.mentionEveryone, .bypassSlowMode]) }
    if !result.contains(.connectVoice) { result.subtract([.speak, .stream, .muteMembers, .moveMembers]) }
    return result
  }

  /// People who talk among themselves may do what talking needs; rank on the server gives nothing here.
  private func conversation(_ channel: Channel, _ member: Member, at time: WallTime) -> Permissions {
    guard channel.participants.contains(member.id) else { return [] }
    let held: Permissions = [.viewChannel, .sendMessages, .connectVoice, .speak, .stream]
    guard let until = member.timedOutUntil, until > time, !base(member).contains(.admin) else { return held }
    return [.viewChannel]
  }
}

extension Permissions {
  fileprivate mutating func apply(_ override: Override?) {
    guard let override else { return }
    subtract(override.deny.intersection(.ofChannels))
    formUnion(override.allow.intersection(.ofChannels))
  }
}
