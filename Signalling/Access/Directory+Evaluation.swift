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
    var unwatched = Unwatched()
    return restricted(base(member, &unwatched), member, at: time)
  }

  /// What `user` may do in `channel`. Nothing where they may not look, whatever else is allowed.
  ///
  /// Order: ADMIN → all; override of everyone (deny, allow); all denies of roles together, then all allows of roles
  /// together (positions do not matter); override of the member (deny, allow); a timeout; what one needs for another.
  public func permissions(of user: Identifier, in channel: Identifier, at time: WallTime) -> Permissions {
    guard let member = members[user], let channel = channels[channel] else { return [] }
    var unwatched = Unwatched()
    return evaluate(member, channel, at: time, &unwatched)
  }

  /// The same, step by step: the last step's result is what `permissions(of:in:at:)` says. Empty for who is not a
  /// member and for a channel that is not there.
  public func explanation(of user: Identifier, in channel: Identifier, at time: WallTime) -> [EvaluationStep] {
    guard let member = members[user], let channel = channels[channel] else { return [] }
    var record = Record()
    _ = evaluate(member, channel, at: time, &record)
    return record.steps
  }

  /// Whether `user` may know of `channel` at all.
  public func sees(_ user: Identifier, _ channel: Identifier, at time: WallTime) -> Bool {
    permissions(of: user, in: channel, at: time).contains(.viewChannel)
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

  private func evaluate(
    _ member: Member, _ channel: Channel, at time: WallTime, _ observer: inout some EvaluationObserver
  ) -> Permissions {
    if channel.kind.isConversation { return conversation(channel, member, at: time, &observer) }
    var result = base(member, &observer)
    guard !result.contains(.admin) else { return .all }
    if let everyone, let override = channel.overrides[.role(everyone)] {
      result.apply(override)
      observer.saw(.everyoneOverride, override, result)
    }
    if let override = channel.overrides.isEmpty ? nil : ofRoles(member, channel, result, &observer) {
      result.apply(override)
      observer.saw(.roleOverrides, override, result)
    }
    if let override = channel.overrides[.member(member.id)] {
      result.apply(override)
      observer.saw(.memberOverride, override, result)
    }
    let restricted = restricted(result, member, at: time)
    if restricted != result { observer.saw(.timeout, Override(deny: result.subtracting(restricted)), restricted) }
    let final = Self.implied(restricted)
    if final != restricted { observer.saw(.dependencies, Override(deny: restricted.subtracting(final)), final) }
    return final
  }

  /// OR of the roles; everything for owners and administrators.
  private func base(_ member: Member, _ observer: inout some EvaluationObserver) -> Permissions {
    var result: Permissions = []
    var isOwner = false
    func add(_ id: Identifier, _ observer: inout some EvaluationObserver) {
      guard let role = roles[id] else { return }
      if role.kind == .owner { isOwner = true }
      result.formUnion(role.permissions.intersection(.all))
      observer.saw(.role(id), Override(allow: role.permissions.intersection(.all)), result)
    }
    if let everyone { add(everyone, &observer) }
    for id in member.roles where id != everyone { add(id, &observer) }
    guard isOwner || result.contains(.admin) else { return result }
    observer.saw(isOwner ? .owner : .administrator, Override(allow: .all), .all)
    return .all
  }

  /// What the overrides of the member's roles come to, the one of everybody aside; nil when there is none.
  private func ofRoles(
    _ member: Member, _ channel: Channel, _ sofar: Permissions, _ observer: inout some EvaluationObserver
  ) -> Override? {
    var result: Override?
    for id in member.roles where id != everyone && roles[id] != nil {
      guard let override = channel.overrides[.role(id)] else { continue }
      observer.saw(.roleOverride(id), override, sofar)
      result = Override(
        allow: (result?.allow ?? []).union(override.allow), deny: (result?.deny ?? []).union(override.deny))
    }
    return result
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
  private func conversation(
    _ channel: Channel, _ member: Member, at time: WallTime, _ observer: inout some EvaluationObserver
  ) -> Permissions {
    guard channel.participants.contains(member.id) else { return [] }
    let held: Permissions = [.viewChannel, .sendMessages, .connectVoice, .speak, .stream]
    observer.saw(.conversation, Override(allow: held), held)
    var unwatched = Unwatched()
    guard let until = member.timedOutUntil, until > time, !base(member, &unwatched).contains(.admin) else {
      return held
    }
    observer.saw(.timeout, Override(deny: held.subtracting(.viewChannel)), .viewChannel)
    return .viewChannel
  }
}

extension Permissions {
  fileprivate mutating func apply(_ override: Override) {
    subtract(override.deny.intersection(.ofChannels))
    formUnion(override.allow.intersection(.ofChannels))
  }
}
