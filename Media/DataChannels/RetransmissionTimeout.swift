// How long to wait for an acknowledgement, RFC 9260 §6.3.1.

import Chronology

struct RetransmissionTimeout: Sendable {
  /// The timeout now, with its backing off.
  private(set) var current = Limit.initialTimeout
  /// Smoothed round trip; nil until the first measurement.
  private(set) var roundTrip: Interval?
  private var variation = Interval.zero

  /// Takes in one measurement of a chunk that was sent only once (rule C5, Karn).
  mutating func measure(_ sample: Interval) {
    guard sample >= .zero else { return }
    if let smoothed = roundTrip {
      let error = Interval(nanoseconds: (smoothed - sample).nanoseconds.magnitude.clamped)
      variation = (variation * 3 + error) / 4
      roundTrip = (smoothed * 7 + sample) / 8
    } else {
      roundTrip = sample
      variation = sample / 2
    }
    recover()
  }

  /// New data was acknowledged: the path works again, whatever the timer had been put off to. RFC 9260 waits for the next
  /// measurement, which retransmissions cannot give; TCP (RFC 6298 §5.7 as deployed) does as here.
  mutating func recover() {
    guard let roundTrip else { return }
    current = min(max(roundTrip + variation * 4, Limit.minimumTimeout), Limit.maximumTimeout)
  }

  /// Rule E2: the timer fired.
  mutating func backOff() { current = min(current * 2, Limit.maximumTimeout) }
}

extension UInt64 {
  fileprivate var clamped: Int64 { Int64(clamping: self) }
}
