// Simulcast video on its way to one viewer: switches, layers that stop, key frames, retransmissions.

import Bytes
import Chronology
import MediaContract
import Node
import Randomness
import TestSupport
import Testing
import Wire

/// A publisher of three VP8 encodings and a viewer.
private final class Broadcast {
  let stage: Stage
  let publisher: Client
  let viewer: Client
  var sources: [VP8Source]
  /// Whether an encoding is being sent.
  var isSending = [true, true, true]
  /// Answers requests for key frames, as an encoder does.
  var answersRequests = true
  private var requestsSeen = 0
  /// Packets of a frame, lowest encoding first.
  let sizes = [1, 3, 9]

  init(
    layers: Int = 1, isScreenShare: Bool = false, target: SubscriptionTarget = SubscriptionTarget(), seed: UInt64 = 1
  ) {
    self.layers = layers
    stage = Stage(seed: seed)
    publisher = stage.join(1)
    viewer = stage.join(2)
    let ids = publisher.ids
    sources = [(101, "q"), (202, "h"), (303, "f")].map { VP8Source(ssrc: $0.0, rid: $0.1, ids: ids) }
    stage.publishVideo(10, from: publisher, isScreenShare: isScreenShare)
    stage.subscribe(
      20, to: 10, on: viewer, formats: [Formats.vp8], ssrc: 5_000, rtxSSRC: 5_001, mid: "4", target: target)
  }

  let layers: Int

  func aim(_ spatial: UInt8, temporal: UInt8 = 3, isPaused: Bool = false) {
    stage.perform(
      .setTarget(
        SubscriptionID(rawValue: 20),
        SubscriptionTarget(isPaused: isPaused, maximumSpatialLayer: spatial, maximumTemporalLayer: temporal)))
  }

  /// Plays `count` pictures of 33 ms on all encodings that are being sent.
  func play(_ count: Int, keyAt: Int? = nil) {
    for picture in 0..<count {
      let requests = publisher.controlCount(.pictureLossIndication)
      let isKey = picture == keyAt || (answersRequests && requests > requestsSeen)
      requestsSeen = requests
      for index in 0..<3 where isSending[index] {
        for packet in sources[index].frame(isKey: isKey, packets: sizes[index], layers: layers) {
          stage.send(packet, from: publisher)
        }
      }
      stage.run(for: .milliseconds(33))
    }
  }

  /// What came on the media stream itself.
  var media: [ReceivedPacket] { viewer.packets.filter { $0.header.ssrc == 5_000 } }

  /// How many packets the viewer's frames have, one number for each frame.
  var frameSizes: [Int] {
    var sizes: [Int] = []
    var last: UInt32?
    for packet in media {
      if packet.header.timestamp != last { sizes.append(0) }
      sizes[sizes.count - 1] += 1
      last = packet.header.timestamp
    }
    return sizes
  }

  func expectContinuity(_ comment: Comment = "") {
    let ordered = media.filter { $0.header.payloadByteCount > 0 }
    for (before, after) in zip(ordered, ordered.dropFirst()) {
      #expect(after.header.sequenceNumber == before.header.sequenceNumber &+ 1, comment)
      guard let old = before.vp8, let new = after.vp8, let oldID = old.pictureID, let newID = new.pictureID else {
        Issue.record("no picture id")
        continue
      }
      let step = Int32(bitPattern: after.header.timestamp &- before.header.timestamp)
      if step == 0 {
        #expect(newID == oldID, comment)
      } else {
        #expect(step > 0, comment)
        #expect(newID == (oldID + 1) & 0x7FFF, comment)
        let levels = (new.temporalLevelZeroIndex ?? 0) &- (old.temporalLevelZeroIndex ?? 0)
        #expect(levels <= 1, comment)
      }
    }
  }
}

@Suite struct SimulcastTests {
  @Test func `a viewer gets the highest encoding, from a key frame on`() {
    let broadcast = Broadcast()
    broadcast.play(30, keyAt: 0)
    #expect(broadcast.frameSizes.suffix(10).allSatisfy { $0 == 9 })
    #expect(broadcast.media.first?.vp8?.isKeyFrame == true)
    broadcast.expectContinuity()
  }

  @Test func `switching down and up keeps numbers and pictures continuous`() {
    let broadcast = Broadcast()
    broadcast.play(30, keyAt: 0)
    for (spatial, size) in [(UInt8(0), 1), (2, 9), (1, 3), (0, 1), (1, 3), (2, 9)] {
      broadcast.aim(spatial)
      broadcast.play(60)
      #expect(broadcast.frameSizes.suffix(20).allSatisfy { $0 == size }, "to \(spatial)")
    }
    broadcast.expectContinuity()
  }

