// A process that uses a store until it is killed, runs out of disk, or is told to go: what faults are tried on.
//
//   StoreVictim write PATH            writes for ever; prints each number once its write is acknowledged
//   StoreVictim limited PATH BYTES    the same, with files that cannot grow beyond BYTES; then prints why a write failed,
//                                     lifts the limit, and prints the number of a write that succeeded
//   StoreVictim stranger PATH         opens the store as a user who owns nothing, and prints why it cannot
//   StoreVictim hold PATH             holds the write lock; prints "held", and lets go at the end of standard input

import Glibc
import Reactor
import SQL
import Store

/// Two rows for each number, which must never be apart.
let migrations = [
  Migration(
    number: 1, name: "victim",
    sql: """
      CREATE TABLE entries (number INTEGER PRIMARY KEY, content TEXT NOT NULL) STRICT;
      CREATE TABLE shadows (number INTEGER PRIMARY KEY REFERENCES entries(number), content TEXT NOT NULL) STRICT;
      """)
]

/// Long enough that a few dozen take pages of the log.
func content(_ number: Int) -> String { "entry \(number) " + String(repeating: "x", count: 100 + number % 900) }

typealias VictimStore = Store<Int, Int, SQLError>

/// Begins to write the next number, which the state holds.
func writeNext(_ store: VictimStore) -> Bool {
  store.write(id: 0) { database, next throws(SQLError) in
    let number = next
    next += 1
    try database.execute("INSERT INTO entries (number, content) VALUES (?1, ?2)", number, content(number))
    try database.execute("INSERT INTO shadows (number, content) VALUES (?1, ?2)", number, content(number))
    return number
  }
}

func openStore(_ path: String) throws -> VictimStore {
  var configuration = StoreConfiguration(path: path, readers: 1, migrations: migrations)
  configuration.checksStructure = false
  return try VictimStore(configuration) { database throws(SQLError) in
    try database.first("SELECT coalesce(max(number), 0) + 1 FROM entries") { row in row.int(0) } ?? 1
  }
}

/// Keeps a few writes on the way; `body` is given every outcome and says whether to go on.
func keepWriting(_ store: VictimStore, _ body: (Result<Int, SQLError>) -> Bool) throws {
  var poller = try Poller()
  try poller.add(store.signal.readable, token: 0)
  for _ in 0..<16 { _ = writeNext(store) }
  while true {
    _ = poller.wait(nil)
    for outcome in store.takeOutcomes() {
      guard body(outcome.result) else { return }
      _ = writeNext(store)
    }
  }
}

func print(_ text: String) { Process.write(text + "\n", toStandardError: false) }

/// Files may grow to `bytes`, or as far as the system lets them.
func limitFiles(_ bytes: rlim_t?) {
  var limit = rlimit()
  getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
  limit.rlim_cur = bytes ?? limit.rlim_max
  setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
}

func run(_ arguments: [String]) throws {
  switch arguments.first {
  case "write":
    let store = try openStore(arguments[1])
    try keepWriting(store) { result in
      if case .success(let number) = result { print(String(number)) }
      return true
    }
  case "limited":
    signal(SIGXFSZ, SIG_IGN)
    let store = try openStore(arguments[1])
    limitFiles(rlim_t(arguments[2]) ?? 0)
    var isLifted = false
    try keepWriting(store) { result in
      switch result {
      case .success(let number):
        print(isLifted ? "again \(number)" : String(number))
        return !isLifted
      case .failure(let error):
        guard !isLifted else { return true }
        print("failed \(error.summary)")
        limitFiles(nil)
        isLifted = true
        return true
      }
    }
    store.stop()
  case "stranger":
    // A test that runs as the system's owner is stopped by no permission.
    _ = setuid(65534)
    let store = try openStore(arguments[1])
    store.stop()
    print("opened")
  case "hold":
    let database = try Database(path: arguments[1], mode: .readWrite)
    try database.execute("BEGIN IMMEDIATE")
    print("held")
    while readLine() != nil {}
    try database.execute("ROLLBACK")
  default:
    Process.exit(2)
  }
}

@main enum Victim {
  static func main() {
    do { try run(Array(CommandLine.arguments.dropFirst())) } catch {
      print("error \(error)")
      Process.exit(1)
    }
  }
}
