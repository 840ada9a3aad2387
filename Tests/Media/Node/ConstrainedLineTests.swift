// A viewer behind a narrow line, with real feedback: what the node sends must settle where the line can carry it.

import Bytes
import Chronology
import Connectivity
import Cryptography
import MediaContract
import Node
import Peer
import Randomness
import TestSupport
import Testing
import Wire

/// A peer and the two directions of its line.
private final class Seat {
  var peer: MediaPeer
  let path: Path
  let id: TransportID
  var up: LossyLink
  var down: LossyLink
  private let context = DTLSContext(certificate: TestCertificates.client)
  var keyFramesWanted: Set<UInt32> = []

  init(_ id: UInt64, line bytesPerSecond: Int?) {
    self.id = TransportID(rawValue: id)
    path = Path(SocketAddress(v4: 0x0A00_0001, port: UInt16(40_000 + id)))
    peer = MediaPeer(
      local: ICECredentials(usernameFragment: "client\(id)", password: Client.password),
      start: Moment(instant: .origin, wall: WallTime(milliseconds: 1_700_000_000_000)), random: Random(seed: id))
    up = LossyLink(.init(latency: .milliseconds(20)), random: Random(seed: id))
    down = LossyLink(
      .init(latency: .milliseconds(20), bytesPerSecond: bytesPerSecond, queue: .milliseconds(300)),
      random: Random(seed: id + 100))
  }

  func join(_ node: inout MediaNode, _ ids: HeaderExtensionIDs, at time: Instant) {
    let fragment = "server\(id.rawValue)"
    node.perform(
      .openTransport(TransportParameters(id: id, localUsernameFragment: fragment, localPassword: Client.password)),
      at: time)
    node.perform(
      .setRemote(
        id,
        RemoteTransportParameters(
          usernameFragment: "client\(id.rawValue)", password: Client.password,
          fingerprint: TestCertificates.client.fingerprint, role: .server, maximumMessageSize: 0, sctpPort: 5000,
          extensions: ids)), at: time)
    peer.connect(
      to: ServerParameters(
        credentials: ICECredentials(usernameFragment: fragment, password: Client.password),
        fingerprint: TestCertificates.server.fingerprint, candidates: [Self.server], extensions: ids,
        maximumMessageSize: nil), context: context, at: time)
  }

  func turn(at time: Instant) -> [[UInt8]] {
    while let datagram = down.receive(at: time) {
      var bytes = datagram
      var span = bytes.mutableRawSpan
      _ = peer.receive(&span, byteCount: datagram.count, from: Self.server, at: time)
    }
    peer.advance(to: time)
    while let event = peer.nextEvent() {
      if case .keyFrameRequested(let ssrc) = event { keyFramesWanted.insert(ssrc) }
    }
    var sent: [[UInt8]] = []
    peer.drainDepartures { bytes, _ in sent.append(bytes.toArray()) }
    for datagram in sent { up.send(datagram, at: time) }
    var arrived: [[UInt8]] = []
    while let datagram = up.receive(at: time) { arrived.append(datagram) }
    return arrived
  }

  static let server = Path(SocketAddress(v4: 0xC000_0201, port: 7_882))
}

/// A publisher of three encodings, and a viewer at the end of a line.
private final class Cinema {
  /// Bits per second of the encodings, at 30 frames a second.
  private static let rates = [150_000, 500_000, 2_400_000]
  private static let rids = ["q", "h", "f"]

  private var node = MediaNode(
    Configuration(), certificate: TestCertificates.server, seed: 1,
    start: Moment(instant: .origin, wall: WallTime(milliseconds: 1_700_000_000_000)))
  private let seats: [Seat]
  private var handles: [Handle<OutgoingStream>?] = []
  private var pictureIDs: [UInt16] = [10, 2_000, 9_000]
  private var millisecond: Int64 = 0
  private var layer: UInt8?
  /// What flowed at the end of each second.
  private(set) var layers: [UInt8?] = []

  private var now: Instant { .origin + .milliseconds(millisecond) }

  init(line bytesPerSecond: Int?) {
    seats = [Seat(1, line: nil), Seat(2, line: bytesPerSecond)]
    var ids = HeaderExtensionIDs()
    ids.mid = 1
    ids.rid = 3
    ids.repairedRid = 4
    ids.transportSequence = 5
    for seat in seats { seat.join(&node, ids, at: .origin) }
    node.perform(
      .setPublication(
        PublicationParameters(
          id: PublicationID(rawValue: 10), transport: seats[0].id, kind: .video, isMicrophone: false,
          isScreenShare: false, mid: "1", formats: [Formats.vp8], extensions: ids, feedback: .video,
          encodings: Self.rids.map { Encoding(rid: $0) }, isEncrypted: false, isMuted: false)), at: .origin)
    node.perform(
      .setSubscription(
        SubscriptionParameters(
          id: SubscriptionID(rawValue: 20), publication: PublicationID(rawValue: 10), transport: seats[1].id, mid: "2",
          ssrc: 5_000, rtxSSRC: 5_001, formats: [Formats.vp8], extensions: ids, feedback: .video,
          target: SubscriptionTarget())), at: .origin)
    seats[1].peer.expect(
      IncomingParameters(ssrc: 5_000, kind: .video, payloadType: 96, clockRate: 90_000, retransmissionSSRC: 5_001))
    handles = Self.rids.enumerated().map { index, rid in
      seats[0].peer.publish(
        OutgoingParameters(
          ssrc: UInt32(100 + index), kind: .video, payloadType: 96, clockRate: 90_000, mid: "1", rid: rid,
          retransmission: (UInt32(200 + index), 97)))
    }
  }

