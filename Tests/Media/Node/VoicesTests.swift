// Many who speak at once: what waits, for how long, and what leaves together.

import Bytes
import Chronology
import MediaContract
import Node
import Randomness
import TestSupport
import Testing
import Wire

/// People who all speak and all hear each other.
private final class Choir {
  let stage: Stage
  let people: [Client]
  private var sequences: [UInt16]
  /// When each packet was sent, by speaker and sequence number.
  private var sent: [Int: Instant] = [:]

  /// - Parameter stamps: whether listeners take transport-wide numbers and times on audio. Ours do not.
  init(_ count: Int, configuration: Configuration = Configuration(), seed: UInt64 = 1, stamps: Bool = false) {
    stage = Stage(configuration: configuration, seed: seed)
    people = (1...count).map { [stage] in stage.join(UInt64($0)) }
    sequences = Array(repeating: 100, count: count)
    if !stamps {
      for person in people {
        person.ids.transportSequence = 0
        person.ids.absoluteSendTime = 0
      }
    }
    for (index, person) in people.enumerated() {
      stage.publishAudio(UInt64(index), from: person, ssrc: UInt32(1_000 + index))
    }
    for listener in 0..<count {
      for speaker in 0..<count where speaker != listener {
        let id = UInt64(speaker * count + listener)
        stage.subscribe(
          id, to: UInt64(speaker), on: people[listener], formats: [Formats.opus], ssrc: UInt32(10_000 + id))
      }
    }
  }

  /// One frame of a speaker. Its payload says whose it is and which.
  func speak(_ speaker: Int, byteCount: Int) {
    sequences[speaker] &+= 1
    var payload = [UInt8](repeating: 0xAA, count: max(4, byteCount))
    payload[0] = 0xF8
    payload[1] = UInt8(speaker)
    payload[2] = UInt8(sequences[speaker] >> 8)
    payload[3] = UInt8(sequences[speaker] & 0xFF)
    sent[speaker << 16 | Int(sequences[speaker])] = stage.now
    stage.send(
      makePacket(
        payloadType: 111, sequence: sequences[speaker], timestamp: UInt32(sequences[speaker]) * 960,
        ssrc: UInt32(1_000 + speaker), payload: payload, ids: people[speaker].ids), from: people[speaker])
  }

  /// Everybody speaks, each with a phase of its own, in frames of 20 ms and of random sizes.
  func speak(for duration: Interval, random: inout Random) {
    let phases = people.map { _ in Int64(random.next() % 20) }
    for millisecond in 0..<duration.milliseconds {
      for (speaker, phase) in phases.enumerated() where millisecond % 20 == phase {
        speak(speaker, byteCount: 40 + Int(random.next() % 120))
      }
      stage.run(for: .milliseconds(1))
    }
    stage.run(for: .milliseconds(60))
  }

  /// Time in the node of every packet that a listener got.
  func delays(of listener: Client) -> [Interval] {
    listener.packets.compactMap { packet in
      let speaker = Int(packet.payload[1])
      let number = Int(packet.payload[2]) << 8 | Int(packet.payload[3])
      guard let sent = sent[speaker << 16 | number] else { return nil }
      return packet.at - sent - Stage.latency * 2
    }
  }

  func forgetPackets() { for person in people { person.packets = [] } }

  /// Every stream to a listener goes on without a gap, and carries its speaker's frames in their order.
  func expectOrder(_ note: String) {
    for listener in people {
      for stream in Dictionary(grouping: listener.packets, by: { $0.header.ssrc }).values {
        for (before, after) in zip(stream, stream.dropFirst()) {
          #expect(after.header.sequenceNumber == before.header.sequenceNumber &+ 1, "\(note)")
          #expect(after.header.timestamp &- before.header.timestamp == 960, "\(note)")
        }
      }
    }
  }
}

@Suite struct VoicesTests {
  @Test func `what several say in one moment reaches a listener as one run, each frame as it was`() {
    let choir = Choir(4)
    // The first round tells how long the headers are.
    for _ in 0..<2 {
      choir.forgetPackets()
      for (speaker, size) in [70, 80, 75, 78].enumerated() { choir.speak(speaker, byteCount: size) }
      choir.stage.run(for: .milliseconds(30))
    }
    let last = choir.stage.runs.filter { $0.path == choir.people[0].path }.last
    #expect(last?.segmentCount == 3)
    let frames = choir.people[0].packets
    #expect(frames.map(\.payload.count) == [80, 78, 75])
    #expect(frames.map(\.header.paddingByteCount) == [0, 2, 0])
  }

