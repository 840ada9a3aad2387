// One microphone on its way to one listener: the straight path through the node.

import Bytes
import Chronology
import Connectivity
import MediaContract
import Node
import TestSupport
import Testing
import Wire

@Suite struct AudioTests {
  /// A publisher and a listener, connected, with one audio track between them.
  private func makeStage(
    published: [PayloadFormat] = [Formats.opus], subscribed: [PayloadFormat] = [Formats.opus]
  ) -> (stage: Stage, publisher: Client, listener: Client) {
    let stage = Stage()
    let publisher = stage.join(1)
    let listener = stage.join(2)
    stage.publishAudio(10, from: publisher, formats: published)
    stage.subscribe(20, to: 10, on: listener, formats: subscribed, ssrc: 5_000)
    return (stage, publisher, listener)
  }

  private func speak(
    _ stage: Stage, _ publisher: Client, _ sequences: Range<Int>, payloadType: UInt8 = 111, level: UInt8 = 20
  ) {
    for sequence in sequences {
      var extensions = RTPExtensions()
      extensions.audioLevel = AudioLevel(level: level, isVoice: true)
      stage.send(
        makePacket(
          payloadType: payloadType, sequence: UInt16(truncatingIfNeeded: sequence),
          timestamp: UInt32(truncatingIfNeeded: sequence * 960), ssrc: 1_000,
          payload: [0xF8, UInt8(truncatingIfNeeded: sequence)], extensions: extensions, ids: publisher.ids),
        from: publisher)
      stage.run(for: .milliseconds(20))
    }
  }

  @Test func `audio reaches the subscriber under its own ssrc, in order and without gaps`() {
    let (stage, publisher, listener) = makeStage()
    speak(stage, publisher, 100..<150)
    stage.run(for: .milliseconds(50))
    #expect(listener.packets.count == 50)
    #expect(listener.packets.map { $0.payload[1] } == (100..<150).map { UInt8($0) })
    #expect(listener.packets.allSatisfy { $0.header.ssrc == 5_000 && $0.header.payloadType == 111 })
    for (before, after) in zip(listener.packets, listener.packets.dropFirst()) {
      #expect(after.header.sequenceNumber == before.header.sequenceNumber &+ 1)
      #expect(after.header.timestamp &- before.header.timestamp == 960)
    }
  }

  @Test func `the delay of each forwarded packet lasts until the driver has handed it over`() {
    let (stage, publisher, _) = makeStage()
    stage.sendingTime = .microseconds(700)
    speak(stage, publisher, 100..<150)
    let buckets = (0..<DelayHistogram.bucketCount).map { stage.node.delays.buckets[$0] }
    // Bounds: 50, 100, 200, 500 and 1,000 µs.
    #expect(buckets[4] == stage.node.counters.packetsForwarded)
    #expect(stage.node.delays.totalMicroseconds == 700 * stage.node.counters.packetsForwarded)
  }

  @Test func `header extensions carry the subscriber's ids`() {
    let stage = Stage()
    let publisher = stage.join(1)
    let listener = stage.join(2)
    listener.ids.audioLevel = 11
    stage.publishAudio(10, from: publisher)
    stage.subscribe(20, to: 10, on: listener, formats: [Formats.opus], ssrc: 5_000, mid: "a3")
    speak(stage, publisher, 0..<3)
    #expect(listener.packets.count >= 2)
    for packet in listener.packets {
      #expect(packet.extensions.audioLevel == AudioLevel(level: 20, isVoice: true))
      #expect(packet.extensions.mid == ShortString("a3"))
      #expect(packet.extensions.transportSequence != nil)
      #expect(packet.extensions.absoluteSendTime != nil)
    }
  }

  @Test func `both ends of a track are told that it began`() {
    let (stage, publisher, _) = makeStage()
    speak(stage, publisher, 0..<3)
    let started = stage.events.contains {
      if case .publicationStarted(PublicationID(rawValue: 10), .opus) = $0 { true } else { false }
    }
    let subscribed = stage.events.contains {
      if case .subscriptionStarted(SubscriptionID(rawValue: 20)) = $0 { true } else { false }
    }
    #expect(started)
    #expect(subscribed)
  }

