// What chat costs: messages a second into the database, and the reads and searches of a large community.
//
//   ChatBench [--directory PATH] [--messages N] [--searches N]

import API
import Access
import Chat
import Chronology
import Glibc
import Harness
import Identifiers
import JSON
import Problems
import Randomness
import Reactor
import SQL

struct Options {
  /// On the disk that is to be measured.
  var directory = ".build/chat-bench"
  /// In the large community.
  var messages = 1_000_000
  /// Of each kind, for each reader.
  var searches = 100

  init(_ arguments: [String]) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard let value = rest.popFirst() else { Options.fail(argument) }
      switch (argument, Int(value)) {
      case ("--directory", _): directory = value
      case ("--messages", let count?) where count > 0: messages = count
      case ("--searches", let count?) where count > 0: searches = count
      default: Options.fail(argument)
      }
    }
  }

  private static func fail(_ argument: String) -> Never {
    Process.write("chat: '\(argument)' is not an option or has no value\n", toStandardError: true)
    exit(2)
  }
}

@main struct Program {
  static func main() {
    let options = Options(Array(CommandLine.arguments.dropFirst()))
    do {
      try measure(options)
    } catch {
      Process.write("chat: \(error)\n", toStandardError: true)
      exit(1)
    }
  }

  /// Apart from `main`: several types of errors in one `catch` break the optimiser of Swift 6.3.
  @inline(never)
  private static func measure(_ options: Options) throws {
    try Files.makePrivateDirectory(options.directory)
    try measurePosts(options)
    var town = try Town(try fresh(options.directory + "/town.db"))
    let start = Clock.now()
    try town.post(options.messages, group: 500)
    let rate = Double(options.messages) / (Clock.now() - start).seconds
    print("\(options.messages) messages, 500 to a transaction: \(Int(rate)) messages/s\n")
    try town.keepUp()
    try measureReads(&town, options)
  }

  private static func fresh(_ path: String) throws -> Database {
    for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    return try Database(path: path, mode: .readWrite)
  }

  /// Whole messages: checked, stored, indexed, made into an event.
  private static func measurePosts(_ options: Options) throws {
    var table = Table(["messages a transaction", "in memory, messages/s", "on the disk, messages/s"])
    for group in [1, 10, 100] {
      var row = [String(group)]
      row.append(try postRate(try Database(path: "", mode: .memory), group))
      row.append(try postRate(try fresh(options.directory + "/posts.db"), group))
      table.add(row)
    }
    print(table.text + "\n")
  }

  @inline(never)
  private static func postRate(_ database: Database, _ group: Int) throws -> String {
    var town = try Town(database)
    let count = min(20_000, group * 1_000)
    let start = Clock.now()
    try town.post(count, group: group)
    return String(Int(Double(count) / (Clock.now() - start).seconds))
  }

  private static func measureReads(_ town: inout Town, _ options: Options) throws {
    let reader = try Database(path: town.database.path, mode: .readOnly)
    var random = Random(seed: 2)
    var table = Table(["request", "of a reader who sees", "p50 ms", "p99 ms", "longest ms"])
    var searches: [Int64] = []
    for kind in Kind.all {
      for (name, user) in town.readers {
        let times = try (0..<options.searches).map { _ in
          try time(kind.route, kind.query(town, &random), user, town, reader)
        }
        if kind.route == "searchMessages" { searches += times }
        table.add([kind.name, name] + summary(times))
      }
    }
    table.add(["all searches", "–"] + summary(searches))
    print(table.text)
  }

  @inline(never)
  private static func time(
    _ name: String, _ query: [String: String], _ user: Identifier, _ town: Town, _ database: Database
  ) throws -> Int64 {
    let start = Clock.now()
    try ask(name, query, user, town, database)
    return (Clock.now() - start).nanoseconds
  }

  private static func summary(_ times: [Int64]) -> [String] {
    let sorted = times.sorted()
    func milliseconds(_ share: Double) -> String {
      Table.number(Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1e6)
    }
    return [milliseconds(0.5), milliseconds(0.99), milliseconds(1)]
  }

  /// Runs a route that only reads, from its handler to the written answer.
  @inline(never)
  private static func ask(
    _ name: String, _ query: [String: String], _ user: Identifier, _ town: Town, _ database: Database
  ) throws(Problem) {
    guard let route = ChatRoutes.all.first(where: { $0.name == name }) else { return }
    var call = Call(
      caller: Caller(user: user), directory: town.directory,
      at: Moment(instant: Clock.now(), wall: town.time))
    call.path = ["channel_id": town.quiet.description]
    call.query = query
    let step = try route.handle(call)
    guard case .read(let job) = step else { return }
    let reading = Reading(database, town.directory, at: town.time)
    let last = try job(reading)
    guard case .reply(let reply) = last else { return }
    precondition(!reply.envelope.isEmpty)
  }
}

/// A kind of request.
struct Kind: Sendable {
  var name: String
  var route = "searchMessages"
  var query: @Sendable (Town, inout Random) -> [String: String]

  private static func search(
    _ name: String, _ text: @escaping @Sendable (Town, inout Random) -> String
  ) -> Kind {
    Kind(name: "search: \(name)") { town, random in ["q": text(town, &random)] }
  }

  private static func common(_ town: Town, _ random: inout Random) -> String {
    town.word(Int.random(in: 0..<20, using: &random))
  }
  private static func usual(_ town: Town, _ random: inout Random) -> String {
    town.word(Int.random(in: 100..<2_000, using: &random))
  }
  private static func rare(_ town: Town, _ random: inout Random) -> String {
    town.word(Int.random(in: 20_000..<50_000, using: &random))
  }

  static let all: [Kind] = [
    Kind(name: "page of messages", route: "listMessages") { _, _ in [:] },
    Kind(name: "read states", route: "listReadStates") { _, _ in [:] },
    search("a very common word") { common($0, &$1) },
    search("two very common words") { "\(common($0, &$1)) \(common($0, &$1))" },
    search("a usual word") { usual($0, &$1) },
    search("two usual words") { "\(usual($0, &$1)) \(usual($0, &$1))" },
    search("a common and a rare word") { "\(common($0, &$1)) \(rare($0, &$1))" },
    search("a rare word") { rare($0, &$1) },
    search("no such word") { town, random in "yok\(random.next())" },
    search("a phrase of common words") { "\"\(common($0, &$1)) \(common($0, &$1))\"" },
    search("a beginning of three letters") { (usual($0, &$1) + "kal").prefix(3) + "*" },
    search("a beginning of six letters") { (usual($0, &$1) + "kalemi").prefix(6) + "*" },
    search("a common word, by one author") { "\(common($0, &$1)) from:kisi\(Int.random(in: 0..<1_000, using: &$1))" },
    search("a common word in one channel") { "\(common($0, &$1)) in:kanal\(Int.random(in: 0..<100, using: &$1))" },
    search("a common word with a link") { "\(common($0, &$1)) has:link" },
    search("a common word without another") { "\(common($0, &$1)) -\(common($0, &$1))" },
    search("by one author") { town, random in "from:kisi\(Int.random(in: 0..<1_000, using: &random))" },
    search("a common word before a day") { "\(common($0, &$1)) before:2027-01-16" },
  ]
}
