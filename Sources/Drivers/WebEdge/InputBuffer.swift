// Bytes that came and were not used yet. Grows with what comes, gives memory back when it is empty.

struct InputBuffer {
  private var storage: [UInt8] = []
  private var start = 0

  /// Bytes that wait.
  var count: Int { storage.count - start }

  subscript(offset: Int) -> UInt8 { storage[start + offset] }

  mutating func append(_ bytes: some Collection<UInt8>) {
    if start > 0, start == storage.count { clear() }
    // What was used is dropped when it is the larger part: each byte is moved at most once on average.
    if start > 4096, start > storage.count / 2 {
      storage.removeFirst(start)
      start = 0
    }
    storage += bytes
  }

  mutating func consume(_ count: Int) {
    start += count
    if start >= storage.count { clear() }
  }

  /// The `count` bytes from `offset` on.
  func slice(_ offset: Int, _ count: Int) -> ArraySlice<UInt8> { storage[(start + offset)..<(start + offset + count)] }

  /// Takes the next `count` bytes out.
  mutating func take(_ count: Int) -> [UInt8] {
    let taken = Array(slice(0, count))
    consume(count)
    return taken
  }

  private mutating func clear() {
    // An idle connection keeps no buffer worth counting: there are thousands of them.
    storage.removeAll(keepingCapacity: storage.capacity <= 128)
    start = 0
  }
}
