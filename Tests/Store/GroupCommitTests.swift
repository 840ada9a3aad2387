// What a job may rely on: its outcome is durable, its failure is its own, and the state tells what the disk holds.

import Chronology
import Randomness
import Reactor
import SQL
import Store
import TestSupport
import Testing

@Suite struct GroupCommitTests {
  @Test func `an outcome comes when the change is in the file`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    #expect(store.insert(7, id: 42))
    let outcome = try store.settle(1)[0]
    #expect(outcome.id == 42)
    #expect(outcome.result == .success(1))
    #expect(try numbersOnDisk(directory) == [7])
  }

  @Test func `writes that wait become one commit, in their order`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    let gate = try Gate()
    try store.hold(gate)
    for number in 1...100 { #expect(store.insert(number, id: UInt64(number))) }
    gate.open()
    let outcomes = try store.settle(101).dropFirst()
    #expect(outcomes.map(\.id) == (1...100).map { UInt64($0) })
    #expect(try outcomes.map { try $0.result.get() } == Array(1...100))
    #expect(store.statistics.commits == 2)
    #expect(store.statistics.largestGroup == 100)
  }

  @Test func `a job that fails undoes itself and nobody else`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    let gate = try Gate()
    try store.hold(gate)
    #expect(store.insert(1))
    #expect(
      store.write(id: 0) { database, state throws(Refusal) in
        try database.change("INSERT INTO numbers (number) VALUES (?1)", 2)
        state.append(2)
        throw .unwanted
      })
    #expect(store.insert(1))
    #expect(store.insert(3))
    gate.open()
    let results = try store.settle(5).dropFirst().map(\.result)
    #expect(results[0] == .success(1))
    #expect(results[1] == .failure(.unwanted))
    #expect(throws: Refusal.self) { try results[2].get() }
    #expect(results[3] == .success(2))
    #expect(try numbersOnDisk(directory) == [1, 3])
  }

  @Test func `a commit that fails fails every job of the group and puts the state back`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    #expect(store.insert(1))
    _ = try store.settle(1)
    let gate = try Gate()
    try store.hold(gate)
    #expect(store.insert(2))
    // A reference to nothing that only the commit looks at.
    #expect(
      store.write(id: 0) { database, _ throws(Refusal) in
        try database.change("INSERT INTO owners (number) VALUES (?1)", 99)
        return 0
      })
    gate.open()
    for outcome in try store.settle(3).dropFirst() {
      #expect(outcome.result.failure?.sql?.isForeignKey == true)
    }
    #expect(try numbersOnDisk(directory) == [1])
    #expect(store.insert(3))
    #expect(try store.settle(1)[0].result == .success(2))
    #expect(try numbersOnDisk(directory) == [1, 3])
  }

  @Test func `the state is made of what the file holds`() throws {
    let directory = try TemporaryDirectory()
    let first = try openNumbers(directory)
    for number in 1...3 { #expect(first.insert(number)) }
    _ = try first.settle(3)
    first.stop()
    let second = try openNumbers(directory)
    #expect(second.insert(9))
    #expect(try second.settle(1)[0].result == .success(4))
  }

  @Test func `beyond its bound a store refuses, and takes again once outcomes are taken`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    let gate = try Gate()
    try store.hold(gate)
    var taken = 1
    while store.write(id: 0, { _, _ throws(Refusal) in 0 }) { taken += 1 }
    #expect(taken == StoreLimit.waitingWrites)
    #expect(store.read(id: 0) { _ throws(Refusal) in 0 })
    gate.open()
    _ = try store.settle(taken + 1)
    #expect(store.insert(1))
    #expect(try store.settle(1)[0].result == .success(1))
  }

  @Test func `stopping lets every job end`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    for number in 0..<500 { #expect(store.insert(number)) }
    for _ in 0..<50 {
      #expect(store.read(id: 1) { database throws(Refusal) in try database.count() })
    }
    store.stop()
    #expect(store.takeOutcomes().count == 550)
    #expect(!store.insert(1))
    #expect(!store.read(id: 1) { _ throws(Refusal) in 0 })
    // The log has been moved into the file and is gone.
    #expect(!directory.files.contains("mqvi.db-wal"))
    #expect(try numbersOnDisk(directory).count == 500)
  }

  @Test func `a read sees every write whose outcome was published`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    for number in 1...50 {
      #expect(store.insert(number))
      _ = try store.settle(1)
      #expect(store.read(id: 0) { database throws(Refusal) in try database.count() })
      #expect(try store.settle(1)[0].result == .success(number))
    }
  }

  @Test func `a read sees one moment, however long it takes`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    #expect(store.insert(1))
    _ = try store.settle(1)
    let gate = try Gate()
    #expect(
      store.read(id: 5) { database throws(Refusal) in
        let before = try database.count()
        gate.wait()
        return try before * 100 + database.count()
      })
    gate.waitUntilReached()
    #expect(store.insert(2))
    #expect(try store.settle(1)[0].id == 0)
    gate.open()
    #expect(try store.settle(1)[0].result == .success(101))
  }

  @Test func `a read that takes too long is interrupted, and the reader goes on`() throws {
    let directory = try TemporaryDirectory()
    var configuration = StoreConfiguration(path: directory.database, readers: 1, migrations: numbers)
    configuration.readTime = .milliseconds(30)
    let store = try NumberStore(configuration) { _ in [] }
    #expect(
      store.read(id: 0) { database throws(Refusal) in
        try database.change(
          "WITH RECURSIVE c(x) AS (SELECT ?1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c", 1)
        return 0
      })
    let error = try #require(try store.settle(1)[0].result.failure?.sql)
    #expect(error.isInterrupted)
    #expect(error.description.hasPrefix("the work on the database took too long"))
    #expect(store.read(id: 0) { database throws(Refusal) in try database.count() })
    #expect(try store.settle(1)[0].result == .success(0))
  }

  @Test func `a reader cannot write`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    #expect(
      store.read(id: 0) { database throws(Refusal) in
        try database.change("INSERT INTO numbers (number) VALUES (?1)", 1)
        return 0
      })
    #expect(try store.settle(1)[0].result.failure?.sql?.isReadOnly == true)
  }
}

