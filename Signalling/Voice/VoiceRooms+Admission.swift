// Who may come into a voice channel, and with which rights: the same answer for tokens, for connections and for
// everybody who is in already.

public import API
public import Access
import AccessTokens
public import Chronology
public import Identifiers
public import JSON
import LiveKitProtocol
public import Problems
public import Rooms

extension VoiceRooms {
  // MARK: Rights

  /// What the member may do in the media room of the channel (MQ-165). Nil for who may not be there.
  func permission(of user: Identifier, in channel: Identifier, at time: WallTime) -> ParticipantPermission? {
    guard let found = directory.channels[channel], found.kind == .voice || found.kind.isConversation,
      let member = directory.members[user]
    else { return nil }
    let held = directory.permissions(of: user, in: channel, at: time)
    guard held.isSuperset(of: [.viewChannel, .connectVoice]) else { return nil }
    var sources: [TrackSource] = []
    if held.contains(.speak), !member.isServerMuted { sources.append(.microphone) }
    if held.contains(.stream) { sources += [.camera, .screenShare, .screenShareAudio] }
    var permission = ParticipantPermission()
    permission.canSubscribe = !member.isServerDeafened
    permission.canPublish = !sources.isEmpty
    // An empty list would allow every source; the flag before it allows none then.
    permission.canPublishSources = sources
    // What people write goes through channels, where it is kept, moderated and searched.
    permission.canPublishData = false
    permission.canUpdateMetadata = false
    return permission
  }

  /// What clients are told of the room: the bit rate that its voices are to be sent with (MQ-131, MQ-171).
  static func metadata(_ channel: Channel) -> String {
    let value: JSONValue = ["channel_id": .string(channel.id.description), "bitrate": .integer(Int64(channel.bitrate))]
    return value.description
  }

  // MARK: Tokens

  /// `POST /voice/token`: `{token, url, room, expires_at, bitrate, permissions}`. A place is kept for the member until
  /// the token is used or the wait is over.
  public mutating func token(
    for user: Identifier, name: String, channel id: Identifier, host: String, isSecure: Bool,
    control: inout ControlNode, at moment: Moment
  ) throws(Problem) -> JSONValue {
    let channel = try directory.require(.connectVoice, of: user, in: id, at: moment.wall)
    guard channel.kind != .text else { throw .invalid("/channel_id", "must be a voice channel") }
    guard let permission = permission(of: user, in: id, at: moment.wall) else { throw .forbidden }
    forgetReservations(at: moment.instant)
    let isExpected = reservations[user].map { $0.channel == id && $0.isPrivileged } ?? false
    guard isExpected || !isFull(channel, for: user, &control) else {
      throw Problem(.channelFull, "the channel is full")
    }
    guard reservations.count < Limit.reservations || reservations[user] != nil else {
      throw Problem(.unavailable, "too many people are connecting", retryAfter: 5)
    }
    reservations[user] = Reservation(
      channel: id, until: moment.instant + Limit.reservation, isPrivileged: isExpected)
    control.configure(
      room: VoiceRoom.name(id), maximumParticipants: 0, metadata: Self.metadata(channel), at: moment)
    var claims = AccessTokenClaims(joining: VoiceRoom.name(id), as: user.description)
    claims.name = name
    claims.video?.permission = permission
    claims.roomConfig = RoomConfiguration.with { $0.metadata = Self.metadata(channel) }
    claims.setValidity(from: moment.wall, for: Limit.tokenLife)
    let held = directory.permissions(of: user, in: id, at: moment.wall)
    let expires = WallTime(milliseconds: moment.wall.milliseconds + Limit.tokenLife.milliseconds)
    return [
      "token": .string(claims.signed(with: key)), "url": .string("\(isSecure ? "wss" : "ws")://\(host)"),
      "room": .string(VoiceRoom.name(id)), "expires_at": .string(Timestamp(expires).text),
      "bitrate": .integer(Int64(channel.bitrate)), "permissions": .integer(held.rawValue),
    ]
  }

  /// Whether one more would be too many: who is there, and who was promised a place (MQ-130).
  private func isFull(_ channel: Channel, for user: Identifier, _ control: inout ControlNode) -> Bool {
    guard channel.userLimit > 0 else { return false }
    var taken = Set(control.identities(in: VoiceRoom.name(channel.id)).compactMap { Identifier($0) })
    for (other, reservation) in reservations where reservation.channel == channel.id { taken.insert(other) }
    taken.remove(user)
    return taken.count >= channel.userLimit
  }

  mutating func forgetReservations(at now: Instant) {
    reservations = reservations.filter { $0.value.until > now }
  }

  // MARK: Connections