  @Test func `a redundant packet is stripped for a subscriber who takes only Opus`() {
    let (stage, publisher, listener) = makeStage(
      published: [Formats.red, Formats.opus], subscribed: [Formats.opus])
    // RFC 2198: one block of two bytes, 960 ticks old, then the primary.
    let red: [UInt8] = [0x80 | 111, UInt8(960 >> 6), UInt8((960 & 0x3F) << 2), 2, 111, 1, 1, 0xF8, 42]
    for sequence in 0..<3 {
      stage.send(
        makePacket(
          payloadType: 63, sequence: UInt16(sequence), timestamp: UInt32(sequence * 960), ssrc: 1_000, payload: red),
        from: publisher)
    }
    stage.run(for: .milliseconds(50))
    #expect(listener.packets.count == 3)
    #expect(listener.packets.allSatisfy { $0.payload == [0xF8, 42] && $0.header.payloadType == 111 })
  }

  @Test func `a redundant packet is passed on whole to a subscriber who takes RED`() {
    let mine = PayloadFormat(payloadType: 120, codec: .red, clockRate: 48_000)
    let (stage, publisher, listener) = makeStage(
      published: [Formats.red, Formats.opus], subscribed: [Formats.opus, mine])
    let red: [UInt8] = [0x80 | 111, UInt8(960 >> 6), UInt8((960 & 0x3F) << 2), 2, 111, 1, 1, 0xF8, 42]
    stage.send(
      makePacket(payloadType: 63, sequence: 1, timestamp: 960, ssrc: 1_000, payload: red), from: publisher)
    stage.run(for: .milliseconds(50))
    #expect(listener.packets.map { $0.payload } == [red])
    #expect(listener.packets.map { $0.header.payloadType } == [120])
  }

  @Test func `nothing flows while muted, and no number is missing afterwards`() {
    let (stage, publisher, listener) = makeStage()
    speak(stage, publisher, 0..<10)
    stage.perform(.setMuted(PublicationID(rawValue: 10), true))
    speak(stage, publisher, 10..<30)
    stage.run(for: .milliseconds(50))
    #expect(listener.packets.count == 10)
    stage.perform(.setMuted(PublicationID(rawValue: 10), false))
    speak(stage, publisher, 30..<40)
    stage.run(for: .milliseconds(50))
    #expect(listener.packets.count == 20)
    let numbers = listener.packets.map { $0.header.sequenceNumber }
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
    // The pause shows in the timestamps: 20 packets of 20 ms.
    #expect(listener.packets[10].header.timestamp &- listener.packets[9].header.timestamp == 21 * 960)
  }

  @Test func `who speaks is told every 400 ms, and that he stopped`() {
    let (stage, publisher, _) = makeStage()
    speak(stage, publisher, 0..<60)
    stage.run(for: .seconds(2))
    let levels = stage.events.compactMap { event -> [SpeakerLevel]? in
      if case .speakers(let levels) = event { levels } else { nil }
    }
    #expect(levels.first?.first?.isActive == true)
    #expect(levels.last?.first == SpeakerLevel(publication: PublicationID(rawValue: 10), level: 0, isActive: false))
  }

  @Test func `a client whose NAT gave it another address goes on after its next check`() {
    let (stage, publisher, listener) = makeStage()
    speak(stage, publisher, 0..<5)
    stage.rebound[listener.id] = Path(SocketAddress(v4: 0x0A00_0001, port: 51_000))
    // Checks go every few seconds; the server follows the address that they come from.
    stage.run(for: .seconds(6))
    let before = listener.packets.count
    speak(stage, publisher, 5..<15)
    stage.run(for: .milliseconds(50))
    #expect(listener.packets.count == before + 10)
  }

