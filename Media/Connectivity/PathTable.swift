// From the path of a packet to the session that it belongs to: looked up once per packet that arrives.

import Randomness
import Wire

/// An open-addressing hash table from paths to session indices. Only paths that ICE has validated stand in it, so
/// strangers cannot fill it. Looking up allocates and retains nothing.
public struct PathTable: ~Copyable {
  private struct Entry {
    var path: Path
    var session: UInt32
    var isOccupied: Bool
  }

  private static let vacant = Entry(
    path: Path(SocketAddress(high: 0, low: 0, port: 0)), session: 0, isOccupied: false)

  private var entries: [Entry]
  private var mask: Int
  /// Keeps whoever chooses addresses from choosing where they land.
  private let seed: UInt64
  /// Paths that the table may hold.
  public let limit: Int
  public private(set) var count = 0

  /// - Parameter seed: Random, per table.
  public init(limit: Int, seed: UInt64) {
    precondition(limit > 0)
    self.limit = limit
    self.seed = seed | 1
    entries = Array(repeating: Self.vacant, count: 64)
    mask = 63
  }

  /// The session of `path`. Complexity: O(1) on average.
  public subscript(_ path: Path) -> UInt32? {
    var place = home(of: path)
    while entries[place].isOccupied {
      if entries[place].path == path { return entries[place].session }
      place = (place &+ 1) & mask
    }
    return nil
  }

  /// Adds a path, or gives it to another session. False when the table stands at its limit.
  public mutating func insert(_ path: Path, session: UInt32) -> Bool {
    if (count + 1) * 2 > entries.count { grow() }
    let place = self.place(of: path)
    guard !entries[place].isOccupied else {
      entries[place].session = session
      return true
    }
    guard count < limit else { return false }
    entries[place] = Entry(path: path, session: session, isOccupied: true)
    count += 1
    return true
  }

  /// Takes a path out if it belongs to `session`: another session may have taken it over.
  public mutating func remove(_ path: Path, session: UInt32) {
    var gap = place(of: path)
    guard entries[gap].isOccupied, entries[gap].session == session else { return }
    count -= 1
    // Entries behind the gap move up when the gap lies between their home and their place: no tombstones.
    var place = (gap + 1) & mask
    while entries[place].isOccupied {
      let home = home(of: entries[place].path)
      if (place &- home) & mask >= (place &- gap) & mask {
        entries[gap] = entries[place]
        gap = place
      }
      place = (place + 1) & mask
    }
    entries[gap] = Self.vacant
  }

  /// Where `path` stands, or the free place where it would.
  private func place(of path: Path) -> Int {
    var place = home(of: path)
    while entries[place].isOccupied, entries[place].path != path { place = (place + 1) & mask }
    return place
  }

  /// Multiply and fold twice: few instructions, all bits of the path take part.
  @inline(__always)
  private func home(of path: Path) -> Int {
    let tail = UInt64(path.address.port) << 32 | UInt64(path.connection)
    let first = (path.address.low ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15 ^ path.address.high)
    let second = (first.high ^ first.low ^ tail ^ seed).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return Int(truncatingIfNeeded: second.high ^ second.low) & mask
  }

  private mutating func grow() {
    let old = entries
    entries = Array(repeating: Self.vacant, count: old.count * 2)
    mask = entries.count - 1
    for entry in old where entry.isOccupied { entries[place(of: entry.path)] = entry }
  }
}
