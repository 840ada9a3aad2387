// One direction of a simulated access line: when, whether and how often a datagram arrives. Sans-IO, by its seed.

import Chronology
import Randomness

struct Link {
  struct Conditions: Equatable {
    /// What every datagram takes.
    var latency = Interval.milliseconds(15)
    /// At most this much is added, evenly distributed.
    var jitter = Interval.zero
    /// Gilbert–Elliott: probability of loss in the good and in the bad state, and of changing between them, for each
    /// datagram.
    var lossInGood = 0.0
    var lossInBad = 0.0
    var turnsBad = 0.0
    var turnsGood = 1.0
    /// Probability that a datagram arrives twice.
    var duplication = 0.0
    /// Probability that a datagram is held back by `reorderingDelay`.
    var reordering = 0.0
    var reorderingDelay = Interval.milliseconds(40)
    /// What the line carries; nil = any amount.
    var bytesPerSecond: Int?
    /// Longest time that a datagram waits for the line before it is dropped.
    var queue = Interval.milliseconds(250)
  }

  var conditions: Conditions
  /// Everything sent before is lost: the cable is out.
  private(set) var cutUntil = Instant.origin
  /// Nothing arrives before: the line is stuck, but loses nothing.
  private(set) var cloggedUntil = Instant.origin
  private(set) var sent = 0
  private(set) var lost = 0
  /// Whether anything was ever lost, held back or sent twice.
  private(set) var isPristine = true
  private var isBad = false
  private var lineFreeAt = Instant.origin
  private var random: Random

  init(_ conditions: Conditions = Conditions(), random: Random) {
    self.conditions = conditions
    self.random = random
    if conditions != Conditions() { isPristine = false }
  }

  mutating func cut(until end: Instant) {
    cutUntil = max(cutUntil, end)
    isPristine = false
  }

  mutating func clog(until end: Instant) {
    cloggedUntil = max(cloggedUntil, end)
    isPristine = false
  }

  /// What the line did not do, but what happened to its datagrams.
  mutating func disturb() { isPristine = false }

  /// Everything is well again.
  mutating func heal(at time: Instant) {
    conditions = Conditions()
    cutUntil = min(cutUntil, time)
    cloggedUntil = min(cloggedUntil, time)
    lineFreeAt = min(lineFreeAt, time)
    isBad = false
  }

  /// When a datagram that is sent now arrives: never, once or twice.
  mutating func send(byteCount: Int, at time: Instant) -> [Instant] {
    sent += 1
    guard time >= cutUntil, !isLost(), let departure = occupy(byteCount, at: time) else {
      lost += 1
      isPristine = false
      return []
    }
    var arrivals = [arrival(departure)]
    if conditions.duplication > 0, random.chance(conditions.duplication) { arrivals.append(arrival(departure)) }
    return arrivals
  }

  /// When a piece of a byte stream that is sent now arrives: always, but late when the line is in trouble.
  func streamArrival(at time: Instant) -> Instant {
    max(max(time, cutUntil), cloggedUntil) + conditions.latency
  }

  private mutating func isLost() -> Bool {
    if isBad {
      if random.chance(conditions.turnsGood) { isBad = false }
    } else if conditions.turnsBad > 0, random.chance(conditions.turnsBad) {
      isBad = true
    }
    let probability = isBad ? conditions.lossInBad : conditions.lossInGood
    return probability > 0 && random.chance(probability)
  }

  private mutating func occupy(_ byteCount: Int, at time: Instant) -> Instant? {
    guard let rate = conditions.bytesPerSecond else { return time }
    let start = max(time, lineFreeAt)
    guard start - time <= conditions.queue else { return nil }
    lineFreeAt = start + .nanoseconds(Int64(byteCount) * 1_000_000_000 / Int64(rate))
    return lineFreeAt
  }

  private mutating func arrival(_ departure: Instant) -> Instant {
    var delay = conditions.latency
    if conditions.jitter > .zero {
      delay = delay + .nanoseconds(Int64(random.unit() * Double(conditions.jitter.nanoseconds)))
    }
    if conditions.reordering > 0, random.chance(conditions.reordering) { delay = delay + conditions.reorderingDelay }
    return max(departure + delay, cloggedUntil)
  }
}
