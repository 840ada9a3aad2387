// What a client says about itself when it connects (path /rtc/v1).

/// The `join_request` query parameter: a `JoinRequest`, perhaps compressed.
public struct WrappedJoinRequest: ProtobufMessage {
  public var compression = Compression()
  public var joinRequest: [UInt8] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "compression", &compression)
    fields.field(2, "join_request", &joinRequest)
  }

  /// How the inner bytes are compressed.
  public struct Compression: ProtobufEnum {
    public static let none = Self(rawValue: 0)
    public static let gzip = Self(rawValue: 1)

    public static let names = ["NONE", "GZIP"]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}

/// Everything that a client sends with its connection.
public struct JoinRequest: ProtobufMessage {
  public var clientInfo: ClientInfo?
  public var connectionSettings: ConnectionSettings?
  public var metadata = ""
  public var participantAttributes: [String: String] = [:]
  public var addTrackRequests: [AddTrackRequest] = []
  public var publisherOffer: SessionDescription?
  public var reconnect = false
  public var reconnectReason = ReconnectReason()
  public var participantSid = ""
  public var syncState: SyncState?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "client_info", &clientInfo)
    fields.field(2, "connection_settings", &connectionSettings)
    fields.field(3, "metadata", &metadata)
    fields.field(4, "participant_attributes", &participantAttributes)
    fields.field(5, "add_track_requests", &addTrackRequests)
    fields.field(6, "publisher_offer", &publisherOffer)
    fields.field(7, "reconnect", &reconnect)
    fields.field(8, "reconnect_reason", &reconnectReason)
    fields.field(9, "participant_sid", &participantSid)
    fields.field(10, "sync_state", &syncState)
  }
}

/// The software that a client runs.
public struct ClientInfo: ProtobufMessage {
  public var sdk = SDK()
  public var version = ""
  public var `protocol`: Int32 = 0
  public var os = ""
  public var osVersion = ""
  public var deviceModel = ""
  public var browser = ""
  public var browserVersion = ""
  public var address = ""
  public var network = ""
  public var otherSdks = ""
  public var clientProtocol: Int32 = 0
  public var capabilities: [Capability] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "sdk", &sdk)
    fields.field(2, "version", &version)
    fields.field(3, "protocol", &self.protocol)
    fields.field(4, "os", &os)
    fields.field(5, "os_version", &osVersion)
    fields.field(6, "device_model", &deviceModel)
    fields.field(7, "browser", &browser)
    fields.field(8, "browser_version", &browserVersion)
    fields.field(9, "address", &address)
    fields.field(10, "network", &network)
    fields.field(11, "other_sdks", &otherSdks)
    fields.field(12, "client_protocol", &clientProtocol)
    fields.field(13, "capabilities", &capabilities)
  }

  /// The client library.
  public struct SDK: ProtobufEnum {
    public static let unknown = Self(rawValue: 0)
    public static let js = Self(rawValue: 1)
    public static let swift = Self(rawValue: 2)
    public static let android = Self(rawValue: 3)
    public static let flutter = Self(rawValue: 4)
    public static let go = Self(rawValue: 5)
    public static let unity = Self(rawValue: 6)
    public static let reactNative = Self(rawValue: 7)
    public static let rust = Self(rawValue: 8)
    public static let python = Self(rawValue: 9)
    public static let cpp = Self(rawValue: 10)
    public static let unityWeb = Self(rawValue: 11)
    public static let node = Self(rawValue: 12)
    public static let unreal = Self(rawValue: 13)
    public static let esp32 = Self(rawValue: 14)
    public static let dotnet = Self(rawValue: 15)

    public static let names = [
      "UNKNOWN", "JS", "SWIFT", "ANDROID", "FLUTTER", "GO", "UNITY", "REACT_NATIVE", "RUST", "PYTHON", "CPP",
      "UNITY_WEB", "NODE", "UNREAL", "ESP32", "DOTNET",
    ]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }

  /// What a client can do beyond its protocol version.
  public struct Capability: ProtobufEnum {
    public static let unused = Self(rawValue: 0)
    public static let packetTrailer = Self(rawValue: 1)
    public static let compressionDeflateRaw = Self(rawValue: 2)

    public static let names = ["CAP_UNUSED", "CAP_PACKET_TRAILER", "CAP_COMPRESSION_DEFLATE_RAW"]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}

/// How a client wants to be served.
public struct ConnectionSettings: ProtobufMessage {
  public var autoSubscribe = false
  public var adaptiveStream = false
  public var subscriberAllowPause: Bool?
  public var disableIceLite = false
  public var autoSubscribeDataTrack: Bool?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "auto_subscribe", &autoSubscribe)
    fields.field(2, "adaptive_stream", &adaptiveStream)
    fields.field(3, "subscriber_allow_pause", &subscriberAllowPause)
    fields.field(4, "disable_ice_lite", &disableIceLite)
    fields.field(5, "auto_subscribe_data_track", &autoSubscribeDataTrack)
  }
}

/// Why a client comes back.
public struct ReconnectReason: ProtobufEnum {
  public static let unknown = Self(rawValue: 0)
  public static let signalDisconnected = Self(rawValue: 1)
  public static let publisherFailed = Self(rawValue: 2)
  public static let subscriberFailed = Self(rawValue: 3)
  public static let switchCandidate = Self(rawValue: 4)

  public static let names = [
    "RR_UNKNOWN", "RR_SIGNAL_DISCONNECTED", "RR_PUBLISHER_FAILED", "RR_SUBSCRIBER_FAILED", "RR_SWITCH_CANDIDATE",
  ]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}
