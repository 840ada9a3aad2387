// What webhooks tell.

/// One event. Those of recordings, ingress and agents do not happen here; their members are read over.
public struct WebhookEvent: ProtobufMessage {
  public var event = ""
  public var room: Room?
  public var participant: ParticipantInfo?
  public var id = ""
  public var createdAt: Int64 = 0
  public var track: TrackInfo?
  public var numDropped: Int32 = 0
  public var roomEndReason = RoomEndReason()

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "event", &event)
    fields.field(2, "room", &room)
    fields.field(3, "participant", &participant)
    fields.field(6, "id", &id)
    fields.field(7, "created_at", &createdAt)
    fields.field(8, "track", &track)
    fields.field(11, "num_dropped", &numDropped)
    fields.field(13, "room_end_reason", &roomEndReason)
  }
}

/// Why a room was closed.
public struct RoomEndReason: ProtobufEnum {
  public static let unknown = Self(rawValue: 0)
  public static let apiDelete = Self(rawValue: 1)
  public static let idleTimeout = Self(rawValue: 2)
  public static let serverShutdown = Self(rawValue: 3)
  public static let superseded = Self(rawValue: 4)
  public static let openFailed = Self(rawValue: 5)

  public static let names = [
    "ROOM_END_UNKNOWN", "ROOM_END_API_DELETE", "ROOM_END_IDLE_TIMEOUT", "ROOM_END_SERVER_SHUTDOWN",
    "ROOM_END_SUPERSEDED", "ROOM_END_OPEN_FAILED",
  ]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}
