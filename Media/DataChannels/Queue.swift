// A first-in first-out queue with access by position: TSNs in flight are consecutive, so a position is a TSN.

/// A queue that owns no memory while it has never held anything.
struct Queue<Element: Sendable>: Sendable {
  /// What was taken stays in front until it is half of everything, then the rest moves up: O(1) per element over time.
  private var elements: [Element] = []
  private var taken = 0

  var count: Int { elements.count &- taken }
  var isEmpty: Bool { elements.isEmpty }
  var first: Element? { isEmpty ? nil : elements[taken] }

  /// The element `index` places behind the first.
  subscript(index: Int) -> Element {
    _read {
      precondition(index >= 0, "position outside the queue")
      yield elements[taken &+ index]
    }
    _modify {
      precondition(index >= 0, "position outside the queue")
      yield &elements[taken &+ index]
    }
  }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard !isEmpty else { return nil }
    let element = elements[taken]
    taken += 1
    if taken == elements.count {
      // An idle queue keeps only what a short exchange needs.
      elements.removeAll(keepingCapacity: elements.capacity <= 16)
      taken = 0
    } else if taken > 16, taken * 2 >= elements.count {
      elements.removeFirst(taken)
      taken = 0
    }
    return element
  }

  /// Forgets everything and gives the memory back.
  mutating func removeAll() { self = Queue() }
}
