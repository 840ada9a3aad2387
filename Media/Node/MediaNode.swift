// One shard of the SFU: everything that one UDP port's clients send and get. Commands in, events out, datagrams both
// ways; no socket, clock, thread or lock.
//
// A turn of its driver: `receive` what the socket has, `perform` what the mailbox has, `advance` to now, then
// `collectDepartures` and send until it returns false. Nothing is fanned out before `collectDepartures`, so that the
// packets of a frame leave together.

import Bytes
import Chronology
import Congestion
import Connectivity
import Cryptography
import Forwarding
import MediaContract
import Randomness
import Streams
import Wire

public struct MediaNode: ~Copyable {
  public let configuration: Configuration
  let context: DTLSContext
  var random: Random

  var transports: SlotTable<Transport>
  var publications: SlotTable<Publication>
  var encodings: SlotTable<EncodingStream>
  var subscriptions: SlotTable<Subscription>

  // The control plane's names. Looked at in `perform` only.
  var transportHandles: [TransportID: Handle<Transport>] = [:]
  var publicationHandles: [PublicationID: Handle<Publication>] = [:]
  var subscriptionHandles: [SubscriptionID: Handle<Subscription>] = [:]

  /// By the local username fragment of a binding request, RFC 8445 §7.3, and by validated path.
  var usernames: UsernameTable
  var paths: PathTable

  public internal(set) var departures: Departures
  /// The driver has been shown the departures; the next call begins anew.
  var isHandedOut = false
  /// Publications that wait for more packets to leave with.
  var gathering: Gathering
  /// Video publications whose packets are to be fanned out, and how far the one in front has come.
  var pending: [Handle<Publication>] = []
  var cursor = FanOutCursor()
  /// Audio publications whose packets are to be fanned out, and how many subscriptions of the last one are queued.
  var voices: [Handle<Publication>] = []
  var voiceCursor = 0
  /// Audio packets by listener; the packets of one listener that are put into runs together, and how.
  var listeners = ListenerQueue()
  var group: [QueuedPacket] = []
  var candidates: [RunCandidate] = []
  var plan = RunPlan()
  /// Transports that may have datagrams to send, which they make themselves (STUN, DTLS, SCTP).
  var talkative: [Handle<Transport>] = []
  var deadlines = DeadlineQueue()
  /// When the datagram in hand reached this machine.
  var arrival = Instant.origin
  /// When things of the whole shard are due.
  var nextSpeakers: Instant
  var nextReport: Instant
  var lastReport: Instant
  /// The two clocks at the start; wall time is only ever derived from it.
  let start: Moment

  var events = EventQueue()
  public internal(set) var counters = Counters()
  public internal(set) var delays = DelayHistogram()
  /// Packets among the departures, until it is known when they left.
  var leaving: [LeavingPackets] = []

  // Buffers that are used again and again, so that regular work allocates nothing.
  var missing: [UInt16] = []
  var blocks: [ReportBlock] = []
  var reports: [NamedReport] = []
  var feedbackResults: [PacketResult] = []
  var demands: [LayerDemand] = []
  var arrivals = ArrivalRecorder()
  var demanding: [Handle<Subscription>] = []

  /// - Parameters:
  ///   - certificate: proves the shard to all its clients; its fingerprint stands in every description.
  ///   - seed: from the kernel; SSRCs, first sequence numbers and SCTP tags come from it.
  public init(_ configuration: Configuration, certificate: Certificate, seed: UInt64, start: Moment) {
    self.configuration = configuration
    context = DTLSContext(certificate: certificate)
    random = Random(seed: seed)
    transports = SlotTable(limit: configuration.transports)
    publications = SlotTable(limit: configuration.publications)
    encodings = SlotTable(limit: configuration.publications * 2)
    subscriptions = SlotTable(limit: configuration.subscriptions)
    departures = Departures(capacity: configuration.arenaBytes)
    nextSpeakers = start.instant + Period.speakers
    nextReport = start.instant + Period.reports
    lastReport = start.instant
    self.start = start
    gathering = Gathering(at: start.instant)
    usernames = UsernameTable(limit: configuration.transports * 2)
    paths = PathTable(limit: configuration.transports * ICEAgent.Limit.paths, seed: random.next())
    missing.reserveCapacity(Streams.Limit.missing)
    leaving.reserveCapacity(Departures.Run.records)
    group.reserveCapacity(RunPlan.Limit.candidates)
    candidates.reserveCapacity(RunPlan.Limit.candidates)
  }

  /// When `advance` or `collectDepartures` has something to do, if nothing happens before.
  public var nextDeadline: Instant { min(nextTimer, nextCollection) }

  /// When `advance` has something to do.
  public var nextTimer: Instant {
    if transports.count == 0 { return .distantFuture }
    return min(deadlines.next, nextSpeakers, nextReport)
  }

  /// When `collectDepartures` has packets to send that wait for others until then.
  public var nextCollection: Instant { gathering.due }

  /// What happened, oldest first; nil when all was taken.
  public mutating func nextEvent() -> MediaEvent? { events.popFirst() }

  /// Both clocks at `time`.
  func moment(at time: Instant) -> Moment {
    let elapsed = (time - start.instant).milliseconds
    return Moment(instant: time, wall: WallTime(milliseconds: start.wall.milliseconds + elapsed))
  }

  /// Transports, publications and subscriptions that the shard holds now.
  public var population: (transports: Int, publications: Int, subscriptions: Int) {
    (transports.count, publications.count, subscriptions.count)
  }
}

/// How far a fan-out has come when the arena was full.
struct FanOutCursor: Sendable {
  var subscription = 0
  var arrival = 0
}
