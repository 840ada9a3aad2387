// How much one subscriber's line can take.

import Chronology

/// Packets to send in one burst, so that the line's capacity can be read off their arrivals.
public struct Probe: Sendable, Hashable {
  public var packetCount: Int
  /// Bytes together, at least; retransmissions of recent media or padding.
  public var byteCount: Int
}

/// Why the estimate is what it is.
public enum EstimateReason: UInt8, Sendable, Hashable {
  /// Nothing is known yet; we hope.
  case initial
  /// It grows, or nothing asks for a change.
  case stable
  /// A queue stood on the line.
  case delay
  /// Packets were lost.
  case loss
  /// The receiver said so (REMB).
  case receiver
  /// A burst got through faster.
  case train
}

/// A plain, safe estimate for a subscriber without pacing: bits per second that may be sent without harm.
///
/// **Start.** High: a good line must show a sharp screen at once, and a bad one tells within half a second.
/// **Fall.** When a queue stands (`DelayDetector`) or more than a tenth is lost, to 85 % of what arrives, since what arrives
/// then is what the line can carry; when the receiver's own estimate (REMB) is less than what is being sent, to that.
/// **Rise.** 8 % a second, at most to 1.5 times what arrives, since an estimate that no traffic tests is a guess; and to
/// 85 % of the rate at which the line was seen to serve a burst. What was once measured as too much stays a ceiling, of
/// which 87 % are used, until a burst shows otherwise or it is a minute old (twice as old each time that it proved true):
/// so a steady line is not tried out again and again at the price of the picture.
///
/// The full estimator (pacing, probing clusters, alternatives for low delay) replaces this type and keeps its shape.
public struct SenderEstimate: Sendable {
  public enum Rule {
    /// Bits per second before anything is known: a 1080p screen and several cameras.
    public static let initial: Int64 = 8_000_000
    /// A standing queue drains at this share of the capacity.
    public static let reducedShare = 0.85
    /// Share of a measured capacity that is used: under 90 %, with room for an error of measurement.
    public static let ceilingShare = 0.87
    public static let growthPerSecond = 0.08
    /// Loss, 0…1, above which the estimate falls, and up to which it may grow.
    public static let heavyLoss = 0.10
    public static let lightLoss = 0.02
    /// Packets and time that a loss figure must rest on: in fewer, two percent of random loss look like ten too often.
    public static let lossPackets = 40
    public static let lossTime = Interval.milliseconds(500)
    /// Between two decreases: what the first one changed must have come back as feedback.
    public static let settle = Interval.milliseconds(400)
    /// After a decrease nothing grows for so long: the queue drains.
    public static let hold = Interval.seconds(1)
    public static let ceilingLife = Interval.seconds(60)
    public static let longestCeilingLife = Interval.seconds(960)
    /// A raise by a train that is followed by a decrease within this was wrong.
    public static let trialTime = Interval.seconds(5)
    public static let trainDistrust = Interval.seconds(30)
    public static let longestTrainDistrust = Interval.seconds(600)
    /// Probes: the first after a decrease, and the longest pause between two.
    public static let firstProbe = Interval.seconds(2)
    public static let longestProbe = Interval.seconds(30)
    /// A probe is as long as the line carries, by the estimate, in this, within the bounds: it queues like any burst.
    public static let probeTime = Interval.milliseconds(50)
    public static let probePackets = 8...16
    public static let probePacketBytes = 1_200
  }

  /// Bits per second that may be sent.
  public private(set) var bitsPerSecond: Int64
  public private(set) var reason = EstimateReason.initial
  /// 0…1, among the last packets that were reported on; 0 again after a decrease.
  public private(set) var lossFraction = 0.0

  private var delay = DelayDetector()
  private var trains = TrainMeter()
  private var acknowledged = ByteRate()
  private var sentRate = ByteRate()
  private var lossWindow = (received: 0, lost: 0)
  private var lossWindowStart = Instant.origin
  /// Newest arrival on the receiver's clock, microseconds.
  private var newestArrival: Int64 = 0

