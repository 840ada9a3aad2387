// From a connection to a client that has everything: `ready` for new sessions, the log for those who come back.

import API
public import Chronology
public import Identifiers
public import JSON
public import Problems

/// One member's voice, as the voice rooms tell it to who becomes ready.
public struct VoiceStateView: Sendable {
  public var channel: Identifier
  /// The voice state's JSON.
  public var json: JSONValue

  public init(channel: Identifier, json: JSONValue) {
    self.channel = channel
    self.json = json
  }
}

extension GatewayNode {
  /// A read has come to its end. `voices` is everybody who is in voice now.
  public mutating func loaded(
    _ id: LoadID, _ result: Result<GatewayView, Problem>, voices: [VoiceStateView], at moment: Moment
  ) {
    guard let load = loads.removeValue(forKey: id) else { return }
    switch load {
    case .ready(let key):
      guard let session = sessions[key], session.phase == .loading else { return }
      switch result {
      case .failure: end(session, .failed)
      case .success(let view): begin(session, view, voices, at: moment.instant)
      }
    case .members(let key, let nonce):
      guard let session = sessions[key], let socket = session.socket else { return }
      switch result {
      case .failure(let problem): refuse(socket, problem)
      case .success(let view): sendMembers(view, nonce, to: socket)
      }
    }
  }

  private mutating func begin(_ session: Session, _ view: GatewayView, _ voices: [VoiceStateView], at now: Instant) {
    // So much happened meanwhile that the beginning is forgotten: once more.
    guard let socket = session.socket, log.covers(session.cursor) else { return load(session) }
    let person = session.person
    if !person.isKnown {
      person.choice = view.status.flatMap { Presence(rawValue: $0) } ?? .online
      person.isKnown = true
    }
    session.includedCommit = view.commit
    session.includedVersion = view.version
    session.includedLive = sequence
    session.phase = .behind
    effects.append(.send(socket, ready(session, view, voices)))
    counters.sent += 1
    stir(person, at: now)
    catchUp(session, at: now)
  }

  /// The rows' part of `ready` and the living part, as one object. Its `s` is the number to resume from.
  private mutating func ready(_ session: Session, _ view: GatewayView, _ voices: [VoiceStateView]) -> [UInt8] {
    var visible: [JSONValue] = []
    for voice in voices where crowd.sees(session.person.user, voice.channel) { visible.append(voice.json) }
    let presences = view.members.compactMap { user -> JSONValue? in
      guard let person = crowd.people[user], person.announced != .offline else { return nil }
      return ["user_id": .string(user.description), "status": .string(person.announced.rawValue)]
    }
    let living: JSONValue = [
      "session_id": .string(session.key.text), "voice_states": .array(visible), "presences": .array(presences),
      "heartbeat_interval": .integer(Limit.heartbeat.milliseconds),
    ]
    return Self.frame("ready", session.cursor, Self.joined(view.body, living.serialized))
  }

  /// The members of two JSON objects as one.
  static func joined(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
    guard a.count > 2 else { return b }
    guard b.count > 2 else { return a }
    return a.dropLast() + [UInt8(ascii: ",")] + b.dropFirst()
  }

  private mutating func sendMembers(_ view: GatewayView, _ nonce: String?, to socket: SocketID) {
    let presences = view.members.compactMap { user -> JSONValue? in
      guard let person = crowd.people[user], person.announced != .offline else { return nil }
      return ["user_id": .string(user.description), "status": .string(person.announced.rawValue)]
    }
    let living: JSONValue = ["presences": .array(presences), "nonce": nonce.map { .string($0) } ?? .null]
    effects.append(.send(socket, Self.frame("members_chunk", nil, Self.joined(view.body, living.serialized))))
  }

  // MARK: The log

  /// Sends a session the next part of what it has not had, until it is where everybody is.
  mutating func catchUp(_ session: Session, at now: Instant) {
    guard session.phase == .behind, let socket = session.socket, !session.isCongested else { return }
    guard log.covers(session.cursor) else { return resynchronise(session, socket) }
    var index = log.index(after: session.cursor)
    var bytes = 0
    while let entry = log[index] {
      guard bytes < Limit.catchUpBytes else {
        catchingUp.append(session.key)
        return
      }
      index += 1
      session.cursor = entry.sequence
      guard !session.includes(entry), admits(entry, session.person) else { continue }
      bytes += entry.frame.count
      counters.sent += 1
      effects.append(.send(socket, entry.frame))
    }
    session.phase = .live
    session.cursor = sequence
    guard session.owesResumed else { return }
    session.owesResumed = false
    effects.append(.send(socket, Self.frame("resumed", sequence, Array("{}".utf8))))
  }

  /// What the client missed is not known any more: it starts over, on the same connection.
  private mutating func resynchronise(_ session: Session, _ socket: SocketID) {
    counters.resynchronised += 1
    session.owesResumed = false
    effects.append(.send(socket, Self.frame("resync", sequence, Array("{}".utf8))))
    load(session)
  }
}
