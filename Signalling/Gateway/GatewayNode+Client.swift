// What clients say on the gateway (MQ-088…MQ-091): short JSON messages, each checked and counted.

import API
import Access
public import Chronology
import Identifiers
import JSON
import Problems

extension GatewayNode {
  /// A message of a client arrived.
  public mutating func received(_ socket: SocketID, _ bytes: [UInt8], at moment: Moment) {
    guard let session = sockets[socket] else { return }
    session.heard = moment.instant
    guard session.takeOperation(at: moment.instant) else {
      counters.refused += 1
      return end(session, .tooFast)
    }
    guard bytes.count <= Limit.frameBytes,
      let message = try? JSONValue(parsing: bytes, limits: JSONLimits(bytes: Limit.frameBytes, depth: 8, values: 512)),
      let op = message["op"]?.string
    else { return violation(session, socket, Problem(.validation, "send {\"op\": …, \"d\": …} of at most 4096 bytes")) }
    do throws(Problem) {
      try handle(op, message["d"] ?? .null, session, socket, at: moment)
    } catch {
      if error.code == .validation { violation(session, socket, error) } else { refuse(socket, error) }
    }
  }

  private mutating func violation(_ session: Session, _ socket: SocketID, _ problem: Problem) {
    counters.refused += 1
    refuse(socket, problem)
    if !session.takeViolation() { end(session, .malformed) }
  }

  /// `{op: "error", d: {code, error}}` (UN-099).
  mutating func refuse(_ socket: SocketID, _ problem: Problem) {
    let data: JSONValue = ["code": .string(problem.code.rawValue), "error": .string(problem.message)]
    effects.append(.send(socket, Self.frame("error", nil, data.serialized)))
  }

  private mutating func handle(
    _ op: String, _ data: JSONValue, _ session: Session, _ socket: SocketID, at moment: Moment
  ) throws(Problem) {
    switch op {
    case "heartbeat":
      effects.append(.send(socket, Self.frame("heartbeat_ack", nil, nil)))
      effects.append(.check(socket, session.caller))
      return
    case "typing", "chat:typing-start": try type(data, session, at: moment)
    case "presence_update": try choose(data, session, at: moment)
    case "activity": break
    case "voice_state": try setVoice(data, session)
    case "members_request": try requestMembers(data, session)
    case "join-room", "chat:join-conversation": try join(data, session, socket)
    // Delivery goes by permission, not by rooms that were joined: there is nothing to leave.
    case "leave-room": break
    default: throw Problem(.validation, "there is no such operation")
    }
    activity(session, at: moment.instant)
  }

  // MARK: Operations

  private mutating func type(_ data: JSONValue, _ session: Session, at moment: Moment) throws(Problem) {
    let channel = try Self.id(data, "channel_id", or: "conversation_id")
    try crowd.directory.require(.sendMessages, of: session.person.user, in: channel, at: moment.wall)
    guard session.takeTyping(channel, at: moment.instant) else { return }
    let event: JSONValue = [
      "user_id": .string(session.person.user.description), "channel_id": .string(channel.description),
    ]
    // Nobody who comes back later wants to know.
    dispatch("typing_start", event.serialized, to: .channel(channel), .live, isKept: false, at: moment.instant)
  }

  private mutating func choose(_ data: JSONValue, _ session: Session, at moment: Moment) throws(Problem) {
    guard let choice = data["status"]?.string.flatMap({ Presence(rawValue: $0) }), choice != .offline else {
      throw .invalid("/status", "must be online, idle or dnd")
    }
    session.active = moment.instant
    choose(choice, session.person, at: moment.instant)
    stir(session.person, at: moment.instant)
  }

  private mutating func setVoice(_ data: JSONValue, _ session: Session) throws(Problem) {
    let muted = try Self.flag(data, "muted")
    let deafened = try Self.flag(data, "deafened")
    guard muted != nil || deafened != nil else { throw .invalid("", "send muted or deafened") }
    effects.append(.voiceState(session.person.user, muted: muted, deafened: deafened))
  }

  private mutating func requestMembers(_ data: JSONValue, _ session: Session) throws(Problem) {
    var users: [Identifier] = []
    for value in data["user_ids"]?.array ?? [] {
      guard let id = value.string.flatMap({ Identifier($0) }) else { throw .invalid("/user_ids", "must hold ids") }
      users.append(id)
    }
    guard users.count <= Limit.requestedMembers else {
      throw .invalid("/user_ids", "takes at most \(Limit.requestedMembers) ids")
    }
    let prefix = data["query"]?.string
    guard !users.isEmpty || prefix != nil else { throw .invalid("", "send user_ids or query") }
    guard session.phase != .loading, loads.count < Limit.sessions else { throw Problem(.unavailable, "not ready yet") }
    let limit = min(max(data["limit"]?.int ?? Limit.requestedMembers, 1), Limit.requestedMembers)
    let query: GatewayQuery =
      users.isEmpty
      ? .search(user: session.person.user, prefix: prefix ?? "", limit: limit)
      : .members(user: session.person.user, users)
    effects.append(.load(newLoad(.members(session.key, nonce: data["nonce"]?.string)), query))
  }

  /// Rooms of the older protocols (UN-097): joining only asks whether one may.
  private mutating func join(_ data: JSONValue, _ session: Session, _ socket: SocketID) throws(Problem) {
    let name = data["room"]?.string ?? data["conversation_id"]?.string.map { "conversation:" + $0 } ?? ""
    let parts = name.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let id = Identifier(parts[1]) else { throw .invalid("/room", "must be kind:id") }
    let isAllowed: Bool
    switch parts[0] {
    case "channel", "conversation": isAllowed = crowd.sees(session.person.user, id)
    case "user": isAllowed = id == session.person.user
    default: isAllowed = false
    }
    guard isAllowed else { throw .notFound("room") }
    let answer: JSONValue = ["room": .string(name)]
    effects.append(.send(socket, Self.frame("room-joined", nil, answer.serialized)))
  }

  private static func id(_ data: JSONValue, _ name: String, or other: String) throws(Problem) -> Identifier {
    guard let id = (data[name]?.string ?? data[other]?.string).flatMap({ Identifier($0) }) else {
      throw .invalid("/" + name, "must be an id")
    }
    return id
  }

  private static func flag(_ data: JSONValue, _ name: String) throws(Problem) -> Bool? {
    guard let value = data[name] else { return nil }
    guard let flag = value.bool else { throw .invalid("/" + name, "must be true or false") }
    return flag
  }
}
