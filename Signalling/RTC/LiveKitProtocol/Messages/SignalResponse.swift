// Server to client: the envelope of the signalling channel.

/// One frame from the server.
public struct SignalResponse: ProtobufMessage {
  public var message: Message?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.choice(1, "join", &message, Message.join, \.join)
    fields.choice(2, "answer", &message, Message.answer, \.answer)
    fields.choice(3, "offer", &message, Message.offer, \.offer)
    fields.choice(4, "trickle", &message, Message.trickle, \.trickle)
    fields.choice(5, "update", &message, Message.update, \.update)
    fields.choice(6, "track_published", &message, Message.trackPublished, \.trackPublished)
    fields.choice(8, "leave", &message, Message.leave, \.leave)
    fields.choice(9, "mute", &message, Message.mute, \.mute)
    fields.choice(10, "speakers_changed", &message, Message.speakersChanged, \.speakersChanged)
    fields.choice(11, "room_update", &message, Message.roomUpdate, \.roomUpdate)
    fields.choice(12, "connection_quality", &message, Message.connectionQuality, \.connectionQuality)
    fields.choice(13, "stream_state_update", &message, Message.streamStateUpdate, \.streamStateUpdate)
    fields.choice(14, "subscribed_quality_update", &message, Message.subscribedQualityUpdate, \.subscribedQualityUpdate)
    fields.choice(
      15, "subscription_permission_update", &message, Message.subscriptionPermissionUpdate,
      \.subscriptionPermissionUpdate)
    fields.choice(16, "refresh_token", &message, Message.refreshToken, \.refreshToken)
    fields.choice(17, "track_unpublished", &message, Message.trackUnpublished, \.trackUnpublished)
    fields.choice(18, "pong", &message, Message.pong, \.pong)
    fields.choice(19, "reconnect", &message, Message.reconnect, \.reconnect)
    fields.choice(20, "pong_resp", &message, Message.pongResp, \.pongResp)
    fields.choice(21, "subscription_response", &message, Message.subscriptionResponse, \.subscriptionResponse)
    fields.choice(22, "request_response", &message, Message.requestResponse, \.requestResponse)
    fields.choice(23, "track_subscribed", &message, Message.trackSubscribed, \.trackSubscribed)
    fields.choice(24, "room_moved", &message, Message.roomMoved, \.roomMoved)
    fields.choice(
      25, "media_sections_requirement", &message, Message.mediaSectionsRequirement, \.mediaSectionsRequirement)
    fields.choice(
      26, "subscribed_audio_codec_update", &message, Message.subscribedAudioCodecUpdate, \.subscribedAudioCodecUpdate)
    fields.choice(
      27, "publish_data_track_response", &message, Message.publishDataTrackResponse, \.publishDataTrackResponse)
    fields.choice(
      28, "unpublish_data_track_response", &message, Message.unpublishDataTrackResponse, \.unpublishDataTrackResponse)
    fields.choice(
      29, "data_track_subscriber_handles", &message, Message.dataTrackSubscriberHandles, \.dataTrackSubscriberHandles)
    fields.choice(30, "store_data_blob_response", &message, Message.storeDataBlobResponse, \.storeDataBlobResponse)
    fields.choice(31, "get_data_blob_response", &message, Message.getDataBlobResponse, \.getDataBlobResponse)
  }

  public enum Message: Sendable, Equatable {
    case join(JoinResponse)
    case answer(SessionDescription)
    case offer(SessionDescription)
    case trickle(TrickleRequest)
    case update(ParticipantUpdate)
    case trackPublished(TrackPublishedResponse)
    case leave(LeaveRequest)
    case mute(MuteTrackRequest)
    case speakersChanged(SpeakersChanged)
    case roomUpdate(RoomUpdate)
    case connectionQuality(ConnectionQualityUpdate)
    case streamStateUpdate(StreamStateUpdate)
    case subscribedQualityUpdate(SubscribedQualityUpdate)
    case subscriptionPermissionUpdate(SubscriptionPermissionUpdate)
    case refreshToken(String)
    case trackUnpublished(TrackUnpublishedResponse)
    case pong(Int64)
    case reconnect(ReconnectResponse)
    case pongResp(Pong)
    case subscriptionResponse(SubscriptionResponse)
    case requestResponse(RequestResponse)
    case trackSubscribed(TrackSubscribed)
    case roomMoved(RoomMovedResponse)
    case mediaSectionsRequirement(MediaSectionsRequirement)
    case subscribedAudioCodecUpdate(SubscribedAudioCodecUpdate)
    case publishDataTrackResponse(PublishDataTrackResponse)
    case unpublishDataTrackResponse(UnpublishDataTrackResponse)
    case dataTrackSubscriberHandles(DataTrackSubscriberHandles)
    case storeDataBlobResponse(StoreDataBlobResponse)
    case getDataBlobResponse(GetDataBlobResponse)

    public var join: JoinResponse? { if case .join(let it) = self { it } else { nil } }
    public var answer: SessionDescription? { if case .answer(let it) = self { it } else { nil } }
    public var offer: SessionDescription? { if case .offer(let it) = self { it } else { nil } }
    public var trickle: TrickleRequest? { if case .trickle(let it) = self { it } else { nil } }
    public var update: ParticipantUpdate? { if case .update(let it) = self { it } else { nil } }
    public var trackPublished: TrackPublishedResponse? { if case .trackPublished(let it) = self { it } else { nil } }
    public var leave: LeaveRequest? { if case .leave(let it) = self { it } else { nil } }
    public var mute: MuteTrackRequest? { if case .mute(let it) = self { it } else { nil } }
    public var speakersChanged: SpeakersChanged? { if case .speakersChanged(let it) = self { it } else { nil } }
    public var roomUpdate: RoomUpdate? { if case .roomUpdate(let it) = self { it } else { nil } }
    public var connectionQuality: ConnectionQualityUpdate? {
      if case .connectionQuality(let it) = self { it } else { nil }
    }
    public var streamStateUpdate: StreamStateUpdate? { if case .streamStateUpdate(let it) = self { it } else { nil } }
    public var subscribedQualityUpdate: SubscribedQualityUpdate? {
      if case .subscribedQualityUpdate(let it) = self { it } else { nil }
    }
    public var subscriptionPermissionUpdate: SubscriptionPermissionUpdate? {
      if case .subscriptionPermissionUpdate(let it) = self { it } else { nil }
    }
    public var refreshToken: String? { if case .refreshToken(let it) = self { it } else { nil } }
    public var trackUnpublished: TrackUnpublishedResponse? {
      if case .trackUnpublished(let it) = self { it } else { nil }
    }
    public var pong: Int64? { if case .pong(let it) = self { it } else { nil } }
    public var reconnect: ReconnectResponse? { if case .reconnect(let it) = self { it } else { nil } }
    public var pongResp: Pong? { if case .pongResp(let it) = self { it } else { nil } }
    public var subscriptionResponse: SubscriptionResponse? {
      if case .subscriptionResponse(let it) = self { it } else { nil }
    }
    public var requestResponse: RequestResponse? { if case .requestResponse(let it) = self { it } else { nil } }
    public var trackSubscribed: TrackSubscribed? { if case .trackSubscribed(let it) = self { it } else { nil } }
    public var roomMoved: RoomMovedResponse? { if case .roomMoved(let it) = self { it } else { nil } }
    public var mediaSectionsRequirement: MediaSectionsRequirement? {
      if case .mediaSectionsRequirement(let it) = self { it } else { nil }
    }
    public var subscribedAudioCodecUpdate: SubscribedAudioCodecUpdate? {
      if case .subscribedAudioCodecUpdate(let it) = self { it } else { nil }
    }
    public var publishDataTrackResponse: PublishDataTrackResponse? {
      if case .publishDataTrackResponse(let it) = self { it } else { nil }
    }
    public var unpublishDataTrackResponse: UnpublishDataTrackResponse? {
      if case .unpublishDataTrackResponse(let it) = self { it } else { nil }
    }
    public var dataTrackSubscriberHandles: DataTrackSubscriberHandles? {
      if case .dataTrackSubscriberHandles(let it) = self { it } else { nil }
    }
    public var storeDataBlobResponse: StoreDataBlobResponse? {
      if case .storeDataBlobResponse(let it) = self { it } else { nil }
    }
    public var getDataBlobResponse: GetDataBlobResponse? {
      if case .getDataBlobResponse(let it) = self { it } else { nil }
    }
  }
}