  @Test func `in a conversation of three nobody waits`() {
    let choir = Choir(3)
    var random = Random(seed: 1)
    choir.speak(for: .seconds(2), random: &random)
    for person in choir.people {
      #expect(choir.delays(of: person).count == 200)
      #expect(choir.delays(of: person).allSatisfy { $0 == .zero })
    }
  }

  @Test func `where many speak each waits a moment, none longer than is allowed, and runs are long`() {
    forEachSeed(8) { seed, random in
      let choir = Choir(10, seed: seed)
      // Half a second until it is known that many speak.
      choir.speak(for: .milliseconds(500), random: &random)
      choir.forgetPackets()
      let before = choir.stage.runs.count
      choir.speak(for: .seconds(1), random: &random)
      var delays: [Interval] = []
      for person in choir.people { delays += choir.delays(of: person) }
      #expect(delays.count == 10 * 9 * 50, "seed \(seed)")
      #expect(delays.allSatisfy { $0 <= Configuration().voiceGathering }, "seed \(seed)")
      #expect(delays.contains { $0 > .milliseconds(2) }, "seed \(seed)")
      let runs = choir.stage.runs[before...].filter { $0.byteCount > 60 }
      let datagrams = runs.reduce(0) { $0 + $1.segmentCount }
      #expect(datagrams > runs.count * 2, "seed \(seed)")
      choir.expectOrder("seed \(seed)")
    }
  }

  @Test func `a packet that waited for a busy thread already waits only the rest`() {
    let choir = Choir(8)
    var random = Random(seed: 5)
    choir.speak(for: .seconds(1), random: &random)
    let stage = choir.stage
    var bytes = choir.people[0].seal(
      makePacket(
        payloadType: 111, sequence: 1_000, timestamp: 960_000, ssrc: 1_000, payload: [0xF8, 0, 3, 232],
        ids: choir.people[0].ids))
    let count = bytes.count
    var span = bytes.mutableRawSpan
    let waited = Interval.milliseconds(3)
    stage.node.receive(
      &span, byteCount: count, from: choir.people[0].path, at: stage.now, arrival: stage.now - waited)
    let due = stage.node.nextCollection
    #expect(due == stage.now - waited + Configuration().voiceGathering)
  }

  @Test func `a gathering time of zero keeps nobody waiting`() {
    var configuration = Configuration()
    configuration.voiceGathering = .zero
    let choir = Choir(8, configuration: configuration)
    var random = Random(seed: 2)
    choir.speak(for: .seconds(1), random: &random)
    #expect(choir.people.allSatisfy { choir.delays(of: $0).allSatisfy { $0 == .zero } })
  }

  @Test func `a driver may rest while voices wait, and not once video flows`() {
    let choir = Choir(8)
    var random = Random(seed: 3)
    /// Lets everybody speak for a while and then one more packet arrive, which waits.
    func restEnd(after duration: Interval) -> Instant? {
      choir.speak(for: duration, random: &random)
      choir.speak(0, byteCount: 80)
      choir.stage.run(for: Stage.latency)
      let end = choir.stage.node.restEnd(at: choir.stage.now)
      choir.stage.run(for: .milliseconds(10))
      return end
    }
    let quiet = restEnd(after: .seconds(2))
    #expect(quiet.map { $0 <= choir.stage.now } == true)
    choir.stage.publishVideo(90, from: choir.people[0], rids: [""])
    var source = VP8Source(ssrc: 77, rid: "", ids: choir.people[0].ids)
    for packet in source.frame(isKey: true, packets: 1) { choir.stage.send(packet, from: choir.people[0]) }
    #expect(restEnd(after: .milliseconds(400)) == nil)
    #expect(restEnd(after: .seconds(2)) != nil)
  }

  @Test func `with an arena for a few packets everything comes, in order`() {
    var configuration = Configuration()
    configuration.arenaBytes = 4_096
    let choir = Choir(8, configuration: configuration)
    var random = Random(seed: 4)
    choir.speak(for: .seconds(1), random: &random)
    #expect(choir.people.allSatisfy { $0.packets.count == 7 * 50 })
    #expect(choir.stage.node.counters.droppedArenaFull == 0)
    choir.expectOrder("small arena")
  }