  @Test func `the old encoding flows until the new one has a key frame`() {
    let broadcast = Broadcast()
    broadcast.play(60, keyAt: 0)
    broadcast.answersRequests = false
    let before = broadcast.frameSizes.count
    broadcast.aim(0)
    broadcast.play(30)
    #expect(broadcast.frameSizes.count >= before + 29)
    #expect(broadcast.frameSizes.suffix(20).allSatisfy { $0 == 9 })
    broadcast.play(10, keyAt: 0)
    #expect(broadcast.frameSizes.suffix(5).allSatisfy { $0 == 1 })
    broadcast.expectContinuity()
  }

  @Test func `a viewer who comes back gets the layer that he wants, not the lowest`() {
    let broadcast = Broadcast()
    broadcast.play(30, keyAt: 0)
    broadcast.aim(2, isPaused: true)
    broadcast.play(30)
    let paused = broadcast.media.count
    broadcast.play(5)
    #expect(broadcast.media.count == paused)
    broadcast.aim(2)
    broadcast.play(60)
    let after = broadcast.frameSizes.suffix(broadcast.frameSizes.count - 30)
    #expect(after.suffix(40).allSatisfy { $0 == 9 })
    #expect(!after.contains(1) && !after.contains(3))
    broadcast.expectContinuity()
  }

  @Test func `when a layer stops, the next lower one takes over, and it returns when the layer does`() {
    let broadcast = Broadcast()
    broadcast.play(60, keyAt: 0)
    broadcast.isSending[2] = false
    broadcast.play(150)
    #expect(broadcast.frameSizes.suffix(10).allSatisfy { $0 == 3 })
    broadcast.isSending[2] = true
    broadcast.play(90)
    #expect(broadcast.frameSizes.suffix(10).allSatisfy { $0 == 9 })
    broadcast.expectContinuity()
  }

  @Test func `a screen that shows one frame a second is not a layer that stopped`() {
    let broadcast = Broadcast(isScreenShare: true)
    broadcast.play(60, keyAt: 0)
    broadcast.isSending = [true, true, false]
    for _ in 0..<8 {
      broadcast.play(29)
      broadcast.isSending[2] = true
      broadcast.play(1)
      broadcast.isSending[2] = false
    }
    #expect(broadcast.frameSizes.suffix(5).allSatisfy { $0 == 9 })
  }

  @Test func `temporal layers are dropped without holes`() {
    let broadcast = Broadcast(layers: 3)
    broadcast.play(60, keyAt: 0)
    let full = broadcast.frameSizes.count
    broadcast.aim(2, temporal: 0)
    broadcast.play(40)
    #expect((9...11).contains(broadcast.frameSizes.count - full))
    let base = broadcast.frameSizes.count
    broadcast.aim(2, temporal: 1)
    broadcast.play(40)
    #expect((18...21).contains(broadcast.frameSizes.count - base))
    broadcast.aim(2, temporal: 3)
    let all = broadcast.frameSizes.count
    broadcast.play(40)
    #expect((36...41).contains(broadcast.frameSizes.count - all))
    broadcast.expectContinuity()
  }

  @Test func `requests for key frames are throttled, however many viewers ask`() {
    let broadcast = Broadcast()
    broadcast.play(60, keyAt: 0)
    let before = broadcast.publisher.controlCount(.pictureLossIndication)
    for _ in 0..<100 {
      var request = [UInt8](repeating: 0, count: 12)
      do {
        var span = request.mutableRawSpan
        _ = try? PictureLossIndication(senderSSRC: 1, mediaSSRC: 5_000).write(into: &span, at: 0)
      }
      broadcast.stage.sendControl(request, from: broadcast.viewer)
      broadcast.play(1)
    }
    // 100 pictures are 3.3 s: at most one request a second for the highest encoding.
    #expect((2...4).contains(broadcast.publisher.controlCount(.pictureLossIndication) - before))
  }

  @Test func `a request is repeated while no key frame comes`() {
    let broadcast = Broadcast()
    broadcast.answersRequests = false
    broadcast.play(30)
    // No key frame at all for a second: the wish of the one viewer is repeated for each encoding that he waits for.
    #expect(broadcast.publisher.controlCount(.pictureLossIndication) >= 3)
    #expect(broadcast.media.isEmpty)
  }