  /// Instead of `ControlNode.admit`: the token says what was allowed when it was made, this says what is allowed now.
  public mutating func admit(
    _ request: SignalUpgradeRequest, control: inout ControlNode, at moment: Moment
  ) -> Admission {
    let verdict = control.admit(request, at: moment)
    guard case .accept(var ticket) = verdict else { return verdict }
    guard VoiceRoom.isReserved(ticket.roomName) else { return .accept(ticket) }
    // The operator's tools join under names that are no ids of members; their tokens are made with the API's secret.
    guard let user = Identifier(Self.account(ticket.identity)) else { return .accept(ticket) }
    guard ticket.identity == user.description, let id = VoiceRoom.channel(ticket.roomName),
      let channel = directory.channels[id],
      let permission = permission(of: user, in: id, at: moment.wall)
    else { return .refuse(status: 403, text: "you may not join this channel") }
    forgetReservations(at: moment.instant)
    let isExpected = reservations[user]?.channel == id
    let isThere = control.permission(of: user.description, in: ticket.roomName) != nil
    guard isExpected || isThere || !isFull(channel, for: user, &control) else {
      return .refuse(status: 503, text: "room has reached its maximum number of participants")
    }
    ticket.allow(permission)
    return .accept(ticket)
  }

  /// Without what the oldest clients append for a second connection that only publishes: members have one connection.
  private static func account(_ identity: String) -> Substring { identity.prefix { $0 != "#" } }

  /// As `ControlNode.validate`, with the same verdict as `admit`.
  public mutating func validate(
    _ request: SignalUpgradeRequest, control: inout ControlNode, at moment: Moment
  ) -> (status: Int, text: String) {
    switch admit(request, control: &control, at: moment) {
    case .accept: (200, "success")
    case .refuse(let status, let text): (status, text)
    }
  }

  // MARK: Change

  /// New facts: everybody in a room is looked at again, and what is not allowed any more ends now (MQ-126).
  public mutating func change(to new: Directory, control: inout ControlNode, at moment: Moment) {
    let old = directory
    directory = new
    for id in rooms.sorted() {
      let room = VoiceRoom.name(id)
      guard let channel = new.channels[id] else {
        var request = DeleteRoomRequest()
        request.room = room
        try? control.deleteRoom(request, at: moment)
        continue
      }
      if old.channels[id]?.bitrate != channel.bitrate {
        control.configure(room: room, maximumParticipants: 0, metadata: Self.metadata(channel), at: moment)
      }
      for identity in control.identities(in: room) {
        guard let user = Identifier(identity) else { continue }
        guard let permission = permission(of: user, in: id, at: moment.wall) else {
          remove(user, from: id, &control, at: moment)
          continue
        }
        if control.permission(of: identity, in: room) != permission {
          control.setPermission(permission, of: identity, in: room, at: moment)
        }
        guard let member = new.members[user], states[user]?.channel == id else { continue }
        change(user) { state in
          state.serverMuted = member.isServerMuted
          state.serverDeafened = member.isServerDeafened
        }
      }
    }
    reservations = reservations.filter { permission(of: $0.key, in: $0.value.channel, at: moment.wall) != nil }
  }

  /// Takes a member out of voice, or sends it to another channel: its client is told to fetch a token for that one, and
  /// a place is kept for it there even if the channel is full.
  public mutating func move(
    _ user: Identifier, to target: Identifier?, control: inout ControlNode, at moment: Moment
  ) throws(Problem) {
    guard let state = states[user] else { throw .notFound("voice") }
    if let target {
      guard directory.channels[target] != nil else { throw .notFound("channel") }
      guard permission(of: user, in: target, at: moment.wall) != nil else { throw .forbidden }
      guard target != state.channel else { return }
      reservations[user] = Reservation(
        channel: target, until: moment.instant + Limit.reservation, isPrivileged: true)
    }
    let data: JSONValue = [
      "channel_id": target.map { .string($0.description) } ?? .null,
      "from_channel_id": .string(state.channel.description),
    ]
    emit("voice_move", data, to: .users([user]))
    remove(user, from: state.channel, &control, at: moment)
  }

  /// Answers what the API asks about voice; nil for what is not about voice.
  public mutating func answer(
    _ request: LiveRequest, control: inout ControlNode, at moment: Moment
  ) -> LiveAnswer? {
    do throws(Problem) {
      switch request {
      case .voiceToken(let user, let name, let channel, let host, let isSecure):
        return .json(
          try token(
            for: user, name: name, channel: channel, host: host, isSecure: isSecure, control: &control, at: moment))
      case .voiceParticipants(let channel): return .json(.array(participants(of: channel).map(\.json)))
      case .moveVoice(let user, let target):
        try move(user, to: target, control: &control, at: moment)
        return .json(.null)
      case .voiceChannel(let user): return .json(channel(of: user).map { .string($0.description) } ?? .null)
      default: return nil
      }
    } catch { return .refused(error) }
  }
}