/// The outcome of a client's request, with the request echoed.
public struct RequestResponse: ProtobufMessage {
  public var requestId: UInt32 = 0
  public var reason = Reason()
  public var message = ""
  public var request: Request?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "request_id", &requestId)
    fields.field(2, "reason", &reason)
    fields.field(3, "message", &message)
    fields.choice(4, "trickle", &request, Request.trickle, \.trickle)
    fields.choice(5, "add_track", &request, Request.addTrack, \.addTrack)
    fields.choice(6, "mute", &request, Request.mute, \.mute)
    fields.choice(7, "update_metadata", &request, Request.updateMetadata, \.updateMetadata)
    fields.choice(8, "update_audio_track", &request, Request.updateAudioTrack, \.updateAudioTrack)
    fields.choice(9, "update_video_track", &request, Request.updateVideoTrack, \.updateVideoTrack)
    fields.choice(10, "publish_data_track", &request, Request.publishDataTrack, \.publishDataTrack)
    fields.choice(11, "unpublish_data_track", &request, Request.unpublishDataTrack, \.unpublishDataTrack)
  }

  public enum Request: Sendable, Equatable {
    case trickle(TrickleRequest)
    case addTrack(AddTrackRequest)
    case mute(MuteTrackRequest)
    case updateMetadata(UpdateParticipantMetadata)
    case updateAudioTrack(UpdateLocalAudioTrack)
    case updateVideoTrack(UpdateLocalVideoTrack)
    case publishDataTrack(PublishDataTrackRequest)
    case unpublishDataTrack(UnpublishDataTrackRequest)

    public var trickle: TrickleRequest? { if case .trickle(let it) = self { it } else { nil } }
    public var addTrack: AddTrackRequest? { if case .addTrack(let it) = self { it } else { nil } }
    public var mute: MuteTrackRequest? { if case .mute(let it) = self { it } else { nil } }
    public var updateMetadata: UpdateParticipantMetadata? { if case .updateMetadata(let it) = self { it } else { nil } }
    public var updateAudioTrack: UpdateLocalAudioTrack? { if case .updateAudioTrack(let it) = self { it } else { nil } }
    public var updateVideoTrack: UpdateLocalVideoTrack? { if case .updateVideoTrack(let it) = self { it } else { nil } }
    public var publishDataTrack: PublishDataTrackRequest? {
      if case .publishDataTrack(let it) = self { it } else { nil }
    }
    public var unpublishDataTrack: UnpublishDataTrackRequest? {
      if case .unpublishDataTrack(let it) = self { it } else { nil }
    }
  }

  /// Success or why not.
  public struct Reason: ProtobufEnum {
    public static let ok = Self(rawValue: 0)
    public static let notFound = Self(rawValue: 1)
    public static let notAllowed = Self(rawValue: 2)
    public static let limitExceeded = Self(rawValue: 3)
    public static let queued = Self(rawValue: 4)
    public static let unsupportedType = Self(rawValue: 5)
    public static let unclassifiedError = Self(rawValue: 6)
    public static let invalidHandle = Self(rawValue: 7)
    public static let invalidName = Self(rawValue: 8)
    public static let duplicateHandle = Self(rawValue: 9)
    public static let duplicateName = Self(rawValue: 10)
    public static let invalidRequest = Self(rawValue: 11)

    public static let names = [
      "OK", "NOT_FOUND", "NOT_ALLOWED", "LIMIT_EXCEEDED", "QUEUED", "UNSUPPORTED_TYPE", "UNCLASSIFIED_ERROR",
      "INVALID_HANDLE", "INVALID_NAME", "DUPLICATE_HANDLE", "DUPLICATE_NAME", "INVALID_REQUEST",
    ]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}

/// The answer to `Ping`; both fields in milliseconds.
public struct Pong: ProtobufMessage {
  public var lastPingTimestamp: Int64 = 0
  public var timestamp: Int64 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "last_ping_timestamp", &lastPingTimestamp)
    fields.field(2, "timestamp", &timestamp)
  }
}

/// The participant now is in another room.
public struct RoomMovedResponse: ProtobufMessage {
  public var room: Room?
  public var token = ""
  public var participant: ParticipantInfo?
  public var otherParticipants: [ParticipantInfo] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
    fields.field(2, "token", &token)
    fields.field(3, "participant", &participant)
    fields.field(4, "other_participants", &otherParticipants)
  }
}

/// The room changed.
public struct RoomUpdate: ProtobufMessage {
  public var room: Room?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "room", &room)
  }
}

/// Participants changed, joined or left.
public struct ParticipantUpdate: ProtobufMessage {
  public var participants: [ParticipantInfo] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "participants", &participants)
  }
}
