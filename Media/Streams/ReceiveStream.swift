// One incoming encoding: what came, what is missing, how regularly, and what to report about it (RFC 3550 §6.4).

import Chronology
import Wire

/// The receiver's side of one SSRC. Its packets themselves are kept in a `PacketHistory` beside it.
public struct ReceiveStream: Sendable {
  public let ssrc: UInt32
  public private(set) var sequence = SequenceTracker()
  public private(set) var clock: SenderReportClock
  /// Nil when the publisher does not answer NACKs.
  public var nack: NACKGenerator?
  private var jitter = JitterMeter()
  /// One for each layer inside the encoding, lowest first: `spatial * temporalLayers + temporal`.
  private var meters: [RateMeter]
  private var frame: UInt32?

  /// Packets and bytes (whole packets) accepted, with retransmissions.
  public private(set) var packets: UInt64 = 0
  public private(set) var bytes: UInt64 = 0
  /// Packets that came by retransmission after the original was missed.
  public private(set) var recovered: UInt64 = 0
  public private(set) var duplicates: UInt64 = 0
  /// How often the sender started anew.
  public private(set) var restarts: UInt64 = 0
  private var expectedAtReport: Int64 = 0
  private var receivedAtReport: Int64 = 0
  /// Originals only: RFC 4588 §6.3 keeps retransmissions out of the original stream's reports.
  private var originals: Int64 = 0

  /// - Parameters:
  ///   - clockRate: Hz, of the payload format.
  ///   - usesNACK: the publisher answers NACKs.
  ///   - layers: how many layers this one encoding may hold: 1 for audio, 4 for simulcast video (temporal), 12 for SVC.
  public init(ssrc: UInt32, clockRate: UInt32, usesNACK: Bool, layers: Int = 1) {
    precondition(layers > 0)
    self.ssrc = ssrc
    clock = SenderReportClock(rate: clockRate)
    nack = usesNACK ? NACKGenerator() : nil
    meters = Array(repeating: RateMeter(), count: layers)
  }

  /// A packet came. Everything but `.newer`, `.late` and `.restarted` is to be dropped.
  ///
  /// - Parameters:
  ///   - header: of the packet as the original stream has it, so after `Retransmission.restore`.
  ///   - byteCount: the whole packet's length.
  public mutating func receive(
    _ header: RTPHeader, byteCount: Int, isRetransmission: Bool = false, at time: Instant
  ) -> SequenceVerdict {
    // A retransmission cannot start a stream, nor move it: it repeats something that was missed before.
    if isRetransmission, !isAwaited(header.sequenceNumber) {
      duplicates &+= 1
      return .duplicate
    }
    let verdict = sequence.receive(header.sequenceNumber)
    switch verdict {
    case .newer(let extended, let skipped):
      nack?.received(extended, skipped: skipped, at: time)
    case .late(let extended):
      nack?.recovered(extended)
      if isRetransmission { recovered &+= 1 }
    case .restarted:
      nack?.removeAll()
      clock.reset()
      jitter = JitterMeter()
      restarts &+= 1
    case .duplicate:
      duplicates &+= 1
      return verdict
    case .stale, .suspect:
      return verdict
    }
    packets &+= 1
    bytes &+= UInt64(truncatingIfNeeded: byteCount)
    if !isRetransmission {
      originals &+= 1
      if header.payloadByteCount > 0 {
        jitter.add(header.timestamp, arrival: time, rate: clock.rate)
        clock.observe(header.timestamp, arrival: time)
      }
    }
    return verdict
  }

  /// Adds an accepted packet to its layer's rates.
  ///
  /// - Parameter layer: `spatial * temporalLayers + temporal`; too large a number counts for the highest layer.
  public mutating func meter(_ header: RTPHeader, byteCount: Int, layer: Int = 0, at time: Instant) {
    let startsFrame =
      header.payloadByteCount > 0 && frame.map { Ticks.distance(from: $0, to: header.timestamp) > 0 } ?? true
    if startsFrame { frame = header.timestamp }
    meters[min(max(0, layer), meters.count - 1)].add(byteCount, endsFrame: startsFrame, at: time)
  }

  /// Bits per second of one layer alone over the last second.
  public func bitsPerSecond(layer: Int, at time: Instant) -> Int64 {
    layer >= 0 && layer < meters.count ? meters[layer].bitsPerSecond(at: time) : 0
  }

  /// Bits per second of all layers together.
  public func bitsPerSecond(at time: Instant) -> Int64 {
    var sum: Int64 = 0
    for index in 0..<meters.count { sum += meters[index].bitsPerSecond(at: time) }
    return sum
  }

  /// Frames per second of all layers together.
  public func framesPerSecond(at time: Instant) -> Double {
    var sum = 0.0
    for index in 0..<meters.count { sum += meters[index].framesPerSecond(at: time) }
    return sum
  }

  /// Interarrival jitter in ticks, RFC 3550 §6.4.1.
  public var jitterTicks: UInt32 { jitter.value }

  /// Packets that never came, not even as a retransmission.
  public var lost: UInt64 { UInt64(max(0, sequence.expected - originals - Int64(recovered))) }

  /// A sender report about this stream came in.
  public mutating func receive(_ report: SenderReport, at time: Instant) {
    guard report.ssrc == ssrc else { return }
    clock.receive(report, at: time)
  }

  /// What to say about this stream; nil before its first packet. Starts the next reporting period.
  public mutating func takeReportBlock(at time: Instant) -> ReportBlock? {
    guard let newest = sequence.newest else { return nil }
    let expected = sequence.expected
    let periodExpected = expected - expectedAtReport
    let periodLost = periodExpected - (originals - receivedAtReport)
    expectedAtReport = expected
    receivedAtReport = originals
    // RFC 3550 appendix A.3: duplicates may make it negative; that is no loss.
    let fraction = periodExpected <= 0 || periodLost <= 0 ? 0 : min(255, periodLost * 256 / periodExpected)
    let (middle, delay) = clock.lastReport(at: time)
    return ReportBlock(
      ssrc: ssrc, fractionLost: UInt8(fraction),
      cumulativeLost: Int32(clamping: expected - originals),
      // The tracker counts cycles from one.
      highestSequenceNumber: UInt32(truncatingIfNeeded: newest - 0x1_0000), jitter: jitter.value,
      lastSenderReport: middle, delaySinceLastSenderReport: delay)
  }

  private func isAwaited(_ number: UInt16) -> Bool {
    guard let newest = sequence.newest, let value = sequence.unrolled(number) else { return false }
    return value < newest && value > newest - Int64(Limit.duplicateWindow) && !sequence.contains(value)
  }
}

/// Interarrival jitter, RFC 3550 appendix A.8, in sixteenths of a tick.
struct JitterMeter: Sendable {
  private var transit: UInt32?
  private var scaled: Int64 = 0

  var value: UInt32 { UInt32(truncatingIfNeeded: scaled >> 4) }

  mutating func add(_ timestamp: UInt32, arrival: Instant, rate: UInt32) {
    let ticks = Ticks.count(in: Interval(nanoseconds: arrival.nanoseconds), rate: rate)
    let now = UInt32(truncatingIfNeeded: ticks) &- timestamp
    defer { transit = now }
    guard let transit else { return }
    // A jump of the clock is not jitter: a minute at most counts.
    let difference = min(abs(Ticks.distance(from: transit, to: now)), Int64(rate) * 60)
    scaled += difference - ((scaled + 8) >> 4)
  }
}