  @Test func `a lost packet is sent again on the retransmission stream when it is asked for`() {
    let broadcast = Broadcast()
    broadcast.play(30, keyAt: 0)
    guard let lost = broadcast.media.last else {
      Issue.record("nothing came")
      return
    }
    broadcast.stage.sendControl(
      makeNACK([lost.header.sequenceNumber], of: 5_000), from: broadcast.viewer)
    broadcast.stage.run(for: .milliseconds(50))
    let again = broadcast.viewer.packets.filter { $0.header.ssrc == 5_001 }
    #expect(again.count == 1)
    #expect(again.first?.header.payloadType == 97)
    let original: [UInt8] = [
      UInt8(lost.header.sequenceNumber >> 8), UInt8(lost.header.sequenceNumber & 0xFF),
    ]
    #expect(again.first?.payload == original + lost.payload)
    #expect(again.first?.header.timestamp == lost.header.timestamp)
    #expect(again.first?.header.marker == lost.header.marker)
  }

  @Test func `a packet sent again after a switch is what it was before`() {
    let broadcast = Broadcast(layers: 3)
    broadcast.play(60, keyAt: 0)
    let asked = Array(broadcast.media.suffix(6))
    broadcast.aim(0)
    broadcast.play(20)
    broadcast.stage.sendControl(
      makeNACK(asked.map { $0.header.sequenceNumber }, of: 5_000), from: broadcast.viewer)
    broadcast.stage.run(for: .milliseconds(50))
    let again = broadcast.viewer.packets.filter { $0.header.ssrc == 5_001 }
    #expect(again.map { Array($0.payload.dropFirst(2)) } == asked.map { $0.payload })
    #expect(again.map { $0.header.timestamp } == asked.map { $0.header.timestamp })
  }

  @Test func `a key frame whose first packet comes late is shown whole`() {
    let broadcast = Broadcast()
    broadcast.answersRequests = false
    var packets = broadcast.sources[2].frame(isKey: true, packets: 9)
    let first = packets.removeFirst()
    for packet in packets { broadcast.stage.send(packet, from: broadcast.publisher) }
    broadcast.stage.run(for: .milliseconds(40))
    #expect(broadcast.media.isEmpty)
    broadcast.stage.send(
      makeRetransmission(of: first, rid: "f", ids: broadcast.publisher.ids), from: broadcast.publisher)
    broadcast.stage.run(for: .milliseconds(40))
    #expect(broadcast.frameSizes == [9])
    #expect(broadcast.media.first?.vp8?.isKeyFrame == true)
    broadcast.expectContinuity()
  }

  @Test func `a key frame that comes in disorder is one picture, also where a stream begins anew`() {
    let broadcast = Broadcast()
    broadcast.answersRequests = false
    broadcast.play(10, keyAt: 0)
    broadcast.stage.perform(.setMuted(PublicationID(rawValue: 10), true))
    for _ in 0..<5 { _ = broadcast.sources[2].frame(isKey: false, packets: 1) }
    broadcast.stage.perform(.setMuted(PublicationID(rawValue: 10), false))
    let before = broadcast.media.count
    let packets = broadcast.sources[2].frame(isKey: true, packets: 4)
    for index in [3, 0, 2, 1] { broadcast.stage.send(packets[index], from: broadcast.publisher) }
    broadcast.stage.run(for: .milliseconds(40))
    let media = broadcast.media[before...]
    #expect(media.count == 4)
    #expect(Set(media.map { $0.vp8?.pictureID }).count == 1)
    #expect(Set(media.map { $0.header.timestamp }).count == 1)
    let numbers = media.map { $0.header.sequenceNumber &- broadcast.media[before - 1].header.sequenceNumber }
    #expect(numbers.sorted() == [1, 2, 3, 4])
  }

  @Test func `a subscription that comes again on its old ssrc goes on with its numbers`() {
    let broadcast = Broadcast()
    broadcast.play(30, keyAt: 0)
    let last = broadcast.media.last?.header.sequenceNumber
    broadcast.stage.perform(.removeSubscription(SubscriptionID(rawValue: 20)))
    broadcast.stage.subscribe(
      21, to: 10, on: broadcast.viewer, formats: [Formats.vp8], ssrc: 5_000, rtxSSRC: 5_001, mid: "4")
    let before = broadcast.media.count
    broadcast.play(30)
    #expect(broadcast.media.count > before)
    #expect(broadcast.media[before].header.sequenceNumber == last.map { $0 &+ 1 })
  }

