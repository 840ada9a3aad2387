// When each transport must be looked at next: a binary heap in which every transport stands at most once.

import Chronology

/// Deadlines of things that are known by a small index. Setting one is O(log n), and O(1) where it does not change.
struct DeadlineQueue: ~Copyable {
  /// Indices, earliest deadline first.
  private var heap: [UInt32] = []
  /// By index: its deadline, and its place in the heap or −1.
  private var deadlines: [Instant] = []
  private var places: [Int32] = []

  init() {}

  /// The earliest deadline; the distant future when there is none.
  var next: Instant { heap.isEmpty ? .distantFuture : deadlines[Int(heap[0])] }

  /// Sets the deadline of `index`, in place of the one it had.
  mutating func set(_ index: Int, _ deadline: Instant) {
    while deadlines.count <= index {
      deadlines.append(.distantFuture)
      places.append(-1)
    }
    if places[index] < 0 {
      deadlines[index] = deadline
      places[index] = Int32(heap.count)
      heap.append(UInt32(index))
      rise(heap.count - 1)
      return
    }
    let old = deadlines[index]
    guard deadline != old else { return }
    deadlines[index] = deadline
    if deadline < old { rise(Int(places[index])) } else { sink(Int(places[index])) }
  }

  /// Brings the deadline of `index` forward, if `deadline` is earlier than what it has.
  mutating func bringForward(_ index: Int, to deadline: Instant) {
    if index >= deadlines.count || places[index] < 0 || deadline < deadlines[index] { set(index, deadline) }
  }

  mutating func remove(_ index: Int) {
    guard index < places.count, places[index] >= 0 else { return }
    let place = Int(places[index])
    let last = heap.count - 1
    exchange(place, last)
    heap.removeLast()
    places[index] = -1
    guard place < heap.count else { return }
    rise(place)
    sink(place)
  }

  /// An index that is due, which then has no deadline until one is set; nil when none is.
  mutating func takeDue(at time: Instant) -> Int? {
    guard next <= time, let index = heap.first else { return nil }
    remove(Int(index))
    return Int(index)
  }

  private mutating func rise(_ start: Int) {
    var place = start
    while place > 0 {
      let parent = (place - 1) / 2
      guard deadline(at: place) < deadline(at: parent) else { return }
      exchange(place, parent)
      place = parent
    }
  }

  private mutating func sink(_ start: Int) {
    var place = start
    while true {
      var least = place
      for child in (2 * place + 1)...(2 * place + 2) where child < heap.count {
        if deadline(at: child) < deadline(at: least) { least = child }
      }
      guard least != place else { return }
      exchange(place, least)
      place = least
    }
  }

  private func deadline(at place: Int) -> Instant { deadlines[Int(heap[place])] }

  private mutating func exchange(_ a: Int, _ b: Int) {
    heap.swapAt(a, b)
    places[Int(heap[a])] = Int32(a)
    places[Int(heap[b])] = Int32(b)
  }
}
