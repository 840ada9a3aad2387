// What arrives, in which order, and how soon.

import Bytes
import Chronology
import DataChannels
import Randomness
import TestSupport
import Testing

@Suite struct DeliveryTests {
  @Test func `reliable messages arrive whole and in order over a bad network`() throws {
    try forEachSeed(100) { seed, random in
      var pair = AssociationPair.connected(
        .init(jitter: .milliseconds(15), loss: 0.2, duplication: 0.05), seed: seed)
      let stream = try pair.openChannel(.reliable)
      var sent: [[UInt8]] = []
      for number in 0..<30 {
        let message = numberedMessage(number, count: Int.random(in: 0...6_000, using: &random))
        try pair.left.send(message, isBinary: true, on: stream, at: pair.now)
        sent.append(message)
        if random.chance(0.3) { pair.run(for: .milliseconds(10)) }
      }
      pair.run(for: .seconds(120)) { $0.received(on: stream).count == 30 }
      #expect(pair.received(on: stream) == sent, "seed \(seed)")
    }
  }

  @Test func `both directions at once do not disturb each other`() throws {
    try forEachSeed(30) { seed, _ in
      var pair = AssociationPair.connected(.init(jitter: .milliseconds(10), loss: 0.1), seed: seed)
      let stream = try pair.openChannel(.reliable)
      for number in 0..<40 {
        try pair.left.send(numberedMessage(number, count: 900), isBinary: true, on: stream, at: pair.now)
        try pair.right.send(numberedMessage(number, count: 700), isBinary: true, on: stream, at: pair.now)
      }
      pair.run(for: .seconds(60))
      #expect(pair.received(on: stream) == (0..<40).map { numberedMessage($0, count: 900) }, "seed \(seed)")
      #expect(
        AssociationPair.messages(pair.leftEvents, stream) == (0..<40).map { numberedMessage($0, count: 700) },
        "seed \(seed)")
    }
  }

  @Test func `a channel without retransmission never blocks`() throws {
    try forEachSeed(50) { seed, _ in
      var pair = AssociationPair.connected(.init(loss: 0.2), seed: seed)
      let stream = try pair.openChannel(.lossy)
      let before = pair.left.counters.retransmissions
      for number in 0..<300 {
        try pair.left.send(numberedMessage(number, count: 200), isBinary: true, on: stream, at: pair.now)
        pair.run(for: .milliseconds(20))
      }
      pair.run(for: .seconds(5))
      let received = pair.received(on: stream)
      #expect(received.count > 200 && received.count < 290, "seed \(seed): \(received.count) arrived")
      #expect(received.allSatisfy { $0 == numberedMessage(Int($0[0]) | Int($0[1]) << 8, count: 200) })
      #expect(pair.left.counters.retransmissions == before, "seed \(seed)")
      #expect(pair.left.bufferedBytes(on: stream) == 0)
    }
  }

  @Test func `large lossy messages are given up as a whole`() throws {
    try forEachSeed(20) { seed, _ in
      var pair = AssociationPair.connected(.init(jitter: .milliseconds(5), loss: 0.1), seed: seed)
      let stream = try pair.openChannel(.lossy)
      for number in 0..<60 {
        _ = pair.sendFailure(numberedMessage(number, count: 12_000), on: stream)
        pair.run(for: .milliseconds(100))
      }
      pair.run(for: .seconds(5))
      let received = pair.received(on: stream)
      #expect(received.count > 5, "seed \(seed): \(received.count) arrived")
      #expect(received.allSatisfy { $0 == numberedMessage(Int($0[0]), count: 12_000) }, "seed \(seed)")
      #expect(pair.left.bufferedBytes(on: stream) == 0)
    }
  }

  @Test func `an ordered channel that gives up keeps the order of what it delivers`() throws {
    try forEachSeed(50) { seed, random in
      var pair = AssociationPair.connected(.init(jitter: .milliseconds(15), loss: 0.2), seed: seed)
      let stream = try pair.openChannel(.init(label: "state", reliability: .maximumRetransmits(1)))
      for number in 0..<200 {
        let count = Int.random(in: 2...3_000, using: &random)
        _ = pair.sendFailure(numberedMessage(number, count: count), on: stream)
        pair.run(for: .milliseconds(25))
      }
      pair.run(for: .seconds(20))
      let numbers = pair.received(on: stream).map { Int($0[0]) | Int($0[1]) << 8 }
      #expect(numbers == numbers.sorted(), "seed \(seed)")
      #expect(Set(numbers).count == numbers.count, "seed \(seed)")
      #expect(numbers.count > 20, "seed \(seed)")
      // The line is clear again: what is sent now arrives.
      pair.toRight.conditions.loss = 0
      try pair.left.send([9, 9, 9], isBinary: true, on: stream, at: pair.now)
      pair.run(for: .seconds(20))
      #expect(pair.received(on: stream).last?.count == 3, "seed \(seed)")
    }
  }

  @Test func `a message past its lifetime is not sent any more`() throws {
    var pair = AssociationPair.connected()
    let stream = try pair.openChannel(.init(label: "soon", reliability: .maximumLifetime(300)))
    pair.toRight.conditions.loss = 1
    try pair.left.send([1], isBinary: true, on: stream, at: pair.now)
    pair.run(for: .seconds(5))
    pair.toRight.conditions.loss = 0
    try pair.left.send([2], isBinary: true, on: stream, at: pair.now)
    pair.run(for: .seconds(12))
    #expect(pair.received(on: stream) == [[2]])
  }

  @Test func `reliable data keeps flowing beside a lossy channel`() throws {
    try forEachSeed(30) { seed, _ in
      var pair = AssociationPair.connected(.init(loss: 0.1), seed: seed)
      let reliable = try pair.openChannel(.reliable)
      let lossy = try pair.openChannel(.lossy)
      for number in 0..<100 {
        try pair.left.send(numberedMessage(number, count: 500), isBinary: true, on: reliable, at: pair.now)
        _ = pair.sendFailure(numberedMessage(number, count: 1_500), on: lossy)
        pair.run(for: .milliseconds(10))
      }
      pair.run(for: .seconds(60))
      #expect(pair.received(on: reliable) == (0..<100).map { numberedMessage($0, count: 500) }, "seed \(seed)")
      #expect(pair.received(on: lossy).count > 20, "seed \(seed)")
    }
  }

  @Test func `a megabyte crosses a clean line in a reasonable time`() throws {
    var pair = AssociationPair.connected(.init(latency: .milliseconds(20)))
    let stream = try pair.openChannel(.reliable)
    let start = pair.now
    for number in 0..<17 {
      try pair.left.send(numberedMessage(number, count: 60_000), isBinary: true, on: stream, at: pair.now)
    }
    pair.run(for: .seconds(30)) { $0.received(on: stream).count == 17 }
    #expect(pair.received(on: stream) == (0..<17).map { numberedMessage($0, count: 60_000) })
    #expect(pair.now - start < .milliseconds(800), "took \((pair.now - start).milliseconds) ms")
    #expect(pair.left.counters.retransmissions == 0)
  }

  @Test func `a megabyte crosses a narrow line near its capacity`() throws {
    // 1 MB/s with 100 ms of queue: the window must find the rate without starving.
    var pair = AssociationPair.connected(
      .init(latency: .milliseconds(20), bytesPerSecond: 1_000_000, queue: .milliseconds(100)))
    let stream = try pair.openChannel(.reliable)
    let start = pair.now
    for number in 0..<17 {
      try pair.left.send(numberedMessage(number, count: 60_000), isBinary: true, on: stream, at: pair.now)
    }
    pair.run(for: .seconds(60)) { $0.received(on: stream).count == 17 }
    #expect(pair.received(on: stream).count == 17)
    #expect(pair.now - start < .seconds(3), "took \((pair.now - start).milliseconds) ms")
  }

  @Test func `an outage of seconds is survived`() throws {
    var pair = AssociationPair.connected()
    let stream = try pair.openChannel(.reliable)
    pair.toRight.conditions.loss = 1
    pair.toLeft.conditions.loss = 1
    try pair.left.send([7], isBinary: true, on: stream, at: pair.now)
    pair.run(for: .seconds(15))
    pair.toRight.conditions.loss = 0
    pair.toLeft.conditions.loss = 0
    pair.run(for: .seconds(11))
    #expect(pair.received(on: stream) == [[7]])
  }

  @Test func `an empty message arrives empty, as text or binary`() throws {
    var pair = AssociationPair.connected()
    let stream = try pair.openChannel(.reliable)
    try pair.left.send([], isBinary: true, on: stream, at: pair.now)
    try pair.left.send([], isBinary: false, on: stream, at: pair.now)
    try pair.left.send(Array("hé".utf8), isBinary: false, on: stream, at: pair.now)
    pair.run(for: .seconds(1))
    #expect(
      pair.rightEvents.suffix(3) == [
        .message(stream: stream, [], isBinary: true), .message(stream: stream, [], isBinary: false),
        .message(stream: stream, Array("hé".utf8), isBinary: false),
      ])
  }

  @Test func `a lone packet is acknowledged within the delay`() throws {
    var pair = AssociationPair.connected(.init(latency: .milliseconds(5)))
    let stream = try pair.openChannel(.reliable)
    pair.run(for: .seconds(1))
    let before = pair.right.counters.packetsSent
    try pair.left.send([1], isBinary: true, on: stream, at: pair.now)
    pair.run(for: .milliseconds(100))
    #expect(pair.right.counters.packetsSent == before)
    pair.run(for: .milliseconds(110))
    #expect(pair.right.counters.packetsSent == before + 1)
    #expect(pair.left.counters.retransmissions == 0)
  }

  @Test func `the round trip is measured`() throws {
    var pair = AssociationPair.connected(.init(latency: .milliseconds(30)))
    let stream = try pair.openChannel(.reliable)
    for number in 0..<40 {
      try pair.left.send(numberedMessage(number, count: 2_000), isBinary: true, on: stream, at: pair.now)
      pair.run(for: .milliseconds(100))
    }
    let roundTrip = try #require(pair.left.roundTrip)
    #expect(roundTrip >= .milliseconds(60) && roundTrip < .milliseconds(110))
  }
}
