// Requests and responses of the RoomService API that concern one participant.

/// Lists a room's participants.
public struct ListParticipantsRequest: ProtobufMessage {
  public var room = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
  }
}

/// The participants.
public struct ListParticipantsResponse: ProtobufMessage {
  public var participants: [ParticipantInfo] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "participants", &participants)
  }
}

/// Names a participant: to get it or to remove it.
public struct RoomParticipantIdentity: ProtobufMessage {
  public var room = ""
  public var identity = ""
  public var revokeTokenTs: Int64 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "identity", &identity)
    fields.field(3, "revoke_token_ts", &revokeTokenTs)
  }
}

/// The participant is removed.
public struct RemoveParticipantResponse: ProtobufMessage {
  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {}
}

/// Mutes or unmutes a participant's track.
public struct MuteRoomTrackRequest: ProtobufMessage {
  public var room = ""
  public var identity = ""
  public var trackSid = ""
  public var muted = false

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "identity", &identity)
    fields.field(3, "track_sid", &trackSid)
    fields.field(4, "muted", &muted)
  }
}

/// The track afterwards.
public struct MuteRoomTrackResponse: ProtobufMessage {
  public var track: TrackInfo?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track", &track)
  }
}

/// Changes a participant. `permission`, when there, replaces the former one wholly.
public struct UpdateParticipantRequest: ProtobufMessage {
  public var room = ""
  public var identity = ""
  public var metadata = ""
  public var permission: ParticipantPermission?
  public var name = ""
  public var attributes: [String: String] = [:]

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "identity", &identity)
    fields.field(3, "metadata", &metadata)
    fields.field(4, "permission", &permission)
    fields.field(5, "name", &name)
    fields.field(6, "attributes", &attributes)
  }
}

/// Changes what a participant is subscribed to.
public struct UpdateSubscriptionsRequest: ProtobufMessage {
  public var room = ""
  public var identity = ""
  public var trackSids: [String] = []
  public var subscribe = false
  public var participantTracks: [ParticipantTracks] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "identity", &identity)
    fields.field(3, "track_sids", &trackSids)
    fields.field(4, "subscribe", &subscribe)
    fields.field(5, "participant_tracks", &participantTracks)
  }
}

/// The subscriptions are changed.
public struct UpdateSubscriptionsResponse: ProtobufMessage {
  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {}
}

/// Sends a user packet to participants. `nonce` makes repeated requests harmless.
public struct SendDataRequest: ProtobufMessage {
  public var room = ""
  public var data: [UInt8] = []
  public var kind = DataPacket.Kind()
  public var destinationSids: [String] = []
  public var topic: String?
  public var destinationIdentities: [String] = []
  public var nonce: [UInt8] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "data", &data)
    fields.field(3, "kind", &kind)
    fields.field(4, "destination_sids", &destinationSids)
    fields.field(5, "topic", &topic)
    fields.field(6, "destination_identities", &destinationIdentities)
    fields.field(7, "nonce", &nonce)
  }
}

/// The packet is on its way.
public struct SendDataResponse: ProtobufMessage {
  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {}
}

/// Shows a participant in a second room.
public struct ForwardParticipantRequest: ProtobufMessage {
  public var room = ""
  public var identity = ""
  public var destinationRoom = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "identity", &identity)
    fields.field(3, "destination_room", &destinationRoom)
  }
}

/// The participant is forwarded.
public struct ForwardParticipantResponse: ProtobufMessage {
  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {}
}

/// Moves a participant to another room.
public struct MoveParticipantRequest: ProtobufMessage {
  public var room = ""
  public var identity = ""
  public var destinationRoom = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "identity", &identity)
    fields.field(3, "destination_room", &destinationRoom)
  }
}

/// The participant is moved.
public struct MoveParticipantResponse: ProtobufMessage {
  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {}
}

/// Calls a method of a participant.
public struct PerformRpcRequest: ProtobufMessage {
  public var room = ""
  public var destinationIdentity = ""
  public var method = ""
  public var payload = ""
  public var responseTimeoutMs: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "destination_identity", &destinationIdentity)
    fields.field(3, "method", &method)
    fields.field(4, "payload", &payload)
    fields.field(5, "response_timeout_ms", &responseTimeoutMs)
  }
}

/// What the participant answered.
public struct PerformRpcResponse: ProtobufMessage {
  public var payload = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "payload", &payload)
  }
}
