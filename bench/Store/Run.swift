// A store under a steady number of writes, and what else goes on.

import Chronology
import Glibc
import Harness
import Reactor
import SQL
import Store
import Synchronization

func unlinkQuietly(_ path: String) { _ = unlink(path) }

struct Run {
  let store: Store<Int, Int, SQLError>

  init(_ path: String, isFresh: Bool) throws {
    if isFresh { for suffix in ["", "-wal", "-shm"] { unlinkQuietly(path + suffix) } }
    var configuration = StoreConfiguration(path: path, migrations: [Messages.migration])
    configuration.checksStructure = false
    store = try Store(configuration) { database throws(SQLError) in try Messages.next(database) }
  }

  private static let readID: UInt64 = .max

  /// Keeps `outstanding` writes, and if asked one page read for each reader, on the way; a row of the table.
  func write(_ outstanding: Int, seconds: Int, reads: Bool = false) throws -> [String] {
    var poller = try Poller()
    try poller.add(store.signal.readable, token: 0)
    var begun = [Instant](repeating: Clock.now(), count: outstanding)
    var times: [Int64] = []
    let before = store.statistics
    let start = Clock.now()
    for slot in 0..<outstanding { post(slot) }
    if reads { for _ in 0..<2 { read() } }
    while Clock.now() - start < .seconds(Int64(seconds)) {
      _ = poller.wait(.milliseconds(100))
      for outcome in store.takeOutcomes() {
        _ = try outcome.result.get()
        guard outcome.id != Run.readID else {
          read()
          continue
        }
        let now = Clock.now()
        times.append((now - begun[Int(outcome.id)]).nanoseconds)
        begun[Int(outcome.id)] = now
        post(Int(outcome.id))
      }
    }
    let time = (Clock.now() - start).seconds
    var left = outstanding + (reads ? 2 : 0)
    while left > 0 {
      left -= store.takeOutcomes().count
      if left > 0 { _ = poller.wait(.milliseconds(100)) }
    }
    let after = store.statistics
    times.sort()
    func milliseconds(_ share: Double) -> String {
      Table.number(Double(times[min(times.count - 1, Int(Double(times.count) * share))]) / 1e6)
    }
    let commits = max(1, after.commits - before.commits)
    return [
      Table.number(Double(times.count) / time), milliseconds(0.5), milliseconds(0.99),
      Table.number(Double(after.writes - before.writes) / Double(commits)),
    ]
  }

  private func post(_ slot: Int) {
    let isTaken = store.write(id: UInt64(slot)) { database, next throws(SQLError) in
      try Messages.insert(next, database)
      next += 1
      return next
    }
    precondition(isTaken)
  }

  private func read() {
    let isTaken = store.read(id: Run.readID) { database throws(SQLError) in try Messages.page(7, database) }
    precondition(isTaken)
  }
}

/// A backup on a thread of its own, as the server's.
struct BackgroundBackup: ~Copyable {
  struct Outcome: Sendable {
    var bytes: Int
    var milliseconds: Int64
  }

  private let results: Mailbox<Outcome>
  private let worker: Worker

  init(_ source: String, _ target: String) throws {
    unlinkQuietly(target)
    let results = try Mailbox<Outcome>(capacity: 1)
    let worker = try Worker(name: "backup") {
      let start = Clock.now()
      let bytes = (try? Backups.make(of: source, at: target))?.bytes ?? 0
      _ = results.post(Outcome(bytes: bytes, milliseconds: (Clock.now() - start).milliseconds))
    }
    self.results = results
    self.worker = worker
  }

  consuming func finish() throws -> Outcome {
    let results = results
    worker.join()
    return results.takeAll().first ?? Outcome(bytes: 0, milliseconds: 0)
  }
}
