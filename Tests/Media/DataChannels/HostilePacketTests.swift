// What a peer that breaks every rule can do: be counted, and no more.

import Bytes
import Chronology
import DataChannels
import Randomness
import TestSupport
import Testing

@Suite struct HostilePacketTests {
  /// Every packet of a session with all kinds of chunks, with the receiver as it was just before it.
  private func session() throws -> [(receiver: SCTPAssociation, packet: [UInt8])] {
    var pair = AssociationPair(.init(jitter: .milliseconds(5), loss: 0.1), seed: 7)
    pair.records = true
    pair.left.connect(at: pair.now)
    pair.right.connect(at: pair.now)
    pair.run(for: .seconds(10))
    var states: [(SCTPAssociation, [UInt8])] = []
    let initial = SCTPAssociation(.init(isDTLSClient: true), random: Random(seed: 1))
    for record in pair.recorded { states.append((initial, record.packet)) }
    let reliable = try pair.openChannel(.reliable)
    let lossy = try pair.openChannel(.lossy)
    for number in 0..<20 {
      try pair.left.send(numberedMessage(number, count: 2_500), isBinary: true, on: reliable, at: pair.now)
      try pair.right.send(numberedMessage(number, count: 1_800), isBinary: true, on: lossy, at: pair.now)
      pair.recorded = []
      let (left, right) = (pair.left, pair.right)
      pair.run(for: .milliseconds(30))
      for record in pair.recorded { states.append((record.from == .left ? right : left, record.packet)) }
    }
    pair.recorded = []
    pair.left.close(lossy, at: pair.now)
    let (left, right) = (pair.left, pair.right)
    pair.run(for: .seconds(1))
    pair.left.shutdown(at: pair.now)
    pair.run(for: .seconds(2))
    for record in pair.recorded { states.append((record.from == .left ? right : left, record.packet)) }
    return states.map { (receiver: $0.0, packet: $0.1) }
  }

  private func digest(_ receiver: SCTPAssociation, _ packet: [UInt8]) {
    var receiver = receiver
    receiver.receive(packet.rawSpan, at: .origin + .seconds(100))
    var packets = 0
    while receiver.nextPacket(at: .origin + .seconds(100)) != nil { packets += 1 }
    #expect(packets < 200)
    receiver.advance(to: .origin + .seconds(200))
    while receiver.nextEvent() != nil {}
  }

  @Test func `a packet cut at any length does no harm`() throws {
    for (receiver, packet) in try session() {
      for count in stride(from: 0, to: packet.count, by: packet.count > 300 ? 37 : 1) {
        digest(receiver, withChecksum(Array(packet.prefix(count))))
      }
    }
  }

  @Test func `packets with wrong bytes do no harm`() throws {
    let session = try session()
    forEachSeed(2_000) { _, random in
      let (receiver, packet) = session[Int.random(in: 0..<session.count, using: &random)]
      var damaged = packet
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        // The header keeps its place so that the damage reaches the chunks.
        let index = Int.random(in: 12..<min(packet.count, 80), using: &random)
        damaged[index] = UInt8.random(in: 0...255, using: &random)
      }
      digest(receiver, withChecksum(damaged))
    }
  }

  @Test func `random chunks of every type do no harm`() throws {
    var pair = AssociationPair.connected()
    pair.records = true
    let stream = try pair.openChannel(.reliable)
    try pair.left.send(numberedMessage(1, count: 9_000), isBinary: true, on: stream, at: pair.now)
    pair.run(for: .milliseconds(1))
    let tag = pair.recorded.last { $0.from == .left }.map { $0.packet.rawSpan.uint32(at: 4) } ?? 0
    forEachSeed(3_000) { _, random in
      let body = (0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let types: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 64, 130, 132, 192, 194]
      let type = types[Int.random(in: 0..<types.count, using: &random)]
      let header: [UInt8] = [type, UInt8.random(in: 0...15, using: &random), 0, UInt8(4 + body.count)]
      digest(pair.right, packet(tag: tag, header + body))
    }
  }

  @Test func `data far ahead of the window is not held`() throws {
    var pair = AssociationPair.connected()
    pair.records = true
    _ = try pair.openChannel(.reliable)
    let sample = try #require(pair.recorded.first { $0.from == .left && $0.packet[12] == 0 }?.packet)
    let tag = sample.rawSpan.uint32(at: 4)
    let base = sample.rawSpan.uint32(at: 16)
    var writer = ByteWriter()
    let payload = [UInt8](repeating: 1, count: 1_000)
    var refusedBefore = pair.right.counters.refused
    for step in 1...3_000 {
      writer = ByteWriter()
      writer.uint8(0)
      writer.uint8(2)
      writer.uint16(UInt16(16 + payload.count))
      // Every other TSN, so that nothing ever joins.
      writer.uint32(base &+ 10 &+ UInt32(2 * step))
      writer.uint16(0)
      writer.uint16(5)
      writer.uint32(53)
      writer.append(payload)
      pair.right.receive(packet(tag: tag, writer.bytes).rawSpan, at: pair.now)
    }
    refusedBefore = pair.right.counters.refused - refusedBefore
    #expect(refusedBefore >= 3_000 - UInt64(Limit.gapBlocks))
    #expect(pair.right.isEstablished)
    // The honest peer still gets through.
    try pair.left.send([1], isBinary: true, on: 0, at: pair.now)
    pair.run(for: .seconds(1))
    #expect(pair.received(on: 0) == [[1]])
  }

  @Test func `a peer that never acknowledges does not grow our memory`() throws {
    var pair = AssociationPair.connected()
    let stream = try pair.openChannel(.reliable)
    pair.toLeft.conditions.loss = 1
    var accepted = 0
    for _ in 0..<20_000 where pair.sendFailure([1, 2, 3], on: stream) == nil { accepted += 1 }
    #expect(accepted <= Limit.queuedMessages)
  }

  @Test func `a slow owner closes the window and a waking one opens it`() throws {
    var pair = AssociationPair.connected(.init(latency: .milliseconds(2)))
    let stream = try pair.openChannel(.reliable)
    // The right end takes packets and no events.
    for _ in 0..<34 { try pair.left.send(numberedMessage(1, count: 60_000), isBinary: true, on: stream, at: pair.now) }
    for _ in 0..<2_000 {
      while let packet = pair.left.nextPacket(at: pair.now) { pair.right.receive(packet.rawSpan, at: pair.now) }
      while let packet = pair.right.nextPacket(at: pair.now) { pair.left.receive(packet.rawSpan, at: pair.now) }
      pair.now += .milliseconds(10)
      pair.left.advance(to: pair.now)
      pair.right.advance(to: pair.now)
    }
    var held = 0
    var copy = pair.right
    while let event = copy.nextEvent() { if case .message(_, let bytes, _) = event { held += bytes.count } }
    #expect(held <= Limit.receiveWindow + Limit.messageBytes)
    #expect(held >= Limit.receiveWindow / 2)
    #expect(pair.left.isEstablished)
    pair.run(for: .seconds(30))
    #expect(pair.received(on: stream).count == 34)
  }
}
