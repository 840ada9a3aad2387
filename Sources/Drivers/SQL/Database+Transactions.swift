// All or nothing: transactions, and savepoints inside them.

import CSQLite

extension Database {
  /// Whether a transaction is open.
  public var isInTransaction: Bool { unsafe withConnection { unsafe sqlite3_get_autocommit($0) == 0 } }

  /// Runs `body` so that either all of its changes stay or none: in a transaction of its own that takes the write lock
  /// at once, or inside an open transaction in a savepoint.
  public func transaction<Output>(_ body: () throws(SQLError) -> Output) throws(SQLError) -> Output {
    try transaction(failing: SQLError.self, body)
  }

  /// As `transaction`, for bodies that have reasons of their own to fail.
  public func transaction<Output, Failure: SQLFailure>(
    failing: Failure.Type, _ body: () throws(Failure) -> Output
  ) throws(Failure) -> Output {
    let isNested = isInTransaction
    do throws(SQLError) {
      try execute(isNested ? "SAVEPOINT nested" : "BEGIN IMMEDIATE")
    } catch { throw Failure(error) }
    let output: Output
    do throws(Failure) {
      output = try body()
    } catch {
      undo(isNested: isNested)
      throw error
    }
    do throws(SQLError) {
      try execute(isNested ? "RELEASE nested" : "COMMIT")
    } catch {
      undo(isNested: isNested)
      throw Failure(error)
    }
    return output
  }

  /// A full disk or a failed write may have rolled everything back already; then there is nothing left to undo. An
  /// error here changes nothing: the caller throws the first one, and a transaction that stays open fails the next use.
  private func undo(isNested: Bool) {
    guard isInTransaction else { return }
    if isNested {
      _ = try? execute("ROLLBACK TO nested")
      _ = try? execute("RELEASE nested")
    } else {
      _ = try? execute("ROLLBACK")
    }
  }
}
