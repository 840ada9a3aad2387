// Sender reports out, receiver reports in (RFC 3550 §6.4).

import Chronology
import Wire

/// What a subscriber reported about one stream.
public struct ReceiverFeedback: Sendable, Hashable {
  /// Smoothed as in RFC 6298 §2; nil until a report quoted one of ours.
  public var roundTrip: Interval?
  /// 0…1, of the last report's period.
  public var lossFraction: Double = 0
  /// Since the start; may be negative (duplicates).
  public var cumulativeLost: Int32 = 0
  /// Interarrival jitter in ticks of the stream's clock.
  public var jitter: UInt32 = 0
  /// Reports received.
  public var reports: UInt64 = 0

  public init() {}
}

/// When the last sender reports left, to recognise what receiver reports quote. The wall clock that a report carries is
/// the publisher's, so the quote itself tells nothing about our time.
struct SentReports: Sendable {
  private var items = InlineArray<4, (middle: UInt32, at: Instant)?>(repeating: nil)
  private var next = 0

  mutating func append(_ middle: UInt32, at time: Instant) {
    items[next] = (middle, time)
    next = (next + 1) % Limit.senderReports
  }

  func time(of middle: UInt32) -> Instant? {
    for index in 0..<Limit.senderReports {
      if let item = items[index], item.middle == middle { return item.at }
    }
    return nil
  }
}

extension SendStream {
  /// A sender report of now; nil while nothing was sent.
  ///
  /// It quotes the publisher's own wall clock. Audio and video of one publisher thus stay related as the publisher
  /// related them, whatever the network did to the packets on their way in.
  ///
  /// - Parameter clock: the clock of the encoding that flows.
  public mutating func senderReport(clock: SenderReportClock, at now: Moment) -> SenderReport? {
    guard packets > 0, let reading = clock.reading(at: now) else { return nil }
    let report = SenderReport(
      ssrc: ssrc, ntpTime: reading.ntp.fixedPoint, rtpTimestamp: reading.timestamp &+ timeline.offset,
      packetCount: UInt32(truncatingIfNeeded: packets), octetCount: UInt32(truncatingIfNeeded: payloadBytes))
    sentReports.append(report.middleOfNTPTime, at: now.instant)
    return report
  }

  /// A report block about this stream came in.
  public mutating func receive(_ block: ReportBlock, at time: Instant) {
    guard block.ssrc == ssrc else { return }
    feedback.reports &+= 1
    feedback.lossFraction = Double(block.fractionLost) / 256
    feedback.cumulativeLost = block.cumulativeLost
    feedback.jitter = block.jitter
    guard block.lastSenderReport != 0, let sentAt = sentReports.time(of: block.lastSenderReport) else { return }
    // RFC 3550 §6.4.1, figure 2, with our own clock in the place of the quoted one.
    let delay = Interval(nanoseconds: Int64(block.delaySinceLastSenderReport) * 1_000_000_000 / 65_536)
    let sample = max(Interval.microseconds(1), time - sentAt - delay)
    feedback.roundTrip = feedback.roundTrip.map { ($0 * 7 + sample) / 8 } ?? sample
  }
}
