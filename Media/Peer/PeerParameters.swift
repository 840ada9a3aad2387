// What a client is told, as plain values: the server's side of the session, and the streams of both directions. Where they
// come from (SDP, a file, a test) is not its business.

import Chronology
import Connectivity
import DataChannels
import MediaContract
import Wire

/// The server, as its description shows it.
public struct ServerParameters: Sendable {
  public var credentials: ICECredentials
  public var fingerprint: Fingerprint
  /// Which DTLS role the *client* plays; the server offers `actpass`, or answers `passive`.
  public var role: DTLSRole
  /// Where the server listens.
  public var candidates: [Path]
  public var extensions: HeaderExtensionIDs
  /// Transport-wide feedback was negotiated: the client reports arrivals.
  public var usesTransportFeedback: Bool
  /// `a=max-message-size`; nil = no data channels.
  public var maximumMessageSize: Int?

  public init(
    credentials: ICECredentials, fingerprint: Fingerprint, role: DTLSRole = .client, candidates: [Path],
    extensions: HeaderExtensionIDs, usesTransportFeedback: Bool = true, maximumMessageSize: Int? = 65_536
  ) {
    self.credentials = credentials
    self.fingerprint = fingerprint
    self.role = role
    self.candidates = candidates
    self.extensions = extensions
    self.usesTransportFeedback = usesTransportFeedback
    self.maximumMessageSize = maximumMessageSize
  }
}

/// A stream that the client sends: one encoding of one track.
public struct OutgoingParameters: Sendable {
  public var ssrc: UInt32
  public var payloadType: UInt8
  /// Hz.
  public var clockRate: UInt32
  public var mid: ShortString
  /// The simulcast encoding, or empty.
  public var rid: ShortString
  /// NACKs are answered.
  public var usesNACK: Bool
  /// Retransmissions go in a stream of their own (RFC 4588); nil = the packet is sent again as it was.
  public var retransmission: (ssrc: UInt32, payloadType: UInt8)?
  public var kind: MediaKind

  public init(
    ssrc: UInt32, kind: MediaKind, payloadType: UInt8, clockRate: UInt32, mid: String, rid: String = "",
    usesNACK: Bool = true, retransmission: (ssrc: UInt32, payloadType: UInt8)? = nil
  ) {
    self.ssrc = ssrc
    self.kind = kind
    self.payloadType = payloadType
    self.clockRate = clockRate
    self.mid = ShortString(mid) ?? ShortString()
    self.rid = ShortString(rid) ?? ShortString()
    self.usesNACK = usesNACK
    self.retransmission = retransmission
  }
}

/// A stream that the server will send.
public struct IncomingParameters: Sendable {
  public var ssrc: UInt32
  public var kind: MediaKind
  /// The payload type that a retransmission gets back when it is unpacked.
  public var payloadType: UInt8
  /// Hz.
  public var clockRate: UInt32
  /// Missing packets are asked for.
  public var usesNACK: Bool
  /// Where retransmissions come (RFC 4588).
  public var retransmissionSSRC: UInt32?

  public init(
    ssrc: UInt32, kind: MediaKind, payloadType: UInt8, clockRate: UInt32, usesNACK: Bool = true,
    retransmissionSSRC: UInt32? = nil
  ) {
    self.ssrc = ssrc
    self.kind = kind
    self.payloadType = payloadType
    self.clockRate = clockRate
    self.usesNACK = usesNACK
    self.retransmissionSSRC = retransmissionSSRC
  }
}

/// What happened, oldest first.
public enum PeerEvent: Sendable, Hashable {
  case state(TransportState)
  /// The server wants a key frame of this stream of ours.
  case keyFrameRequested(ssrc: UInt32)
  case data(DataChannelEvent)
}

/// A packet of an expected stream, in the memory that was handed to `receive`.
public struct ReceivedMedia: Sendable, Hashable {
  /// As the original stream has it, also for retransmissions. Its ranges count from `packet.offset`.
  public var header: RTPHeader
  public var extensions: RTPExtensions
  /// The sequence number, unrolled.
  public var extendedSequence: Int64
  /// Header and payload, without padding.
  public var packet: ByteRange
  /// The payload alone, counted from the start of the memory.
  public var payload: ByteRange
  /// It came by retransmission.
  public var isRetransmission: Bool
}

/// What a datagram was to the client.
public enum PeerReceived: Sendable, Hashable {
  /// Nothing to look at; events may have come.
  case nothing
  case media(ReceivedMedia)
}

/// Counts of one incoming stream.
public struct IncomingStatistics: Sendable, Hashable {
  public var packets: UInt64
  public var bytes: UInt64
  /// Never came, not even by retransmission.
  public var lost: UInt64
  public var recovered: UInt64
  public var duplicates: UInt64
  /// In ticks.
  public var jitter: UInt32
  public var bitsPerSecond: Int64
  public var framesPerSecond: Double
  /// NACKs asked for this many packets.
  public var requested: UInt64
  public var keyFrameRequests: UInt64
}

/// Counts of one outgoing stream.
public struct OutgoingStatistics: Sendable, Hashable {
  public var packets: UInt64 = 0
  /// Of payload.
  public var bytes: UInt64 = 0
  public var retransmitted: UInt64 = 0
  public var keyFrameRequests: UInt64 = 0
  /// From the last receiver report: 0…1.
  public var lossFraction = 0.0
  /// From the last receiver report; nil before.
  public var roundTrip: Interval?

  public init() {}
}