extension Database {
  func count() throws(Refusal) -> Int {
    do throws(SQLError) {
      return try first("SELECT count(*) FROM numbers") { row in row.int(0) } ?? 0
    } catch { throw .database(error) }
  }
}

extension Result {
  var failure: Failure? {
    if case .failure(let failure) = self { return failure }
    return nil
  }
}

@Suite struct GroupCommitPropertyTests {
  /// What a job of the property does to the numbers.
  private enum Step {
    case insert(Int)
    case insertThenRefuse(Int)
    case remove(Int)
    /// Two inserts, of which the second may be a duplicate: then the first goes too.
    case pair(Int, Int)
  }

  private static func step(_ random: inout Random) -> Step {
    let (a, b) = (Int.random(in: 0..<30, using: &random), Int.random(in: 0..<30, using: &random))
    return switch Int.random(in: 0..<6, using: &random) {
    case 0: .insertThenRefuse(a)
    case 1: .remove(a)
    case 2: .pair(a, b)
    default: .insert(a)
    }
  }

  /// The numbers after the step, or nil when it must fail and change nothing.
  private static func model(_ step: Step, _ numbers: [Int]) -> [Int]? {
    switch step {
    case .insert(let number): numbers.contains(number) ? nil : numbers + [number]
    case .insertThenRefuse: nil
    case .remove(let number): numbers.filter { $0 != number }
    case .pair(let a, let b): numbers.contains(a) || numbers.contains(b) || a == b ? nil : numbers + [a, b]
    }
  }

  private static func run(_ step: Step, _ database: Database, _ state: inout [Int]) throws(Refusal) {
    let insert = "INSERT INTO numbers (place, number) SELECT coalesce(max(place), 0) + 1, ?1 FROM numbers"
    switch step {
    case .insert(let number):
      state.append(number)
      try database.change(insert, number)
    case .insertThenRefuse(let number):
      state.append(number)
      try database.change(insert, number)
      throw .unwanted
    case .remove(let number):
      state.removeAll { $0 == number }
      try database.change("DELETE FROM numbers WHERE number = ?1", number)
    case .pair(let a, let b):
      state += [a, b]
      try database.change(insert, a)
      try database.change(insert, b)
    }
  }

  @Test func `random jobs with failures leave what a model leaves, in memory and on the disk`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    var expected: [Int] = []
    try forEachSeed(120) { seed, random in
      let steps = (0..<Int.random(in: 1...20, using: &random)).map { _ in Self.step(&random) }
      var results: [Bool] = []
      for (index, step) in steps.enumerated() {
        let after = Self.model(step, expected)
        results.append(after != nil)
        expected = after ?? expected
        #expect(
          store.write(id: UInt64(index)) { database, state throws(Refusal) in
            try Self.run(step, database, &state)
            return 0
          })
      }
      let outcomes = try store.settle(steps.count)
      #expect(outcomes.map(\.id) == steps.indices.map { UInt64($0) }, "seed \(seed)")
      #expect(outcomes.map { $0.result.failure == nil } == results, "seed \(seed)")
      #expect(try numbersOnDisk(directory) == expected, "seed \(seed)")
      let wanted = expected
      let state = try store.now { _, state throws(Refusal) in state == wanted ? 1 : 0 }
      #expect(state == .success(1), "seed \(seed)")
    }
  }

  @Test func `readers never see a part of a job or of a failed one`() throws {
    let directory = try TemporaryDirectory()
    let store = try openNumbers(directory)
    // Every job writes ten rows or fails after some: a count that is no multiple of ten would be a part.
    var reads = 0
    forEachSeed(100) { _, random in
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        let fails = Int.random(in: 0..<3, using: &random) == 0
        let base = Int.random(in: 0..<1 << 40, using: &random) * 16
        #expect(
          store.write(id: 1) { database, _ throws(Refusal) in
            for number in 0..<10 {
              try database.change("INSERT INTO numbers (number) VALUES (?1)", base + number)
              if fails, number == 6 { throw .unwanted }
            }
            return 0
          })
        #expect(store.read(id: 2) { database throws(Refusal) in try database.count() })
        reads += 1
      }
      reads -= checkWhole(store.takeOutcomes())
    }
    store.stop()
    reads -= checkWhole(store.takeOutcomes())
    #expect(reads == 0)
  }

  /// Looks at the outcomes of reads and tells how many there were.
  private func checkWhole(_ outcomes: [(id: UInt64, result: Result<Int, Refusal>)]) -> Int {
    let counts = outcomes.filter { $0.id == 2 }.map { $0.result }
    for count in counts { #expect((try? count.get()).map { $0 % 10 } == 0) }
    return counts.count
  }
}
