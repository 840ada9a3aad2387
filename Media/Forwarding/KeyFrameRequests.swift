// When to ask a publisher for a key frame of one encoding: many subscribers may want one, the publisher must not be asked
// for each of them.

import Chronology

/// Gathers the wishes of all subscribers of one encoding into few requests.
public struct KeyFrameRequests: Sendable {
  public enum Limit {
    /// A key frame answers everybody who asked before it; another one is asked for at the earliest after this time.
    /// A key frame of the lowest encoding is cheap, those of the others are several times larger than a delta frame.
    public static let lowInterval = Interval.milliseconds(500)
    public static let highInterval = Interval.seconds(1)
    /// A request is repeated after two round trips, within these bounds: the key frame itself takes a while to send.
    public static let shortestRepeat = Interval.milliseconds(200)
    public static let longestRepeat = Interval.seconds(1)
    /// Requests without an answer before the interval is doubled each time: the encoding is probably not being sent.
    public static let promptRepeats = 5
    /// The interval is doubled no farther than to this.
    public static let slowestRepeat = Interval.seconds(8)
  }

  private let interval: Interval
  private var isWanted = false
  /// A request is on its way, or the key frame that answers it.
  private var isAsked = false
  private var asked: Instant?
  private var repeats = 0

  /// - Parameter encoding: place in the list of encodings, lowest quality first.
  public init(encoding: UInt8) { interval = encoding == 0 ? Limit.lowInterval : Limit.highInterval }

  /// A subscriber needs a key frame.
  public mutating func want() { isWanted = true }

  /// A key frame began to arrive: whoever asked before is served.
  public mutating func keyFrameArrived() {
    isWanted = false
    isAsked = false
    repeats = 0
  }

  /// Nobody waits any more.
  public mutating func cancel() {
    isWanted = false
    isAsked = false
    repeats = 0
  }

  /// When `due` may next be true; the distant future when nothing is wanted.
  public func deadline(roundTrip: Interval?) -> Instant {
    guard isWanted else { return .distantFuture }
    guard let asked else { return .origin }
    return asked + (isAsked ? repeatInterval(roundTrip) : interval)
  }

  /// Whether a request must be sent now; if so, it counts as sent.
  public mutating func takeDue(at time: Instant, roundTrip: Interval?) -> Bool {
    guard isWanted, deadline(roundTrip: roundTrip) <= time else { return false }
    if isAsked { repeats += 1 }
    isAsked = true
    asked = time
    return true
  }

  private func repeatInterval(_ roundTrip: Interval?) -> Interval {
    let usual = min(max((roundTrip ?? .milliseconds(100)) * 2, Limit.shortestRepeat), Limit.longestRepeat)
    guard repeats >= Limit.promptRepeats else { return usual }
    return min(usual * (1 << Int64(min(repeats - Limit.promptRepeats + 1, 6))), Limit.slowestRepeat)
  }
}
