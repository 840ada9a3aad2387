// The client's side of a session, without input or output: ICE that checks, DTLS, SRTP both ways, streams, feedback and
// data channels, built from the parts of the server. The simulator, the demo room and the load generator are made of it.
//
// The owner calls `receive` for datagrams, `send` for media and `advance` when `nextDeadline` has come, and afterwards
// `drainDepartures` and `nextEvent`. No SDP in here: whoever speaks with the server's signalling hands over values.

import Bytes
import Chronology
import Congestion
import Connectivity
import Cryptography
import DataChannels
import MediaContract
import Randomness
import Streams
import Wire

public struct MediaPeer: ~Copyable {
  /// What was refused or given up.
  public struct Counters: Sendable, Hashable {
    /// Media of streams that nobody announced.
    public var unexpected: UInt64 = 0
    public var malformed: UInt64 = 0
    /// Datagrams that found no room because nobody drained.
    public var departuresDropped: UInt64 = 0
    public var eventsDropped: UInt64 = 0

    public init() {}
  }

  public internal(set) var counters = Counters()
  var transport: SecureTransport
  var association: SCTPAssociation?
  var departures = DepartureQueue()
  var events: [PeerEvent] = []
  var random: Random
  /// What the clocks showed at the start. NTP time goes on from there by the monotonic clock: it never steps.
  let start: Moment
  /// The latest time that was heard of.
  var now: Instant
  var extensions = HeaderExtensionIDs()
  var usesTransportFeedback = false
  /// Ours, for reports and requests while nothing is sent.
  let controlSSRC: UInt32

  var outgoing = SlotTable<OutgoingStream>(limit: Limit.outgoingStreams, initialCapacity: 4)
  var incoming: [IncomingStream?] = []
  var sources = SourceTable()
  var arrivals = ArrivalRecorder()
  var sequencer = TransportSequencer()
  /// What our own line takes, by the server's feedback.
  public internal(set) var estimate = SenderEstimate()
  var results: [PacketResult] = []
  var nackNumbers: [UInt16] = []
  var nextReport: Instant?
  /// Where control packets are written before they are sealed; they are small and few.
  var scratch = [UInt8](repeating: 0, count: Limit.controlBytes)

  /// - Parameters:
  ///   - local: what our description told the server.
  ///   - random: for ICE, SCTP and sequence numbers. Seed it from the kernel outside of tests.
  public init(local: ICECredentials, start: Moment, random: Random) {
    self.random = random
    self.start = start
    now = start.instant
    controlSSRC = UInt32.random(in: 1...UInt32.max, using: &self.random)
    transport = SecureTransport(role: .controlling, local: local, random: Random(seed: self.random.next()))
  }

  /// Begins to check the server's candidates; DTLS and SCTP follow by themselves. A later call is an ICE restart, or
  /// changes the extensions.
  public mutating func connect(to server: ServerParameters, context: borrowing DTLSContext, at time: Instant) {
    now = max(now, time)
    extensions = server.extensions
    usesTransportFeedback = server.usesTransportFeedback
    for candidate in server.candidates { _ = transport.addCandidate(candidate, at: time) }
    transport.setRemote(
      server.credentials, fingerprint: server.fingerprint, role: server.role, context: context, at: time)
    if association == nil, let size = server.maximumMessageSize {
      association = SCTPAssociation(
        .init(isDTLSClient: server.role == .client, remoteMaximumMessageSize: size),
        random: Random(seed: random.next()))
    }
    transport.advance(to: time)
    settle(at: time)
  }

  /// New local credentials for an ICE restart; `connect` with the server's new ones follows.
  public mutating func restartICE(local credentials: ICECredentials) { transport.restartICE(local: credentials) }

  /// Where the session stands; nil before the first valid check.
  public var state: TransportState? { transport.state }

  /// By what media is sealed; nil until connected.
  public var profile: SRTPProfile? { transport.profile }

