// Offers, answers, candidates and what else it takes to agree on a peer connection.

/// An SDP offer or answer. An answer echoes the `id` of its offer.
public struct SessionDescription: ProtobufMessage {
  public var type = ""
  public var sdp = ""
  public var id: UInt32 = 0
  public var midToTrackId: [String: String] = [:]

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "type", &type)
    fields.field(2, "sdp", &sdp)
    fields.field(3, "id", &id)
    fields.field(4, "mid_to_track_id", &midToTrackId)
  }
}

/// An ICE candidate, as the JSON of RTCIceCandidateInit; in both directions.
public struct TrickleRequest: ProtobufMessage {
  public var candidateInit = ""
  public var target = SignalTarget()
  public var final = false

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "candidateInit", &candidateInit)
    fields.field(2, "target", &target)
    fields.field(3, "final", &final)
  }
}

/// Which of a client's peer connections is meant.
public struct SignalTarget: ProtobufEnum {
  public static let publisher = Self(rawValue: 0)
  public static let subscriber = Self(rawValue: 1)

  public static let names = ["PUBLISHER", "SUBSCRIBER"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// How many more media sections the client must offer.
public struct MediaSectionsRequirement: ProtobufMessage {
  public var numAudios: UInt32 = 0
  public var numVideos: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "num_audios", &numAudios)
    fields.field(2, "num_videos", &numVideos)
  }
}

/// What a resuming client has, so that the server can compare.
public struct SyncState: ProtobufMessage {
  public var answer: SessionDescription?
  public var subscription: UpdateSubscription?
  public var publishTracks: [TrackPublishedResponse] = []
  public var dataChannels: [DataChannelInfo] = []
  public var offer: SessionDescription?
  public var trackSidsDisabled: [String] = []
  public var datachannelReceiveStates: [DataChannelReceiveState] = []
  public var publishDataTracks: [PublishDataTrackResponse] = []
  public var dataSubscription: UpdateDataSubscription?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "answer", &answer)
    fields.field(2, "subscription", &subscription)
    fields.field(3, "publish_tracks", &publishTracks)
    fields.field(4, "data_channels", &dataChannels)
    fields.field(5, "offer", &offer)
    fields.field(6, "track_sids_disabled", &trackSidsDisabled)
    fields.field(7, "datachannel_receive_states", &datachannelReceiveStates)
    fields.field(8, "publish_data_tracks", &publishDataTracks)
    fields.field(9, "data_subscription", &dataSubscription)
  }
}

/// An open data channel.
public struct DataChannelInfo: ProtobufMessage {
  public var label = ""
  public var id: UInt32 = 0
  public var target = SignalTarget()

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "label", &label)
    fields.field(2, "id", &id)
    fields.field(3, "target", &target)
  }
}

/// The last reliable packet received from a publisher.
public struct DataChannelReceiveState: ProtobufMessage {
  public var publisherSid = ""
  public var lastSeq: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "publisher_sid", &publisherSid)
    fields.field(2, "last_seq", &lastSeq)
  }
}
