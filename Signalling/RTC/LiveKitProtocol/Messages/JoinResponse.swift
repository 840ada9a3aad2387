// The first message of a session and of a resumed one, and the configuration that they hand to a client.

/// The first message of a new session.
public struct JoinResponse: ProtobufMessage {
  public var room: Room?
  public var participant: ParticipantInfo?
  public var otherParticipants: [ParticipantInfo] = []
  public var serverVersion = ""
  public var iceServers: [ICEServer] = []
  public var subscriberPrimary = false
  public var alternativeUrl = ""
  public var clientConfiguration: ClientConfiguration?
  public var serverRegion = ""
  public var pingTimeout: Int32 = 0
  public var pingInterval: Int32 = 0
  public var serverInfo: ServerInfo?
  public var sifTrailer: [UInt8] = []
  public var enabledPublishCodecs: [Codec] = []
  public var fastPublish = false

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "participant", &participant)
    fields.field(3, "other_participants", &otherParticipants)
    fields.field(4, "server_version", &serverVersion)
    fields.field(5, "ice_servers", &iceServers)
    fields.field(6, "subscriber_primary", &subscriberPrimary)
    fields.field(7, "alternative_url", &alternativeUrl)
    fields.field(8, "client_configuration", &clientConfiguration)
    fields.field(9, "server_region", &serverRegion)
    fields.field(10, "ping_timeout", &pingTimeout)
    fields.field(11, "ping_interval", &pingInterval)
    fields.field(12, "server_info", &serverInfo)
    fields.field(13, "sif_trailer", &sifTrailer)
    fields.field(14, "enabled_publish_codecs", &enabledPublishCodecs)
    fields.field(15, "fast_publish", &fastPublish)
  }
}

/// The first message of a resumed session.
public struct ReconnectResponse: ProtobufMessage {
  public var iceServers: [ICEServer] = []
  public var clientConfiguration: ClientConfiguration?
  public var serverInfo: ServerInfo?
  public var lastMessageSeq: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "ice_servers", &iceServers)
    fields.field(2, "client_configuration", &clientConfiguration)
    fields.field(3, "server_info", &serverInfo)
    fields.field(4, "last_message_seq", &lastMessageSeq)
  }
}

/// A STUN or TURN server.
public struct ICEServer: ProtobufMessage {
  public var urls: [String] = []
  public var username = ""
  public var credential = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "urls", &urls)
    fields.field(2, "username", &username)
    fields.field(3, "credential", &credential)
  }
}

/// What the server knows about this kind of client.
public struct ClientConfiguration: ProtobufMessage {
  public var video: VideoConfiguration?
  public var screen: VideoConfiguration?
  public var resumeConnection = ClientConfigSetting()
  public var disabledCodecs: DisabledCodecs?
  public var forceRelay = ClientConfigSetting()

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "video", &video)
    fields.field(2, "screen", &screen)
    fields.field(3, "resume_connection", &resumeConnection)
    fields.field(4, "disabled_codecs", &disabledCodecs)
    fields.field(5, "force_relay", &forceRelay)
  }
}

/// How to encode video.
public struct VideoConfiguration: ProtobufMessage {
  public var hardwareEncoder = ClientConfigSetting()

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "hardware_encoder", &hardwareEncoder)
  }
}

/// Codecs that this client must not use.
public struct DisabledCodecs: ProtobufMessage {
  public var codecs: [Codec] = []
  public var publish: [Codec] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "codecs", &codecs)
    fields.field(2, "publish", &publish)
  }
}

/// A switch that may be left alone.
public struct ClientConfigSetting: ProtobufEnum {
  public static let unset = Self(rawValue: 0)
  public static let disabled = Self(rawValue: 1)
  public static let enabled = Self(rawValue: 2)

  public static let names = ["UNSET", "DISABLED", "ENABLED"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// The software that the server runs.
public struct ServerInfo: ProtobufMessage {
  public var edition = Edition()
  public var version = ""
  public var `protocol`: Int32 = 0
  public var region = ""
  public var nodeId = ""
  public var debugInfo = ""
  public var agentProtocol: Int32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "edition", &edition)
    fields.field(2, "version", &version)
    fields.field(3, "protocol", &self.protocol)
    fields.field(4, "region", &region)
    fields.field(5, "node_id", &nodeId)
    fields.field(6, "debug_info", &debugInfo)
    fields.field(7, "agent_protocol", &agentProtocol)
  }

  /// Who runs it.
  public struct Edition: ProtobufEnum {
    public static let standard = Self(rawValue: 0)
    public static let cloud = Self(rawValue: 1)

    public static let names = ["Standard", "Cloud"]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}
