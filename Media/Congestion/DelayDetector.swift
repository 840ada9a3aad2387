// Sees a queue build up on the way to a subscriber before it overflows.

import Chronology

/// Watches the one-way delay over its recent minimum: the time that packets stand in queues.
///
/// We do not pace. A key frame leaves in one burst, and its own packets queue behind each other on any line; that is no
/// overuse. So packets of one burst count as a group whose delay is the smallest among them, and the line is overused only
/// while two things hold: a queue *stands* (no group of the last moments got through fast), and it is not draining (the
/// trend over the groups is not downwards). A burst passes the second test only while it drains.
struct DelayDetector: Sendable {
  enum Rule {
    /// Packets sent within this are one group.
    static let burst: Int64 = 10_000_000
    /// A standing queue, in microseconds, that is too much: more than Wi-Fi jitters, less than players buffer.
    static let standing: Int64 = 60_000
    /// Queue growth, in seconds a second, above which it is not draining.
    static let drain = -0.05
    /// Groups and time that both are judged by. The same for both: a window that reached back to before a burst would
    /// take the step up for a trend.
    static let windowGroups = 5
    static let windowSpan: Int64 = 250_000_000
    /// Groups older than this say nothing.
    static let memory: Int64 = 2_000_000_000
    /// The minimum is that of the last 10 to 20 s: routes change, clocks drift.
    static let baseline: Int64 = 10_000_000_000
  }

  struct Group: Sendable {
    /// Sending time of the first packet, nanoseconds.
    var start: Int64 = 0
    /// Smallest arrival minus sending time in the group, microseconds; the clocks' offset is part of it.
    var delay: Int64 = 0
  }

  private static let capacity = 64
  private var groups = InlineArray<64, Group>(repeating: Group())
  /// Groups ever begun; the newest stands at `(count - 1) % 64`.
  private var count = 0
  /// Groups before this one are forgotten.
  private var firstGroup = 0
  private var minimum: Int64 = .max
  private var earlierMinimum: Int64 = .max
  private var minimumSince: Int64 = 0

  /// A packet arrived, as feedback says.
  mutating func add(_ result: PacketResult) {
    let sent = result.sentAt.nanoseconds
    let delay = result.arrival - sent / 1_000
    noteMinimum(delay, at: sent)
    guard count > firstGroup else {
      append(Group(start: sent, delay: delay))
      return
    }
    let newest = group(0)
    // Older than the newest group: a late report, whose moment has passed.
    guard sent >= newest.start else { return }
    if sent - newest.start > Rule.burst {
      if sent - newest.start > Rule.memory { firstGroup = count }
      append(Group(start: sent, delay: delay))
    } else {
      groups[(count - 1) % DelayDetector.capacity].delay = min(newest.delay, delay)
    }
  }

  /// Whether the line takes more than it can carry, by what was seen so far.
  var isOverused: Bool { standingQueue > Rule.standing && trend > Rule.drain }

  /// Microseconds that even the fastest of the recent groups stood in queues.
  var standingQueue: Int64 {
    guard let used = windowCount else { return 0 }
    var smallest = Int64.max
    for age in 0..<used { smallest = min(smallest, group(age).delay) }
    return smallest - min(minimum, earlierMinimum)
  }

  /// How fast the queue grows, in seconds a second: the slope of a line through the recent groups (least squares).
  var trend: Double {
    guard let used = windowCount else { return 0 }
    let origin = group(used - 1)
    var sumX = 0.0
    var sumY = 0.0
    var sumXX = 0.0
    var sumXY = 0.0
    for age in 0..<used {
      let x = Double(group(age).start - origin.start) / 1e9
      let y = Double(group(age).delay - origin.delay) / 1e6
      sumX += x
      sumY += y
      sumXX += x * x
      sumXY += x * y
    }
    let n = Double(used)
    let spread = n * sumXX - sumX * sumX
    return spread > 0 ? (n * sumXY - sumX * sumY) / spread : 0
  }

  /// Forgets the groups: the rate was just changed, and what they saw is answered.
  mutating func forgetGroups() { firstGroup = count }

  /// How many of the newest groups make the window; nil while there are not enough.
  private var windowCount: Int? {
    let available = min(count - firstGroup, DelayDetector.capacity)
    var used = 0
    while used < available {
      let reach = group(0).start - group(used).start
      if reach > Rule.memory { return nil }
      used += 1
      if used >= Rule.windowGroups, reach >= Rule.windowSpan { return used }
    }
    return nil
  }

  private func group(_ age: Int) -> Group { groups[(count - 1 - age) % DelayDetector.capacity] }

  private mutating func append(_ group: Group) {
    groups[count % DelayDetector.capacity] = group
    count += 1
  }

  private mutating func noteMinimum(_ delay: Int64, at sent: Int64) {
    if minimum == .max { minimumSince = sent }
    if sent - minimumSince > Rule.baseline {
      earlierMinimum = minimum
      minimum = delay
      minimumSince = sent
    }
    minimum = min(minimum, delay)
  }
}
