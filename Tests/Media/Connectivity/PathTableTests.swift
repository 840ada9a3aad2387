// The table from paths to sessions, held against a dictionary; and the one from usernames.

import Bytes
import Connectivity
import Cryptography
import Randomness
import TestSupport
import Testing
import Wire

/// Expectations cannot hold what cannot be copied.
private final class Table {
  var table: PathTable
  init(limit: Int, seed: UInt64) { table = PathTable(limit: limit, seed: seed) }
}

@Suite struct PathTableTests {
  @Test func `behaves like a dictionary through any sequence of changes`() {
    forEachSeed(100) { seed, random in
      let subject = Table(limit: 10_000, seed: seed)
      var model: [Path: UInt32] = [:]
      // Few addresses, so that paths come and go and collide.
      let paths = (0..<200).map { _ in
        Path(
          SocketAddress(v4: UInt32.random(in: 0...3, using: &random), port: UInt16.random(in: 0...99, using: &random)),
          connection: UInt32.random(in: 0...1, using: &random))
      }
      for step in 0..<600 {
        let path = paths.randomElement(using: &random) ?? paths[0]
        if random.chance(0.6) {
          let session = UInt32(step)
          let isIn = subject.table.insert(path, session: session)
          #expect(isIn)
          model[path] = session
        } else if let session = model.removeValue(forKey: path) {
          subject.table.remove(path, session: session)
        }
      }
      #expect(subject.table.count == model.count, "seed \(seed)")
      for path in paths {
        let found = subject.table[path]
        #expect(found == model[path], "seed \(seed)")
      }
    }
  }

  @Test func `a path that another session took over stays`() {
    let subject = Table(limit: 10, seed: 3)
    let path = Path(SocketAddress(v4: 1, port: 1))
    _ = subject.table.insert(path, session: 1)
    _ = subject.table.insert(path, session: 2)
    subject.table.remove(path, session: 1)
    let session = subject.table[path]
    #expect(session == 2)
  }

  @Test func `the limit holds`() {
    let subject = Table(limit: 100, seed: 3)
    for port in 0..<UInt16(200) { _ = subject.table.insert(Path(SocketAddress(v4: 1, port: port)), session: 0) }
    #expect(subject.table.count == 100)
  }

  @Test func `a check finds its session by the first half of its username`() {
    var table = UsernameTable(limit: 2)
    let names: [(String, UInt32)] = [("ours", 4), ("ours", 4), ("ours", 5), ("more", 5), ("beyond", 6)]
    let isIn = names.map { table.insert($0.0, session: $0.1) }
    #expect(isIn == [true, true, false, true, false])
    var check = STUNBuilder(.request, transactionID: STUNTransactionID(high: 0, low: 0))
    check.username("ours:theirs")
    let found = table.session(forCheck: check.finish().rawSpan)
    #expect(found == 4)
    var stranger = STUNBuilder(.request, transactionID: STUNTransactionID(high: 0, low: 0))
    stranger.username("theirs:ours")
    let nothing = table.session(forCheck: stranger.finish().rawSpan)
    #expect(nothing == nil)
  }
}
