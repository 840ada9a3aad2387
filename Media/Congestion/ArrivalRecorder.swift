// Tells a publisher when its packets arrived, so that its estimator can find the line's capacity
// (draft-holmer-rmcat-transport-wide-cc-extensions-01).

import Bytes
import Chronology
import Wire

/// Arrivals on one incoming transport and the feedback about them.
///
/// Feedback leaves every 100 ms, every 50 ms from 200 packets a second on: a browser climbs to its full rate within
/// seconds only when it hears often.
public struct ArrivalRecorder: Sendable {
  public enum Cadence {
    public static let slow = Interval.milliseconds(100)
    public static let fast = Interval.milliseconds(50)
    /// From so many waiting arrivals on feedback goes at the fast pace.
    public static let fastArrivals = 10
    /// How long the first packet after a pause waits for company.
    public static let gather = Interval.milliseconds(10)
    /// So many waiting arrivals go at once.
    public static let urgentArrivals = 256
  }

  private var unwrapper = SequenceUnwrapper()
  /// In ascending order of sequence number.
  private var arrivals: [TransportArrival] = []
  private var firstWaiting = Instant.origin
  private var lastFeedback: Instant?
  /// The first number that no feedback was sent about.
  private var base: Int64?
  private var feedbackCount: UInt8 = 0
  /// Numbers in a row that were impossibly old.
  private var oldInARow = 0
  /// Arrivals that found no room or were too old.
  public private(set) var dropped: UInt64 = 0

  public init() {}

  /// A packet with that transport-wide number came in.
  public mutating func record(_ number: UInt16, at time: Instant) {
    var value = unwrapper.unwrapped(number)
    if let newest = unwrapper.newest, value < newest - Limit.reordering {
      guard isRestart() else {
        dropped &+= 1
        return
      }
      restart()
      value = unwrapper.unwrapped(number)
    }
    oldInARow = 0
    guard arrivals.count < Limit.arrivals else {
      dropped &+= 1
      return
    }
    _ = unwrapper.unwrap(number)
    if let base, value - base > Limit.reportedGap { self.base = value }
    if base == nil { base = value }
    if arrivals.isEmpty { firstWaiting = time }
    insert(TransportArrival(sequenceNumber: value, microseconds: time.nanoseconds / 1_000))
  }

  /// When feedback should leave; nil while nothing waits.
  public var nextDeadline: Instant? {
    guard !arrivals.isEmpty else { return nil }
    if arrivals.count >= Cadence.urgentArrivals { return firstWaiting }
    let gathered = firstWaiting + Cadence.gather
    guard let lastFeedback else { return gathered }
    return max(gathered, lastFeedback + (arrivals.count >= Cadence.fastArrivals ? Cadence.fast : Cadence.slow))
  }

  /// Whether arrivals wait for `writeFeedback`.
  public var hasArrivals: Bool { !arrivals.isEmpty }

  /// Writes one feedback packet at `offset`. Call again while `hasArrivals`: one packet may not hold all.
  ///
  /// - Parameters:
  ///   - senderSSRC: ours.
  ///   - mediaSSRC: any of the transport's streams.
  /// - Returns: bytes written; 0 when nothing waits or there is no room.
  public mutating func writeFeedback(
    senderSSRC: UInt32, mediaSSRC: UInt32, into span: inout MutableRawSpan, at offset: Int, time: Instant
  ) -> Int {
    guard !arrivals.isEmpty, let base else { return 0 }
    // Packets behind the last report are told one unbroken run at a time: what is between them was told before, and
    // must not be told as lost now.
    let isLate = arrivals[0].sequenceNumber < base
    var count = arrivals.count
    if isLate {
      count = 1
      while count < arrivals.count, arrivals[count].sequenceNumber == arrivals[count - 1].sequenceNumber + 1 {
        count += 1
      }
    }
    let start = isLate ? arrivals[0].sequenceNumber : base
    let written: TransportFeedbackWritten
    do throws(WireError) {
      written = try TransportFeedback.write(
        senderSSRC: senderSSRC, mediaSSRC: mediaSSRC, base: start, arrivals: arrivals.span.extracting(0..<count),
        feedbackCount: feedbackCount, into: &span, at: offset)
    } catch {
      return 0
    }
    feedbackCount &+= 1
    lastFeedback = time
    self.base = max(base, written.nextSequenceNumber)
    arrivals.removeFirst(written.arrivalCount)
    return written.byteCount
  }
}

extension ArrivalRecorder {
  /// Late packets find their place; a repeated number changes nothing.
  private mutating func insert(_ arrival: TransportArrival) {
    var place = arrivals.count
    while place > 0, arrivals[place - 1].sequenceNumber > arrival.sequenceNumber { place -= 1 }
    if place > 0, arrivals[place - 1].sequenceNumber == arrival.sequenceNumber { return }
    if place == arrivals.count { arrivals.append(arrival) } else { arrivals.insert(arrival, at: place) }
  }

  /// One number that is far too old is a straggler; three in a row are a sender that began anew.
  private mutating func isRestart() -> Bool {
    oldInARow += 1
    return oldInARow >= 3
  }

  private mutating func restart() {
    unwrapper = SequenceUnwrapper()
    arrivals.removeAll(keepingCapacity: true)
    base = nil
  }
}
