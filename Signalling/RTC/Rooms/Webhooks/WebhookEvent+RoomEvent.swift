// What happened in a room, as webhooks tell it.

import Chronology
import LiveKitProtocol

extension WebhookEvent {
  /// - Parameter id: unique, beginning with `EV_`: receivers use it to recognise a repeated delivery.
  /// Nil for what webhooks do not tell.
  public init?(_ event: RoomEvent, id: String, at time: WallTime) {
    self.init()
    self.id = id
    createdAt = time.seconds
    switch event {
    case .roomStarted(let room):
      self.event = "room_started"
      self.room = room
    case .roomFinished(let room):
      self.event = "room_finished"
      self.room = room
    case .participantJoined(let room, let participant):
      self.event = "participant_joined"
      self.room = room
      self.participant = participant
    case .participantLeft(let room, let participant):
      self.event = "participant_left"
      self.room = room
      self.participant = participant
    case .participantConnectionAborted(let room, let participant):
      self.event = "participant_connection_aborted"
      self.room = room
      self.participant = participant
    case .trackPublished(let room, let participant, let track):
      self.event = "track_published"
      setTrack(track, of: participant, in: room)
    case .trackUnpublished(let room, let participant, let track):
      self.event = "track_unpublished"
      setTrack(track, of: participant, in: room)
    case .trackMuteChanged: return nil
    }
  }

  /// Events of tracks only name their room and participant.
  private mutating func setTrack(_ track: TrackInfo, of participant: ParticipantInfo, in room: LiveKitProtocol.Room) {
    self.track = track
    self.room = .with {
      $0.sid = room.sid
      $0.name = room.name
    }
    self.participant = .with {
      $0.sid = participant.sid
      $0.identity = participant.identity
    }
  }
}
