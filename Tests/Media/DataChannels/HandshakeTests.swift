// How associations begin and end.

import Bytes
import Chronology
import DataChannels
import Randomness
import TestSupport
import Testing

@Suite struct HandshakeTests {
  @Test func `one side connects and both are up`() {
    var pair = AssociationPair()
    pair.left.connect(at: pair.now)
    pair.run(for: .seconds(1))
    #expect(pair.leftEvents == [.associationUp])
    #expect(pair.rightEvents == [.associationUp])
  }

  @Test func `both sides connect at the same moment and are up once`() {
    var pair = AssociationPair()
    pair.left.connect(at: pair.now)
    pair.right.connect(at: pair.now)
    pair.run(for: .seconds(1))
    #expect(pair.leftEvents == [.associationUp])
    #expect(pair.rightEvents == [.associationUp])
  }

  @Test func `the second side connects while the first one's packets are under way`() {
    for milliseconds in stride(from: 1, to: 100, by: 3) {
      var pair = AssociationPair()
      pair.left.connect(at: pair.now)
      pair.run(for: .milliseconds(Int64(milliseconds)))
      pair.right.connect(at: pair.now)
      pair.run(for: .seconds(2))
      #expect(pair.leftEvents == [.associationUp], "after \(milliseconds) ms")
      #expect(pair.rightEvents == [.associationUp], "after \(milliseconds) ms")
    }
  }

  @Test func `a lossy path delays the beginning and does not prevent it`() {
    forEachSeed(100) { seed, _ in
      var pair = AssociationPair(.init(jitter: .milliseconds(30), loss: 0.3, duplication: 0.1), seed: seed)
      pair.left.connect(at: pair.now)
      pair.right.connect(at: pair.now)
      pair.run(for: .seconds(60)) { !$0.leftEvents.isEmpty && !$0.rightEvents.isEmpty }
      #expect(pair.leftEvents == [.associationUp], "seed \(seed)")
      #expect(pair.rightEvents == [.associationUp], "seed \(seed)")
    }
  }

  @Test func `nobody answers and the association ends`() {
    var pair = AssociationPair(.init(loss: 1))
    pair.left.connect(at: pair.now)
    pair.run(for: .seconds(200))
    #expect(pair.leftEvents == [.associationDown(.unreachable)])
    #expect(pair.left.nextDeadline == nil)
  }

  @Test func `a packet carries the checksum of RFC 9260`() throws {
    #expect(bitwiseCRC32C(Array("123456789".utf8)) == 0xE306_9283)
    var association = SCTPAssociation(.init(isDTLSClient: true), random: Random(seed: 3))
    association.connect(at: .origin)
    let first = association.nextPacket(at: .origin)
    let packet = try #require(first)
    #expect(packet == withChecksum(packet))
  }

  @Test func `a wrong checksum is counted and nothing else`() throws {
    var pair = AssociationPair()
    pair.left.connect(at: pair.now)
    let first = pair.left.nextPacket(at: pair.now)
    var packet = try #require(first)
    packet[8] ^= 1
    pair.right.receive(packet.rawSpan, at: pair.now)
    let answer = pair.right.nextPacket(at: pair.now)
    #expect(answer == nil)
    #expect(pair.right.counters.malformed == 1)
  }

  @Test func `an INIT is refused when it does not travel alone under tag zero`() throws {
    var pair = AssociationPair()
    pair.left.connect(at: pair.now)
    let first = pair.left.nextPacket(at: pair.now)
    var packet = try #require(first)
    packet[7] = 1
    pair.right.receive(withChecksum(packet).rawSpan, at: pair.now)
    let answer = pair.right.nextPacket(at: pair.now)
    #expect(answer == nil)
  }

  @Test func `a cookie that we did not make is refused`() {
    var association = SCTPAssociation(.init(isDTLSClient: true), random: Random(seed: 3))
    let cookie = [UInt8](repeating: 7, count: 42)
    association.receive(packet(tag: 1, [10, 0, 0, 46] + cookie).rawSpan, at: .origin)
    let event = association.nextEvent()
    #expect(event == nil)
    #expect(!association.isEstablished)
  }

