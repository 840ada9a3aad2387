// For the part of the product that owns rooms: who is in them, and settings that follow something else than the API.

import AccessTokens
public import Chronology
public import LiveKitProtocol

extension ControlNode {
  /// Identities in a room, in the order of joining; those included whose media is not connected yet.
  public func identities(in room: String) -> [String] { rooms[room]?.participants.map(\.identity) ?? [] }

  /// What a participant may do now; nil when there is none of that identity.
  public func permission(of identity: String, in room: String) -> ParticipantPermission? {
    rooms[room]?.participant(identity)?.permission
  }

  /// How many participants fill the room: all but recorders and agents.
  public func occupancy(of room: String) -> Int { rooms[room]?.participants.count(where: \.counts) ?? 0 }

  /// Changes limit and metadata of a room that exists. `maximumParticipants` 0 takes the limit away; who is in stays.
  public mutating func configure(
    room name: String, maximumParticipants: UInt32, metadata: String, at moment: Moment
  ) {
    now = moment
    guard let room = rooms[name], metadata.utf8.count <= RoomLimit.metadata else { return }
    room.maximumParticipants = maximumParticipants
    guard room.metadata != metadata else { return }
    room.metadata = metadata
    announce(room)
  }

  /// Replaces what a participant may do; it takes effect at once. Nothing where there is no such participant.
  public mutating func setPermission(
    _ permission: ParticipantPermission, of identity: String, in room: String, at moment: Moment
  ) {
    now = moment
    guard let participant = rooms[room]?.participant(identity) else { return }
    setPermission(permission, of: participant)
  }

  /// Mutes what a participant publishes from `source`, and asks it to stop sending.
  public mutating func mute(_ source: TrackSource, of identity: String, in room: String, at moment: Moment) {
    now = moment
    guard let participant = rooms[room]?.participant(identity) else { return }
    for track in participant.tracks where track.info.source == source && !track.info.muted {
      var message = MuteTrackRequest()
      message.sid = track.sid
      message.muted = true
      send(.mute(message), to: participant)
      setMuted(track, true)
    }
  }
}

extension AdmissionTicket {
  /// What the participant will be allowed to do; whoever admits may change what the token said.
  public mutating func allow(_ permission: ParticipantPermission) {
    self.permission = permission
    claims.video?.permission = permission
  }
}
