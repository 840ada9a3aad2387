// Bytes that no honest client sends: nothing of them may stop the node or leave state behind.

import Bytes
import Chronology
import Connectivity
import MediaContract
import Node
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct HostileTests {
  @Test func `a hundred thousand random datagrams change nothing`() {
    let stage = Stage()
    let client = stage.join(1)
    stage.publishAudio(10, from: client)
    var random = Random(seed: 99)
    let stranger = Path(SocketAddress(v4: 0x0A0B_0C0D, port: 9))
    for round in 0..<100_000 {
      let count = Int(random.next() % 90)
      var bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      // Half of them look like one of the protocols at first sight.
      if count > 1, round % 2 == 0 {
        bytes[0] = [0x00, 0x01, 0x16, 0x80, 0x90][Int(random.next() % 5)]
        bytes[1] = [0x01, 0xC8, 0xC9, 0xCD, 0x6F][Int(random.next() % 5)]
      }
      stage.receive(bytes, from: round % 3 == 0 ? client.path : stranger)
    }
    let population = stage.node.population
    #expect(population.transports == 1 && population.publications == 1 && population.subscriptions == 0)
    #expect(stage.node.counters.packetsIn == 0)
    #expect(stage.node.counters.droppedUnknownPath > 10_000)
  }

  @Test func `a participant cannot take another's address by checks that claim to come from there`() {
    let stage = Stage()
    let victim = stage.join(1)
    let attacker = stage.join(2)
    stage.publishAudio(10, from: victim)
    // A check of its own, sent under the victim's address.
    attacker.advance(to: stage.now + .seconds(3))
    let checks = attacker.departures().filter { ($0.first ?? 0xFF) < 4 }
    #expect(!checks.isEmpty)
    for check in checks { stage.receive(check, from: victim.path) }
    let before = stage.node.counters.packetsIn
    stage.receive(
      victim.seal(
        makePacket(payloadType: 111, sequence: 1, timestamp: 0, ssrc: 1_000, payload: [1, 2, 3], ids: victim.ids)),
      from: victim.path)
    #expect(stage.node.counters.packetsIn == before + 1)
  }

  @Test func `random packets of an authenticated client are counted and dropped`() {
    forEachSeed(20) { seed, random in
      var random = random
      let stage = Stage(seed: seed)
      let client = stage.join(1)
      let viewer = stage.join(2)
      stage.publishVideo(10, from: client)
      stage.publishAudio(11, from: client)
      stage.subscribe(20, to: 10, on: viewer, formats: [Formats.vp8], ssrc: 5_000, rtxSSRC: 5_001)
      stage.subscribe(21, to: 11, on: viewer, formats: [Formats.opus], ssrc: 5_002)
      for sequence in 0..<400 {
        let payloadType: UInt8 = [96, 97, 111, 63, 98][Int(random.next() % 5)]
        let ssrc: UInt32 = [1_000, 101, 202, 777][Int(random.next() % 4)]
        var extensions = RTPExtensions()
        extensions.mid = ShortString(["0", "1", "x"][Int(random.next() % 3)]) ?? ShortString()
        extensions.rid = ShortString(["q", "h", "f", "zz"][Int(random.next() % 4)]) ?? ShortString()
        let payload = (0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let packet = makePacket(
          payloadType: payloadType, sequence: UInt16(truncatingIfNeeded: random.next()), timestamp: UInt32(sequence),
          ssrc: ssrc, payload: payload, extensions: extensions, ids: client.ids)
        stage.send(packet, from: client, index: UInt64(sequence))
        if sequence % 10 == 0 { stage.run(for: .milliseconds(20)) }
      }
      stage.run(for: .seconds(1))
      #expect(stage.node.population.publications == 2, "seed \(seed)")
    }
  }

  @Test func `random feedback of an authenticated client is survived`() {
    forEachSeed(20) { seed, random in
      var random = random
      let stage = Stage(seed: seed)
      let client = stage.join(1)
      let viewer = stage.join(2)
      stage.publishVideo(10, from: client)
      stage.subscribe(20, to: 10, on: viewer, formats: [Formats.vp8], ssrc: 5_000, rtxSSRC: 5_001)
      for _ in 0..<400 {
        let words = 1 + Int(random.next() % 12)
        var bytes: [UInt8] = [
          0x80 | UInt8(random.next() % 32), UInt8(200 + random.next() % 8), 0, UInt8(words),
        ]
        bytes += (0..<words * 4).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        // Half of them name the stream that there is.
        if bytes.count >= 12, random.chance(0.5) { bytes.replaceSubrange(8..<12, with: [0, 0, 0x13, 0x88]) }
        stage.sendControl(bytes, from: viewer)
      }
      stage.run(for: .seconds(1))
      #expect(stage.node.population.subscriptions == 1, "seed \(seed)")
    }
  }

  @Test func `unknown sources leave no state, and a known one still gets through`() {
    let stage = Stage()
    let publisher = stage.join(1)
    let listener = stage.join(2)
    stage.publishAudio(10, from: publisher, ssrc: 1_000)
    stage.subscribe(20, to: 10, on: listener, formats: [Formats.opus], ssrc: 5_000)
    for ssrc in 0..<60 {
      stage.send(
        makePacket(payloadType: 111, sequence: 1, timestamp: 1, ssrc: 90_000 + UInt32(ssrc), payload: [1, 2, 3]),
        from: publisher)
    }
    stage.send(
      makePacket(payloadType: 111, sequence: 1, timestamp: 960, ssrc: 1_000, payload: [7]), from: publisher)
    stage.run(for: .milliseconds(50))
    #expect(stage.node.counters.droppedUnknownSource == 60)
    #expect(listener.packets.map { $0.payload } == [[7]])
  }

  @Test func `commands about things that have gone are ignored`() {
    let stage = Stage()
    let client = stage.join(1)
    stage.perform(.closeTransport(client.id))
    stage.perform(.closeTransport(client.id))
    stage.perform(.setMuted(PublicationID(rawValue: 1), true))
    stage.perform(.removePublication(PublicationID(rawValue: 1)))
    stage.perform(.removeSubscription(SubscriptionID(rawValue: 1)))
    stage.perform(.setTarget(SubscriptionID(rawValue: 1), SubscriptionTarget()))
    stage.perform(.requestKeyFrame(PublicationID(rawValue: 1)))
    stage.perform(.openDataChannel(client.id, .reliable, ordered: true, maximumRetransmits: nil))
    stage.perform(.sendData([client.id], .lossy, [1], isBinary: true))
    stage.perform(.limitBandwidth(client.id, bitsPerSecond: 1))
    stage.run(for: .milliseconds(100))
    #expect(stage.node.population.transports == 0)
  }

  @Test func `a table at its limit refuses the command and goes on`() {
    var configuration = Configuration()
    configuration.transports = 2
    let stage = Stage(configuration: configuration)
    _ = stage.join(1)
    _ = stage.join(2)
    let third = Client(id: 3, port: 40_003)
    stage.perform(.openTransport(third.parameters))
    #expect(stage.node.population.transports == 2)
    #expect(stage.node.counters.refusedCommands == 1)
  }
}