  /// Of the last ICE check.
  public var roundTrip: Interval? { transport.roundTrip }

  // MARK: Driving

  /// When `advance` has something to do; nil while nothing is waited for.
  public var nextDeadline: Instant? {
    var deadline = transport.nextDeadline ?? .distantFuture
    if let data = association?.nextDeadline { deadline = min(deadline, data) }
    guard transport.isSecure else { return deadline == .distantFuture ? nil : deadline }
    if let nextReport { deadline = min(deadline, nextReport) }
    if usesTransportFeedback, let feedback = arrivals.nextDeadline { deadline = min(deadline, feedback) }
    for index in incoming.indices {
      if let due = incoming[index]?.stream.nack?.nextDeadline { deadline = min(deadline, due) }
      if let due = incoming[index]?.keyFrameDeadline { deadline = min(deadline, due) }
    }
    return deadline == .distantFuture ? nil : deadline
  }

  /// Fires what is due.
  public mutating func advance(to time: Instant) {
    now = max(now, time)
    transport.advance(to: time)
    association?.advance(to: time)
    if transport.isSecure { sendDueReports(at: time) }
    settle(at: time)
  }

  /// Hands out every datagram that waits, with where it goes. The bytes are good during the call only.
  public mutating func drainDepartures(_ send: (RawSpan, Path) -> Void) {
    // DTLS queues few datagrams: SCTP's packets go through it in turns.
    var isMoreWaiting = true
    while isMoreWaiting {
      isMoreWaiting = pumpData()
      while let departure = transport.nextDeparture() { send(departure.bytes.rawSpan, departure.path) }
    }
    departures.drain(send)
  }

  /// What happened, oldest first; nil when all was taken.
  public mutating func nextEvent() -> PeerEvent? {
    if !events.isEmpty { return events.removeFirst() }
    return association?.nextEvent().map { .data($0) }
  }

  /// Says goodbye on every layer. Drain the departures afterwards.
  public mutating func close(at time: Instant) {
    association?.abort(at: time)
    while pumpData() {}
    transport.close(at: time)
    settle(at: time)
  }

  /// Moves SCTP packets into DTLS. True when there may be more.
  private mutating func pumpData() -> Bool {
    guard transport.state == .connected || transport.state == .disconnected else { return false }
    for _ in 0..<Limit.messagesPerTurn {
      guard let packet = association?.nextPacket(at: now) else { return false }
      _ = transport.send(packet.rawSpan, at: now)
    }
    return true
  }

  /// Brings events up to what the transport says now.
  mutating func settle(at time: Instant) {
    while let event = transport.nextEvent() {
      guard case .state(let state) = event else { continue }
      if state == .connected {
        association?.connect(at: time)
        if nextReport == nil { nextReport = time + Limit.reportInterval }
      }
      raise(.state(state))
    }
  }

  mutating func raise(_ event: PeerEvent) {
    guard events.count < Limit.events else {
      counters.eventsDropped &+= 1
      return
    }
    events.append(event)
  }

  // MARK: Data channels

  /// `SCTPAssociation.open`: before `connect`, or when the server takes no data, there is no association.
  public mutating func openChannel(
    _ parameters: DataChannelParameters, at time: Instant
  ) throws(DataChannelError) -> UInt16 {
    now = max(now, time)
    guard association != nil else { throw .associationEnded }
    return try association?.open(parameters, at: time) ?? 0
  }

  /// `SCTPAssociation.send`.
  public mutating func sendData(
    _ bytes: [UInt8], isBinary: Bool = true, on stream: UInt16, at time: Instant
  ) throws(DataChannelError) {
    now = max(now, time)
    guard association != nil else { throw .associationEnded }
    try association?.send(bytes, isBinary: isBinary, on: stream, at: time)
  }

  /// `SCTPAssociation.close`.
  public mutating func closeChannel(_ stream: UInt16, at time: Instant) {
    now = max(now, time)
    association?.close(stream, at: time)
  }
}
