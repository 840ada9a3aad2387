// The bounds of the store: what may wait, how much is one commit, when the log is emptied.

import Chronology

public enum StoreLimit {
  /// Writes that were taken and whose outcomes have not been: nearly a second of the fastest writing. What comes then is
  /// refused at once, which a client can try again, instead of waiting for longer than it does.
  public static let waitingWrites = 4096
  /// Likewise reads.
  public static let waitingReads = 4096
  /// Jobs in one commit. A few dozen make the disk's share of each negligible; more would let the first wait for the
  /// work of the last.
  public static let jobsPerGroup = 256
  /// Threads that read: a machine has fewer cores than this that would not rather forward media.
  public static let readers = 16
  /// How long one read may take, unless the store is told otherwise: a search that nobody waits for any more should not
  /// keep a reader, nor pages in the log.
  public static let readTime = Interval.seconds(5)
  /// Pages in the log after which it is emptied even while writes come: 16 MiB, which take some 20 ms.
  public static let logPages = 4096
  /// How long there is nothing to write before the log is emptied, so that a busy moment does not pay for it.
  public static let idleTime = Interval.seconds(1)
  /// Between a backup that failed and the next try, if the usual time is not shorter.
  public static let backupRetry = Interval.seconds(300)
}
