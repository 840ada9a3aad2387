// Voice channels and the media rooms behind them: who may come in, what they may send, and who is there.
//
// The truth about a voice is in the media room: this follows its events and tells the members. The truth about what is
// allowed is in the directory: whenever that changes, everybody in a room is looked at again and the room is told at once.
// Nothing is stored. After a restart both sides begin empty, so that neither can be ahead of the other.

public import API
public import Access
public import AccessTokens
public import Chronology
public import Identifiers
import JSON
import LiveKitProtocol
import Problems
public import Rooms

/// Drive it from the thread of the control node, and publish `drainEvents()` after every call.
public struct VoiceRooms: ~Copyable {
  let key: APIKey
  var directory: Directory
  /// By member: a voice is in one channel at a time (MQ-166).
  private(set) var states: [Identifier: VoiceState] = [:]
  /// Rooms of channels that exist now.
  var rooms: Set<Identifier> = []
  /// Places that are kept for who got a token.
  var reservations: [Identifier: Reservation] = [:]
  private var events: [Event] = []

  struct Reservation {
    var channel: Identifier
    var until: Instant
    /// Whoever moved the member may overfill the channel.
    var isPrivileged: Bool
  }

  /// - Parameter key: signs the tokens; the control node must know it.
  public init(_ directory: Directory, key: APIKey) {
    self.directory = directory
    self.key = key
  }

  /// What happened, for the gateway; handed over once.
  public mutating func drainEvents() -> [Event] {
    let result = events
    events = []
    return result
  }

  /// Everybody in voice, in the order of their ids.
  public var voices: [VoiceState] { states.values.sorted { $0.user < $1.user } }

  public func channel(of user: Identifier) -> Identifier? { states[user]?.channel }

  /// Who is in a channel, longest first (MQ-080).
  public func participants(of channel: Identifier) -> [VoiceState] {
    states.values.filter { $0.channel == channel }.sorted { ($0.joined, $0.user) < ($1.joined, $1.user) }
  }

  mutating func emit(_ op: String, _ data: JSONValue, to audience: Audience) {
    events.append(Event(op, data.serialized, to: audience))
  }

  // MARK: What the members say

  /// A member's own word about its microphone and ears. A microphone that the member calls muted is muted in the room
  /// too; only its own client can open it again.
  public mutating func declare(
    _ user: Identifier, muted: Bool?, deafened: Bool?, control: inout ControlNode, at moment: Moment
  ) {
    guard let channel = states[user]?.channel else { return }
    change(user) { state in
      if let muted { state.isSelfMuted = muted }
      if let deafened { state.deafened = deafened }
    }
    if muted == true { control.mute(.microphone, of: user.description, in: VoiceRoom.name(channel), at: moment) }
  }

  // MARK: What the rooms say

  /// Takes in what happened in a media room. Rooms that belong to no channel are passed over.
  public mutating func take(_ event: RoomEvent, control: inout ControlNode, at moment: Moment) {
    switch event {
    case .roomStarted(let room):
      guard let channel = VoiceRoom.channel(room.name) else { return }
      rooms.insert(channel)
    case .roomFinished(let room):
      guard let channel = VoiceRoom.channel(room.name) else { return }
      rooms.remove(channel)
      for state in participants(of: channel) { leave(state.user) }
    case .participantJoined(let room, let info):
      guard let (channel, user) = member(room, info) else { return }
      join(user, channel, info, &control, at: moment)
    case .participantLeft(let room, let info), .participantConnectionAborted(let room, let info):
      guard let (channel, user) = member(room, info), states[user]?.channel == channel,
        states[user]?.session == info.sid
      else { return }
      leave(user)
    case .trackPublished(let room, let info, let track):
      guard let user = present(room, info) else { return }
      if track.source == .screenShare { tell(user, startOf: "screen") }
      if track.source == .camera { tell(user, startOf: "camera") }
      change(user) { $0.set(track) }
      // Muted by its own word, and publishing: the word is older.
      if track.source == .microphone { change(user) { $0.isSelfMuted = false } }
    case .trackMuteChanged(let room, let info, let track):
      guard let user = present(room, info) else { return }
      change(user) { state in
        state.set(track)
        if track.source == .microphone { state.isSelfMuted = track.muted }
      }
    case .trackUnpublished(let room, let info, let track):
      guard let user = present(room, info) else { return }
      change(user) { $0.remove(track) }
      if track.source == .screenShare { tell(user, endOf: "screen") }
      if track.source == .camera { tell(user, endOf: "camera") }
    }
  }

