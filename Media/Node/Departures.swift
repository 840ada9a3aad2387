// What leaves the node in one turn: packet bytes back to back in one arena, and a flat list of where they go.

import Bytes
import Connectivity

/// One datagram, or a run of datagrams of equal size to one destination that the kernel can cut apart (UDP_SEGMENT).
public struct DepartureRun: Sendable {
  /// Where the bytes start in the arena.
  public var offset: Int
  /// All bytes of the run.
  public var byteCount: Int
  /// Size of each datagram of the run; the last one may be shorter. Equals `byteCount` for a single datagram.
  public var segmentSize: Int
  public var path: Path

  /// Datagrams in the run: at least one.
  @inlinable public var segmentCount: Int { (byteCount &+ segmentSize &- 1) / segmentSize }
}

/// The arena and its records. Bytes are written at the end and then appended to the list; consecutive datagrams to one
/// destination merge while the kernel could still send them as one run.
public struct Departures: ~Copyable {
  public enum Run {
    /// What Linux cuts a run into at most (UDP_MAX_SEGMENTS).
    public static let segments = 64
    /// A run is one IP datagram to the kernel until it is cut: below 65,535 less headers.
    public static let byteCount = 65_000
    /// Records in one turn. A record is at least one datagram; 4,096 of them are more than a socket buffer takes.
    public static let records = 4_096
  }

  /// The memory, for a driver that hands it to the kernel (`Slab.unsafeBase`). Offsets of records count from its start.
  public internal(set) var arena: Slab
  var records: [DepartureRun] = []
  var end = 0
  public let capacity: Int

  /// - Parameter capacity: the arena's size in bytes. Pages are touched only as far as a turn ever filled them.
  public init(capacity: Int) {
    self.capacity = capacity
    arena = Slab(slotCount: 1, stride: capacity)
    records.reserveCapacity(Run.records)
  }

  public var count: Int { records.count }

  /// Bytes in use.
  public var byteCount: Int { end }

  public func record(at index: Int) -> DepartureRun { records[index] }

  /// All bytes of a run, its datagrams back to back.
  @_lifetime(borrow self)
  public func bytes(of departure: DepartureRun) -> RawSpan { arena.range(departure.offset, departure.byteCount) }

  /// Whether a datagram of `byteCount` bytes can be added.
  ///
  /// - Parameter count: datagrams that the bytes may belong to.
  public func hasRoom(for byteCount: Int, records count: Int = 1) -> Bool {
    byteCount <= capacity &- end && records.count &+ count <= Run.records
  }

  /// The free bytes where the next datagram is to be written. Ask `hasRoom` first.
  @_lifetime(&self)
  public mutating func space(_ byteCount: Int) -> MutableRawSpan { arena.mutableRange(end, byteCount) }

  /// Adds the first `byteCount` bytes of the space as one datagram to `path`.
  public mutating func append(_ byteCount: Int, to path: Path) {
    precondition(byteCount > 0 && byteCount <= capacity &- end, "a datagram that was not written")
    let start = end
    end &+= byteCount
    let last = records.count &- 1
    if last >= 0, canMerge(last, start: start, byteCount, path) {
      records[last].byteCount &+= byteCount
    } else {
      records.append(DepartureRun(offset: start, byteCount: byteCount, segmentSize: byteCount, path: path))
    }
  }

  /// Everything was sent: begin anew.
  public mutating func removeAll() {
    records.removeAll(keepingCapacity: true)
    end = 0
  }

  func canMerge(_ last: Int, start: Int, _ byteCount: Int, _ path: Path) -> Bool {
    let run = records[last]
    // A shorter datagram ends its run: the kernel allows only the last one to be short.
    return run.offset &+ run.byteCount == start && byteCount <= run.segmentSize
      && run.byteCount % run.segmentSize == 0 && run.byteCount < run.segmentSize &* Run.segments
      && run.byteCount &+ byteCount <= Run.byteCount && run.path == path
  }
}
