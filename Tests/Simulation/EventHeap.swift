// What will happen, in the order of time and, within one time, of scheduling.

import Chronology

struct EventHeap<Event> {
  private struct Entry {
    var at: Instant
    var serial: UInt64
    var event: Event

    func precedes(_ other: Entry) -> Bool { at == other.at ? serial < other.serial : at < other.at }
  }

  private var entries: [Entry] = []
  private var serial: UInt64 = 0

  var count: Int { entries.count }
  var next: Instant? { entries.first?.at }

  mutating func push(_ event: Event, at time: Instant) {
    serial += 1
    entries.append(Entry(at: time, serial: serial, event: event))
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].precedes(entries[parent]) else { break }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop(until time: Instant) -> Event? {
    guard let first = entries.first, first.at <= time else { return nil }
    let last = entries.removeLast()
    guard !entries.isEmpty else { return first.event }
    entries[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
        if entries[child].precedes(entries[least]) { least = child }
      }
      guard least != parent else { break }
      entries.swapAt(parent, least)
      parent = least
    }
    return first.event
  }
}
