// One SCTP association inside DTLS and the data channels on it: the part of SCTP that WebRTC uses, without input or output.
//
// RFC 9260 (SCTP), RFC 8261 (over DTLS), RFC 3758 (partial reliability), RFC 6525 (stream reset), RFC 4820 (padding),
// RFC 8831 and RFC 8832 (data channels and how they open). One path only; neither address management, authentication nor
// interleaving (RFC 8260) is offered. Why it is our own: Sources/Documentation/decisions/0003-own-sctp.md.
//
// The owner calls `receive`, `send` and `advance` with the time, and then takes `nextPacket` until nil, `nextEvent` until
// nil, and `nextDeadline` to know when to call again.

import Bytes
import Chronology
import Randomness

public struct SCTPAssociation: Sendable {
  /// What both descriptions said about the association (RFC 8841).
  public struct Configuration: Sendable {
    public var localPort: UInt16
    public var remotePort: UInt16
    /// The DTLS client takes even stream ids, the server odd ones (RFC 8832 §6).
    public var isDTLSClient: Bool
    /// Largest message that we take, bytes; what our description announces. At most `Limit.messageBytes`.
    public var localMaximumMessageSize: Int
    /// Largest message that the other side takes, bytes; 0 = any.
    public var remoteMaximumMessageSize: Int
    /// Largest packet that is handed to DTLS, bytes. 1150 leaves room for DTLS, UDP and IPv6 in 1280 (RFC 8261 §5).
    public var packetBytes: Int

    public init(
      isDTLSClient: Bool, localPort: UInt16 = 5000, remotePort: UInt16 = 5000,
      localMaximumMessageSize: Int = Limit.messageBytes, remoteMaximumMessageSize: Int = 65_536,
      packetBytes: Int = 1150
    ) {
      precondition(packetBytes >= 512, "an INIT ACK with its cookie must fit into a packet")
      self.isDTLSClient = isDTLSClient
      self.localPort = localPort
      self.remotePort = remotePort
      self.localMaximumMessageSize = min(localMaximumMessageSize, Limit.messageBytes)
      self.remoteMaximumMessageSize = remoteMaximumMessageSize
      self.packetBytes = packetBytes & ~3
    }
  }

  /// What came in that was no use, and what was given up. They only grow.
  public struct Counters: Sendable, Hashable {
    public var packetsReceived: UInt64 = 0
    public var packetsSent: UInt64 = 0
    /// Packets or chunks cut short, with a wrong checksum, port or verification tag.
    public var malformed: UInt64 = 0
    /// DATA chunks that came again.
    public var duplicates: UInt64 = 0
    /// DATA chunks that found no room.
    public var refused: UInt64 = 0
    /// Messages on streams without a channel.
    public var unclaimed: UInt64 = 0
    public var retransmissions: UInt64 = 0
    /// Messages refused by `send` because a queue stood at its limit.
    public var queueDrops: UInt64 = 0

    public init() {}
  }

  /// RFC 9260 §4.
  enum State: Sendable {
    case closed, cookieWait, cookieEchoed, established
    case shutdownPending, shutdownSent, shutdownReceived, shutdownAcknowledged
    case ended
  }

  public let configuration: Configuration
  public internal(set) var counters = Counters()
  var state = State.closed
  var random: Random
  /// Known only to us until it comes back in a cookie.
  let cookieSecret: UInt64
  var local: Initiation
  var peer: Initiation?
  var timers = Timers()
  var outbound: OutboundData
  var inbound: InboundData
  var resets: StreamResets
  var channels: [Channel] = []
  /// The channel whose turn it is; it keeps the turn until its message is sent whole.
  var turn = 0
  /// Packets that must not be shared with other chunks: INIT, INIT ACK, ABORT, SHUTDOWN COMPLETE.
  var packets = Queue<[UInt8]>()
  /// Chunks for the next packet.
  var control = Queue<[UInt8]>()
  var events = Queue<DataChannelEvent>()
  /// Payload bytes in `events`.
  var eventBytes = 0
  var queuedBytes = 0
  var queuedMessages = 0
  /// Packets with data since the last SACK, and whether one must go now.
  var unacknowledgedPackets = 0
  var isAcknowledgementDue = false
  var announcedWindow = Limit.receiveWindow
  /// The cookie of the other side until it is confirmed.
  var echoedCookie: [UInt8] = []
  /// Timeouts in a row (RFC 9260 §8.1).
  var errorCount = 0
  /// The heartbeat that has not been answered: its nonce and when it left.
  var heartbeat: (nonce: UInt64, sentAt: Instant)?

  /// `random` gives the verification tag and the first TSN: seed it from the kernel.
  public init(_ configuration: Configuration, random: Random) {
    self.configuration = configuration
    self.random = random
    cookieSecret = self.random.next()
    local = Self.makeInitiation(&self.random)
    outbound = OutboundData(firstTSN: local.firstTSN, packetBytes: configuration.packetBytes)
    inbound = InboundData(peerFirstTSN: TSN(0), messageLimit: configuration.localMaximumMessageSize)
    resets = StreamResets(localFirstTSN: local.firstTSN, peerFirstTSN: TSN(0))
  }

  static func makeInitiation(_ random: inout Random) -> Initiation {
    Initiation(
      tag: UInt32.random(in: 1...UInt32.max, using: &random), window: UInt32(Limit.receiveWindow),
      outboundStreams: .max, inboundStreams: .max, firstTSN: TSN(UInt32.random(in: 0...UInt32.max, using: &random)),
      supportsPartialReliability: true, supportsReconfiguration: true)
  }

  /// Data may flow in both directions.
  public var isEstablished: Bool { state == .established }

  /// The smoothed round trip, once something was measured.
  public var roundTrip: Interval? { outbound.timeout.roundTrip }

  // MARK: Driving

  /// What happened, oldest first; nil when all was taken.
  public mutating func nextEvent() -> DataChannelEvent? {
    guard let event = events.popFirst() else { return nil }
    if case .message(_, let bytes, _) = event {
      eventBytes -= bytes.count
      // The window had nearly closed and is open again: the sender must learn of it (RFC 9260 §6.2).
      if announcedWindow < Limit.receiveWindow / 4, receiveWindow >= Limit.receiveWindow / 2 {
        isAcknowledgementDue = true
      }
    }
    return event
  }

  /// When `advance` has something to do; nil while nothing is waited for.
  public var nextDeadline: Instant? { timers.earliest }

  /// Fires what is due at `time`.
  public mutating func advance(to time: Instant) {
    while let timer = timers.takeDue(at: time) { fire(timer, at: time) }
  }

  /// Bytes that may still come before the buffers are full.
  var receiveWindow: Int { max(0, Limit.receiveWindow - inbound.heldBytes - eventBytes) }

  mutating func emit(_ event: DataChannelEvent) {
    if case .message(_, let bytes, _) = event { eventBytes += bytes.count }
    events.append(event)
  }

  mutating func enqueueControl(_ chunk: [UInt8]) {
    guard control.count < Limit.controlChunks else { return }
    control.append(chunk)
  }
}
