// Events on their way out: numbered, encoded once, kept in the log, and handed to everybody who may see them.

public import API
public import Access
public import Chronology
import Identifiers
import JSON

extension GatewayNode {
  /// Tells what a transaction changed.
  ///
  /// - Parameters:
  ///   - commit: `Committed.number`: what a snapshot says that includes the transaction.
  ///   - directory: the facts after it, where they changed.
  public mutating func publish(
    _ events: [Event], commit: UInt64 = 0, directory: Directory? = nil, at moment: Moment
  ) {
    let origin = EventLog.Origin.durable(commit: commit, version: directory?.version ?? 0)
    for event in events { remember(event, directory ?? crowd.directory) }
    let departed = directory.map { take($0, at: moment) } ?? [:]
    for event in events {
      var audience = event.audience
      if case .channel(let id) = audience, crowd.directory.channels[id] == nil {
        // Told of a channel that is gone: to those who saw it.
        audience = .users(departed[id] ?? [])
      }
      dispatch(event.op, event.data, to: audience, origin, at: moment.instant)
    }
    for event in events where event.op == "channel_delete" {
      if case .channel(let id) = event.audience { channelBodies[id] = nil }
    }
  }

  /// Tells what happens in the living process: voice, presence. Not part of any transaction.
  public mutating func publishLive(_ events: [Event], at moment: Moment) {
    for event in events { dispatch(event.op, event.data, to: event.audience, .live, at: moment.instant) }
  }

  /// The newest description of a channel of the server, for who comes to see it later.
  private mutating func remember(_ event: Event, _ directory: Directory) {
    guard event.op == "channel_create" || event.op == "channel_update", case .channel(let id) = event.audience,
      directory.channels[id]?.kind.isConversation == false
    else { return }
    channelBodies[id] = event.data
  }

  // MARK: Facts

  /// New facts: who is no member is disconnected, and whoever's sight of a channel changed hears of that channel.
  /// Returns who saw the channels that are gone.
  private mutating func take(_ new: Directory, at moment: Moment) -> [Identifier: [Identifier]] {
    let old = crowd.directory
    let (gone, changes) = crowd.change(to: new)
    for person in gone {
      for session in person.sessions { end(session, .unauthorized) }
      if person.announced != .offline { note.sawLast(person.user, at: moment.wall) }
    }
    var departed: [Identifier: [Identifier]] = [:]
    for change in changes {
      guard let channel = new.channels[change.channel] else {
        departed[change.channel] = change.lost
        continue
      }
      for user in change.gained { sight(user, gained: change.channel) }
      // Conversations come and go by their own events.
      if channel.kind.isConversation { continue }
      tell(change, at: moment.instant, version: new.version)
    }
    for id in old.channels.keys where new.channels[id] == nil { channelBodies[id] = nil }
    return departed
  }

  private mutating func tell(_ change: Crowd.Change, at now: Instant, version: UInt64) {
    if !change.lost.isEmpty {
      let data: JSONValue = ["id": .string(change.channel.description)]
      dispatch("channel_delete", data.serialized, to: .users(change.lost), .derived(version: version), at: now)
    }
    if !change.gained.isEmpty {
      let plain: JSONValue = ["channel": ["id": .string(change.channel.description)]]
      let data = channelBodies[change.channel] ?? plain.serialized
      dispatch("channel_create", data, to: .users(change.gained), .derived(version: version), at: now)
    }
  }

  /// What was said in the channel so far is not for this person's ears, now or on a resume.
  private func sight(_ user: Identifier, gained channel: Identifier) {
    guard let person = crowd.people[user] else { return }
    if person.sightings.count >= Limit.sightings {
      person.sightings = person.sightings.filter { $0.value > log.forgotten }
    }
    person.sightings[channel] = sequence
  }

  // MARK: Dispatch

  /// Numbers and encodes an event, keeps it for those who come back, and sends it.
  mutating func dispatch(
    _ op: String, _ data: [UInt8], to audience: Audience, _ origin: EventLog.Origin, isKept: Bool = true,
    at now: Instant
  ) {
    sequence += 1
    let entry = EventLog.Entry(
      sequence: sequence, origin: origin, audience: audience, frame: Self.frame(op, sequence, data), at: now)
    if isKept { log.append(entry) }
    counters.dispatched += 1
    var receivers: [SocketID] = []
    let add = { (person: Person) in
      for session in person.sessions where session.phase == .live && !session.includes(entry) {
        if let socket = session.socket { receivers.append(socket) }
      }
    }
    switch audience {
    case .everyone: crowd.forEach(add)
    case .channel(let id): crowd.forEach(seeing: id, add)
    case .users(let users):
      for user in users {
        if let person = crowd.people[user] { add(person) }
      }
    }
    guard !receivers.isEmpty else { return }
    counters.sent += UInt64(receivers.count)
    effects.append(.broadcast(receivers, entry.frame))
  }

  /// `{"op": op, "s": sequence, "d": data}`.
  static func frame(_ op: String, _ sequence: UInt64?, _ data: [UInt8]?) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(op.utf8.count + (data?.count ?? 0) + 40)
    frame += "{\"op\":".utf8
    frame += JSONValue.string(op).serialized
    if let sequence {
      frame += ",\"s\":".utf8
      frame += String(sequence).utf8
    }
    if let data {
      frame += ",\"d\":".utf8
      frame += data
    }
    frame.append(UInt8(ascii: "}"))
    return frame
  }

  /// Whether what happened then is for this person, as far as is known now: they see the channel, and have seen it
  /// without a break since.
  mutating func admits(_ entry: EventLog.Entry, _ person: Person) -> Bool {
    switch entry.audience {
    case .everyone: true
    case .users(let users): users.contains(person.user)
    case .channel(let id):
      entry.sequence > person.sightings[id] ?? 0 && crowd.sees(person.user, id)
    }
  }
}
