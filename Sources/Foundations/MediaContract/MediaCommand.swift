// Control plane → data plane. Every command is a complete value: it needs nothing that the shard does not have.

/// A channel by its purpose; the three that LiveKit names, and any other by its label.
public enum DataChannelLabel: Sendable, Hashable {
  /// `_reliable`: ordered, retransmitted without end.
  case reliable
  /// `_lossy`: unordered, never retransmitted.
  case lossy
  /// `_data_track`: unordered, never retransmitted, raw data-track packets.
  case dataTrack
  case other(String)
}

/// What the data plane must know to answer a client's ICE and DTLS before it has seen the client's description.
public struct TransportParameters: Sendable {
  public var id: TransportID
  /// Ours, RFC 8839 §5.4: at least 4 and 22 characters. The fragment is unique in the process.
  public var localUsernameFragment: String
  public var localPassword: String

  public init(id: TransportID, localUsernameFragment: String, localPassword: String) {
    self.id = id
    self.localUsernameFragment = localUsernameFragment
    self.localPassword = localPassword
  }
}

/// Who sends the first DTLS flight (RFC 8842 `a=setup`).
public enum DTLSRole: Sendable, Hashable { case client, server }

/// `a=fingerprint` (RFC 8122): the hash function's name in lower case and the digest's bytes.
public struct Fingerprint: Sendable, Hashable {
  public var algorithm: String
  public var digest: [UInt8]

  public init(algorithm: String, digest: [UInt8]) {
    self.algorithm = algorithm
    self.digest = digest
  }
}

/// The remote half of a transport, from its description.
public struct RemoteTransportParameters: Sendable {
  public var usernameFragment: String
  public var password: String
  public var fingerprint: Fingerprint
  /// Which role *we* play.
  public var role: DTLSRole
  /// `a=max-message-size` of the other side (RFC 8841), bytes; 0 = no data channels.
  public var maximumMessageSize: Int
  /// `a=sctp-port`.
  public var sctpPort: UInt16
  /// Ids by which the other side marks packets it sends, and understands those that we send. One table for a transport:
  /// bundled m-lines must agree (RFC 9143 §8).
  public var extensions: HeaderExtensionIDs

  public init(
    usernameFragment: String, password: String, fingerprint: Fingerprint, role: DTLSRole, maximumMessageSize: Int,
    sctpPort: UInt16, extensions: HeaderExtensionIDs
  ) {
    self.usernameFragment = usernameFragment
    self.password = password
    self.fingerprint = fingerprint
    self.role = role
    self.maximumMessageSize = maximumMessageSize
    self.sctpPort = sctpPort
    self.extensions = extensions
  }
}

/// A track that a transport will receive from its client.
public struct PublicationParameters: Sendable {
  public var id: PublicationID
  public var transport: TransportID
  public var kind: MediaKind
  /// Takes part in speaker detection.
  public var isMicrophone: Bool
  /// Screen content: a still picture is a quiet stream, not a dead one, and sharpness goes before motion.
  public var isScreenShare: Bool
  public var mid: String
  public var formats: [PayloadFormat]
  public var extensions: HeaderExtensionIDs
  public var feedback: FeedbackSupport
  /// Lowest quality first; one entry for anything that is not simulcast.
  public var encodings: [Encoding]
  /// The payload is end-to-end encrypted: nothing behind the codec's clear bytes may be read.
  public var isEncrypted: Bool
  /// Nothing is forwarded while muted.
  public var isMuted: Bool

  public init(
    id: PublicationID, transport: TransportID, kind: MediaKind, isMicrophone: Bool, isScreenShare: Bool, mid: String,
    formats: [PayloadFormat], extensions: HeaderExtensionIDs, feedback: FeedbackSupport, encodings: [Encoding],
    isEncrypted: Bool, isMuted: Bool
  ) {
    self.id = id
    self.transport = transport
    self.kind = kind
    self.isMicrophone = isMicrophone
    self.isScreenShare = isScreenShare
    self.mid = mid
    self.formats = formats
    self.extensions = extensions
    self.feedback = feedback
    self.encodings = encodings
    self.isEncrypted = isEncrypted
    self.isMuted = isMuted
  }
}

