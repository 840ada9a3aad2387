// How much may be under way: slow start, congestion avoidance and their collapse, RFC 9260 §7.2.

struct CongestionWindow: Sendable {
  /// Bytes that may be in flight.
  private(set) var bytes: Int
  private var threshold = Limit.congestionWindow
  private var acknowledgedSinceGrowth = 0
  /// The last TSN that was out when a loss was noticed; until it is acknowledged further losses are the same event.
  private(set) var recoveryEnd: TSN?
  private let packetBytes: Int

  init(packetBytes: Int) {
    self.packetBytes = packetBytes
    bytes = Limit.initialWindowPackets * packetBytes
  }

  /// New data was acknowledged; `inFlight` is what was out before that.
  mutating func acknowledge(_ acknowledged: Int, inFlight: Int, upTo cumulative: TSN) {
    if let end = recoveryEnd {
      if end.isNewer(than: cumulative) { return }
      recoveryEnd = nil
    }
    // A window that was not used says nothing about the path: it does not grow (§7.2.1, §7.2.2).
    guard inFlight + packetBytes > bytes else { return }
    if bytes <= threshold {
      bytes += min(acknowledged, packetBytes)
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
