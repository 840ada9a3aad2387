// Client to server: the envelope of the signalling channel and the requests that only it carries.

/// One frame from a client.
public struct SignalRequest: ProtobufMessage {
  public var message: Message?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.choice(1, "offer", &message, Message.offer, \.offer)
    fields.choice(2, "answer", &message, Message.answer, \.answer)
    fields.choice(3, "trickle", &message, Message.trickle, \.trickle)
    fields.choice(4, "add_track", &message, Message.addTrack, \.addTrack)
    fields.choice(5, "mute", &message, Message.mute, \.mute)
    fields.choice(6, "subscription", &message, Message.subscription, \.subscription)
    fields.choice(7, "track_setting", &message, Message.trackSetting, \.trackSetting)
    fields.choice(8, "leave", &message, Message.leave, \.leave)
    fields.choice(10, "update_layers", &message, Message.updateLayers, \.updateLayers)
    fields.choice(11, "subscription_permission", &message, Message.subscriptionPermission, \.subscriptionPermission)
    fields.choice(12, "sync_state", &message, Message.syncState, \.syncState)
    fields.choice(13, "simulate", &message, Message.simulate, \.simulate)
    fields.choice(14, "ping", &message, Message.ping, \.ping)
    fields.choice(15, "update_metadata", &message, Message.updateMetadata, \.updateMetadata)
    fields.choice(16, "ping_req", &message, Message.pingReq, \.pingReq)
    fields.choice(17, "update_audio_track", &message, Message.updateAudioTrack, \.updateAudioTrack)
    fields.choice(18, "update_video_track", &message, Message.updateVideoTrack, \.updateVideoTrack)
    fields.choice(
      19, "publish_data_track_request", &message, Message.publishDataTrackRequest, \.publishDataTrackRequest)
    fields.choice(
      20, "unpublish_data_track_request", &message, Message.unpublishDataTrackRequest, \.unpublishDataTrackRequest)
    fields.choice(21, "update_data_subscription", &message, Message.updateDataSubscription, \.updateDataSubscription)
    fields.choice(22, "store_data_blob_request", &message, Message.storeDataBlobRequest, \.storeDataBlobRequest)
    fields.choice(23, "get_data_blob_request", &message, Message.getDataBlobRequest, \.getDataBlobRequest)
  }

  public enum Message: Sendable, Equatable {
    case offer(SessionDescription)
    case answer(SessionDescription)
    case trickle(TrickleRequest)
    case addTrack(AddTrackRequest)
    case mute(MuteTrackRequest)
    case subscription(UpdateSubscription)
    case trackSetting(UpdateTrackSettings)
    case leave(LeaveRequest)
    case updateLayers(UpdateVideoLayers)
    case subscriptionPermission(SubscriptionPermission)
    case syncState(SyncState)
    case simulate(SimulateScenario)
    case ping(Int64)
    case updateMetadata(UpdateParticipantMetadata)
    case pingReq(Ping)
    case updateAudioTrack(UpdateLocalAudioTrack)
    case updateVideoTrack(UpdateLocalVideoTrack)
    case publishDataTrackRequest(PublishDataTrackRequest)
    case unpublishDataTrackRequest(UnpublishDataTrackRequest)
    case updateDataSubscription(UpdateDataSubscription)
    case storeDataBlobRequest(StoreDataBlobRequest)
    case getDataBlobRequest(GetDataBlobRequest)

    public var offer: SessionDescription? { if case .offer(let it) = self { it } else { nil } }
    public var answer: SessionDescription? { if case .answer(let it) = self { it } else { nil } }
    public var trickle: TrickleRequest? { if case .trickle(let it) = self { it } else { nil } }
    public var addTrack: AddTrackRequest? { if case .addTrack(let it) = self { it } else { nil } }
    public var mute: MuteTrackRequest? { if case .mute(let it) = self { it } else { nil } }
    public var subscription: UpdateSubscription? { if case .subscription(let it) = self { it } else { nil } }
    public var trackSetting: UpdateTrackSettings? { if case .trackSetting(let it) = self { it } else { nil } }
    public var leave: LeaveRequest? { if case .leave(let it) = self { it } else { nil } }
    public var updateLayers: UpdateVideoLayers? { if case .updateLayers(let it) = self { it } else { nil } }
    public var subscriptionPermission: SubscriptionPermission? {
      if case .subscriptionPermission(let it) = self { it } else { nil }
    }
    public var syncState: SyncState? { if case .syncState(let it) = self { it } else { nil } }
    public var simulate: SimulateScenario? { if case .simulate(let it) = self { it } else { nil } }
    public var ping: Int64? { if case .ping(let it) = self { it } else { nil } }
    public var updateMetadata: UpdateParticipantMetadata? { if case .updateMetadata(let it) = self { it } else { nil } }
    public var pingReq: Ping? { if case .pingReq(let it) = self { it } else { nil } }
    public var updateAudioTrack: UpdateLocalAudioTrack? { if case .updateAudioTrack(let it) = self { it } else { nil } }
    public var updateVideoTrack: UpdateLocalVideoTrack? { if case .updateVideoTrack(let it) = self { it } else { nil } }
    public var publishDataTrackRequest: PublishDataTrackRequest? {
      if case .publishDataTrackRequest(let it) = self { it } else { nil }
    }
    public var unpublishDataTrackRequest: UnpublishDataTrackRequest? {
      if case .unpublishDataTrackRequest(let it) = self { it } else { nil }
    }
    public var updateDataSubscription: UpdateDataSubscription? {
      if case .updateDataSubscription(let it) = self { it } else { nil }
    }
    public var storeDataBlobRequest: StoreDataBlobRequest? {
      if case .storeDataBlobRequest(let it) = self { it } else { nil }
    }
    public var getDataBlobRequest: GetDataBlobRequest? {
      if case .getDataBlobRequest(let it) = self { it } else { nil }
    }
  }
}