  @Test func `unknown parameters are reported or passed over as their type says`() throws {
    var association = SCTPAssociation(.init(isDTLSClient: true), random: Random(seed: 3))
    let fixed: [UInt8] = [0, 0, 0, 9, 0, 1, 0, 0, 0, 5, 0, 5, 0, 0, 0, 1]
    let reported: [UInt8] = [0xC1, 0x23, 0, 6, 1, 2, 0, 0]
    let silent: [UInt8] = [0x81, 0x23, 0, 4]
    association.receive(
      packet(tag: 0, [1, 0, 0, UInt8(4 + 16 + 12)] + fixed + silent + reported).rawSpan, at: .origin)
    let first = association.nextPacket(at: .origin)
    let answer = try #require(first)
    #expect(Array(answer.suffix(12)) == [0, 8, 0, 10, 0xC1, 0x23, 0, 6, 1, 2, 0, 0])
  }

  @Test func `an orderly shutdown delivers what was queued first`() throws {
    var pair = AssociationPair.connected()
    let stream = try pair.openChannel(.reliable)
    let message = numberedMessage(1, count: 60_000)
    try pair.left.send(message, isBinary: true, on: stream, at: pair.now)
    pair.left.shutdown(at: pair.now)
    let failure1 = pair.sendFailure([1], on: stream)
    #expect(failure1 == .associationEnded)
    pair.run(for: .seconds(5))
    #expect(pair.received(on: stream) == [message])
    #expect(pair.leftEvents.last == .associationDown(.shutdown))
    #expect(pair.rightEvents.last == .associationDown(.shutdown))
    #expect(pair.left.nextDeadline == nil)
    #expect(pair.right.nextDeadline == nil)
  }

  @Test func `both sides shut down at the same time`() {
    forEachSeed(50) { seed, _ in
      var pair = AssociationPair.connected(.init(loss: 0.2), seed: seed)
      pair.left.shutdown(at: pair.now)
      pair.right.shutdown(at: pair.now)
      pair.run(for: .seconds(120))
      for events in [pair.leftEvents, pair.rightEvents] {
        guard case .associationDown = events.last else {
          Issue.record("seed \(seed): the association stayed up")
          return
        }
      }
    }
  }

  @Test func `an abort ends both sides at once`() {
    var pair = AssociationPair.connected()
    pair.left.abort(at: pair.now)
    pair.run(for: .milliseconds(50))
    #expect(pair.leftEvents.last == .associationDown(.aborted))
    #expect(pair.rightEvents.last == .associationDown(.abortedByPeer(cause: 12)))
  }

  @Test func `a peer that begins anew takes the association over and the channels close`() throws {
    var pair = AssociationPair.connected()
    let stream = try pair.openChannel(.reliable)
    pair.left = SCTPAssociation(.init(isDTLSClient: true), random: Random(seed: 99))
    pair.left.connect(at: pair.now)
    pair.run(for: .seconds(2))
    #expect(pair.left.isEstablished)
    #expect(pair.rightEvents.suffix(2) == [.closed(stream: stream), .associationUp])
    let again = try pair.openChannel(.lossy)
    try pair.left.send([1, 2], isBinary: true, on: again, at: pair.now)
    pair.run(for: .seconds(1))
    #expect(pair.received(on: again) == [[1, 2]])
  }

  @Test func `an association is small: there is one for each participant`() {
    #expect(MemoryLayout<SCTPAssociation>.size <= 1024)
  }

  @Test func `an idle association sends heartbeats and stays up`() {
    var pair = AssociationPair.connected()
    let sent = pair.left.counters.packetsSent
    pair.run(for: .seconds(600))
    #expect(pair.left.isEstablished && pair.right.isEstablished)
    #expect(pair.left.counters.packetsSent - sent <= 60)
  }

  @Test func `an association whose peer is gone ends`() {
    var pair = AssociationPair.connected()
    pair.toLeft.conditions.loss = 1
    pair.run(for: .seconds(600))
    #expect(pair.leftEvents.last == .associationDown(.unreachable))
  }
}
