// Who is there: one presence for each person, of all their connections and of what they chose (MQ-191…MQ-194).

import API
public import Chronology
public import Identifiers
public import JSON

extension GatewayNode {
  /// How a person is seen now. A choice of `idle` or `dnd` stays until it is taken back; without one, the most active
  /// connection counts.
  func presence(of person: Person, at now: Instant) -> Presence {
    guard person.isKnown else { return .offline }
    guard person.isConnected else {
      guard let left = person.left, now - left < Limit.absence, !person.sessions.isEmpty else { return .offline }
      return person.announced
    }
    guard person.choice == .online else { return person.choice }
    let isActive = person.sessions.contains { $0.socket != nil && now - $0.active < Limit.idleTime }
    return isActive ? .online : .idle
  }

  /// The person did something outside the gateway: wrote a message, joined a room.
  public mutating func noticed(_ user: Identifier, at moment: Moment) {
    guard let person = crowd.people[user], let session = person.sessions.first(where: { $0.socket != nil }) else {
      return
    }
    activity(session, at: moment.instant)
  }

  mutating func activity(_ session: Session, at now: Instant) {
    session.active = now
    if session.person.announced == .idle { stir(session.person, at: now) }
  }

  mutating func choose(_ choice: Presence, _ person: Person, at now: Instant) {
    guard person.choice != choice else { return }
    person.choice = choice
    note.chose(person.user, choice.rawValue)
    stir(person, at: now)
  }

  /// The person chose outside the gateway, where it is written down already.
  public mutating func chosen(_ status: String, by user: Identifier, at moment: Moment) {
    guard let person = crowd.people[user], person.isKnown, let choice = Presence(rawValue: status) else { return }
    person.choice = choice
    stir(person, at: moment.instant)
  }

  /// What a person is called now may differ from what the others know.
  mutating func stir(_ person: Person, at now: Instant) {
    stirred.insert(person.user)
    let due = now + Limit.presencePeriod
    presenceDue = min(presenceDue ?? due, due)
  }

  mutating func tellPresences(at moment: Moment) {
    presenceDue = nil
    var changed: [Person] = []
    for user in stirred.sorted() {
      guard let person = crowd.people[user] else { continue }
      let now = presence(of: person, at: moment.instant)
      if now != person.announced {
        if now == .offline { note.sawLast(user, at: moment.wall) }
        person.announced = now
        changed.append(person)
      } else if !person.isConnected, now != .offline, let left = person.left {
        // Gone, and not for long enough: asked again.
        let due = left + Limit.absence
        presenceDue = min(presenceDue ?? due, due)
        continue
      }
      stirred.remove(user)
      if now == .offline, person.sessions.isEmpty { crowd.remove(person) }
    }
    stirred = stirred.filter { crowd.people[$0] != nil }
    tell(changed, at: moment.instant)
  }

  private mutating func tell(_ changed: [Person], at now: Instant) {
    guard crowd.people.count <= Limit.presenceAudience else {
      for person in changed { tellOne(person, to: .users([person.user]), at: now) }
      return
    }
    if changed.count <= Limit.presenceSingles {
      for person in changed { tellOne(person, to: .everyone, at: now) }
    } else {
      let data: JSONValue = ["presences": .array(changed.map(Self.view))]
      dispatch("presence_updates", data.serialized, to: .everyone, .live, at: now)
    }
  }

  private mutating func tellOne(_ person: Person, to audience: Audience, at now: Instant) {
    dispatch("presence_update", Self.view(person).serialized, to: audience, .live, at: now)
  }

  private static func view(_ person: Person) -> JSONValue {
    ["user_id": .string(person.user.description), "status": .string(person.announced.rawValue)]
  }

  /// Who is to be seen, for the list of a new client: at most `Limit.readyMembers`.
  func onlinePeople(besides person: Person) -> [Identifier] {
    var result: [Identifier] = []
    for other in crowd.people.values where other !== person && other.announced != .offline {
      result.append(other.user)
      if result.count >= Limit.readyMembers { break }
    }
    return result
  }

  /// The presence that others see of each of the members: `{id: status}`.
  public func presences(of users: [Identifier]) -> JSONValue {
    var result = JSONObject()
    for user in users { result[user.description] = .string((crowd.people[user]?.announced ?? .offline).rawValue) }
    return .object(result)
  }

  /// Hands over what waits to be written.
  mutating func writeNote() {
    guard !note.isEmpty else { return }
    effects.append(.write(note))
    note = GatewayNote()
  }
}
