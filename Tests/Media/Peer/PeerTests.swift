// What a client does in a session: connects, sends, repairs, reports.

import Bytes
import Chronology
import Connectivity
import DataChannels
import MediaContract
import Peer
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct PeerTests {
  @Test func `a client connects, in the order of the states`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(2))
    let states = scene.events.compactMap { if case .state(let state) = $0 { state } else { nil } }
    #expect(states == [.connecting, .connected])
    let state = scene.server.transport.state
    #expect(state == .connected)
  }

  @Test func `a lossy path delays the connection and does not prevent it`() throws {
    for seed in UInt64(1)...12 {
      var scene = try PeerScene(.init(jitter: .milliseconds(20), loss: 0.2), seed: seed)
      scene.run(for: .seconds(12))
      let state = scene.peer.state
      #expect(state == .connected, "seed \(seed)")
    }
  }

  @Test func `nothing is sent before there are keys`() throws {
    var scene = try PeerScene()
    let opened = scene.open(.audio, ssrc: 10)
    let handle = try #require(opened)
    let payload: [UInt8] = [1, 2, 3]
    let isSent = scene.peer.send(payload.rawSpan, on: handle, timestamp: 0, marker: false, at: scene.now)
    #expect(!isSent)
  }

  @Test func `media goes out with its extensions and comes back`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(1))
    let opened = scene.open(.video, ssrc: 10, rid: "h")
    let handle = try #require(opened)
    scene.stream(handle, packets: 50, every: .milliseconds(10), ticks: 900)
    scene.run(for: .milliseconds(200))
    let received = scene.server.received
    #expect(received.count == 50)
    #expect(received.allSatisfy { $0.header.ssrc == 10 && $0.header.payloadType == 96 && $0.header.marker })
    #expect(received.allSatisfy { $0.extensions.mid.description == "1" && $0.extensions.rid.description == "h" })
    #expect(received.allSatisfy { $0.extensions.audioLevel == AudioLevel(level: 30, isVoice: true) })
    let numbers = received.compactMap(\.extensions.transportSequence)
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 } && numbers.count == 50)
    #expect(received.allSatisfy { $0.extensions.absoluteSendTime != nil })
    #expect(scene.seen.map(\.payload) == received.map(\.payload))
    #expect(scene.seen.allSatisfy { $0.ssrc == 1_010 && !$0.isRetransmission })
  }

  @Test func `streams that nobody announced are counted and dropped`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(1))
    let opened = scene.open(.audio, ssrc: 10)
    let handle = try #require(opened)
    scene.peer.ignore(ssrc: 1_010)
    scene.stream(handle, packets: 5, every: .milliseconds(20), ticks: 960)
    scene.run(for: .milliseconds(100))
    let unexpected = scene.peer.counters.unexpected
    #expect(scene.seen.isEmpty)
    #expect(unexpected == 5)
  }

  @Test func `missing packets are asked for and come as retransmissions`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(1))
    let opened = scene.open(.video, ssrc: 10, retransmission: (ssrc: 20, payloadType: 97))
    let handle = try #require(opened)
    scene.stream(handle, packets: 3, every: .milliseconds(10), ticks: 900)
    scene.run(for: .milliseconds(100))
    let last = try #require(scene.seen.last?.sequence)
    scene.server.withheld = [last &+ 3, last &+ 4, last &+ 20]
    scene.stream(handle, packets: 40, every: .milliseconds(10), ticks: 900)
    scene.run(for: .milliseconds(500))
    #expect(scene.server.requested.sorted() == [last &+ 3, last &+ 4, last &+ 20])
    let repaired = scene.seen.filter(\.isRetransmission)
    #expect(repaired.map(\.sequence).sorted() == [last &+ 3, last &+ 4, last &+ 20])
    #expect(repaired.allSatisfy { $0.ssrc == 1_010 && $0.payloadType == 96 })
    #expect(Set(scene.seen.map(\.sequence)).count == 43)
    let now = scene.now
    let statistics = scene.peer.statistics(ofIncoming: 1_010, at: now)
    #expect(statistics?.recovered == 3)
    #expect(statistics?.lost == 0)
  }

  @Test func `a NACK is answered by retransmission or by repetition`() throws {
    for retransmission in [(ssrc: UInt32(20), payloadType: UInt8(97)), nil] {
      var scene = try PeerScene()
      scene.run(for: .seconds(1))
      let opened = scene.open(.video, ssrc: 10, retransmission: retransmission)
      let handle = try #require(opened)
      scene.stream(handle, packets: 10, every: .milliseconds(10), ticks: 900)
      scene.run(for: .milliseconds(100))
      let original = scene.server.received[4]
      // With repetition SRTP's replay check would refuse what did arrive: ask for what did not.
      scene.toServer.conditions.loss = 1
      scene.stream(handle, packets: 1, every: .milliseconds(10), ticks: 900)
      scene.toServer.conditions.loss = 0
      let lost = scene.server.received[9].header.sequenceNumber &+ 1
      let before = scene.server.received.count
      let wanted = retransmission == nil ? [lost] : [original.header.sequenceNumber, lost]
      try scene.server.sendControl(at: scene.now) { span throws in
        try NegativeAcknowledgement.write(
          senderSSRC: 1, mediaSSRC: 10, numbers: wanted.span, into: &span, at: 0
        ).byteCount
      }
      scene.run(for: .milliseconds(200))
      let answers = Array(scene.server.received[before...])
      #expect(answers.count == wanted.count)
      if retransmission != nil {
        #expect(answers.allSatisfy { $0.header.ssrc == 20 && $0.header.payloadType == 97 })
        let number = original.header.sequenceNumber
        let head = [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
        #expect(answers.first?.payload == head + original.payload)
        #expect(answers.first?.header.timestamp == original.header.timestamp)
      } else {
        #expect(answers.first?.header.sequenceNumber == lost && answers.first?.header.ssrc == 10)
      }
      let statistics = scene.peer.statistics(of: handle)
      #expect(statistics?.retransmitted == UInt64(wanted.count))
    }
  }

  @Test func `losses both ways are healed`() throws {
    try forEachSeed(8) { seed, _ in
      var scene = try PeerScene(.init(jitter: .milliseconds(5)), seed: seed)
      scene.run(for: .seconds(2))
      let opened = scene.open(.video, ssrc: 10, retransmission: (ssrc: 20, payloadType: 97))
      let handle = try #require(opened)
      scene.stream(handle, packets: 20, every: .milliseconds(10), ticks: 900)
      scene.server.link.conditions.loss = 0.1
      scene.stream(handle, packets: 300, every: .milliseconds(10), ticks: 900)
      scene.server.link.conditions.loss = 0
      scene.stream(handle, packets: 20, every: .milliseconds(10), ticks: 900)
      scene.run(for: .seconds(2))
      #expect(Set(scene.seen.map(\.sequence)).count == 340, "seed \(seed)")
    }
  }

  @Test func `requests for key frames reach the owner`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(1))
    let opened = scene.open(.video, ssrc: 10)
    let handle = try #require(opened)
    scene.stream(handle, packets: 3, every: .milliseconds(10), ticks: 900)
    try scene.server.sendControl(at: scene.now) { span throws in
      try PictureLossIndication(senderSSRC: 1, mediaSSRC: 10).write(into: &span, at: 0)
    }
    try scene.server.sendControl(at: scene.now) { span throws in
      try FullIntraRequest.write(senderSSRC: 1, .init(mediaSSRC: 10, sequenceNumber: 1), into: &span, at: 0)
    }
    scene.run(for: .milliseconds(100))
    #expect(scene.events.count { $0 == .keyFrameRequested(ssrc: 10) } == 2)
  }

  @Test func `key frames are asked for once in a while, however often they are wanted`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(1))
    _ = scene.open(.video, ssrc: 10)
    for _ in 0..<100 {
      let now = scene.now
      scene.peer.requestKeyFrame(ssrc: 1_010, at: now)
      scene.run(for: .milliseconds(10))
    }
    scene.run(for: .milliseconds(600))
    let requests = scene.server.control.count { $0 == .pictureLossIndication }
    #expect(requests == 3)
  }

  @Test func `reports say what was sent and received`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(1))
    let opened = scene.open(.audio, ssrc: 10)
    let handle = try #require(opened)
    scene.stream(handle, packets: 200, every: .milliseconds(20), ticks: 960)
    scene.run(for: .milliseconds(1_100))
    let lastReport = scene.server.lastSenderReport
    let report = try #require(lastReport)
    #expect(report.ssrc == 10 && report.packetCount == 200)
    // The clock goes on from the last packet: 1.1 s at most behind it.
    #expect(report.rtpTimestamp >= 199 * 960 && report.rtpTimestamp <= 199 * 960 + 48_000 * 5 / 4)
    #expect(report.ntpTime >> 32 >= 1_800_000_000 + 2_208_988_800)
    let block = try #require(scene.server.lastBlocks.first)
    #expect(block.ssrc == 1_010 && block.cumulativeLost == 0 && block.fractionLost == 0)
  }

  @Test func `a receiver report measures the round trip`() throws {
    var scene = try PeerScene(.init(latency: .milliseconds(40)))
    scene.run(for: .seconds(1))
    let opened = scene.open(.audio, ssrc: 10)
    let handle = try #require(opened)
    scene.stream(handle, packets: 60, every: .milliseconds(20), ticks: 960)
    let lastReport = scene.server.lastSenderReport
    let report = try #require(lastReport)
    let block = ReportBlock(
      ssrc: 10, fractionLost: 64, cumulativeLost: 5, highestSequenceNumber: 60, jitter: 0,
      lastSenderReport: report.middleOfNTPTime, delaySinceLastSenderReport: 0)
    let sentAt = scene.now
    try scene.server.sendControl(at: sentAt) { span throws in
      try ReceiverReport.write(senderSSRC: 1, blocks: [block].span, into: &span, at: 0)
    }
    scene.run(for: .milliseconds(100))
    let outgoing = scene.peer.statistics(of: handle)
    let statistics = try #require(outgoing)
    #expect(statistics.lossFraction == 0.25)
    let roundTrip = try #require(statistics.roundTrip)
    #expect(roundTrip >= .milliseconds(80) && roundTrip <= .milliseconds(1_300))
  }

  @Test func `arrivals are reported by transport-wide number`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(1))
    let opened = scene.open(.video, ssrc: 10)
    let handle = try #require(opened)
    scene.stream(handle, packets: 100, every: .milliseconds(5), ticks: 450)
    scene.run(for: .milliseconds(400))
    #expect(scene.server.feedbackStatuses == 100)
  }

  @Test func `data channels open and carry messages both ways`() throws {
    var scene = try PeerScene(.init(loss: 0.05))
    scene.run(for: .seconds(5))
    let parameters = DataChannelParameters(label: "_reliable")
    let stream = try scene.peer.openChannel(parameters, at: scene.now)
    #expect(stream == 0)
    let message = [UInt8](repeating: 7, count: 60_000)
    try scene.peer.sendData(message, on: stream, at: scene.now)
    scene.run(for: .seconds(20))
    #expect(scene.events.contains(.data(.opened(stream: stream, parameters))))
    #expect(scene.events.contains(.data(.message(stream: stream, message, isBinary: true))))
  }

  @Test func `a closed client says goodbye`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(1))
    let now = scene.now
    scene.peer.close(at: now)
    scene.run(for: .milliseconds(100))
    let state = scene.server.transport.state
    #expect(state == .failed)
  }

  @Test func `departures beyond the limit are dropped and counted`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(1))
    let opened = scene.open(.video, ssrc: 10)
    let handle = try #require(opened)
    let payload = [UInt8](repeating: 1, count: 1_200)
    let now = scene.now
    for _ in 0..<2_000 { scene.peer.send(payload.rawSpan, on: handle, timestamp: 0, marker: false, at: now) }
    let dropped = scene.peer.counters.departuresDropped
    #expect(dropped > 1_000)
    scene.run(for: .seconds(1))
    let isSent = scene.peer.send(payload.rawSpan, on: handle, timestamp: 0, marker: false, at: now)
    #expect(isSent)
  }

  @Test func `damaged datagrams do no harm`() throws {
    var scene = try PeerScene()
    scene.run(for: .seconds(1))
    _ = scene.open(.video, ssrc: 10)
    var random = Random(seed: 3)
    for _ in 0..<2_000 {
      var datagram = (0..<Int.random(in: 1...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
      }
      let now = scene.now
      var span = datagram.mutableRawSpan
      let count = span.byteCount
      let received = scene.peer.receive(&span, byteCount: count, from: serverPath, at: now)
      #expect(received == .nothing)
    }
    let state = scene.peer.state
    #expect(state == .connected)
  }
}
