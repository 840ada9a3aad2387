// Keeps the process as large as those who are there need it, and not as large as those who were.

import Reactor

/// Handshakes and growing tables leave holes between what lives long. Freed pages go back to the system a while after the
/// population has changed, and not more often than that: trimming takes a millisecond or two.
struct MemoryKeeper {
  private enum Limit {
    /// Snapshots of a shard, one a second, between two trims.
    static let snapshots = 10
  }

  private var population = 0
  private var hasChanged = false
  private var age = 0

  /// Once a second: how many transports there are.
  mutating func note(population count: Int) {
    if count != population { hasChanged = true }
    population = count
    age += 1
    guard hasChanged, age >= Limit.snapshots else { return }
    Allocator.trim()
    hasChanged = false
    age = 0
  }
}