  private var lastUpdate: Instant?
  private var lastDecrease: Instant?
  private var ceiling: (bitsPerSecond: Int64, until: Instant)?
  private var ceilingLife = Rule.ceilingLife
  /// The ceiling ran out: growth is not bound to the traffic until the next decrease.
  private var isTrying = false
  private var lastTrainRaise: Instant?
  private var trainsDistrustedUntil: Instant?
  private var trainDistrust = Rule.trainDistrust
  private var nextProbe: Instant?
  private var probePause = Rule.firstProbe

  public init(initial: Int64 = Rule.initial) {
    bitsPerSecond = min(max(initial, Limit.lowestEstimate), Limit.highestEstimate)
  }

  /// A packet leaves.
  public mutating func sent(_ byteCount: Int, at time: Instant) {
    sentRate.add(byteCount, at: time.nanoseconds / 1_000)
  }

  /// Transport-wide feedback came: what `TransportSequencer.process` made of it.
  public mutating func process(_ results: [PacketResult], at time: Instant) {
    for result in results {
      if result.isReceived {
        newestArrival = max(newestArrival, result.arrival)
        acknowledged.add(result.byteCount, at: result.arrival)
        lossWindow.received += 1
        if result.wasLost { lossWindow.lost = max(0, lossWindow.lost - 1) } else { delay.add(result) }
      } else {
        lossWindow.lost += 1
      }
      trains.add(result)
    }
    let train = trains.take()
    noteLoss(at: time)
    let arriving = acknowledged.bitsPerSecond(at: newestArrival)
    let isLossy = lossFraction > Rule.heavyLoss
    if maySettle(at: time), arriving > 0, isLossy || delay.isOverused {
      decrease(to: share(Rule.reducedShare, of: arriving), capacity: arriving, isLossy ? .loss : .delay, at: time)
    } else {
      if let train { raise(byTrain: train, at: time) }
      grow(arriving: arriving, at: time)
    }
    lastUpdate = time
  }

  /// The receiver's own estimate came (REMB). It counts as a limit only where it is below what is being sent: above that
  /// it is 1.5 times the traffic or so, and says nothing about the line.
  public mutating func receiveEstimate(_ estimate: Int64, at time: Instant) {
    let sending = sentRate.bitsPerSecond(at: time.nanoseconds / 1_000)
    if estimate < bitsPerSecond, sending > 0, estimate < share(0.95, of: sending) {
      decrease(to: estimate, capacity: estimate, .receiver, at: time)
    } else {
      grow(arriving: min(sending, estimate), at: time)
    }
    lastUpdate = time
  }

  /// A receiver report came from a subscriber without transport-wide feedback.
  ///
  /// - Parameters:
  ///   - fraction: lost since the report before, 0…1.
  ///   - packets: how many packets that is a share of.
  public mutating func receiveLoss(_ fraction: Double, of packets: Int, at time: Instant) {
    guard packets >= Rule.lossPackets / 2 else { return }
    lossFraction = min(max(fraction, 0), 1)
    let sending = sentRate.bitsPerSecond(at: time.nanoseconds / 1_000)
    let arriving = share(1 - lossFraction, of: sending)
    if lossFraction > Rule.heavyLoss, arriving > 0, maySettle(at: time) {
      decrease(to: share(Rule.reducedShare, of: arriving), capacity: arriving, .loss, at: time)
    } else {
      grow(arriving: arriving, at: time)
    }
    lastUpdate = time
  }

  /// A probe to send now; nil while none is due. Ask on every timer turn.
  ///
  /// - Parameter wanted: bits per second that would be sent if the line were no limit.
  public mutating func takeProbe(wanted: Int64, at time: Instant) -> Probe? {
    guard wanted > bitsPerSecond, let due = nextProbe, time >= due else { return nil }
    if let until = trainsDistrustedUntil, time < until { return nil }
    nextProbe = time + probePause
    probePause = min(probePause * 2, Rule.longestProbe)
    let packets = Int(share(Rule.probeTime.seconds, of: bitsPerSecond)) / 8 / Rule.probePacketBytes
    let count = min(max(packets, Rule.probePackets.lowerBound), Rule.probePackets.upperBound)
    return Probe(packetCount: count, byteCount: count * Rule.probePacketBytes)
  }
}

