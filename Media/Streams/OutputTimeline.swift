// The RTP timeline that a subscriber sees: one clock, whatever encodings take turns behind it.

import Chronology

/// Finds the offset from a source's timestamps to the subscription's, anew at each switch, such that the same moment of
/// capture keeps its place (lip sync holds) and the timeline never runs backwards.
public struct OutputTimeline: Sendable {
  public enum Slack {
    /// A mapping by sender reports that is off from the time that really passed by more is not believed: the
    /// publisher's wall clock stepped, or its reports are nonsense.
    public static let clock = Interval.seconds(1)
    /// How far the first frame of a run stands behind the last of the one before, when it would stand before it.
    public static let step = Interval.milliseconds(1)
  }

  let rate: UInt32
  /// The newest timestamp that went out, and when; nil before the first packet.
  var newest: (timestamp: UInt32, at: Instant)?
  /// Added to the source's timestamps.
  public private(set) var offset: UInt32
  private var source: (encoding: UInt8, clock: SenderReportClock)?

  /// - Parameters:
  ///   - rate: clock rate in Hz.
  ///   - start: where the timeline starts; random, RFC 3550 §5.1.
  public init(rate: UInt32, start: UInt32) {
    precondition(rate > 0, "a clock runs")
    self.rate = rate
    offset = start
  }

  /// Another run starts with the frame `timestamp` of `encoding`, which came in at `time`.
  ///
  /// - Parameters:
  ///   - clock: the encoding's clock as it is now.
  ///   - previous: the clock of the encoding of the run before, as it is now; nil to take it as it was.
  public mutating func begin(
    encoding: UInt8, timestamp: UInt32, clock: SenderReportClock, previous: SenderReportClock?, at time: Instant
  ) {
    defer { source = (encoding, clock) }
    guard let newest else {
      // The start is random already: it stands for the first timestamp.
      offset &-= timestamp
      return
    }
    let elapsed = max(.zero, time - newest.at)
    let reference = newest.timestamp &+ UInt32(truncatingIfNeeded: Ticks.count(in: elapsed, rate: rate))
    var expected = expectation(encoding: encoding, timestamp: timestamp, clock: clock, previous: previous) ?? reference
    let error = Ticks.distance(from: reference, to: expected)
    if abs(error) > Ticks.count(in: Slack.clock, rate: rate) { expected = reference }
    if Ticks.distance(from: newest.timestamp, to: expected) <= 0 {
      expected = newest.timestamp &+ UInt32(truncatingIfNeeded: max(1, Ticks.count(in: Slack.step, rate: rate)))
    }
    offset = expected &- timestamp
  }

  /// A packet with that source timestamp goes out, under the offset of now.
  @inlinable
  public mutating func sent(_ timestamp: UInt32, at time: Instant) { note(timestamp &+ offset, at: time) }

  @usableFromInline
  mutating func note(_ timestamp: UInt32, at time: Instant) {
    guard let newest else {
      self.newest = (timestamp, time)
      return
    }
    // All packets of a frame share its timestamp: the first one's time counts.
    if Ticks.distance(from: newest.timestamp, to: timestamp) > 0 { self.newest = (timestamp, time) }
  }

  private func expectation(
    encoding: UInt8, timestamp: UInt32, clock: SenderReportClock, previous: SenderReportClock?
  ) -> UInt32? {
    guard let source else { return nil }
    if source.encoding == encoding { return timestamp &+ offset }
    return clock.translate(timestamp, to: previous ?? source.clock).map { $0 &+ offset }
  }
}
