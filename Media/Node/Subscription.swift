// One publication on its way to one subscriber: what is wanted, what flows, and how packets are numbered.

import Bytes
import Chronology
import Forwarding
import MediaContract
import Randomness
import Streams
import Wire

struct Subscription: ~Copyable {
  // What every packet needs, in one piece of memory.
  let publication: Handle<Publication>
  let transport: Handle<Transport>
  var header: OutgoingHeader
  /// Header and tag of the packet that was sent last: what the next one is likely to have beside its payload.
  var overhead: UInt16 = 0
  /// The publisher's payload type that `mapping` stands for; 255 before the first packet.
  private var mappedPayloadType = UInt8.max
  /// How packets of that type are sent; nil: the subscriber cannot take them.
  private(set) var mapping: FormatMapping?
  var selector: LayerSelector
  var picture = PictureRewriter()
  var stream: SendStream

  let id: SubscriptionID
  var parameters: SubscriptionParameters
  /// What the viewer asked for.
  var target: SubscriptionTarget
  /// What the line allows; nil: as much as is wanted.
  var allowance: Allowance?
  var state = ReportedState()
  /// Counts at the last report to the control plane.
  var reported = ReportedCounts()
  /// Packets that had been sent when they stopped to carry a MID; nil while they carry one, or a stamp.
  private var packetsWithMID: UInt64?
  private var packetsAtReport: UInt64 = 0
  /// Index of the last packet on the RTX stream, with its roll-over counter.
  private var retransmissionIndex: Int64?

  /// What the bandwidth allocator decided.
  enum Allowance: Sendable, Hashable {
    case layers(Layers)
    /// Not even the lowest layer.
    case nothing
  }

  /// What the control plane was told last.
  struct ReportedState: Sendable, Hashable {
    var layers: Layers?
    var isLimited = false
    var hasStarted = false
  }

  struct ReportedCounts: Sendable {
    var packets: UInt64 = 0
    var bytes: UInt64 = 0
    var retransmitted: UInt64 = 0
  }

  init(
    _ parameters: SubscriptionParameters, publication: Handle<Publication>, transport: Handle<Transport>,
    kind: MediaKind, clockRate: UInt32, layering: Layering, random: inout Random
  ) {
    id = parameters.id
    self.publication = publication
    self.transport = transport
    self.parameters = parameters
    target = parameters.target
    header = OutgoingHeader(
      ssrc: parameters.ssrc, payloadType: 0, ids: parameters.extensions,
      mid: ShortString(parameters.mid) ?? ShortString())
    selector = Subscription.selector(layering, kind)
    stream = SendStream(
      ssrc: parameters.ssrc, rtxSSRC: parameters.rtxSSRC, kind: kind, clockRate: clockRate, random: &random)
  }

  static func selector(_ layering: Layering, _ kind: MediaKind) -> LayerSelector {
    switch layering {
    case .encodings: .encodings(SimulcastSelector(needsKeyFrame: kind == .video))
    case .spatial: .spatial(SpatialSelector())
    case .dependencies: .dependencies(DependencySelector())
    }
  }

  /// Where its numbers stand.
  var end: StreamEnd {
    StreamEnd(
      sequence: stream.nextSequence, retransmissionSequence: stream.nextRetransmissionSequenceNumber,
      retransmissionIndex: retransmissionIndex)
  }

  /// Goes on from where an earlier stream of the same SSRC ended.
  mutating func resume(_ end: StreamEnd) {
    stream.resume(at: end.sequence, retransmissionSequence: end.retransmissionSequence)
    retransmissionIndex = end.retransmissionIndex
  }

  /// Takes over new parameters of the same stream; numbers and clocks go on.
  mutating func update(_ parameters: SubscriptionParameters) {
    self.parameters = parameters
    target = parameters.target
    header.ids = parameters.extensions
    header.mid = ShortString(parameters.mid) ?? ShortString()
    mappedPayloadType = .max
    packetsWithMID = nil
  }

  /// Whether `mapping` stands for the publisher's `payloadType`: a comparison for each packet, a search only when the
  /// type changes.
  func knows(_ payloadType: UInt8) -> Bool { payloadType == mappedPayloadType }

  /// Finds the subscriber's format for the publisher's `payloadType`.
  mutating func map(_ payloadType: UInt8, of formats: [PayloadFormat], isEncrypted: Bool) {
    mappedPayloadType = payloadType
    mapping = nil
    for source in formats where source.payloadType == payloadType {
      mapping = FormatMap.mapping(for: source, among: parameters.formats, isEncrypted: isEncrypted)
    }
  }

  /// The subscriber reported about the stream: it knows the SSRC and needs no MID any more.
  mutating func acknowledge() {
    guard packetsWithMID == nil else { return }
    header.mid = ShortString()
    guard header.ids.transportSequence == 0, header.ids.absoluteSendTime == 0 else { return }
    packetsWithMID = stream.packets
  }

  /// How many packets went out since the last call.
  mutating func takePacketsSinceReport() -> Int {
    defer { packetsAtReport = stream.packets }
    return Int(truncatingIfNeeded: stream.packets &- packetsAtReport)
  }

  /// The next index on the RTX stream, counted from the second cycle on as a sequence map does.
  mutating func takeRetransmissionSequence(payloadByteCount: Int) -> Int64 {
    let number = stream.takeRetransmissionSequenceNumber(payloadByteCount: payloadByteCount)
    var index = (retransmissionIndex ?? 0x1_0000) & ~0xFFFF | Int64(number)
    if let last = retransmissionIndex, index <= last { index += 0x1_0000 }
    retransmissionIndex = index
    return index
  }

  /// The index under which a packet may be sent a second time on the stream itself; nil when it may not.
  ///
  /// Under AEAD no index may be used for two different packets (RFC 7714 §8.1). What is sent again is the same in every
  /// byte only if the packet carried neither a MID nor a stamp.
  func repeatableSequence(_ number: UInt16) -> Int64? {
    guard let packetsWithMID else { return nil }
    let age = Int64(stream.nextSequenceNumber &- number)
    guard age > 0, age <= Int64(clamping: stream.packets &- packetsWithMID) else { return nil }
    return stream.nextSequence - age
  }
}