  @Test func `an encoding that said goodbye is left at once, and known again when it comes back unnamed`() {
    let broadcast = Broadcast()
    broadcast.play(60, keyAt: 0)
    var goodbye = [UInt8](repeating: 0, count: 8)
    do {
      var span = goodbye.mutableRawSpan
      _ = try? Goodbye.write(sources: [UInt32(303)].span, into: &span, at: 0)
    }
    broadcast.isSending[2] = false
    broadcast.stage.sendControl(goodbye, from: broadcast.publisher)
    broadcast.play(20)
    #expect(broadcast.frameSizes.suffix(5).allSatisfy { $0 == 3 })
    broadcast.isSending[2] = true
    broadcast.sources[2].isNamed = false
    broadcast.play(60)
    #expect(broadcast.frameSizes.suffix(5).allSatisfy { $0 == 9 })
    broadcast.expectContinuity()
  }

  @Test func `a new source takes an encoding over when the old one is silent`() {
    let broadcast = Broadcast()
    broadcast.play(60, keyAt: 0)
    broadcast.sources[2] = VP8Source(ssrc: 404, rid: "f", ids: broadcast.publisher.ids)
    broadcast.stage.run(for: .milliseconds(250))
    broadcast.play(60)
    #expect(broadcast.frameSizes.suffix(5).allSatisfy { $0 == 9 })
    broadcast.expectContinuity()
  }

  @Test func `a frame of nine packets to one viewer leaves as one or two runs`() {
    let broadcast = Broadcast()
    broadcast.play(30, keyAt: 0)
    // All packets of a frame arrive in one turn; the key frame's first packet is not longer than the others.
    let runs = broadcast.stage.runs.filter { $0.path == broadcast.viewer.path && $0.byteCount > 3_000 }
    #expect(runs.count >= 20)
    #expect(runs.allSatisfy { $0.segmentCount >= 8 })
  }

  @Test func `whatever is lost on the way in, nobody sees a number twice or a picture go back`() {
    forEachSeed(25) { seed, random in
      let broadcast = Broadcast(layers: 3, seed: seed)
      var network = random
      broadcast.stage.isLost = { toNode, bytes in
        toNode && PacketKind(bytes.rawSpan) == .rtp && network.chance(0.05)
      }
      broadcast.play(20, keyAt: 0)
      for _ in 0..<4 {
        broadcast.aim(UInt8(network.next() % 3), temporal: UInt8(network.next() % 4))
        broadcast.play(25)
      }
      var seen: Set<UInt16> = []
      for packet in broadcast.media {
        #expect(seen.insert(packet.header.sequenceNumber).inserted, "seed \(seed)")
      }
      // In order of number the pictures never go back, and equal times are equal pictures.
      let media = broadcast.media.filter { $0.header.payloadByteCount > 0 }
      guard let first = media.first?.header.sequenceNumber else { return }
      let ordered = media.sorted { $0.header.sequenceNumber &- first < $1.header.sequenceNumber &- first }
      for (before, after) in zip(ordered, ordered.dropFirst()) {
        let step = Int32(bitPattern: after.header.timestamp &- before.header.timestamp)
        #expect(step >= 0, "seed \(seed)")
        guard let old = before.vp8?.pictureID, let new = after.vp8?.pictureID else { continue }
        let pictures = Int((new &- old) & 0x7FFF)
        #expect(step == 0 ? pictures == 0 : (1...40).contains(pictures), "seed \(seed)")
      }
    }
  }
}

/// The packet as its publisher sends it again (RFC 4588), on a stream that names its encoding.
func makeRetransmission(of packet: [UInt8], rid: String, ids: HeaderExtensionIDs) -> [UInt8] {
  guard let header = try? RTPHeader(parsing: packet.rawSpan) else { return [] }
  var extensions = RTPExtensions()
  extensions.mid = ShortString("1") ?? ShortString()
  extensions.repairedRid = ShortString(rid) ?? ShortString()
  let head = [UInt8(header.sequenceNumber >> 8), UInt8(header.sequenceNumber & 0xFF)]
  return makePacket(
    payloadType: 97, sequence: 77, timestamp: header.timestamp, ssrc: header.ssrc + 9_000, marker: header.marker,
    payload: head + packet[header.payload.offset..<header.payload.end], extensions: extensions, ids: ids)
}

/// A NACK for the numbers, ascending.
func makeNACK(_ numbers: [UInt16], of ssrc: UInt32) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 200)
  var count = 0
  do {
    var span = bytes.mutableRawSpan
    let written = try? NegativeAcknowledgement.write(
      senderSSRC: 1, mediaSSRC: ssrc, numbers: numbers.span, into: &span, at: 0)
    count = written?.byteCount ?? 0
  }
  return Array(bytes.prefix(count))
}
