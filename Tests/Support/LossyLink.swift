// One direction of a bad network under virtual time: it delays, reorders, duplicates, limits and loses, all by its seed.

import Chronology
import Randomness

public struct LossyLink: Sendable {
  public struct Conditions: Sendable {
    /// Time that every packet takes.
    public var latency: Interval
    /// At most this much is added, evenly distributed: more than the distance of two packets reorders them.
    public var jitter: Interval
    /// Probability that a packet is lost, 0…1.
    public var loss: Double
    /// Probability that a packet arrives twice, 0…1.
    public var duplication: Double
    /// What the line carries; nil = any amount.
    public var bytesPerSecond: Int?
    /// Longest time that a packet may wait for the line before it is dropped.
    public var queue: Interval

    public init(
      latency: Interval = .milliseconds(20), jitter: Interval = .zero, loss: Double = 0, duplication: Double = 0,
      bytesPerSecond: Int? = nil, queue: Interval = .milliseconds(200)
    ) {
      self.latency = latency
      self.jitter = jitter
      self.loss = loss
      self.duplication = duplication
      self.bytesPerSecond = bytesPerSecond
      self.queue = queue
    }
  }

  private struct Arrival: Sendable {
    var time: Instant
    var packet: [UInt8]
  }

  /// May be changed while packets are under way.
  public var conditions: Conditions
  public private(set) var packetsSent = 0
  public private(set) var packetsLost = 0
  public private(set) var bytesSent = 0
  private var random: Random
  /// Ascending in time; equal times in the order of sending.
  private var arrivals: [Arrival] = []
  private var lineFreeAt = Instant.origin

  public init(_ conditions: Conditions = Conditions(), random: Random) {
    self.conditions = conditions
    self.random = random
  }

  /// When the next packet arrives.
  public var nextArrival: Instant? { arrivals.first?.time }

  public mutating func send(_ packet: [UInt8], at time: Instant) {
    packetsSent += 1
    bytesSent += packet.count
    guard !random.chance(conditions.loss), let departure = occupyLine(packet.count, at: time) else {
      packetsLost += 1
      return
    }
    schedule(packet, departure: departure)
    if random.chance(conditions.duplication) { schedule(packet, departure: departure) }
  }

  /// The next packet that has arrived by `time`; nil when none has.
  public mutating func receive(at time: Instant) -> [UInt8]? {
    guard let first = arrivals.first, first.time <= time else { return nil }
    return arrivals.removeFirst().packet
  }

  private mutating func occupyLine(_ count: Int, at time: Instant) -> Instant? {
    guard let rate = conditions.bytesPerSecond else { return time }
    let start = max(time, lineFreeAt)
    guard start - time <= conditions.queue else { return nil }
    lineFreeAt = start + .nanoseconds(Int64(count) * 1_000_000_000 / Int64(rate))
    return lineFreeAt
  }

  private mutating func schedule(_ packet: [UInt8], departure: Instant) {
    let jitter = Interval.nanoseconds(Int64(random.unit() * Double(conditions.jitter.nanoseconds)))
    let arrival = Arrival(time: departure + conditions.latency + jitter, packet: packet)
    let index = arrivals.lastIndex { $0.time <= arrival.time }.map { $0 + 1 } ?? 0
    arrivals.insert(arrival, at: index)
  }
}
