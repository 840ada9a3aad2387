// A track as its publisher sends it: its formats, its encodings, and who gets it.

import Bytes
import Chronology
import Congestion
import Forwarding
import MediaContract
import Streams
import Wire

/// A payload type of a publication without its text, for the packet path.
struct FormatEntry: BitwiseCopyable, Sendable {
  var payloadType: UInt8
  var codec: Codec
  var clockRate: UInt32
  /// The payload type of its retransmissions; 255: none.
  var rtxPayloadType: UInt8

  init(_ format: PayloadFormat) {
    payloadType = format.payloadType
    codec = format.codec
    clockRate = max(1, format.clockRate)
    rtxPayloadType = format.rtxPayloadType ?? .max
  }
}

/// A packet that came in this turn: where its record is.
struct Arrival: BitwiseCopyable, Sendable {
  var serial: UInt64
  var timestamp: UInt32
  var payloadByteCount: UInt16
  var encoding: UInt8
  /// Bytes of RTP padding that give the packet the size of the others of its frame.
  var padding: UInt8 = 0
}

extension Array where Element == Arrival {
  /// Gives the packets of each frame one size where they differ by little: the kernel sends a run of equal datagrams to
  /// one destination at about a third of the cost of single ones (UDP_SEGMENT), and only the last of a run may be shorter.
  /// Encoders' packetizers cut frames into pieces that differ by a byte.
  mutating func levelFrames() {
    var start = 0
    while start < count {
      var end = start + 1
      var largest = self[start].payloadByteCount
      while end < count, self[end].encoding == self[start].encoding, self[end].timestamp == self[start].timestamp {
        largest = Swift.max(largest, self[end].payloadByteCount)
        end += 1
      }
      for index in start..<(end - 1) {
        let difference = largest - self[index].payloadByteCount
        if difference <= Limit.levellingBytes { self[index].padding = UInt8(truncatingIfNeeded: difference) }
      }
      start = end
    }
  }
}

/// How a publication's layers are told apart.
enum Layering: UInt8, Sendable { case encodings, spatial, dependencies }

struct Publication: ~Copyable {
  let id: PublicationID
  let transport: Handle<Transport>
  var parameters: PublicationParameters
  private(set) var formats: [FormatEntry]
  /// Lowest quality first; the list only grows while the publication lives.
  var encodings: [Handle<EncodingStream>] = []
  /// Contiguous, so that the fan-out walks memory in order.
  var subscriptions: [Handle<Subscription>] = []
  /// Packets of this turn in the order in which they came, over all encodings.
  var arrivals: [Arrival] = []
  /// It stands in one of the node's lists of publications with arrivals.
  var isPending = false
  /// The packet that came last is not the last of its video frame: the rest is likely to follow at once.
  var isMidFrame = false
  /// When what came of a video frame leaves without the rest.
  var frameDue = Instant.origin
  /// Audio: its listeners hear so many others that its packets wait for theirs.
  var hasCompany = false
  var layering = Layering.encodings
  /// The codec of the last packet; nil before the first.
  var codec: Codec?
  var level: AudioLevelMeter?
  /// What the control plane was told last.
  var reportedLevel = AudioLevelMeter.Reading?.none
  var activity = LayerActivity()
  /// What its layers cost, as measured now and then.
  var rates = LayerRates()

  init(_ parameters: PublicationParameters, transport: Handle<Transport>) {
    id = parameters.id
    self.transport = transport
    self.parameters = parameters
    formats = parameters.formats.map { FormatEntry($0) }
    if parameters.kind == .audio, parameters.isMicrophone {
      level = AudioLevelMeter(clockRate: formats.first?.clockRate ?? 48_000)
    }
  }

  /// Takes over new parameters; streams go on.
  mutating func update(_ parameters: PublicationParameters) {
    self.parameters = parameters
    formats = parameters.formats.map { FormatEntry($0) }
    if !parameters.isMicrophone {
      level = nil
    } else if level == nil, parameters.kind == .audio {
      level = AudioLevelMeter(clockRate: formats.first?.clockRate ?? 48_000)
    }
  }

  var kind: MediaKind { parameters.kind }

  func format(of payloadType: UInt8) -> FormatEntry? {
    for index in 0..<formats.count where formats[index].payloadType == payloadType { return formats[index] }
    return nil
  }

  /// The format whose retransmissions have that payload type.
  func format(repairedBy payloadType: UInt8) -> FormatEntry? {
    for index in 0..<formats.count where formats[index].rtxPayloadType == payloadType { return formats[index] }
    return nil
  }

  /// The clock that subscriptions of this publication are given.
  var clockRate: UInt32 { formats.first?.clockRate ?? (kind == .audio ? 48_000 : 90_000) }
}

/// Which layers of a publication are being sent at all.
///
/// A publisher stops layers for its own reasons: no bandwidth, no CPU, nobody subscribed. A screen that does not change is
/// sent about once a second and is not a layer that stopped.
struct LayerActivity: Sendable {
  enum Window {
    static let camera = Interval.milliseconds(2_500)
    static let screen = Interval.seconds(5)
  }

  private var lastSeen = InlineArray<4, Instant?>(repeating: nil)
  private var highestTemporal = InlineArray<4, UInt8>(repeating: 0)
  /// Bit n: spatial layer or encoding n is being sent.
  private(set) var active: UInt8 = 0

  /// A packet came; true when its layer was not active before.
  mutating func note(_ spatial: UInt8, temporal: UInt8, at time: Instant) -> Bool {
    let layer = Int(spatial & 3)
    lastSeen[layer] = time
    if temporal > highestTemporal[layer] { highestTemporal[layer] = temporal }
    let isNew = active & (1 << UInt8(layer)) == 0
    active |= 1 << UInt8(layer)
    return isNew
  }

  /// Looks for layers that stopped; true when there are any.
  mutating func expire(isScreen: Bool, at time: Instant) -> Bool {
    let window = isScreen ? Window.screen : Window.camera
    let before = active
    for layer in 0..<4 {
      guard let seen = lastSeen[layer], time - seen > window else { continue }
      active &= ~(1 << UInt8(layer))
    }
    return active != before
  }

  /// A layer is not being sent any more; true when it was.
  mutating func stop(_ spatial: UInt8) -> Bool {
    let before = active
    lastSeen[Int(spatial & 3)] = nil
    active &= ~(1 << (spatial & 3))
    return active != before
  }

  /// Nothing is being sent: muted, or the source changed.
  mutating func reset() { self = LayerActivity() }

  /// The highest active layer up to `wanted`, else the lowest active one above it, else `wanted` itself: what has never
  /// been seen may still come.
  func nearest(to wanted: UInt8) -> UInt8 {
    let below = active & ((1 << (min(wanted, 3) + 1)) - 1)
    if below != 0 { return UInt8(7 - below.leadingZeroBitCount) }
    return active == 0 ? wanted : UInt8(active.trailingZeroBitCount)
  }

  /// The highest temporal layer that was seen in a spatial layer.
  func temporalLayers(of spatial: UInt8) -> UInt8 { highestTemporal[Int(spatial & 3)] }
}
