// How a session ends and where the client may go next.

/// The session ends; in both directions.
public struct LeaveRequest: ProtobufMessage {
  public var canReconnect = false
  public var reason = DisconnectReason()
  public var action = Action()
  public var regions: RegionSettings?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "can_reconnect", &canReconnect)
    fields.field(2, "reason", &reason)
    fields.field(3, "action", &action)
    fields.field(4, "regions", &regions)
  }

  /// What the client shall do next.
  public struct Action: ProtobufEnum {
    public static let disconnect = Self(rawValue: 0)
    public static let resume = Self(rawValue: 1)
    public static let reconnect = Self(rawValue: 2)

    public static let names = ["DISCONNECT", "RESUME", "RECONNECT"]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}

/// Other places to connect to.
public struct RegionSettings: ProtobufMessage {
  public var regions: [RegionInfo] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "regions", &regions)
  }
}

/// One place to connect to.
public struct RegionInfo: ProtobufMessage {
  public var region = ""
  public var url = ""
  public var distance: Int64 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "region", &region)
    fields.field(2, "url", &url)
    fields.field(3, "distance", &distance)
  }
}

/// Why a participant left.
public struct DisconnectReason: ProtobufEnum {
  public static let unknownReason = Self(rawValue: 0)
  public static let clientInitiated = Self(rawValue: 1)
  public static let duplicateIdentity = Self(rawValue: 2)
  public static let serverShutdown = Self(rawValue: 3)
  public static let participantRemoved = Self(rawValue: 4)
  public static let roomDeleted = Self(rawValue: 5)
  public static let stateMismatch = Self(rawValue: 6)
  public static let joinFailure = Self(rawValue: 7)
  public static let migration = Self(rawValue: 8)
  public static let signalClose = Self(rawValue: 9)
  public static let roomClosed = Self(rawValue: 10)
  public static let userUnavailable = Self(rawValue: 11)
  public static let userRejected = Self(rawValue: 12)
  public static let sipTrunkFailure = Self(rawValue: 13)
  public static let connectionTimeout = Self(rawValue: 14)
  public static let mediaFailure = Self(rawValue: 15)
  public static let agentError = Self(rawValue: 16)

  public static let names = [
    "UNKNOWN_REASON", "CLIENT_INITIATED", "DUPLICATE_IDENTITY", "SERVER_SHUTDOWN", "PARTICIPANT_REMOVED",
    "ROOM_DELETED", "STATE_MISMATCH", "JOIN_FAILURE", "MIGRATION", "SIGNAL_CLOSE", "ROOM_CLOSED", "USER_UNAVAILABLE",
    "USER_REJECTED", "SIP_TRUNK_FAILURE", "CONNECTION_TIMEOUT", "MEDIA_FAILURE", "AGENT_ERROR",
  ]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}
