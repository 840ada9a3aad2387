// Decides what to ask for again and when (RFC 4585 §6.2.1): soon, not too soon, not for ever.

import Chronology

/// The missing packets of one incoming stream.
///
/// A packet is asked for once it is unlikely to be only late: two newer packets came, or 15 ms passed. After that it is
/// asked for again each round trip, a quarter longer every time, ten times at most. Costs nothing while nothing is
/// missing.
public struct NACKGenerator: Sendable {
  /// Constants of the schedule. Values as the field's servers have them.
  public enum Schedule {
    /// How long a packet may be late before it is asked for.
    public static let reorderTolerance = Interval.milliseconds(15)
    /// How many newer packets make it unlikely that it is only late.
    public static let reorderPackets: UInt64 = 2
    public static let shortestRetry = Interval.milliseconds(20)
    public static let longestRetry = Interval.milliseconds(400)
    public static let tries: UInt8 = 10
  }

  struct Missing: Sendable {
    var extendedSequence: Int64
    /// Newer packets that had come when it was missed.
    var arrivals: UInt64
    var due: Instant
    var tries: UInt8 = 0
  }

  /// In order of sequence number.
  var missing: [Missing] = []
  /// Packets that came in order.
  var arrivals: UInt64 = 0
  /// Smoothed round trip to the sender.
  public var roundTrip = Interval.milliseconds(100)
  /// Packets that were given up: ten times asked for in vain, or too many at once.
  public private(set) var abandoned: UInt64 = 0
  var mustReset = false

  public init() {}

  /// How many packets are missing and still hoped for.
  public var count: Int { missing.count }

  /// A packet ahead of all others came, and the `skipped` numbers before it have not.
  public mutating func received(_ extendedSequence: Int64, skipped: Int, at time: Instant) {
    arrivals &+= 1
    guard skipped > 0 else { return }
    guard missing.count + skipped <= Limit.missing else {
      abandoned &+= UInt64(missing.count + skipped)
      missing.removeAll(keepingCapacity: true)
      mustReset = true
      return
    }
    let due = time + Schedule.reorderTolerance
    for value in (extendedSequence - Int64(skipped))..<extendedSequence {
      missing.append(Missing(extendedSequence: value, arrivals: arrivals, due: due))
    }
  }

  /// A missing packet came: late, or sent again.
  public mutating func recovered(_ extendedSequence: Int64) {
    guard let place = place(of: extendedSequence) else { return }
    missing.remove(at: place)
  }

  /// Packets before `extendedSequence` are no longer of interest, for a key frame starts there.
  public mutating func forget(before extendedSequence: Int64) {
    let kept = missing.firstIndex { $0.extendedSequence >= extendedSequence } ?? missing.count
    missing.removeFirst(kept)
  }

  /// All is void: the stream started anew.
  public mutating func removeAll() { missing.removeAll(keepingCapacity: true) }

  /// When something may become due by time alone.
  public var nextDeadline: Instant? {
    if mustReset { return .origin }
    var earliest: Instant?
    for entry in missing {
      let due = isOvertaken(entry) ? Instant.origin : entry.due
      if earliest.map({ due < $0 }) ?? true { earliest = due }
    }
    return earliest
  }

  /// Appends to `numbers`, in order, what is to be asked for now. At most `Limit.missing` numbers.
  ///
  /// - Returns: true when packets were given up, so that only a key frame heals the picture.
  public mutating func collect(into numbers: inout [UInt16], at time: Instant) -> Bool {
    var lostHope = mustReset
    mustReset = false
    guard !missing.isEmpty else { return lostHope }
    var kept = 0
    for position in 0..<missing.count {
      var entry = missing[position]
      if isOvertaken(entry) || entry.due <= time {
        guard entry.tries < Schedule.tries else {
          abandoned &+= 1
          lostHope = true
          continue
        }
        numbers.append(UInt16(truncatingIfNeeded: entry.extendedSequence))
        entry.due = time + retry(after: entry.tries)
        entry.tries += 1
      }
      missing[kept] = entry
      kept += 1
    }
    missing.removeLast(missing.count - kept)
    return lostHope
  }
}

extension NACKGenerator {
  /// Never asked for, and enough newer packets came.
  private func isOvertaken(_ entry: Missing) -> Bool {
    entry.tries == 0 && arrivals &- entry.arrivals &+ 1 >= Schedule.reorderPackets
  }

  private func retry(after tries: UInt8) -> Interval {
    var wait = min(max(roundTrip, Schedule.shortestRetry), Schedule.longestRetry)
    for _ in 0..<tries { wait = min(wait * 5 / 4, Schedule.longestRetry) }
    return wait
  }

  private func place(of extendedSequence: Int64) -> Int? {
    var low = 0
    var high = missing.count
    while low < high {
      let middle = (low + high) / 2
      if missing[middle].extendedSequence < extendedSequence { low = middle + 1 } else { high = middle }
    }
    return low < missing.count && missing[low].extendedSequence == extendedSequence ? low : nil
  }
}
