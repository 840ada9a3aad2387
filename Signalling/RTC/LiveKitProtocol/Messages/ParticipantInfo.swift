// A participant as others see it.

/// A participant's public state.
public struct ParticipantInfo: ProtobufMessage {
  public var sid = ""
  public var identity = ""
  public var state = State()
  public var tracks: [TrackInfo] = []
  public var metadata = ""
  public var joinedAt: Int64 = 0
  public var name = ""
  public var version: UInt32 = 0
  public var permission: ParticipantPermission?
  public var region = ""
  public var isPublisher = false
  public var kind = Kind()
  public var attributes: [String: String] = [:]
  public var disconnectReason = DisconnectReason()
  public var joinedAtMs: Int64 = 0
  public var kindDetails: [KindDetail] = []
  public var dataTracks: [DataTrackInfo] = []
  public var clientProtocol: Int32 = 0
  public var capabilities: [ClientInfo.Capability] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "sid", &sid)
    fields.field(2, "identity", &identity)
    fields.field(3, "state", &state)
    fields.field(4, "tracks", &tracks)
    fields.field(5, "metadata", &metadata)
    fields.field(6, "joined_at", &joinedAt)
    fields.field(9, "name", &name)
    fields.field(10, "version", &version)
    fields.field(11, "permission", &permission)
    fields.field(12, "region", &region)
    fields.field(13, "is_publisher", &isPublisher)
    fields.field(14, "kind", &kind)
    fields.field(15, "attributes", &attributes)
    fields.field(16, "disconnect_reason", &disconnectReason)
    fields.field(17, "joined_at_ms", &joinedAtMs)
    fields.field(18, "kind_details", &kindDetails)
    fields.field(19, "data_tracks", &dataTracks)
    fields.field(20, "client_protocol", &clientProtocol)
    fields.field(21, "capabilities", &capabilities)
  }

  /// How far a participant's connection has come.
  public struct State: ProtobufEnum {
    public static let joining = Self(rawValue: 0)
    public static let joined = Self(rawValue: 1)
    public static let active = Self(rawValue: 2)
    public static let disconnected = Self(rawValue: 3)

    public static let names = ["JOINING", "JOINED", "ACTIVE", "DISCONNECTED"]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }

  /// What a participant is.
  public struct Kind: ProtobufEnum {
    public static let standard = Self(rawValue: 0)
    public static let ingress = Self(rawValue: 1)
    public static let egress = Self(rawValue: 2)
    public static let sip = Self(rawValue: 3)
    public static let agent = Self(rawValue: 4)
    public static let connector = Self(rawValue: 7)
    public static let bridge = Self(rawValue: 8)

    public static let names = ["STANDARD", "INGRESS", "EGRESS", "SIP", "AGENT", "", "", "CONNECTOR", "BRIDGE"]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }

  /// What a participant is, more exactly.
  public struct KindDetail: ProtobufEnum {
    public static let cloudAgent = Self(rawValue: 0)
    public static let forwarded = Self(rawValue: 1)
    public static let connectorWhatsapp = Self(rawValue: 2)
    public static let connectorTwilio = Self(rawValue: 3)
    public static let bridgeRtsp = Self(rawValue: 4)
    public static let simulation = Self(rawValue: 5)

    public static let names = [
      "CLOUD_AGENT", "FORWARDED", "CONNECTOR_WHATSAPP", "CONNECTOR_TWILIO", "BRIDGE_RTSP", "SIMULATION",
    ]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}

/// What a participant may do.
public struct ParticipantPermission: ProtobufMessage {
  public var canSubscribe = false
  public var canPublish = false
  public var canPublishData = false
  public var hidden = false
  public var recorder = false
  public var canPublishSources: [TrackSource] = []
  public var canUpdateMetadata = false
  public var agent = false
  public var canSubscribeMetrics = false
  public var canManageAgentSession = false

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "can_subscribe", &canSubscribe)
    fields.field(2, "can_publish", &canPublish)
    fields.field(3, "can_publish_data", &canPublishData)
    fields.field(7, "hidden", &hidden)
    fields.field(8, "recorder", &recorder)
    fields.field(9, "can_publish_sources", &canPublishSources)
    fields.field(10, "can_update_metadata", &canUpdateMetadata)
    fields.field(11, "agent", &agent)
    fields.field(12, "can_subscribe_metrics", &canSubscribeMetrics)
    fields.field(13, "can_manage_agent_session", &canManageAgentSession)
  }
}

/// Tracks of one participant.
public struct ParticipantTracks: ProtobufMessage {
  public var participantSid = ""
  public var trackSids: [String] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "participant_sid", &participantSid)
    fields.field(2, "track_sids", &trackSids)
  }
}