/// A track is muted or unmuted; in both directions.
public struct MuteTrackRequest: ProtobufMessage {
  public var sid = ""
  public var muted = false

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "sid", &sid)
    fields.field(2, "muted", &muted)
  }
}

/// What a subscriber wants of tracks: paused, a quality, a size, a frame rate.
public struct UpdateTrackSettings: ProtobufMessage {
  public var trackSids: [String] = []
  public var disabled = false
  public var quality = VideoQuality()
  public var width: UInt32 = 0
  public var height: UInt32 = 0
  public var fps: UInt32 = 0
  public var priority: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track_sids", &trackSids)
    fields.field(3, "disabled", &disabled)
    fields.field(4, "quality", &quality)
    fields.field(5, "width", &width)
    fields.field(6, "height", &height)
    fields.field(7, "fps", &fps)
    fields.field(8, "priority", &priority)
  }
}

/// The layers that a publisher sends. Deprecated in the protocol.
public struct UpdateVideoLayers: ProtobufMessage {
  public var trackSid = ""
  public var layers: [VideoLayer] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track_sid", &trackSid)
    fields.field(2, "layers", &layers)
  }
}

/// The features of a published audio track changed.
public struct UpdateLocalAudioTrack: ProtobufMessage {
  public var trackSid = ""
  public var features: [AudioTrackFeature] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track_sid", &trackSid)
    fields.field(2, "features", &features)
  }
}

/// The size of a published video track changed.
public struct UpdateLocalVideoTrack: ProtobufMessage {
  public var trackSid = ""
  public var width: UInt32 = 0
  public var height: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track_sid", &trackSid)
    fields.field(2, "width", &width)
    fields.field(3, "height", &height)
  }
}

/// A client changes its own name, metadata or attributes. Empty name and metadata mean unchanged.
public struct UpdateParticipantMetadata: ProtobufMessage {
  public var metadata = ""
  public var name = ""
  public var attributes: [String: String] = [:]
  public var requestId: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "metadata", &metadata)
    fields.field(2, "name", &name)
    fields.field(3, "attributes", &attributes)
    fields.field(4, "request_id", &requestId)
  }
}

/// A test asks the server to misbehave in a certain way.
public struct SimulateScenario: ProtobufMessage {
  public var scenario: Scenario?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.choice(1, "speaker_update", &scenario, Scenario.speakerUpdate, \.speakerUpdate)
    fields.choice(2, "node_failure", &scenario, Scenario.nodeFailure, \.nodeFailure)
    fields.choice(3, "migration", &scenario, Scenario.migration, \.migration)
    fields.choice(4, "server_leave", &scenario, Scenario.serverLeave, \.serverLeave)
    fields.choice(
      5, "switch_candidate_protocol", &scenario, Scenario.switchCandidateProtocol, \.switchCandidateProtocol)
    fields.choice(6, "subscriber_bandwidth", &scenario, Scenario.subscriberBandwidth, \.subscriberBandwidth)
    fields.choice(
      7, "disconnect_signal_on_resume", &scenario, Scenario.disconnectSignalOnResume, \.disconnectSignalOnResume)
    fields.choice(
      8, "disconnect_signal_on_resume_no_messages", &scenario, Scenario.disconnectSignalOnResumeNoMessages,
      \.disconnectSignalOnResumeNoMessages)
    fields.choice(
      9, "leave_request_full_reconnect", &scenario, Scenario.leaveRequestFullReconnect, \.leaveRequestFullReconnect)
  }

  public enum Scenario: Sendable, Equatable {
    case speakerUpdate(Int32)
    case nodeFailure(Bool)
    case migration(Bool)
    case serverLeave(Bool)
    case switchCandidateProtocol(CandidateProtocol)
    case subscriberBandwidth(Int64)
    case disconnectSignalOnResume(Bool)
    case disconnectSignalOnResumeNoMessages(Bool)
    case leaveRequestFullReconnect(Bool)

    public var speakerUpdate: Int32? { if case .speakerUpdate(let it) = self { it } else { nil } }
    public var nodeFailure: Bool? { if case .nodeFailure(let it) = self { it } else { nil } }
    public var migration: Bool? { if case .migration(let it) = self { it } else { nil } }
    public var serverLeave: Bool? { if case .serverLeave(let it) = self { it } else { nil } }
    public var switchCandidateProtocol: CandidateProtocol? {
      if case .switchCandidateProtocol(let it) = self { it } else { nil }
    }
    public var subscriberBandwidth: Int64? { if case .subscriberBandwidth(let it) = self { it } else { nil } }
    public var disconnectSignalOnResume: Bool? { if case .disconnectSignalOnResume(let it) = self { it } else { nil } }
    public var disconnectSignalOnResumeNoMessages: Bool? {
      if case .disconnectSignalOnResumeNoMessages(let it) = self { it } else { nil }
    }
    public var leaveRequestFullReconnect: Bool? {
      if case .leaveRequestFullReconnect(let it) = self { it } else { nil }
    }
  }
}

/// A transport for ICE candidates.
public struct CandidateProtocol: ProtobufEnum {
  public static let udp = Self(rawValue: 0)
  public static let tcp = Self(rawValue: 1)
  public static let tls = Self(rawValue: 2)

  public static let names = ["UDP", "TCP", "TLS"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// A liveness probe; both fields in milliseconds.
public struct Ping: ProtobufMessage {
  public var timestamp: Int64 = 0
  public var rtt: Int64 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "timestamp", &timestamp)
    fields.field(2, "rtt", &rtt)
  }
}
