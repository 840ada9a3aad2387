// Relates one encoding's RTP timestamps to its sender's wall clock, by its sender reports (RFC 3550 §6.4.1).

import Chronology
import Wire

/// The clock of one incoming SSRC.
///
/// Two encodings of one publication count from different random origins; their reports quote the same wall clock, and
/// that is how a timestamp of one is found on the other. Until the first report the arrival of packets stands in, which
/// errs by the network's jitter.
public struct SenderReportClock: Sendable {
  enum Slack {
    /// An arrival reference that is off by more is not late but from another time: the sender paused or jumped.
    static let arrival = Interval.seconds(2)
  }

  /// Ticks per second.
  public let rate: UInt32

  struct Report: Sendable {
    var ntp: NTPTime
    var timestamp: UInt32
    var arrival: Instant
    /// What report blocks quote as LSR.
    var middle: UInt32
  }

  var report: Report?
  /// The packet that had the shortest way so far.
  var reference: (timestamp: UInt32, arrival: Instant)?

  /// - Parameter rate: the payload format's clock rate in Hz; not zero.
  public init(rate: UInt32) {
    precondition(rate > 0, "a clock runs")
    self.rate = rate
  }

  /// A sender report has come.
  public var isSynchronized: Bool { report != nil }

  /// A packet came; the earliest ones fix the mapping until there is a report.
  public mutating func observe(_ timestamp: UInt32, arrival: Instant) {
    guard let reference else {
      self.reference = (timestamp, arrival)
      return
    }
    let lateness = arrival - expectedArrival(of: timestamp, from: reference)
    if lateness < .zero || lateness > Slack.arrival { self.reference = (timestamp, arrival) }
  }

  /// A sender report came. One that is older than the last is ignored.
  public mutating func receive(_ message: SenderReport, at time: Instant) {
    let ntp = NTPTime(fixedPoint: message.ntpTime)
    // An NTP time of zero means that the sender has no wall clock (RFC 3550 §6.4.1).
    guard message.ntpTime != 0 else { return }
    if let report, ntp <= report.ntp, report.ntp - ntp < .seconds(60) { return }
    report = Report(
      ntp: ntp, timestamp: message.rtpTimestamp, arrival: time, middle: message.middleOfNTPTime)
  }

  /// The stream started anew: neither reports nor arrivals of before say anything about it.
  public mutating func reset() {
    report = nil
    reference = nil
  }

  /// The sender's wall clock at `timestamp`; nil before the first report.
  public func ntpTime(of timestamp: UInt32) -> NTPTime? {
    guard let report else { return nil }
    return report.ntp + Ticks.duration(of: Ticks.distance(from: report.timestamp, to: timestamp), rate: rate)
  }

  /// The timestamp at a point of the sender's wall clock; nil before the first report.
  public func timestamp(at ntp: NTPTime) -> UInt32? {
    guard let report else { return nil }
    return report.timestamp &+ UInt32(truncatingIfNeeded: Ticks.count(in: ntp - report.ntp, rate: rate))
  }

  /// Where `timestamp` of this clock stands on `other`'s: by reports if both have one, else by arrival, else nil.
  public func translate(_ timestamp: UInt32, to other: SenderReportClock) -> UInt32? {
    if let ntp = ntpTime(of: timestamp), let translated = other.timestamp(at: ntp) { return translated }
    guard let reference, let target = other.reference else { return nil }
    let arrival = expectedArrival(of: timestamp, from: reference)
    return target.timestamp
      &+ UInt32(truncatingIfNeeded: Ticks.count(in: arrival - target.arrival, rate: other.rate))
  }

  /// What a sender report of now says: the sender's wall clock and the timestamp that goes with it. By arrival, on the
  /// server's wall clock, before the first report; nil before the first packet.
  public func reading(at now: Moment) -> (ntp: NTPTime, timestamp: UInt32)? {
    if let report {
      let elapsed = now.instant - report.arrival
      return (
        report.ntp + elapsed,
        report.timestamp &+ UInt32(truncatingIfNeeded: Ticks.count(in: elapsed, rate: rate))
      )
    }
    guard let reference else { return nil }
    let elapsed = now.instant - reference.arrival
    return (
      NTPTime(now.wall),
      reference.timestamp &+ UInt32(truncatingIfNeeded: Ticks.count(in: elapsed, rate: rate))
    )
  }

  /// LSR and DLSR of a report block (RFC 3550 §6.4.1); zeros before the first report.
  public func lastReport(at time: Instant) -> (middle: UInt32, delay: UInt32) {
    guard let report else { return (0, 0) }
    let elapsed = max(Interval.zero, time - report.arrival)
    // 65 536 s is the field's range.
    let delay = min(elapsed.nanoseconds, 65_535 * 1_000_000_000) / 1_000 * 65_536 / 1_000_000
    return (report.middle, UInt32(truncatingIfNeeded: delay))
  }

  private func expectedArrival(
    of timestamp: UInt32, from reference: (timestamp: UInt32, arrival: Instant)
  ) -> Instant {
    reference.arrival + Ticks.duration(of: Ticks.distance(from: reference.timestamp, to: timestamp), rate: rate)
  }
}
