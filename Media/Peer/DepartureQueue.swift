// Datagrams that wait to be drained, back to back in one piece of memory that is used anew each turn.

import Bytes
import Connectivity

struct DepartureQueue: ~Copyable {
  private struct Record: Sendable {
    var offset: Int
    var count: Int
    var path: Path
  }

  private static let initialBytes = 16_384
  private var memory = Slab(slotCount: 1, stride: DepartureQueue.initialBytes)
  private var end = 0
  private var records: [Record] = []

  /// Makes room for one more datagram of `Limit.packetBytes`; false when too much waits already.
  mutating func makeRoom() -> Bool {
    guard end + Limit.packetBytes > memory.stride else { return true }
    guard memory.stride * 2 <= Limit.departureBytes else { return false }
    var larger = Slab(slotCount: 1, stride: memory.stride * 2)
    do {
      var target = larger.mutableRange(0, end)
      target.copy(memory.range(0, end), to: 0)
    }
    memory = larger
    return true
  }

  /// Memory for the next datagram: `Limit.packetBytes`. Call `makeRoom` before and `commit` after.
  @_lifetime(&self)
  mutating func next() -> MutableRawSpan { memory.mutableRange(end, Limit.packetBytes) }

  /// The first `count` bytes of `next` are a datagram for `path`. Nothing happens for 0.
  mutating func commit(_ count: Int, to path: Path) {
    guard count > 0 else { return }
    records.append(Record(offset: end, count: count, path: path))
    end += count
  }

  /// Hands out all datagrams in order and forgets them.
  mutating func drain(_ send: (RawSpan, Path) -> Void) {
    for record in records { send(memory.range(record.offset, record.count), record.path) }
    records.removeAll(keepingCapacity: true)
    end = 0
  }
}
