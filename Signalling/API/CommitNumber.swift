// Numbers for transactions, so that a snapshot and a stream of events can be joined without a gap and without doubles.

public import Problems
public import SQL

/// A number in the database that grows with every transaction that tells something. A snapshot holds the number of the
/// last one that it includes: whoever has read it needs the events with greater numbers, and no others.
public enum CommitNumber {
  /// Counts the transaction at hand, and returns its number. It is undone with the transaction.
  public static func next(_ database: Database) throws(Problem) -> UInt64 {
    let number = try Tables(database).first(
      "UPDATE commits SET number = number + 1 RETURNING number", row: { $0.int64(0) })
    return UInt64(clamping: number ?? 0)
  }

  /// The number of the last transaction that the snapshot at hand includes.
  public static func current(_ database: Database) throws(Problem) -> UInt64 {
    UInt64(clamping: try Tables(database).first("SELECT number FROM commits", row: { $0.int64(0) }) ?? 0)
  }
}
