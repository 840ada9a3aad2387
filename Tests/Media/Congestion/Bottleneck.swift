// A subscriber behind a line with a rate, a delay, a queue and losses, in virtual time. Everything that decides is real:
// sequencer, recorder, feedback bytes, estimate and allocator.

import Bytes
import Chronology
import Congestion
import Randomness
import Wire

extension Instant {
  static func milliseconds(_ value: Int64) -> Instant { .origin + .milliseconds(value) }
}

/// The line: packets are served one after the other; what finds the queue full is lost.
struct Line {
  /// Bits per second.
  var rate: Int64
  var delay = Interval.milliseconds(20)
  /// How long a packet may wait.
  var queue = Interval.milliseconds(400)
  var loss = 0.0
  /// Up to so much later does a packet arrive, at random, without overtaking.
  var jitter = Interval.zero
}

struct Bottleneck: ~Copyable {
  var line: Line
  var estimate: SenderEstimate
  private var sequencer = TransportSequencer()
  private var recorder = ArrivalRecorder()
  private var results: [PacketResult] = []
  private var random: Random
  private(set) var now = Instant.origin
  private var lineFreeAt = Instant.origin
  private var lastArrival = Instant.origin
  private var flying: [(at: Instant, number: UInt16)] = []
  private var feedback: [(at: Instant, bytes: [UInt8])] = []
  /// Bytes that were sent in all, and the longest wait in the queue since it was asked for last.
  private(set) var sentBytes = 0
  private var longestWait = Interval.zero

  init(_ line: Line, seed: UInt64, estimate: SenderEstimate = SenderEstimate()) {
    self.line = line
    self.estimate = estimate
    random = Random(seed: seed)
  }

  mutating func takeLongestWait() -> Interval {
    defer { longestWait = .zero }
    return longestWait
  }

  /// Sends one packet.
  mutating func send(_ byteCount: Int) {
    let number = sequencer.stamp(byteCount: byteCount, at: now)
    estimate.sent(byteCount, at: now)
    sentBytes += byteCount
    let start = max(now, lineFreeAt)
    guard start - now <= line.queue, !random.chance(line.loss) else { return }
    longestWait = max(longestWait, start - now)
    lineFreeAt = start + .nanoseconds(Int64(byteCount) * 8 * 1_000_000_000 / line.rate)
    var arrival = lineFreeAt + line.delay
    if line.jitter > .zero { arrival += .nanoseconds(Int64(random.unit() * Double(line.jitter.nanoseconds))) }
    lastArrival = max(lastArrival, arrival)
    flying.append((lastArrival, number))
  }

  /// Sends a frame in packets of 1200 bytes, all at once.
  mutating func send(frame byteCount: Int) {
    var left = byteCount
    while left > 0 {
      send(min(left, 1_200))
      left -= 1_200
    }
  }

  /// A millisecond passes.
  mutating func tick() {
    now += .milliseconds(1)
    var arrived = 0
    while arrived < flying.count, flying[arrived].at <= now {
      // The receiver's clock began long before ours.
      recorder.record(flying[arrived].number, at: flying[arrived].at + .seconds(100_000))
      arrived += 1
    }
    flying.removeFirst(arrived)
    if let deadline = recorder.nextDeadline, deadline <= now + .seconds(100_000) {
      while recorder.hasArrivals {
        var bytes = [UInt8](repeating: 0, count: 1_200)
        let count = writeFeedback(into: &bytes)
        feedback.append((now + line.delay, Array(bytes.prefix(count))))
      }
    }
    var heard = 0
    while heard < feedback.count, feedback[heard].at <= now {
      hear(feedback[heard].bytes)
      heard += 1
    }
    feedback.removeFirst(heard)
  }

  private mutating func writeFeedback(into bytes: inout [UInt8]) -> Int {
    var span = bytes.mutableRawSpan
    return recorder.writeFeedback(
      senderSSRC: 1, mediaSSRC: 2, into: &span, at: 0, time: now + .seconds(100_000))
  }

  private mutating func hear(_ bytes: [UInt8]) {
    results.removeAll(keepingCapacity: true)
    var packets = RTCPPackets(bytes.rawSpan)
    guard let packet = try? packets.next(), var message = try? TransportFeedback(packet) else { return }
    sequencer.process(&message, into: &results, at: now)
    estimate.process(results, at: now)
  }
}

/// A simulcast camera or screen: three layers, of which the allocator picks one.
struct Viewer: ~Copyable {
  static let rates: [Int64] = [150_000, 700_000, 3_000_000]

  var bottleneck: Bottleneck
  private var random: Random
  private(set) var layer = 2
  /// When the layer changed, and to what.
  private(set) var changes: [(at: Instant, layer: Int)] = []
  private var frame: Int64 = 0
  private let probes: Bool

  init(_ line: Line, seed: UInt64, probes: Bool = true) {
    bottleneck = Bottleneck(line, seed: seed)
    random = Random(seed: seed &+ 1_000)
    self.probes = probes
  }

  /// Thirty frames a second, whose sizes vary by a fifth; a key frame of eight frames' size opens every layer.
  mutating func run(for time: Interval) {
    let end = bottleneck.now + time
    while bottleneck.now < end {
      if bottleneck.now.nanoseconds / 1_000_000 % 33 == 0 { sendFrame() }
      if bottleneck.now.nanoseconds / 1_000_000 % 100 == 50 { decide() }
      bottleneck.tick()
    }
  }

  private var opensLayer = true

  private mutating func sendFrame() {
    let size = Double(Viewer.rates[layer]) / 8 / 30 * (0.8 + 0.4 * random.unit()) * (opensLayer ? 8 : 1)
    opensLayer = false
    bottleneck.send(frame: Int(size))
  }

  private mutating func decide() {
    var rates = LayerRates()
    for (spatial, rate) in Viewer.rates.enumerated() {
      rates.set(LayerChoice(spatial: UInt8(spatial), temporal: 0), bitsPerSecond: rate)
    }
    var demands = [
      LayerDemand(
        isScreenShare: true, priority: 1, wanted: LayerChoice(spatial: 2, temporal: 0), rates: rates,
        current: LayerChoice(spatial: UInt8(layer), temporal: 0))
    ]
    LayerAllocator.allocate(bottleneck.estimate.bitsPerSecond, among: &demands)
    let chosen = Int(demands[0].allocated?.spatial ?? 0)
    if chosen != layer {
      layer = chosen
      opensLayer = true
      changes.append((bottleneck.now, layer))
    }
    guard probes else { return }
    let wanted = LayerAllocator.wanted(by: demands)
    if let probe = bottleneck.estimate.takeProbe(wanted: wanted * 12 / 10, at: bottleneck.now) {
      bottleneck.send(frame: max(probe.byteCount, probe.packetCount * 1_200))
    }
  }

  /// The most changes within ten seconds, from `start` on.
  func mostChangesInTenSeconds(from start: Instant) -> Int {
    let times = changes.map(\.at).filter { $0 >= start }
    return times.map { time in times.count { $0 >= time && $0 - time < .seconds(10) } }.max() ?? 0
  }
}