  @Test func `removing a publication in mid-stream ends its subscriptions and nothing else`() {
    let (stage, publisher, listener) = makeStage()
    speak(stage, publisher, 0..<5)
    stage.perform(.removePublication(PublicationID(rawValue: 10)))
    speak(stage, publisher, 5..<10)
    #expect(listener.packets.count == 5)
    #expect(stage.node.counters.droppedUnknownSource == 5)
    let population = stage.node.population
    #expect(population.transports == 2 && population.publications == 0 && population.subscriptions == 0)
  }

  @Test func `closing a transport takes all of it away`() {
    let (stage, publisher, listener) = makeStage()
    speak(stage, publisher, 0..<5)
    stage.perform(.closeTransport(listener.id))
    speak(stage, publisher, 5..<10)
    stage.perform(.closeTransport(publisher.id))
    stage.run(for: .seconds(1))
    let population = stage.node.population
    #expect(population.transports == 0 && population.publications == 0 && population.subscriptions == 0)
    #expect(stage.node.nextDeadline == .distantFuture)
  }

  /// A report that a listener knows the stream.
  private func makeReport(about ssrc: UInt32) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 32)
    do {
      var span = bytes.mutableRawSpan
      let block = ReportBlock(
        ssrc: ssrc, fractionLost: 0, cumulativeLost: 0, highestSequenceNumber: 0, jitter: 0, lastSenderReport: 0,
        delaySinceLastSenderReport: 0)
      _ = try? ReceiverReport.write(senderSSRC: 1, blocks: [block].span, into: &span, at: 0)
    }
    return bytes
  }

  @Test func `without a retransmission stream a packet is sent again only if it is the same in every byte`() {
    let stage = Stage()
    let publisher = stage.join(1)
    let listener = stage.join(2)
    // No stamps: what is written into a packet then depends on the packet alone.
    listener.ids.transportSequence = 0
    listener.ids.absoluteSendTime = 0
    stage.publishAudio(10, from: publisher)
    stage.subscribe(20, to: 10, on: listener, formats: [Formats.opus], ssrc: 5_000)
    speak(stage, publisher, 0..<5)
    var lost: [[UInt8]] = []
    stage.isLost = { toNode, bytes in
      guard !toNode, PacketKind(bytes.rawSpan) == .rtp else { return false }
      lost.append(bytes)
      return true
    }
    speak(stage, publisher, 5..<6)
    stage.isLost = { _, _ in false }
    speak(stage, publisher, 6..<8)
    guard let missing = listener.packets.map({ $0.header.sequenceNumber }).dropLast().last.map({ $0 &- 1 }) else {
      Issue.record("nothing came")
      return
    }
    // It carried the MID, which packets from now on do not: another packet under its number would be no repetition.
    stage.sendControl(makeReport(about: 5_000), from: listener)
    stage.run(for: .milliseconds(30))
    stage.sendControl(makeNACK([missing], of: 5_000), from: listener)
    stage.run(for: .milliseconds(30))
    #expect(stage.node.counters.retransmissionsOut == 0)
    // From here on packets carry none.
    lost = []
    stage.isLost = { toNode, bytes in
      guard !toNode, PacketKind(bytes.rawSpan) == .rtp else { return false }
      lost.append(bytes)
      return true
    }
    speak(stage, publisher, 8..<9)
    var again: [[UInt8]] = []
    stage.isLost = { toNode, bytes in
      if !toNode, PacketKind(bytes.rawSpan) == .rtp { again.append(bytes) }
      return false
    }
    stage.sendControl(makeNACK([missing &+ 3], of: 5_000), from: listener)
    stage.run(for: .milliseconds(30))
    #expect(lost.count == 1)
    #expect(again == lost)
  }

  @Test func `a subscriber learns the publisher's clock from sender reports`() {
    let (stage, publisher, listener) = makeStage()
    speak(stage, publisher, 0..<120)
    #expect(listener.controlCount(.senderReport) >= 1)
    #expect(publisher.controlCount(.receiverReport) >= 1)
  }
}
