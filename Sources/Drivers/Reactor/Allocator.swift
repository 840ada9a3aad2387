// The C library's allocator, told how a server lives: many come at once, stay for an hour, and go.

import CLinux

public enum Allocator {
  private enum Limit {
    /// Bytes from which a block gets pages of its own. glibc raises its own threshold (128 KB) whenever such a block is
    /// freed: histories that grow by copying would then leave holes of half a megabyte.
    static let mappedBlock: Int32 = 256 * 1_024
  }

  /// Before any thread starts.
  public static func configure() { mqvi_map_blocks_from(Limit.mappedBlock) }

  /// Gives pages back to the system on which nothing lives any more. Holds up threads that allocate at that moment, by
  /// about a millisecond for each ten megabytes of holes.
  public static func trim() { mqvi_trim_memory() }
}
