// One subscription's outgoing stream: its numbers, its clock, its counts, and the answers to its receiver's feedback.

import Chronology
import MediaContract
import Randomness
import Wire

/// What became of a request to send a packet again.
public enum ResendVerdict: Sendable {
  /// Send the source packet again, rewritten as before.
  case send(Resend)
  /// It was sent so recently that the answer may still be on its way.
  case tooSoon
  /// It was asked for `Limit.resends` times.
  case exhausted
  /// The number stands for a packet that has not come from the publisher either.
  case missing
  /// Nothing is known of the number: too old, never sent, or only padding.
  case unknown
}

/// A packet to send again: where it is, and what to change in it.
public struct Resend: Sendable, Hashable {
  /// The number that it had, and has again; the OSN of RFC 4588.
  public var sequenceNumber: UInt16
  public var encoding: UInt8
  /// The packet's number in its encoding's history.
  public var source: Int64
  public var timestampOffset: UInt32
  public var rewrite: PacketRewrite

  public init(
    sequenceNumber: UInt16, encoding: UInt8, source: Int64, timestampOffset: UInt32, rewrite: PacketRewrite
  ) {
    self.sequenceNumber = sequenceNumber
    self.encoding = encoding
    self.source = source
    self.timestampOffset = timestampOffset
    self.rewrite = rewrite
  }
}

/// The sender's side of one subscription.
///
/// It holds no packets: entries of its map name packets in the histories of the publication's encodings.
public struct SendStream: ~Copyable {
  public enum Repetition {
    /// A packet is not sent again within a round trip, or this while no round trip is known.
    public static let unknownRoundTrip = Interval.milliseconds(100)
    /// Nor, however short the round trip, within this: receivers ask in bursts.
    public static let shortest = Interval.milliseconds(20)
    public static let longest = Interval.milliseconds(400)
  }

  public let ssrc: UInt32
  /// Nil: packets are sent again on `ssrc` with their own number.
  public let rtxSSRC: UInt32?
  public let kind: MediaKind
  public let clockRate: UInt32

  @usableFromInline var map: SequenceMap
  @usableFromInline var timeline: OutputTimeline
  private var rtxSequence: UInt16
  /// Packets and payload bytes sent on `ssrc`, RFC 3550 §6.4.1; the report's fields are their low halves.
  public private(set) var packets: UInt64 = 0
  public private(set) var payloadBytes: UInt64 = 0
  /// Packets sent again and their payload bytes.
  public private(set) var retransmittedPackets: UInt64 = 0
  public private(set) var retransmittedBytes: UInt64 = 0
  /// What the receiver said of itself.
  public internal(set) var feedback = ReceiverFeedback()
  var sentReports = SentReports()

  /// - Parameters:
  ///   - clockRate: Hz, of the payload format.
  ///   - random: for the first numbers (RFC 3550 §5.1).
  public init(
    ssrc: UInt32, rtxSSRC: UInt32?, kind: MediaKind, clockRate: UInt32, random: inout Random
  ) {
    self.ssrc = ssrc
    self.rtxSSRC = rtxSSRC
    self.kind = kind
    self.clockRate = clockRate
    let first = UInt16(truncatingIfNeeded: random.next()) & 0x7FFF
    rtxSequence = UInt16(truncatingIfNeeded: random.next()) & 0x7FFF
    timeline = OutputTimeline(rate: clockRate, start: UInt32(truncatingIfNeeded: random.next()))
    // As many numbers as the histories hold packets: 8 KiB for audio, 64 KiB for video at most.
    map = SequenceMap(
      first: first, initialCapacity: kind == .audio ? 32 : 64, capacity: kind == .audio ? 256 : 2_048)
  }

  /// Goes on where an earlier stream of the same SSRCs ended, before anything is sent: under one key no number may be
  /// used for two packets (RFC 3711 §9.1).
  public mutating func resume(at next: Int64, retransmissionSequence: UInt16) {
    precondition(packets == 0, "numbers are out already")
    map.resume(at: next)
    rtxSequence = retransmissionSequence
  }

  /// The number that the next retransmission will have.
  public var nextRetransmissionSequenceNumber: UInt16 { rtxSequence }

  /// The encoding that flows; nil before the first run.
  public var encoding: UInt8? { map.encoding }

  /// The number that the next packet will have.
  public var nextSequenceNumber: UInt16 { UInt16(truncatingIfNeeded: map.next) }

  /// The same, unrolled; the first number of all lies in the second cycle.
  public var nextSequence: Int64 { map.next }

  /// Added to the timestamps of the encoding that flows.
  public var timestampOffset: UInt32 { timeline.offset }

