// One peer connection: its way through the network, what it sends and gets, and what its line can take.

import Bytes
import Chronology
import Congestion
import Connectivity
import DataChannels
import Forwarding
import MediaContract
import Randomness
import Streams
import Wire

struct Transport: ~Copyable {
  let id: TransportID
  var secure: SecureTransport
  /// Where media goes; nil while there is no path or no key.
  var sendingPath: Path?
  /// Paths of this transport in the node's table.
  var paths: [Path] = []
  /// Our username fragments in the node's table, the newest last.
  var fragments: [String]
  var remote: RemoteTransportParameters?
  /// By which the client marks the packets that it sends.
  var extensions = HeaderExtensionIDs()
  /// It stands in the node's list of transports with datagrams of their own.
  var isTalkative = false

  var sources = SourceTable()
  var publications: [Handle<Publication>] = []
  var subscriptions: [Handle<Subscription>] = []
  /// Subscriptions by our SSRC, for feedback.
  var outgoing: [UInt32: Handle<Subscription>] = [:]
  /// Where the numbers of streams that ended stood, by SSRC: one that is used again goes on from there.
  var ended: [UInt32: StreamEnd] = [:]

  /// Arrivals of the client's packets, for its estimator.
  var arrivals = ArrivalRecorder()
  /// Numbers of our packets, for our estimator.
  var sequencer = TransportSequencer()
  var estimate = SenderEstimate()
  /// Bits per second that the control plane set in place of the estimate.
  var bandwidthLimit: Int64?
  var hasTransportFeedback = false
  /// The line was once found too narrow: by delay, by loss, or by the receiver's word.
  private(set) var hasShownLimit = false
  /// The line is the reason that some subscription gets less than is wanted.
  var isConstrained = false
  /// Smoothed, from whatever measures it.
  private(set) var roundTrip: Interval?
  var referenceTime: ReferenceTime?

  /// We, as a sender of RTCP.
  let controlSSRC: UInt32
  let canonicalName: CanonicalName
  /// Any stream of the client: what transport-wide feedback names as its media source.
  var mediaSSRC: UInt32 = 0
  var association: SCTPAssociation?
  var channels = ChannelTable()

  var nextControlReport: Instant
  var nextAllocation: Instant
  /// Audio packets that were sent to it since `voicesPerSecond` was measured.
  var voicePackets: Int64 = 0
  private(set) var voicesPerSecond: Int64 = 0
  private var voicesMeasured: Instant

  /// - Parameter namePrefix: what its name in RTCP begins with; its number follows.
  init(_ parameters: TransportParameters, namePrefix: String, random: inout Random, at time: Instant) {
    id = parameters.id
    canonicalName = CanonicalName("\(namePrefix)-\(parameters.id.rawValue)")
    fragments = [parameters.localUsernameFragment]
    secure = SecureTransport(
      role: .controlled,
      local: ICECredentials(
        usernameFragment: parameters.localUsernameFragment, password: parameters.localPassword),
      random: Random(seed: random.next()))
    controlSSRC = UInt32(truncatingIfNeeded: random.next()) | 1
    // Spread over the period, so that a room's transports do not all report in one turn.
    let phase = Interval.milliseconds(Int64(random.next() % 1_000))
    nextControlReport = time + phase
    nextAllocation = time + Period.allocation
    voicesMeasured = time
  }

  /// Measures how many audio packets it gets.
  mutating func measureVoices(at time: Instant) {
    let elapsed = (time - voicesMeasured).microseconds
    guard elapsed > 0 else { return }
    voicesPerSecond = voicePackets &* 1_000_000 / elapsed
    voicePackets = 0
    voicesMeasured = time
  }

  /// What is stamped on a packet of about `byteCount` bytes that leaves now.
  mutating func stamp(_ ids: HeaderExtensionIDs, byteCount: Int, at time: Instant) -> DepartureStamp {
    var stamp = DepartureStamp()
    estimate.sent(byteCount, at: time)
    if ids.transportSequence != 0 { stamp.transportSequence = sequencer.stamp(byteCount: byteCount, at: time) }
    if ids.absoluteSendTime != 0 {
      stamp.absoluteSendTime = RTPExtensions.absoluteSendTime(microseconds: time.nanoseconds / 1_000)
    }
    return stamp
  }

  /// Seals the packet of `byteCount` bytes at the start of `packet` in place. Zero while there are no keys.
  ///
  /// - Parameter sequence: as `SequenceMap` counts, from the second cycle on.
  mutating func seal(
    _ packet: inout MutableRawSpan, headerByteCount: Int, byteCount: Int, _ ssrc: UInt32, sequence: Int64
  ) -> Int {
    secure.seal(
      &packet, headerByteCount: headerByteCount, byteCount: byteCount, ssrc: ssrc, index: Self.index(sequence))
  }

  /// Encrypts `payload` from where it is stored to behind the header that stands in `packet`.
  mutating func seal(
    _ packet: inout MutableRawSpan, headerByteCount: Int, payload: RawSpan, _ ssrc: UInt32, sequence: Int64
  ) -> Int {
    secure.seal(&packet, headerByteCount: headerByteCount, payload: payload, ssrc: ssrc, index: Self.index(sequence))
  }

  /// RFC 3711 §3.3.1: the roll-over counter of a new stream is zero; sequence maps begin one cycle up.
  private static func index(_ sequence: Int64) -> UInt64 { UInt64(bitPattern: max(0, sequence &- 0x1_0000)) }

  /// Looks whether the estimate has just found the line too narrow.
  mutating func noteEstimate() {
    switch estimate.reason {
    case .delay, .loss, .receiver: hasShownLimit = true
    case .initial, .stable, .train: break
    }
  }

  mutating func noteRoundTrip(_ sample: Interval) {
    roundTrip = roundTrip.map { ($0 * 7 + sample) / 8 } ?? sample
  }
}

/// Where a stream's numbers stood when it ended.
struct StreamEnd: Sendable {
  var sequence: Int64
  var retransmissionSequence: UInt16
  var retransmissionIndex: Int64?
}

/// The receiver reference time that a client sent (RFC 3611 §4.4): it wants to measure the round trip without sending
/// media.
struct ReferenceTime: Sendable {
  var ssrc: UInt32
  /// The middle 32 bits of its NTP time.
  var middle: UInt32
  var arrival: Instant
}

/// The data channels of a transport: labels and streams, and what is to be opened once the association is up.
struct ChannelTable: Sendable {
  struct Channel: Sendable {
    var stream: UInt16
    var label: DataChannelLabel
    /// We opened it.
    var isOurs: Bool
    var isOpen: Bool
  }

  struct Request: Sendable {
    var label: DataChannelLabel
    var isOrdered: Bool
    var maximumRetransmits: UInt16?
  }

  var channels: [Channel] = []
  var queued: [Request] = []

  func label(of stream: UInt16) -> DataChannelLabel? { channels.first { $0.stream == stream }?.label }

  /// Where messages under a label go: the channel that we opened, else the client's.
  func stream(of label: DataChannelLabel) -> UInt16? {
    let open = channels.filter { $0.isOpen && $0.label == label }
    return (open.first { $0.isOurs } ?? open.first)?.stream
  }
}

extension DataChannelLabel {
  init(_ text: String) {
    switch text {
    case "_reliable": self = .reliable
    case "_lossy": self = .lossy
    case "_data_track": self = .dataTrack
    default: self = .other(text)
    }
  }

  /// The label on the wire.
  var text: String {
    switch self {
    case .reliable: "_reliable"
    case .lossy: "_lossy"
    case .dataTrack: "_data_track"
    case .other(let text): text
    }
  }
}
