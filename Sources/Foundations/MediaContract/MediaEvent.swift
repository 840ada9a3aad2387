// Data plane → control plane: what happened, as values. Nothing per packet ever becomes an event.

/// Where a transport stands.
public enum TransportState: Sendable, Hashable {
  /// A valid check arrived, DTLS runs.
  case connecting
  /// DTLS is done: media and data flow.
  case connected
  /// No consent for 10 s (RFC 7675); comes back to `connected` by itself.
  case disconnected
  /// No consent for 15 s, or DTLS failed.
  case failed
}

/// Which way a transport's packets take.
public enum PathKind: Sendable, Hashable { case udp, tcp }

/// Five seconds in the life of a publication's encoding.
public struct EncodingReport: Sendable, Hashable {
  public var spatialLayer: UInt8
  public var ssrc: UInt32
  public var packets: UInt64
  public var bytes: UInt64
  /// Packets that never came, not even as a retransmission.
  public var lost: UInt64
  public var bitsPerSecond: UInt64
  public var framesPerSecond: Double
  /// Interarrival jitter in milliseconds, RFC 3550 §6.4.1.
  public var jitter: Double

  public init(
    spatialLayer: UInt8, ssrc: UInt32, packets: UInt64, bytes: UInt64, lost: UInt64, bitsPerSecond: UInt64,
    framesPerSecond: Double, jitter: Double
  ) {
    self.spatialLayer = spatialLayer
    self.ssrc = ssrc
    self.packets = packets
    self.bytes = bytes
    self.lost = lost
    self.bitsPerSecond = bitsPerSecond
    self.framesPerSecond = framesPerSecond
    self.jitter = jitter
  }
}

public struct PublicationReport: Sendable, Hashable {
  public var id: PublicationID
  public var codec: Codec?
  public var encodings: [EncodingReport]

  public init(id: PublicationID, codec: Codec?, encodings: [EncodingReport]) {
    self.id = id
    self.codec = codec
    self.encodings = encodings
  }
}

/// What a subscriber got, and said that it got.
public struct SubscriptionReport: Sendable, Hashable {
  public var id: SubscriptionID
  public var packets: UInt64
  public var bytes: UInt64
  public var retransmitted: UInt64
  public var bitsPerSecond: UInt64
  /// 0…1, from the subscriber's receiver reports of the period.
  public var lossFraction: Double
  /// Layer that flows now; nil while nothing does.
  public var spatialLayer: UInt8?
  public var temporalLayer: UInt8?

  public init(
    id: SubscriptionID, packets: UInt64, bytes: UInt64, retransmitted: UInt64, bitsPerSecond: UInt64,
    lossFraction: Double, spatialLayer: UInt8?, temporalLayer: UInt8?
  ) {
    self.id = id
    self.packets = packets
    self.bytes = bytes
    self.retransmitted = retransmitted
    self.bitsPerSecond = bitsPerSecond
    self.lossFraction = lossFraction
    self.spatialLayer = spatialLayer
    self.temporalLayer = temporalLayer
  }
}

public struct TransportReport: Sendable, Hashable {
  public var id: TransportID
  public var path: PathKind?
  /// Milliseconds, from receiver reports or ICE checks; nil until known.
  public var roundTrip: Double?
  /// What we think the subscriber's line can take, bits per second.
  public var estimate: Int64?

  public init(id: TransportID, path: PathKind?, roundTrip: Double?, estimate: Int64?) {
    self.id = id
    self.path = path
    self.roundTrip = roundTrip
    self.estimate = estimate
  }
}

/// A shard's account of the last five seconds.
public struct ShardReport: Sendable {
  public var transports: [TransportReport] = []
  public var publications: [PublicationReport] = []
  public var subscriptions: [SubscriptionReport] = []

  public init() {}
}

/// One microphone's loudness over the last window (§6.6 of LiveKit's behaviour, RFC 6464 levels).
public struct SpeakerLevel: Sendable, Hashable {
  public var publication: PublicationID
  /// 0…1 in eighths; 0 = silent.
  public var level: Float
  public var isActive: Bool

  public init(publication: PublicationID, level: Float, isActive: Bool) {
    self.publication = publication
    self.level = level
    self.isActive = isActive
  }
}

public enum MediaEvent: Sendable {
  case transport(TransportID, TransportState, PathKind?)
  /// The first packet of a publication was accepted: the track is live.
  case publicationStarted(PublicationID, Codec)
  /// The first packet was forwarded to this subscriber.
  case subscriptionStarted(SubscriptionID)
  /// What flows to the subscriber changed; nil layers: nothing flows. `byBandwidth`: the line is the reason that it is
  /// less than wanted.
  case subscriptionLayer(SubscriptionID, spatial: UInt8?, temporal: UInt8?, byBandwidth: Bool)
  /// Every 400 ms, only those that changed.
  case speakers([SpeakerLevel])
  case dataChannelOpened(TransportID, DataChannelLabel)
  case data(TransportID, DataChannelLabel, [UInt8], isBinary: Bool)
  /// The association gave up, or a channel's queue stood at its limit and the message was dropped.
  case dataDropped(TransportID, DataChannelLabel, count: Int)
  /// Every 5 s.
  case report(ShardReport)
}