// MARK: - Down

extension SenderEstimate {
  private func maySettle(at time: Instant) -> Bool {
    lastDecrease.map { time - $0 >= Rule.settle } ?? true
  }

  private mutating func noteLoss(at time: Instant) {
    let total = lossWindow.received + lossWindow.lost
    guard total >= Rule.lossPackets, time - lossWindowStart >= Rule.lossTime else { return }
    lossFraction = Double(lossWindow.lost) / Double(total)
    startLossWindow(at: time)
  }

  private mutating func startLossWindow(at time: Instant) {
    lossWindow = (0, 0)
    lossWindowStart = time
  }

  private mutating func decrease(to rate: Int64, capacity: Int64, _ cause: EstimateReason, at time: Instant) {
    let lower = min(bitsPerSecond, max(rate, Limit.lowestEstimate))
    if let raise = lastTrainRaise, time - raise < Rule.trialTime {
      trainsDistrustedUntil = time + trainDistrust
      trainDistrust = min(trainDistrust * 2, Rule.longestTrainDistrust)
      lastTrainRaise = nil
    }
    // A ceiling that ran out and proved true lives longer the next time.
    ceilingLife = isTrying ? min(ceilingLife * 2, Rule.longestCeilingLife) : ceilingLife
    ceiling = (capacity, time + ceilingLife)
    isTrying = false
    bitsPerSecond = lower
    reason = cause
    lastDecrease = time
    // What they saw is answered.
    delay.forgetGroups()
    startLossWindow(at: time)
    lossFraction = 0
    probePause = Rule.firstProbe
    nextProbe = time + probePause
  }
}

// MARK: - Up

extension SenderEstimate {
  private mutating func grow(arriving: Int64, at time: Instant) {
    guard let lastUpdate, lossFraction <= Rule.lightLoss else { return }
    if let lastDecrease, time - lastDecrease < Rule.hold { return }
    expireCeiling(at: time)
    // Long silence is no reason to grow.
    let elapsed = min(max(time - lastUpdate, .zero), .seconds(1)).seconds
    let grown = bitsPerSecond + Int64(Double(bitsPerSecond) * Rule.growthPerSecond * elapsed)
    var cap = isTrying ? Limit.highestEstimate : arriving + arriving / 2
    if let ceiling { cap = min(cap, share(Rule.ceilingShare, of: ceiling.bitsPerSecond)) }
    // The cap bounds growth; it takes nothing away that was earned before.
    let next = max(bitsPerSecond, min(grown, cap, Limit.highestEstimate))
    if next > bitsPerSecond { reason = .stable }
    bitsPerSecond = next
  }

  private mutating func expireCeiling(at time: Instant) {
    guard let ceiling, time >= ceiling.until else { return }
    self.ceiling = nil
    isTrying = true
  }

  private mutating func raise(byTrain train: Int64, at time: Instant) {
    let capacity = share(Rule.reducedShare, of: min(train, Limit.highestEstimate))
    guard capacity > bitsPerSecond + bitsPerSecond / 10 else { return }
    if let until = trainsDistrustedUntil, time < until { return }
    if let lastDecrease, time - lastDecrease < Rule.hold { return }
    // At most threefold at once: what lies beyond shows at the new rate.
    bitsPerSecond = min(capacity, bitsPerSecond * 3, Limit.highestEstimate)
    ceiling = nil
    lastTrainRaise = time
    probePause = Rule.firstProbe
    nextProbe = time + probePause
    reason = .train
  }

  private func share(_ share: Double, of rate: Int64) -> Int64 { Int64(Double(rate) * share) }
}
