// Requests and responses of the RoomService API.

/// Creates a room, or changes the settings that are not zero. Timeouts in seconds, delays in milliseconds.
public struct CreateRoomRequest: ProtobufMessage {
  public var name = ""
  public var emptyTimeout: UInt32 = 0
  public var maxParticipants: UInt32 = 0
  public var nodeId = ""
  public var metadata = ""
  public var egress: RoomEgress?
  public var minPlayoutDelay: UInt32 = 0
  public var maxPlayoutDelay: UInt32 = 0
  public var syncStreams = false
  public var departureTimeout: UInt32 = 0
  public var roomPreset = ""
  public var replayEnabled = false
  public var agents: [RoomAgentDispatch] = []
  public var tags: [String: String] = [:]

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "name", &name)
    fields.field(2, "empty_timeout", &emptyTimeout)
    fields.field(3, "max_participants", &maxParticipants)
    fields.field(4, "node_id", &nodeId)
    fields.field(5, "metadata", &metadata)
    fields.field(6, "egress", &egress)
    fields.field(7, "min_playout_delay", &minPlayoutDelay)
    fields.field(8, "max_playout_delay", &maxPlayoutDelay)
    fields.field(9, "sync_streams", &syncStreams)
    fields.field(10, "departure_timeout", &departureTimeout)
    fields.field(12, "room_preset", &roomPreset)
    fields.field(13, "replay_enabled", &replayEnabled)
    fields.field(14, "agents", &agents)
    fields.field(15, "tags", &tags)
  }
}

/// The settings of a room that is made when its first participant joins (`roomConfig` in access tokens).
public struct RoomConfiguration: ProtobufMessage {
  public var name = ""
  public var emptyTimeout: UInt32 = 0
  public var departureTimeout: UInt32 = 0
  public var maxParticipants: UInt32 = 0
  public var egress: RoomEgress?
  public var minPlayoutDelay: UInt32 = 0
  public var maxPlayoutDelay: UInt32 = 0
  public var syncStreams = false
  public var agents: [RoomAgentDispatch] = []
  public var metadata = ""
  public var tags: [String: String] = [:]

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "name", &name)
    fields.field(2, "empty_timeout", &emptyTimeout)
    fields.field(3, "departure_timeout", &departureTimeout)
    fields.field(4, "max_participants", &maxParticipants)
    fields.field(5, "egress", &egress)
    fields.field(7, "min_playout_delay", &minPlayoutDelay)
    fields.field(8, "max_playout_delay", &maxPlayoutDelay)
    fields.field(9, "sync_streams", &syncStreams)
    fields.field(10, "agents", &agents)
    fields.field(11, "metadata", &metadata)
    fields.field(12, "tags", &tags)
  }
}

/// Recordings to start with a room. This server has no recorder: the members are read over.
public struct RoomEgress: ProtobufMessage {
  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {}
}

/// Lists rooms, all of them when no names are given.
public struct ListRoomsRequest: ProtobufMessage {
  public var names: [String] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "names", &names)
  }
}

/// The rooms.
public struct ListRoomsResponse: ProtobufMessage {
  public var rooms: [Room] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "rooms", &rooms)
  }
}

/// Closes a room and removes everybody.
public struct DeleteRoomRequest: ProtobufMessage {
  public var room = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
  }
}

/// The room is gone.
public struct DeleteRoomResponse: ProtobufMessage {
  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {}
}

/// Changes a room's metadata; the answer is a `Room`.
public struct UpdateRoomMetadataRequest: ProtobufMessage {
  public var room = ""
  public var metadata = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "metadata", &metadata)
  }
}
