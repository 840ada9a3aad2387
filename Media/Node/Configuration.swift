// What a shard may hold and how it behaves: sizes with their reasons, set once.

import Chronology

public struct Configuration: Sendable {
  /// Peer connections in one shard. A transport that joined a room and is idle costs about 100 KiB.
  public var transports = 4_096
  /// Tracks that are published to one shard.
  public var publications = 8_192
  /// Tracks on their way to a subscriber: a room of n people with one track each has n·(n − 1).
  public var subscriptions = 65_536
  /// Bytes of packets that are prepared before the driver must send.
  public var arenaBytes = 2 << 20
  /// How long a voice waits for the other voices that its listeners hear, where there are enough of them. Less than
  /// 5 ms with the timers' inaccuracy: jitter buffers of clients hold several times that. Zero: nobody waits.
  public var voiceGathering = Interval.microseconds(4_500)
  /// The name by which clients see us as a sender of RTCP.
  public var canonicalNamePrefix = "mqvi"

  public init() {}
}

/// The bounds that nobody needs to set, each with its reason. Beyond a bound things are dropped and counted.
public enum Limit {
  /// Streams that one transport may send: 16 publications of three encodings with a retransmission stream each are 96.
  public static let sourcesPerTransport = 128
  /// Encodings of a publication: LiveKit knows three qualities, RFC 8853 more; what is beyond is not bound.
  public static let encodingsPerPublication = 4
  /// Spatial and temporal layers count from 0 to 3, whatever a command says.
  public static let highestLayer: UInt8 = 3
  /// Publications of one transport: a participant with two cameras, two screens and their audio has six.
  public static let publicationsPerTransport = 64
  /// Subscriptions of one transport, and of one publication: a room of some thousand listeners.
  public static let subscriptionsPerTransport = 4_096
  /// SSRCs that one transport ever had from us: their numbers are remembered as long as its keys live. A client that
  /// changes subscriptions every second reaches it after four hours, and must then connect anew.
  public static let streamsPerTransport = 16_384
  /// Packets of one publication in one turn. At 5 ms a turn this is 400 Mbit/s.
  public static let arrivalsPerTurn = 512
  /// Packets that are sent from the history at once when the first packet of a key frame came late.
  public static let replayedPackets = 256
  /// Padding that a packet may get so that its frame leaves as one run: more would cost the subscriber's line more than
  /// one percent.
  public static let levellingBytes: UInt16 = 12
  /// How long the beginning of a video frame waits for its end. Browsers' pacers spread a large frame over 5 ms and more:
  /// those leave in parts.
  public static let frameGathering = Interval.milliseconds(2)
  /// How long nothing but voices with company must have come before a driver may leave datagrams in the socket for the
  /// few milliseconds of their gathering.
  public static let calm = Interval.seconds(1)
  /// Audio packets for all listeners that are sorted at once; with more, a listener's leave in several runs.
  public static let queuedVoices = 16_384
  /// Listeners of a voice whose other voices are counted, to see whether it should wait for them.
  public static let companyListeners = 8
  /// Events that wait for the control plane; beyond, reports and speaker levels are dropped first.
  public static let events = 16_384
  /// Data channels that a transport asked for before its association was up.
  public static let queuedChannels = 16
  /// SCTP packets of one association in one turn: a window's worth; the rest follows in the next turn.
  public static let associationPackets = 64
  /// Requests of one RTCP packet that are answered: a NACK can name 17 packets in each of some hundred pairs, more than
  /// any history is good for.
  public static let requestsPerPacket = 512
  /// The longest datagram that is looked at: longer ones do not come over the Internet unfragmented.
  public static let datagramBytes = 2_048
  /// Room that a forwarded packet needs beyond its payload: header with extensions (113), dependency descriptor (255),
  /// RTX head (2), authentication tag (16).
  public static let packetOverhead = 400
  /// Bytes of the name under which RTCP knows a client's media: a prefix and a number. As many as `CanonicalName` holds.
  public static let canonicalNameBytes = 48
  /// The longest RTCP datagram that we write: one Ethernet payload less IPv6, UDP and SRTCP's trailer.
  public static let reportBytes = 1_200
}

/// How often things happen that are not driven by packets.
enum Period {
  /// Speaker levels: LiveKit's window.
  static let speakers = Interval.milliseconds(400)
  /// Reports to the control plane.
  static let reports = Interval.seconds(5)
  /// RTCP sender and receiver reports. RFC 3550 §6.2 allows a fixed reduced minimum; browsers send each second too.
  static let controlReports = Interval.seconds(1)
  /// The grid on which transports are looked at for what need not be exact: one waking up then serves many of them.
  static let grid = Interval.milliseconds(10)
  /// Bandwidth decisions and the search for layers that stopped.
  static let allocation = Interval.milliseconds(200)
}
