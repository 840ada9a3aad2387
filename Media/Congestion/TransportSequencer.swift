// Numbers the packets that we send and learns from feedback when they arrived
// (draft-holmer-rmcat-transport-wide-cc-extensions-01).

import Chronology
import Wire

/// What feedback said about one packet.
public struct PacketResult: Sendable, Hashable {
  public var sentAt: Instant
  /// Microseconds on the receiver's clock, without wraps; of no meaning for a lost packet.
  public var arrival: Int64
  public var byteCount: Int
  public var isReceived: Bool
  /// An earlier feedback had called it lost.
  public var wasLost: Bool

  @inlinable
  public init(sentAt: Instant, arrival: Int64, byteCount: Int, isReceived: Bool, wasLost: Bool = false) {
    self.sentAt = sentAt
    self.arrival = arrival
    self.byteCount = byteCount
    self.isReceived = isReceived
    self.wasLost = wasLost
  }
}

/// The transport-wide numbers of one outgoing transport.
public struct TransportSequencer: ~Copyable {
  /// A packet whose fate may become known: 8 bytes, because a second of a share is some hundred.
  @usableFromInline
  struct Sent: BitwiseCopyable {
    /// Eight microseconds: feedback tells arrivals in steps of 250.
    @usableFromInline static let tick: Int64 = 8_000
    /// In ticks, truncated: they come around after nine hours.
    @usableFromInline var ticks: UInt32
    @usableFromInline var byteCount: UInt16
    @usableFromInline var fate: Fate

    @inlinable
    init(_ time: Instant, byteCount: Int, fate: Fate) {
      ticks = UInt32(truncatingIfNeeded: time.nanoseconds / Sent.tick)
      self.byteCount = UInt16(clamping: byteCount)
      self.fate = fate
    }

    /// When it was sent, as seen from less than nine hours later.
    func time(before now: Instant) -> Instant {
      let ticksNow = now.nanoseconds / Sent.tick
      let age = UInt32(truncatingIfNeeded: ticksNow) &- ticks
      return Instant(nanoseconds: (ticksNow - Int64(age)) * Sent.tick)
    }
  }

  @usableFromInline enum Fate: UInt8, BitwiseCopyable { case unknown, received, lost }

  /// Ring by sequence number; empty before the first packet.
  @usableFromInline var sent: [Sent]
  /// The number of the next packet, unrolled.
  @usableFromInline var next: Int64 = 0x1_0000
  @usableFromInline var oldest: Int64 = 0x1_0000
  /// In 64 ms: two thousand years.
  private static let farthestReference: Int64 = 1 << 40
  private var lastReference: Int32?
  /// The last reference time, unrolled, in 64 ms.
  private var reference: Int64 = 0
  /// Time from sending the newest packet of a feedback to the feedback: the round trip and what the receiver waited.
  public private(set) var feedbackDelay: Interval?

  public init() { sent = [] }

  /// The number for a packet of `byteCount` bytes that leaves now.
  @inlinable
  public mutating func stamp(byteCount: Int, at time: Instant) -> UInt16 {
    if next &- oldest >= Int64(sent.count) { makeRoom(at: time) }
    let number = next
    sent[Int(truncatingIfNeeded: number) & (sent.count &- 1)] = Sent(
      time, byteCount: byteCount, fate: .unknown)
    next &+= 1
    return UInt16(truncatingIfNeeded: number)
  }

  /// Appends to `results`, in order of number, what is new in `feedback`. What was said before is passed over, and so are
  /// numbers that we never sent.
  public mutating func process(
    _ feedback: inout TransportFeedback, into results: inout [PacketResult], at time: Instant
  ) {
    unrollReference(feedback.referenceTime)
    let base = Int64(feedback.referenceTime) &* 64_000
    var newestSent: Instant?
    while let status = feedback.next() {
      guard let position = position(of: status.sequenceNumber) else { continue }
      let packet = sent[position]
      guard packet.fate != .received, status.isReceived || packet.fate == .unknown else { continue }
      sent[position].fate = status.isReceived ? .received : .lost
      let sentAt = packet.time(before: time)
      if status.isReceived { newestSent = max(newestSent ?? sentAt, sentAt) }
      results.append(
        PacketResult(
          sentAt: sentAt,
          arrival: reference &* 64_000 &+ (status.microseconds &- base), byteCount: Int(packet.byteCount),
          isReceived: status.isReceived, wasLost: packet.fate == .lost))
    }
    if let newestSent { feedbackDelay = time - newestSent }
  }

  /// Where a number of a feedback stands; nil when it was never sent or is forgotten.
  private func position(of number: UInt16) -> Int? {
    let newest = next &- 1
    let value = newest &+ Int64(SequenceNumber.distance(from: UInt16(truncatingIfNeeded: newest), to: number))
    guard value >= oldest, value < next else { return nil }
    return Int(truncatingIfNeeded: value) & (sent.count &- 1)
  }

  /// The field has 24 bits and wraps after twelve days.
  private mutating func unrollReference(_ value: Int32) {
    // Feedback that leaps on and on is forged: starting over keeps all later arithmetic far from its ends.
    if let lastReference, abs(reference) < TransportSequencer.farthestReference {
      reference &+= Int64(TransportFeedback.referenceDistance(from: lastReference, to: value))
    } else {
      reference = Int64(value)
    }
    lastReference = value
  }

  /// Doubles the ring while it would forget packets that may still be heard of; else forgets the oldest.
  @usableFromInline
  mutating func makeRoom(at time: Instant) {
    guard !sent.isEmpty else {
      sent = Array(repeating: Sent(.origin, byteCount: 0, fate: .unknown), count: Limit.initialSentPackets)
      return
    }
    let age = time - sent[Int(truncatingIfNeeded: oldest) & (sent.count - 1)].time(before: time)
    guard age < .milliseconds(Limit.sentLife), sent.count < Limit.sentPackets else {
      oldest &+= 1
      return
    }
    var grown = [Sent](repeating: sent[0], count: sent.count * 2)
    for number in oldest..<next {
      grown[Int(truncatingIfNeeded: number) & (grown.count - 1)] =
        sent[Int(truncatingIfNeeded: number) & (sent.count - 1)]
    }
    sent = grown
  }
}