  /// Starts, resumes or switches: the packet `source` of `encoding`, the first of a frame, comes next.
  ///
  /// - Parameters:
  ///   - timestamp: of that packet, as the publisher sent it.
  ///   - clock: the encoding's clock.
  ///   - previous: the clock of the encoding that flowed until now, if it is still there.
  ///   - time: when that packet came in.
  public mutating func begin(
    encoding: UInt8, at source: Int64, timestamp: UInt32, clock: SenderReportClock, previous: SenderReportClock? = nil,
    time: Instant
  ) {
    timeline.begin(encoding: encoding, timestamp: timestamp, clock: clock, previous: previous, at: time)
    map.begin(encoding: encoding, at: source, timestampOffset: timeline.offset)
  }

  /// Numbers a packet that is forwarded, and counts it.
  ///
  /// - Parameters:
  ///   - timestamp: as the publisher sent it.
  ///   - rewrite: what else is changed; for a late packet its neighbours' is taken, and returned.
  /// - Returns: nil when it must not be sent: it went out before, or belongs to no run.
  @inlinable
  public mutating func forward(
    encoding: UInt8, source: Int64, timestamp: UInt32, payloadByteCount: Int, rewrite: PacketRewrite = PacketRewrite(),
    at time: Instant
  ) -> Mapping? {
    guard
      let mapping = map.forward(
        encoding: encoding, source: source, timestamp: timestamp, rewrite: rewrite, at: time)
    else { return nil }
    if !mapping.isLate { timeline.sent(timestamp, at: time) }
    count(payloadByteCount)
    return mapping
  }

  @usableFromInline
  mutating func count(_ payloadByteCount: Int) {
    packets &+= 1
    payloadBytes &+= UInt64(truncatingIfNeeded: payloadByteCount)
  }

  /// Takes note of a packet of the encoding that flows, or flowed, that is not forwarded.
  ///
  /// - Returns: the reserved hole that it leaves. Send a padding packet with that number to close it.
  @inlinable
  public mutating func drop(encoding: UInt8, source: Int64, at time: Instant) -> Mapping? {
    map.drop(encoding: encoding, source: source, at: time)
  }

  /// Whether a packet of that number would come behind everything that was forwarded or dropped so far.
  @inlinable
  public func isAhead(encoding: UInt8, source: Int64) -> Bool { map.isAhead(encoding: encoding, source: source) }

  /// Whether a packet of that number would fill a hole: for frames that were recovered from redundancy.
  public func hasHole(encoding: UInt8, source: Int64) -> Bool { map.hasHole(encoding: encoding, source: source) }

  /// A padding packet went out: it counts as a packet and has no payload.
  public mutating func sentPadding() { packets &+= 1 }

  /// The receiver asks for `number` (RFC 4585 §6.2.1). On `.send` the caller sends the packet, if its history still has
  /// it, and the entry counts as sent now.
  public mutating func resend(_ number: UInt16, at time: Instant) -> ResendVerdict {
    guard let sequence = map.unrolled(number) else { return .unknown }
    let position = map.position(of: sequence)
    let entry = map.entries[position]
    switch entry.state {
    case .void, .padding: return .unknown
    case .hole: return .missing
    case .sent: break
    }
    guard entry.resends < Limit.resends else { return .exhausted }
    let now = SequenceMap.milliseconds(time)
    if entry.resends > 0, Int64(now &- entry.sentAt) < repetitionInterval.milliseconds { return .tooSoon }
    map.entries[position].resends += 1
    map.entries[position].sentAt = now
    return .send(
      Resend(
        sequenceNumber: number, encoding: entry.encoding, source: entry.source,
        timestampOffset: entry.timestampOffset, rewrite: entry.rewrite))
  }

  /// A packet that was sent, `back` places before the newest, to be sent once more as part of a probe. Probes repeat
  /// what the receiver has: it throws them away, and their arrivals tell the capacity of the line.
  ///
  /// - Returns: nil when that place holds no packet.
  public func probe(back: Int) -> Resend? {
    let sequence = map.next - 1 - Int64(back)
    guard back >= 0, sequence >= map.oldest else { return nil }
    let entry = map.entries[map.position(of: sequence)]
    guard entry.state == .sent else { return nil }
    return Resend(
      sequenceNumber: UInt16(truncatingIfNeeded: sequence), encoding: entry.encoding, source: entry.source,
      timestampOffset: entry.timestampOffset, rewrite: entry.rewrite)
  }

  /// The number for the next packet on the RTX stream (RFC 4588 §4), which counts it as sent.
  public mutating func takeRetransmissionSequenceNumber(payloadByteCount: Int) -> UInt16 {
    defer { rtxSequence &+= 1 }
    countRetransmission(payloadByteCount: payloadByteCount)
    return rtxSequence
  }

  /// A packet was sent again, on whatever stream. `takeRetransmissionSequenceNumber` counts by itself.
  public mutating func countRetransmission(payloadByteCount: Int) {
    retransmittedPackets &+= 1
    retransmittedBytes &+= UInt64(truncatingIfNeeded: payloadByteCount)
  }

  private var repetitionInterval: Interval {
    guard let roundTrip = feedback.roundTrip else { return Repetition.unknownRoundTrip }
    return min(max(roundTrip, Repetition.shortest), Repetition.longest)
  }
}