/// How much of a publication a subscriber wants. Any change takes effect at the next key frame or frame boundary.
public struct SubscriptionTarget: Sendable, Hashable {
  /// Nothing flows while paused (disabled by the viewer, muted, or not permitted).
  public var isPaused: Bool
  /// Highest spatial layer wanted: 0…2.
  public var maximumSpatialLayer: UInt8
  /// Highest temporal layer wanted: 0…3.
  public var maximumTemporalLayer: UInt8
  /// 1…255; a larger share of scarce bandwidth goes to the larger priority.
  public var priority: UInt8

  public init(
    isPaused: Bool = false, maximumSpatialLayer: UInt8 = 2, maximumTemporalLayer: UInt8 = 3, priority: UInt8 = 1
  ) {
    self.isPaused = isPaused
    self.maximumSpatialLayer = maximumSpatialLayer
    self.maximumTemporalLayer = maximumTemporalLayer
    self.priority = priority
  }
}

/// One publication's way to one subscriber.
public struct SubscriptionParameters: Sendable {
  public var id: SubscriptionID
  public var publication: PublicationID
  public var transport: TransportID
  public var mid: String
  /// Ours, as announced in SDP.
  public var ssrc: UInt32
  /// Ours for retransmissions, if negotiated.
  public var rtxSSRC: UInt32?
  /// What the subscriber can take, by its payload types. A RED publication whose subscriber lists only Opus is stripped.
  public var formats: [PayloadFormat]
  public var extensions: HeaderExtensionIDs
  public var feedback: FeedbackSupport
  public var target: SubscriptionTarget

  public init(
    id: SubscriptionID, publication: PublicationID, transport: TransportID, mid: String, ssrc: UInt32, rtxSSRC: UInt32?,
    formats: [PayloadFormat], extensions: HeaderExtensionIDs, feedback: FeedbackSupport, target: SubscriptionTarget
  ) {
    self.id = id
    self.publication = publication
    self.transport = transport
    self.mid = mid
    self.ssrc = ssrc
    self.rtxSSRC = rtxSSRC
    self.formats = formats
    self.extensions = extensions
    self.feedback = feedback
    self.target = target
  }
}

/// Everything that the control plane may ask of a shard. A command about something that has gone is ignored.
public enum MediaCommand: Sendable {
  case openTransport(TransportParameters)
  /// The other side's description arrived, or a new one (an ICE restart shows as other credentials).
  case setRemote(TransportID, RemoteTransportParameters)
  /// New local credentials for an ICE restart; the old ones are honoured until the new ones are used (RFC 8445 §9).
  case restartICE(TransportID, usernameFragment: String, password: String)
  case closeTransport(TransportID)

  /// Adds, or replaces the parameters of, a publication.
  case setPublication(PublicationParameters)
  case setMuted(PublicationID, Bool)
  /// Asks the publisher for a key frame on every layer in use.
  case requestKeyFrame(PublicationID)
  case removePublication(PublicationID)

  /// Adds, or replaces the parameters of, a subscription. Sequence numbers and clocks go on over a replacement.
  case setSubscription(SubscriptionParameters)
  case setTarget(SubscriptionID, SubscriptionTarget)
  case removeSubscription(SubscriptionID)

  /// Opens a channel from our side (RFC 8832) once the association is up.
  case openDataChannel(TransportID, DataChannelLabel, ordered: Bool, maximumRetransmits: UInt16?)
  /// Queues one message on every listed transport that has the channel open.
  case sendData([TransportID], DataChannelLabel, [UInt8], isBinary: Bool)
  /// Overrides the estimate of what a transport can take, bits per second; nil gives it back to the estimator.
  case limitBandwidth(TransportID, bitsPerSecond: Int64?)
}
