// What the database costs: one statement, durable writes by group commit, and what a large database, a backup or reads
// meanwhile change about them.
//
//   StoreBench [--directory PATH] [--messages N] [--seconds N]

import Chronology
import Glibc
import Harness
import Reactor
import SQL
import Store

struct Options {
  /// On the disk that is to be measured.
  var directory = ".build/store-bench"
  /// In the large database.
  var messages = 1_000_000
  /// For each measurement.
  var seconds = 3

  init(_ arguments: [String]) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard let value = rest.popFirst() else { Options.fail(argument) }
      switch (argument, Int(value)) {
      case ("--directory", _): directory = value
      case ("--messages", let count?) where count > 0: messages = count
      case ("--seconds", let count?) where count > 0: seconds = count
      default: Options.fail(argument)
      }
    }
  }

  private static func fail(_ argument: String) -> Never {
    Process.write("store: '\(argument)' is not an option or has no value\n", toStandardError: true)
    exit(2)
  }
}

@main struct Program {
  static func main() {
    let options = Options(Array(CommandLine.arguments.dropFirst()))
    do {
      try Files.makePrivateDirectory(options.directory)
      try measureStatements()
      try measureWrites(options)
      try measureLargeDatabase(options)
    } catch {
      Process.write("store: \(error)\n", toStandardError: true)
      exit(1)
    }
  }

  /// Statements by themselves, in memory and in one transaction: no disk.
  private static func measureStatements() throws {
    let database = try Database(path: "", mode: .memory)
    try Migrations.run([Messages.migration], on: database)
    let count = 200_000
    let insertion = Clock.now()
    try database.transaction { () throws(SQLError) in
      for number in 0..<count { try Messages.insert(number, database) }
    }
    let lookup = Clock.now()
    var bytes = 0
    for number in 0..<count {
      bytes += try Messages.content(number, database)?.utf8.count ?? 0
    }
    let end = Clock.now()
    precondition(bytes > count)
    var table = Table(["a statement, in memory", "ns"])
    table.add(["insert a message (two indexes, 120 B)", perOperation((lookup - insertion).nanoseconds, count)])
    table.add(["read one by its key", perOperation((end - lookup).nanoseconds, count)])
    print(table.text + "\n")
  }

  private static func perOperation(_ nanoseconds: Int64, _ count: Int) -> String {
    Table.number(Double(nanoseconds) / Double(count))
  }

  /// Acknowledged writes with a number of them on the way at all times.
  private static func measureWrites(_ options: Options) throws {
    var table = Table(["writes on the way", "durable writes/s", "p50 ms", "p99 ms", "writes a commit"])
    for outstanding in [1, 4, 16, 64, 256, 1024] {
      let run = try Run(options.directory + "/writes.db", isFresh: true)
      table.add([String(outstanding)] + (try run.write(outstanding, seconds: options.seconds)))
      run.store.stop()
    }
    print(table.text + "\n")
  }

  /// A database of many messages: opening it, and writing to it while nothing else, reads or a backup go on.
  private static func measureLargeDatabase(_ options: Options) throws {
    let path = options.directory + "/large.db"
    try Messages.fill(path, options.messages)
    let start = Clock.now()
    let run = try Run(path, isFresh: false)
    let opened = Clock.now() - start
    var table = Table(["\(options.messages) messages", "durable writes/s", "p50 ms", "p99 ms", "writes a commit"])
    table.add(["64 writes on the way"] + (try run.write(64, seconds: options.seconds)))
    table.add(["and reads all the time"] + (try run.write(64, seconds: options.seconds, reads: true)))
    let backup = try BackgroundBackup(path, options.directory + "/copy.db")
    table.add(["and a backup"] + (try run.write(64, seconds: options.seconds)))
    let copied = try backup.finish()
    run.store.stop()
    print(table.text)
    print("opened in \(opened.milliseconds) ms; backup of \(copied.bytes >> 20) MiB in \(copied.milliseconds) ms")
  }
}
