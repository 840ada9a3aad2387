// Recent events, kept once for all sessions: who lost the connection, or reads slowly, goes on from here.

import API
import Chronology

/// A bounded ring of dispatched events in the order of their sequence numbers.
struct EventLog {
  /// Where an event comes from decides whether a `ready` can have told it already.
  enum Origin: Hashable {
    /// From a transaction: a snapshot with this number or a later one includes it. 0 where nobody counted. One that
    /// changed the directory is included only if the snapshot was also made with the directory as it was then.
    case durable(commit: UInt64, version: UInt64)
    /// Made from a change of the directory: a `ready` made with this version or a later one includes it.
    case derived(version: UInt64)
    /// From the living process (presence, voice): a `ready` that is sent later includes it.
    case live
  }

  struct Entry {
    let sequence: UInt64
    let origin: Origin
    let audience: Audience
    /// The whole message.
    let frame: [UInt8]
    let at: Instant

    /// What the entry costs to keep, about.
    var bytes: Int {
      if case .users(let users) = audience { return frame.count + 96 + 8 * users.count }
      return frame.count + 96
    }
  }

  private var entries: [Entry] = []
  private var head = 0
  private(set) var bytes = 0
  /// The greatest sequence number that is not kept any more.
  private(set) var forgotten: UInt64 = 0

  var count: Int { entries.count - head }

  mutating func append(_ entry: Entry) {
    entries.append(entry)
    bytes += entry.bytes
    while bytes > Limit.logBytes, count > 1 { dropFirst() }
    compact()
  }

  /// Forgets what is older than `Limit.resumeTime`.
  mutating func trim(at now: Instant) {
    while head < entries.count, now - entries[head].at > Limit.resumeTime { dropFirst() }
    compact()
  }

  private mutating func dropFirst() {
    bytes -= entries[head].bytes
    forgotten = entries[head].sequence
    head += 1
  }

  private mutating func compact() {
    guard head > 1024, head > entries.count / 2 else { return }
    entries.removeFirst(head)
    head = 0
  }

  /// Whether everything after `sequence` is still here.
  func covers(_ sequence: UInt64) -> Bool { sequence >= forgotten }

  /// The first entry after `sequence`, as an index for `subscript`.
  func index(after sequence: UInt64) -> Int {
    var low = head
    var high = entries.count
    while low < high {
      let middle = low + (high - low) / 2
      if entries[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }

  subscript(_ index: Int) -> Entry? { index < entries.count ? entries[index] : nil }
}
