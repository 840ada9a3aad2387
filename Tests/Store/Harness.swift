// Stores in directories of their own, and waiting for what they do.

import Chronology
import Foundation
import Reactor
import SQL
import Store
import Testing

/// A directory that goes with its owner.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("mqvi-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var database: String { path + "/mqvi.db" }
  var files: [String] { Files.list(path) }
}

/// Why a job failed.
enum Refusal: SQLFailure, Equatable {
  case unwanted
  case database(SQLError)

  init(_ error: SQLError) { self = .database(error) }

  var sql: SQLError? {
    if case .database(let error) = self { return error }
    return nil
  }
}

/// The state is the numbers in the table, in the order of their insertion.
typealias NumberStore = Store<[Int], Int, Refusal>

let numbers = [
  Migration(
    number: 1, name: "numbers",
    sql: """
      CREATE TABLE numbers (place INTEGER PRIMARY KEY, number INTEGER NOT NULL UNIQUE, filling BLOB) STRICT;
      CREATE TABLE owners (number INTEGER REFERENCES numbers(number) DEFERRABLE INITIALLY DEFERRED) STRICT;
      """)
]

func openNumbers(
  _ directory: TemporaryDirectory, readers: Int = 2, backups: BackupPlan? = nil, checks: Bool = false,
  report: @escaping @Sendable (StoreEvent) -> Void = { _ in }
) throws -> NumberStore {
  var configuration = StoreConfiguration(
    path: directory.database, readers: readers, migrations: numbers, backups: backups)
  configuration.checksStructure = checks
  return try NumberStore(configuration, report: report) { database throws(SQLError) in try allNumbers(database) }
}

func allNumbers(_ database: Database) throws(SQLError) -> [Int] {
  try database.query("SELECT number FROM numbers ORDER BY place") { row in row.int(0) }
}

/// What another program would see in the file.
func numbersOnDisk(_ directory: TemporaryDirectory) throws -> [Int] {
  try allNumbers(Database(path: directory.database, mode: .readOnly))
}

extension Database {
  /// A statement whose failure is a job's.
  func change(_ sql: String, _ value: Int) throws(Refusal) {
    do throws(SQLError) { try execute(sql, value) } catch { throw .database(error) }
  }
}

extension Store where State == [Int], Outcome == Int, Failure == Refusal {
  /// Inserts a number; the outcome is how many there are then.
  func insert(_ number: Int, id: UInt64 = 0) -> Bool {
    write(id: id) { database, state throws(Refusal) in
      state.append(number)
      try database.change("INSERT INTO numbers (number) VALUES (?1)", number)
      return state.count
    }
  }

  /// The next `count` outcomes.
  func settle(_ count: Int) throws -> [(id: UInt64, result: Result<Int, Refusal>)] {
    var poller = try Poller()
    try poller.add(signal.readable, token: 0)
    var outcomes: [(id: UInt64, result: Result<Int, Refusal>)] = []
    while outcomes.count < count {
      outcomes += takeOutcomes()
      if outcomes.count < count { try #require(poller.wait(.seconds(30)) > 0, "an outcome never came") }
    }
    return outcomes
  }

  /// Runs one write and gives its result.
  func now(_ job: @escaping @Sendable (Database, inout [Int]) throws(Refusal) -> Int) throws -> Result<Int, Refusal> {
    try #require(write(id: 0, job))
    return try settle(1)[0].result
  }

  /// Keeps the writer busy until the gate opens, so that what is written meanwhile becomes one group.
  func hold(_ gate: Gate) throws {
    try #require(
      write(id: .max) { _, _ throws(Refusal) in
        gate.wait()
        return 0
      })
    gate.waitUntilReached()
  }
}

/// A place in a job where a test makes it wait.
final class Gate: Sendable {
  private let reached: Signal
  private let opened: Signal

  init() throws {
    reached = try Signal()
    opened = try Signal()
  }

  func wait() {
    reached.raise()
    Self.wait(for: opened)
  }

  func waitUntilReached() { Self.wait(for: reached) }
  func open() { opened.raise() }

  private static func wait(for signal: Signal) {
    guard var poller = try? Poller(), (try? poller.add(signal.readable, token: 0)) != nil else { return }
    while poller.wait(.seconds(30)) == 0 {}
  }
}

/// Messages from the store's threads.
final class Reports: Sendable {
  private let mailbox: Mailbox<StoreEvent>

  init() throws { mailbox = try Mailbox(capacity: 1000) }

  func add(_ event: StoreEvent) { _ = mailbox.post(event) }

  /// The next that `choose` makes something of.
  func next<Output>(_ choose: (StoreEvent) -> Output?) throws -> Output {
    var poller = try Poller()
    try poller.add(mailbox.signal.readable, token: 0)
    while true {
      for event in mailbox.takeAll() { if let output = choose(event) { return output } }
      try #require(poller.wait(.seconds(30)) > 0, "an event never came")
    }
  }
}
