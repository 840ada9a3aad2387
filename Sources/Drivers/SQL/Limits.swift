// The bounds of one connection.

public enum SQLLimit {
  /// Statements that stay compiled on a connection: more than the server has, so that only searches with many shapes of
  /// filters push anything out. One takes a few KiB.
  public static let preparedStatements = 512
  /// Pages that a connection keeps in memory.
  public static let cacheKibibytes = 16 * 1024
  /// The part of the file that readers see without copying. Address space, not memory; a damaged disk under it would be
  /// a signal instead of an error, so the writer maps nothing.
  public static let readerMapBytes = 256 << 20
  /// What is left of the write-ahead log on the disk after a checkpoint has emptied it.
  public static let logBytesKept = 16 << 20
  /// How long a statement waits for another process's lock before it fails as busy.
  public static let busyMilliseconds: Int32 = 2000
  /// The largest text, blob or row: far above any body that the server takes, far below SQLite's own 1 GB.
  public static let valueBytes: Int32 = 64 << 20
  /// Pages that a backup copies before it asks whether to go on: 4 MiB, a few milliseconds.
  public static let pagesPerStep: Int32 = 1024
  /// Faults that a check lists before it stops: one is enough to know, a few help to see where.
  public static let reportedFaults = 5
}