  @Test func `two frames of one speaker in one moment stay in order though the second is larger`() {
    let choir = Choir(4)
    for (speaker, size) in [(0, 50), (1, 70), (2, 90), (0, 120)] { choir.speak(speaker, byteCount: size) }
    choir.stage.run(for: .milliseconds(30))
    choir.expectOrder("two frames")
    #expect(choir.people[3].packets.filter { $0.payload[1] == 0 }.map(\.payload.count) == [50, 120])
  }

  @Test func `frames inside RED are levelled by their own sizes`() {
    let stage = Stage()
    let speakers = (1...3).map { stage.join(UInt64($0)) }
    let listener = stage.join(4)
    for (index, speaker) in speakers.enumerated() {
      stage.publishAudio(
        UInt64(index), from: speaker, formats: [Formats.red, Formats.opus], ssrc: UInt32(1_000 + index))
      stage.subscribe(
        UInt64(50 + index), to: UInt64(index), on: listener, formats: [Formats.opus], ssrc: UInt32(5_000 + index))
    }
    for round in 0..<2 {
      listener.packets = []
      for (index, size) in [60, 66, 63].enumerated() {
        // RFC 2198: an old block of 100 bytes that only one of them has, then the primary.
        let old = index == 0 ? 100 : 0
        var red: [UInt8] = old == 0 ? [] : [0x80 | 111, UInt8(960 >> 6), UInt8((960 & 0x3F) << 2), UInt8(old)]
        red += [111] + [UInt8](repeating: 1, count: old) + [UInt8](repeating: 0xF8, count: size)
        stage.send(
          makePacket(
            payloadType: 63, sequence: UInt16(round), timestamp: UInt32(round * 960), ssrc: UInt32(1_000 + index),
            payload: red), from: speakers[index])
      }
      stage.run(for: .milliseconds(30))
    }
    #expect(listener.packets.map(\.payload.count) == [66, 63, 60])
    #expect(listener.packets.map(\.header.paddingByteCount) == [0, 3, 0])
    #expect(stage.runs.last { $0.path == listener.path }?.segmentCount == 3)
  }

  /// Without a stream for retransmissions a packet is sent again under its own number, and must then be the same in every
  /// byte (RFC 7714 §8.1): with its padding.
  @Test func `a padded packet that is asked for again is the same in every byte`() {
    let choir = Choir(4)
    let listener = choir.people[0]
    for _ in 0..<2 { choir.speakAll([70, 90, 80, 85]) }
    // A report about each stream: from then on packets carry no MID.
    for speaker in 1..<4 { choir.stage.sendControl(makeReport(about: UInt32(10_000 + speaker * 4)), from: listener) }
    choir.stage.run(for: .milliseconds(30))
    choir.speakAll([70, 90, 80, 85])
    listener.packets = []
    var lost: [[UInt8]] = []
    choir.stage.isLost = { toNode, bytes in
      guard !toNode, PacketKind(bytes.rawSpan) == .rtp, bytes.count > 80 else { return false }
      lost.append(bytes)
      return true
    }
    choir.speakAll([70, 90, 80, 85])
    choir.stage.isLost = { _, _ in false }
    choir.speakAll([70, 90, 80, 85])
    // Of three packets of 90, 85 and 80 bytes the second is padded: the third speaker's.
    let stream = UInt32(10_000 + 3 * 4)
    guard let next = listener.packets.first(where: { $0.header.ssrc == stream })?.header.sequenceNumber else {
      Issue.record("nothing came")
      return
    }
    var again: [[UInt8]] = []
    choir.stage.isLost = { toNode, bytes in
      if !toNode, PacketKind(bytes.rawSpan) == .rtp { again.append(bytes) }
      return false
    }
    choir.stage.sendControl(makeNACK([next &- 1], of: stream), from: listener)
    choir.stage.run(for: .milliseconds(30))
    #expect(again.count == 1)
    #expect(again.allSatisfy { lost.contains($0) })
    #expect(listener.packets.last?.header.paddingByteCount == 5)
  }

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
}

extension Choir {
  /// One frame of each at once; the delay of the way both ways passes.
  fileprivate func speakAll(_ sizes: [Int]) {
    for (speaker, size) in sizes.enumerated() { speak(speaker, byteCount: size) }
    stage.run(for: .milliseconds(30))
  }
}
