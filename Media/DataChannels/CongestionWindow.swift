// How much may be under way: slow start, congestion avoidance and their collapse, RFC 9260 §7.2.

struct CongestionWindow: Sendable {
  /// Bytes that may be in flight.
  private(set) var bytes: Int
  private var threshold = Limit.congestionWindow
  private var acknowledgedSinceGrowth = 0
  /// The last TSN that was out when a loss was noticed; until it is acknowledged further losses are the same event.
  private(set) var recoveryEnd: TSN?
  /// Whether the last transmission filled the window. Measured when something is sent and not when a SACK comes: of
  /// several SACKs that arrive together only the first would find the window full.
  private var isFull = false
  private let packetBytes: Int

  init(packetBytes: Int) {
    self.packetBytes = packetBytes
    bytes = Limit.initialWindowPackets * packetBytes
  }

  /// Something was sent and `inFlight` bytes are out now.
  mutating func noteSent(inFlight: Int) { isFull = inFlight + packetBytes > bytes }

  /// New data was acknowledged.
  mutating func acknowledge(_ acknowledged: Int, upTo cumulative: TSN) {
    if let end = recoveryEnd {
      if end.isNewer(than: cumulative) { return }
      recoveryEnd = nil
    }
    // A window that was not used says nothing about the path: it does not grow (§7.2.1, §7.2.2).
    guard isFull else { return }
    if bytes <= threshold {
      // §7.2.1 lets L be larger than 1. A receiver that reads in batches acknowledges in batches: with L = 1 one SACK for
      // ten packets would count as one for two.
      bytes += min(acknowledged, Limit.initialWindowPackets * packetBytes)
    } else {
      acknowledgedSinceGrowth += acknowledged
      if acknowledgedSinceGrowth >= bytes {
        acknowledgedSinceGrowth -= bytes
        bytes += packetBytes
      }
    }
    bytes = min(bytes, Limit.congestionWindow)
  }

  /// Chunks were reported missing often enough (§7.2.3, §7.2.4). True when this begins a fast recovery.
  mutating func lose(lastSent: TSN) -> Bool {
    guard recoveryEnd == nil else { return false }
    threshold = max(bytes / 2, 4 * packetBytes)
    bytes = threshold
    acknowledgedSinceGrowth = 0
    recoveryEnd = lastSent
    return true
  }

  /// The retransmission timer fired (§7.2.3).
  mutating func collapse() {
    threshold = max(bytes / 2, 4 * packetBytes)
    bytes = packetBytes
    acknowledgedSinceGrowth = 0
    recoveryEnd = nil
  }

  /// Nothing was sent for longer than a timeout: what was known of the path is stale (§7.2.1).
  mutating func restartAfterIdle() { bytes = min(bytes, Limit.initialWindowPackets * packetBytes) }
}
