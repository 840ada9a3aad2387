// Channels: how they open, close, and what their limits do.

import Bytes
import Chronology
import DataChannels
import Randomness
import TestSupport
import Testing

@Suite struct ChannelTests {
  @Test func `the DTLS client takes even stream ids and the server odd ones`() throws {
    var pair = AssociationPair.connected()
    let left = [try pair.left.open(.reliable, at: pair.now), try pair.left.open(.lossy, at: pair.now)]
    let right = [try pair.right.open(.reliable, at: pair.now), try pair.right.open(.lossy, at: pair.now)]
    #expect(left == [0, 2])
    #expect(right == [1, 3])
  }

  @Test func `the other side learns every parameter of a channel`() throws {
    let channels: [DataChannelParameters] = [
      .reliable, .lossy, .init(label: "ünïcode ✓", subprotocol: "chat.v1", reliability: .maximumLifetime(250)),
      .init(label: "", isOrdered: false), .init(label: "r", reliability: .maximumRetransmits(3)),
    ]
    var pair = AssociationPair.connected()
    for parameters in channels {
      let stream = try pair.openChannel(parameters)
      #expect(pair.rightEvents.last == .opened(stream: stream, parameters))
    }
  }

  @Test func `channels opened before the association is up open once it is`() throws {
    var pair = AssociationPair()
    let stream = try pair.left.open(.reliable, at: pair.now)
    try pair.left.send([1], isBinary: true, on: stream, at: pair.now)
    pair.left.connect(at: pair.now)
    pair.run(for: .seconds(2))
    #expect(
      pair.rightEvents == [
        .associationUp, .opened(stream: stream, .reliable), .message(stream: stream, [1], isBinary: true),
      ])
    #expect(pair.leftEvents == [.associationUp, .opened(stream: stream, .reliable)])
  }

  @Test func `messages sent before the confirmation arrive after the opening`() throws {
    try forEachSeed(60) { seed, _ in
      var pair = AssociationPair.connected(.init(jitter: .milliseconds(40), loss: 0.2), seed: seed)
      let parameters = DataChannelParameters(label: "early", isOrdered: false)
      let stream = try pair.left.open(parameters, at: pair.now)
      for number in 0..<5 {
        try pair.left.send(numberedMessage(number, count: 3_000), isBinary: true, on: stream, at: pair.now)
      }
      pair.run(for: .seconds(60))
      #expect(pair.rightEvents[1] == .opened(stream: stream, parameters), "seed \(seed)")
      #expect(pair.received(on: stream).count == 5, "seed \(seed)")
    }
  }

  @Test func `closing delivers what was queued, closes both ends and frees the stream`() throws {
    try forEachSeed(60) { seed, _ in
      var pair = AssociationPair.connected(.init(jitter: .milliseconds(10), loss: 0.15), seed: seed)
      let stream = try pair.openChannel(.reliable)
      for number in 0..<10 {
        try pair.left.send(numberedMessage(number, count: 3_000), isBinary: true, on: stream, at: pair.now)
      }
      pair.left.close(stream, at: pair.now)
      let failure1 = pair.sendFailure([1], on: stream)
      #expect(failure1 == .channelClosed)
      pair.run(for: .seconds(60)) {
        $0.leftEvents.contains(.closed(stream: stream)) && $0.rightEvents.contains(.closed(stream: stream))
      }
      #expect(pair.received(on: stream).count == 10, "seed \(seed)")
      #expect(pair.leftEvents.last == .closed(stream: stream), "seed \(seed)")
      #expect(pair.rightEvents.last == .closed(stream: stream), "seed \(seed)")
      let again = try pair.openChannel(.lossy)
      #expect(again == stream, "seed \(seed)")
      #expect(pair.rightEvents.contains(.opened(stream: stream, .lossy)), "seed \(seed)")
    }
  }

  @Test func `both ends close the same channel at once`() throws {
    try forEachSeed(60) { seed, _ in
      var pair = AssociationPair.connected(.init(jitter: .milliseconds(10), loss: 0.15), seed: seed)
      let stream = try pair.openChannel(.reliable)
      pair.left.close(stream, at: pair.now)
      pair.right.close(stream, at: pair.now)
      pair.run(for: .seconds(60))
      #expect(pair.leftEvents.last == .closed(stream: stream), "seed \(seed)")
      #expect(pair.rightEvents.last == .closed(stream: stream), "seed \(seed)")
    }
  }

  @Test func `a channel closes while another keeps sending`() throws {
    try forEachSeed(30) { seed, _ in
      var pair = AssociationPair.connected(.init(loss: 0.1), seed: seed)
      let busy = try pair.openChannel(.reliable)
      let brief = try pair.openChannel(.lossy)
      for number in 0..<100 {
        try pair.left.send(numberedMessage(number, count: 2_000), isBinary: true, on: busy, at: pair.now)
        if number == 10 { pair.left.close(brief, at: pair.now) }
        pair.run(for: .milliseconds(20))
      }
      pair.run(for: .seconds(60))
      #expect(pair.leftEvents.contains(.closed(stream: brief)), "seed \(seed)")
      #expect(pair.received(on: busy) == (0..<100).map { numberedMessage($0, count: 2_000) }, "seed \(seed)")
    }
  }

  @Test func `numbering begins anew on a stream that was closed and opened again`() throws {
    var pair = AssociationPair.connected()
    for round in 0..<5 {
      let stream = try pair.openChannel(.reliable)
      for number in 0..<3 {
        try pair.left.send([UInt8(round), UInt8(number)], isBinary: true, on: stream, at: pair.now)
      }
      pair.run(for: .seconds(1))
      #expect(pair.received(on: stream).suffix(3) == (0..<3).map { [UInt8(round), UInt8($0)] })
      pair.right.close(stream, at: pair.now)
      pair.run(for: .seconds(2))
      #expect(pair.leftEvents.last == .closed(stream: stream))
    }
  }

  @Test func `a message above the other side's limit is refused here`() throws {
    var pair = AssociationPair.connected(left: .init(isDTLSClient: true, remoteMaximumMessageSize: 1000))
    let stream = try pair.openChannel(.reliable)
    let failure2 = pair.sendFailure(numberedMessage(1, count: 1001), on: stream)
    #expect(failure2 == .messageTooLarge(limit: 1000))
    let failure3 = pair.sendFailure(numberedMessage(1, count: 1000), on: stream)
    #expect(failure3 == nil)
  }

  @Test func `a message above our limit ends the association`() throws {
    var pair = AssociationPair.connected(right: .init(isDTLSClient: false, localMaximumMessageSize: 5_000))
    let stream = try pair.openChannel(.reliable)
    try pair.left.send(numberedMessage(1, count: 5_000), isBinary: true, on: stream, at: pair.now)
    pair.run(for: .seconds(1))
    #expect(pair.received(on: stream).count == 1)
    try pair.left.send(numberedMessage(1, count: 5_001), isBinary: true, on: stream, at: pair.now)
    pair.run(for: .seconds(1))
    #expect(pair.rightEvents.last == .associationDown(.protocolViolation))
    #expect(pair.leftEvents.last == .associationDown(.abortedByPeer(cause: 13)))
  }

  @Test func `the send queue has a limit`() throws {
    var pair = AssociationPair.connected()
    let stream = try pair.openChannel(.reliable)
    let message = numberedMessage(1, count: 60_000)
    var accepted = 0
    while pair.sendFailure(message, on: stream) == nil { accepted += 1 }
    #expect(accepted == Limit.queuedBytes / 60_000)
    #expect(pair.left.counters.queueDrops == 1)
    pair.run(for: .seconds(30))
    #expect(pair.received(on: stream).count == accepted)
    let failure4 = pair.sendFailure(message, on: stream)
    #expect(failure4 == nil)
  }

  @Test func `a lossy channel drops instead of queueing`() throws {
    var pair = AssociationPair.connected(.init(bytesPerSecond: 10_000))
    let stream = try pair.openChannel(.lossy)
    var dropped = 0
    for number in 0..<200 {
      if let failure = pair.sendFailure(numberedMessage(number, count: 1_000), on: stream) {
        #expect(failure == .queueFull)
        dropped += 1
      }
      #expect((pair.left.bufferedBytes(on: stream) ?? 0) <= Limit.lossyQueuedBytes + 1_000)
    }
    #expect(dropped > 100)
  }

  @Test func `channels have a limit on both ends`() throws {
    var pair = AssociationPair.connected()
    for _ in 0..<Limit.channels { _ = try pair.left.open(.reliable, at: pair.now) }
    let leftFailure = openFailure(&pair.left, .reliable)
    #expect(leftFailure == .tooManyChannels)
    pair.run(for: .seconds(5))
    let rightFailure = openFailure(&pair.right, .reliable)
    #expect(rightFailure == .tooManyChannels)
  }

  @Test func `a channel that finds no place is closed again`() throws {
    var pair = AssociationPair.connected()
    for _ in 0..<40 {
      _ = try pair.left.open(.reliable, at: pair.now)
      _ = try pair.right.open(.reliable, at: pair.now)
    }
    pair.run(for: .seconds(20))
    let closed = pair.leftEvents.count { if case .closed = $0 { true } else { false } }
    #expect(closed == 40 - (Limit.channels - 40))
  }

  @Test func `a name above the limit is refused`() {
    var association = SCTPAssociation(.init(isDTLSClient: true), random: Random(seed: 1))
    let name = String(repeating: "x", count: Limit.channelNameBytes + 1)
    let failure = openFailure(&association, .init(label: name))
    #expect(failure == .nameTooLong)
  }
}