  /// The channel and the member of a participant; nil for rooms that are not ours and for tools of the operator.
  private func member(_ room: LiveKitProtocol.Room, _ info: ParticipantInfo) -> (Identifier, Identifier)? {
    guard let channel = VoiceRoom.channel(room.name), let user = Identifier(info.identity) else { return nil }
    return (channel, user)
  }

  private func present(_ room: LiveKitProtocol.Room, _ info: ParticipantInfo) -> Identifier? {
    guard let (channel, user) = member(room, info), let state = states[user], state.channel == channel,
      state.session == info.sid
    else { return nil }
    return user
  }

  private mutating func join(
    _ user: Identifier, _ channel: Identifier, _ info: ParticipantInfo, _ control: inout ControlNode, at moment: Moment
  ) {
    reservations[user] = nil
    guard let member = directory.members[user] else { return }
    let old = states[user]
    if let old { leave(user, isMoving: old.channel != channel) }
    var state = VoiceState(user: user, channel: channel, session: info.sid, joined: moment.wall)
    state.serverMuted = member.isServerMuted
    state.serverDeafened = member.isServerDeafened
    for track in info.tracks { state.set(track) }
    states[user] = state
    emit("voice_state_update", state.json, to: .channel(channel))
    for _ in state.screens { tell(user, startOf: "screen") }
    for _ in state.cameras { tell(user, startOf: "camera") }
    // One voice, one channel: the older place is given up.
    if let old, old.channel != channel { remove(user, from: old.channel, &control, at: moment) }
  }

  /// Removes the member's voice from the picture.
  private mutating func leave(_ user: Identifier, isMoving: Bool = false) {
    guard let state = states.removeValue(forKey: user) else { return }
    let data: JSONValue = ["user_id": .string(user.description), "channel_id": .string(state.channel.description)]
    for _ in state.screens { emit("voice_stream_end", Self.stream(data, "screen"), to: .channel(state.channel)) }
    for _ in state.cameras { emit("voice_stream_end", Self.stream(data, "camera"), to: .channel(state.channel)) }
    let gone = VoiceState.absent(user, serverMuted: state.serverMuted, serverDeafened: state.serverDeafened)
    emit("voice_state_update", gone, to: .channel(state.channel))
  }

  private mutating func tell(_ user: Identifier, startOf type: String) {
    guard let channel = states[user]?.channel else { return }
    let data: JSONValue = ["user_id": .string(user.description), "channel_id": .string(channel.description)]
    emit("voice_stream_start", Self.stream(data, type), to: .channel(channel))
  }

  private mutating func tell(_ user: Identifier, endOf type: String) {
    guard let channel = states[user]?.channel else { return }
    let data: JSONValue = ["user_id": .string(user.description), "channel_id": .string(channel.description)]
    emit("voice_stream_end", Self.stream(data, type), to: .channel(channel))
  }

  private static func stream(_ data: JSONValue, _ type: String) -> JSONValue {
    guard var object = data.object else { return data }
    object["stream_type"] = .string(type)
    return .object(object)
  }

  /// Changes a state and tells of it if others can see the difference.
  mutating func change(_ user: Identifier, _ body: (inout VoiceState) -> Void) {
    guard var state = states[user] else { return }
    let before = state.json
    body(&state)
    states[user] = state
    if state.json != before { emit("voice_state_update", state.json, to: .channel(state.channel)) }
  }

  func remove(_ user: Identifier, from channel: Identifier, _ control: inout ControlNode, at moment: Moment) {
    var request = RoomParticipantIdentity()
    request.room = VoiceRoom.name(channel)
    request.identity = user.description
    // Who has left meanwhile need not be removed.
    try? control.removeParticipant(request, at: moment)
  }
}
