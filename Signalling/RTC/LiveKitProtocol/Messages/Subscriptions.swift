// Who receives which track, in which quality, and who may.

/// A client subscribes to tracks or gives them up.
public struct UpdateSubscription: ProtobufMessage {
  public var trackSids: [String] = []
  public var subscribe = false
  public var participantTracks: [ParticipantTracks] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track_sids", &trackSids)
    fields.field(2, "subscribe", &subscribe)
    fields.field(3, "participant_tracks", &participantTracks)
  }
}

/// A subscription failed.
public struct SubscriptionResponse: ProtobufMessage {
  public var trackSid = ""
  public var err = SubscriptionError()

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track_sid", &trackSid)
    fields.field(2, "err", &err)
  }
}

/// Why a subscription failed.
public struct SubscriptionError: ProtobufEnum {
  public static let unknown = Self(rawValue: 0)
  public static let codecUnsupported = Self(rawValue: 1)
  public static let trackNotfound = Self(rawValue: 2)

  public static let names = ["SE_UNKNOWN", "SE_CODEC_UNSUPPORTED", "SE_TRACK_NOTFOUND"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// A client's own track has its first subscriber.
public struct TrackSubscribed: ProtobufMessage {
  public var trackSid = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track_sid", &trackSid)
  }
}

/// Who may subscribe to a client's tracks; replaces what was said before.
public struct SubscriptionPermission: ProtobufMessage {
  public var allParticipants = false
  public var trackPermissions: [TrackPermission] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "all_participants", &allParticipants)
    fields.field(2, "track_permissions", &trackPermissions)
  }
}

/// The tracks that one participant may subscribe to.
public struct TrackPermission: ProtobufMessage {
  public var participantSid = ""
  public var allTracks = false
  public var trackSids: [String] = []
  public var participantIdentity = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "participant_sid", &participantSid)
    fields.field(2, "all_tracks", &allTracks)
    fields.field(3, "track_sids", &trackSids)
    fields.field(4, "participant_identity", &participantIdentity)
  }
}

/// A publisher allowed or denied a subscription.
public struct SubscriptionPermissionUpdate: ProtobufMessage {
  public var participantSid = ""
  public var trackSid = ""
  public var allowed = false

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "participant_sid", &participantSid)
    fields.field(2, "track_sid", &trackSid)
    fields.field(3, "allowed", &allowed)
  }
}

/// The qualities of a client's own track that anybody needs.
public struct SubscribedQualityUpdate: ProtobufMessage {
  public var trackSid = ""
  public var subscribedQualities: [SubscribedQuality] = []
  public var subscribedCodecs: [SubscribedCodec] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track_sid", &trackSid)
    fields.field(2, "subscribed_qualities", &subscribedQualities)
    fields.field(3, "subscribed_codecs", &subscribedCodecs)
  }
}

/// The qualities needed in one codec.
public struct SubscribedCodec: ProtobufMessage {
  public var codec = ""
  public var qualities: [SubscribedQuality] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "codec", &codec)
    fields.field(2, "qualities", &qualities)
  }
}

/// Whether a quality is needed.
public struct SubscribedQuality: ProtobufMessage {
  public var quality = VideoQuality()
  public var enabled = false

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "quality", &quality)
    fields.field(2, "enabled", &enabled)
  }
}

/// The codecs of a client's own audio track that anybody needs.
public struct SubscribedAudioCodecUpdate: ProtobufMessage {
  public var trackSid = ""
  public var subscribedAudioCodecs: [SubscribedAudioCodec] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "track_sid", &trackSid)
    fields.field(2, "subscribed_audio_codecs", &subscribedAudioCodecs)
  }
}

/// Whether a codec is needed.
public struct SubscribedAudioCodec: ProtobufMessage {
  public var codec = ""
  public var enabled = false

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "codec", &codec)
    fields.field(2, "enabled", &enabled)
  }
}
