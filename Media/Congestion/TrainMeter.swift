// Reads the line's capacity off packets that left together: the line itself spaces them out.

import Chronology

/// Packet trains: packets of one burst, all of which arrived. How far apart they arrive is how fast the line serves them,
/// whatever the rate of the stream is. Key frames are trains, and so are probes.
struct TrainMeter: Sendable {
  enum Rule {
    /// A train leaves within this, in nanoseconds.
    static let burst: Int64 = 5_000_000
    static let packets = 6
    static let bytes = 5_000
    /// Arrivals are rounded, and receivers read in batches: nothing shorter is believed. Microseconds.
    static let shortest: Int64 = 2_000
  }

  private var start: Int64 = .min
  private var firstArrival: Int64 = 0
  private var lastArrival: Int64 = 0
  /// Bytes behind the first packet.
  private var bytes = 0
  private var packets = 0
  private var isBroken = false
  /// Packets when the train was weighed last: one that two feedbacks tell of may be weighed twice, not a third time.
  private var weighed = 0
  /// The fastest complete train since the last `take`, in bits per second.
  private var best: Int64?

  /// What feedback says about one packet, in order of sending.
  mutating func add(_ result: PacketResult) {
    let sent = result.sentAt.nanoseconds
    if start == .min || sent - start > Rule.burst || sent < start {
      finish()
      start = sent
      firstArrival = result.arrival
      bytes = 0
      packets = 0
      weighed = 0
      isBroken = false
    } else {
      bytes += result.byteCount
    }
    packets += 1
    lastArrival = result.arrival
    // A loss means that a queue is full: what got through tells nothing about room to grow.
    isBroken = isBroken || !result.isReceived || result.wasLost || result.arrival < firstArrival
  }

  /// The best train of the feedback that was read. One at its end may go on in the next.
  mutating func take() -> Int64? {
    finish()
    defer { best = nil }
    return best
  }

  private mutating func finish() {
    defer { weighed = packets }
    guard !isBroken, packets > weighed, packets >= Rule.packets, bytes >= Rule.bytes else { return }
    let span = max(lastArrival - firstArrival, Rule.shortest)
    best = max(best ?? 0, Int64(bytes) * 8 * 1_000_000 / span)
  }
}