  /// From now on the viewer's line loses this share of its packets.
  func lose(_ share: Double) { seats[1].down.conditions.loss = share }

  func widen() { seats[1].down.conditions.bytesPerSecond = nil }

  /// Packets that the viewer got, and those that never came.
  var received: (packets: UInt64, lost: UInt64) {
    let statistics = seats[1].peer.statistics(ofIncoming: 5_000, at: now)
    return (statistics?.packets ?? 0, statistics?.lost ?? 0)
  }

  func play(seconds: Int64) {
    let end = millisecond + seconds * 1_000
    while millisecond < end {
      if millisecond % 33 == 0 { for index in 0..<3 { sendFrame(of: index) } }
      deliverToNode()
      node.advance(to: now)
      deliverToSeats()
      while let event = node.nextEvent() {
        if case .subscriptionLayer(_, let spatial, _, _) = event { layer = spatial }
      }
      millisecond += 1
      if millisecond % 1_000 == 0 { layers.append(layer) }
    }
  }

  private func sendFrame(of index: Int) {
    guard let handle = handles[index] else { return }
    // Before the session is up every frame is a key frame: the first that arrives is one.
    let isKey = millisecond < 600 || seats[0].keyFramesWanted.remove(UInt32(100 + index)) != nil
    pictureIDs[index] = (pictureIDs[index] + 1) & 0x7FFF
    // A key frame is about as large as six others.
    var left = Self.rates[index] / 8 / 30 * (isKey ? 6 : 1)
    var start: UInt8 = 0x10
    while left > 0 {
      let head: [UInt8] = [
        0x80 | start, 0xF0, 0x80 | UInt8(pictureIDs[index] >> 8), UInt8(pictureIDs[index] & 0xFF), 0, 0x20,
        isKey ? 0 : 1,
      ]
      let payload = head + [UInt8](repeating: 7, count: min(left, 1_100))
      left -= 1_100
      seats[0].peer.send(
        payload.rawSpan, on: handle, timestamp: UInt32(millisecond * 90), marker: left <= 0, at: now)
      start = 0
    }
  }

  private func deliverToNode() {
    for seat in seats {
      for datagram in seat.turn(at: now) {
        var bytes = datagram
        var span = bytes.mutableRawSpan
        node.receive(&span, byteCount: datagram.count, from: seat.path, at: now)
      }
    }
  }

  private func deliverToSeats() {
    while node.collectDepartures(at: now) {
      for index in 0..<node.departures.count {
        let run = node.departures.record(at: index)
        let bytes = node.departures.bytes(of: run).toArray()
        guard let seat = seats.first(where: { $0.path == run.path }) else { continue }
        for segment in 0..<run.segmentCount {
          let start = segment * run.segmentSize
          seat.down.send(Array(bytes[start..<min(start + run.segmentSize, bytes.count)]), at: now)
        }
      }
    }
  }
}

@Suite struct ConstrainedLineTests {
  @Test func `on a wide line the highest encoding flows at once and for good`() {
    let cinema = Cinema(line: nil)
    cinema.play(seconds: 12)
    #expect(cinema.layers.dropFirst(2).allSatisfy { $0 == 2 })
    #expect(cinema.received.lost == 0)
    #expect(cinema.received.packets > 1_000)
  }

  @Test func `on a line of 1 Mbit the middle encoding flows, and hardly anything is lost`() {
    let cinema = Cinema(line: 125_000)
    cinema.play(seconds: 20)
    let before = cinema.received
    cinema.play(seconds: 8)
    #expect(cinema.layers.suffix(8).allSatisfy { $0 == 1 })
    let packets = cinema.received.packets - before.packets
    #expect(packets > 200)
    #expect((cinema.received.lost - min(before.lost, cinema.received.lost)) * 50 < packets)
  }

  @Test func `when the line widens the highest encoding comes back`() {
    let cinema = Cinema(line: 125_000)
    cinema.play(seconds: 20)
    #expect(cinema.layers.last == 1)
    cinema.widen()
    cinema.play(seconds: 40)
    #expect(cinema.layers.suffix(3).allSatisfy { $0 == 2 })
  }

  @Test func `a line that lost most of everything shows a picture as soon as it is well`() {
    let cinema = Cinema(line: nil)
    cinema.play(seconds: 4)
    cinema.lose(0.7)
    cinema.play(seconds: 12)
    cinema.lose(0)
    cinema.play(seconds: 2)
    let before = cinema.received
    cinema.play(seconds: 3)
    #expect(cinema.layers.suffix(3).allSatisfy { $0 != nil })
    #expect(cinema.received.packets - before.packets >= 80)
  }
}
