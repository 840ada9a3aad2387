// Deadlines of the control plane: a binary heap whose entries name what is due. An entry that was overtaken by events is
// left in and ignored when it comes up: whoever handles it checks the state that it names.

import Chronology

/// What is due.
enum TimerKind: Hashable {
  case negotiate(participant: UInt64)
  case negotiationTimeout(participant: UInt64, offer: UInt32)
  case joinTimeout(participant: UInt64)
  case askForResume(participant: UInt64, attempt: UInt32)
  case resumeTimeout(participant: UInt64, attempt: UInt32)
  case refreshToken(participant: UInt64)
  case dynacast(room: UInt64, track: String)
  case applySettings(SubscriptionKey)
  case participantUpdates(room: UInt64)
  case roomCounters(room: UInt64)
  case roomLifetime(room: UInt64)
  case unknownTrack(participant: UInt64, track: String)
  case rpcAcknowledgement(call: String)
  case rpcResponse(call: String)
  case simulatedSpeech(participant: UInt64)
}

/// A participant's interest in a track.
struct SubscriptionKey: Hashable {
  var participant: UInt64
  var track: String
}

/// Entries by time; those of one time come out in the order they went in.
struct TimerQueue {
  private struct Entry {
    var due: Instant
    var order: UInt64
    var kind: TimerKind

    func precedes(_ other: Entry) -> Bool { (due, order) < (other.due, other.order) }
  }

  private var heap: [Entry] = []
  private var order: UInt64 = 0

  var nextDeadline: Instant? { heap.first?.due }

  mutating func schedule(_ kind: TimerKind, at due: Instant) {
    order &+= 1
    heap.append(Entry(due: due, order: order, kind: kind))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// The first entry that is due at `now`, taken out.
  mutating func next(at now: Instant) -> TimerKind? {
    guard let first = heap.first, first.due <= now else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    return first.kind
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].precedes(heap[smallest]) { smallest = child }
      }
      if smallest == parent { return }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
