// Handles in place of references: an index and the generation that it was given out in.
//
// Things of the data plane never point at each other. A handle to a thing that has gone is `nil` when it is looked up,
// not a dangling reference and not a retain cycle.

/// Where a thing stands in a `SlotTable`. Stale after the thing was removed: the generation no longer matches.
public struct Handle<Element: ~Copyable>: Hashable, Sendable {
  public let index: UInt32
  public let generation: UInt32

  @inlinable
  public init(index: UInt32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }
}

/// A table of unique things with stable places. Grows by doubling up to its limit; places are reused.
@safe public struct SlotTable<Element: ~Copyable>: ~Copyable {
  @usableFromInline var elements: UnsafeMutablePointer<Element>
  /// Odd: occupied. Even: free. Every insertion and removal adds one.
  @usableFromInline var generations: [UInt32] = []
  @usableFromInline var free: [UInt32] = []
  @usableFromInline var capacity: Int
  /// How many things the table may hold.
  public let limit: Int
  public private(set) var count = 0

  public init(limit: Int, initialCapacity: Int = 16) {
    precondition(limit > 0 && initialCapacity > 0)
    self.limit = limit
    capacity = min(limit, initialCapacity)
    unsafe elements = .allocate(capacity: capacity)
  }

  deinit {
    for index in 0..<generations.count where generations[index] & 1 == 1 {
      unsafe (elements + index).deinitialize(count: 1)
    }
    unsafe elements.deallocate()
  }

  /// Puts `element` in a free place. Nil when the table stands at its limit; the element is then gone.
  public mutating func insert(_ element: consuming Element) -> Handle<Element>? {
    let index: Int
    if let place = free.popLast() {
      index = Int(place)
    } else {
      guard generations.count < limit else { return nil }
      if generations.count == capacity { grow() }
      index = generations.count
      generations.append(0)
    }
    generations[index] &+= 1
    unsafe (elements + index).initialize(to: element)
    count += 1
    return Handle(index: UInt32(index), generation: generations[index])
  }

  /// Takes the thing out. Nil when the handle is stale.
  public mutating func remove(_ handle: Handle<Element>) -> Element? {
    guard contains(handle) else { return nil }
    let index = Int(handle.index)
    generations[index] &+= 1
    free.append(handle.index)
    count -= 1
    return unsafe (elements + index).move()
  }

  @inlinable @inline(__always)
  public func contains(_ handle: Handle<Element>) -> Bool {
    let index = Int(handle.index)
    return index < generations.count && generations[index] == handle.generation && handle.generation & 1 == 1
  }

  /// The handle of whatever lives at `index`, or nil for a free place. For loops over the whole table.
  @inlinable @inline(__always)
  public func handle(at index: Int) -> Handle<Element>? {
    guard index < generations.count, generations[index] & 1 == 1 else { return nil }
    return Handle(index: UInt32(index), generation: generations[index])
  }

  /// Places that were ever used; `handle(at:)` is nil for the free ones among them.
  @inlinable public var places: Int { generations.count }

  /// The thing itself. Traps on a stale handle: ask `contains` first where the handle comes from outside.
  @inlinable
  public subscript(_ handle: Handle<Element>) -> Element {
    @inline(__always) unsafeAddress {
      precondition(contains(handle), "stale handle")
      return unsafe UnsafePointer(elements + Int(handle.index))
    }
    @inline(__always) unsafeMutableAddress {
      precondition(contains(handle), "stale handle")
      return unsafe elements + Int(handle.index)
    }
  }

  private mutating func grow() {
    let larger = min(limit, capacity * 2)
    let moved = UnsafeMutablePointer<Element>.allocate(capacity: larger)
    unsafe moved.moveInitialize(from: elements, count: generations.count)
    unsafe elements.deallocate()
    unsafe elements = moved
    capacity = larger
  }
}
