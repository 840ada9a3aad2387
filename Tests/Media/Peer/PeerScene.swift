// A client, its mirror, and virtual time.

import Bytes
import Chronology
import Connectivity
import Cryptography
import DataChannels
import MediaContract
import Peer
import Randomness
import TestSupport
import Wire

struct PeerScene: ~Copyable {
  /// A packet that came back.
  struct Seen: Equatable {
    var ssrc: UInt32
    var sequence: UInt16
    var payload: [UInt8]
    var isRetransmission: Bool
    var payloadType: UInt8
  }

  var peer: MediaPeer
  var server: MirrorServer
  var toServer: LossyLink
  var now = Instant.origin
  var events: [PeerEvent] = []
  var seen: [Seen] = []

  static var extensions: HeaderExtensionIDs {
    var ids = HeaderExtensionIDs()
    ids.mid = 1
    ids.rid = 2
    ids.repairedRid = 3
    ids.audioLevel = 4
    ids.transportSequence = 5
    ids.absoluteSendTime = 6
    return ids
  }

  init(_ conditions: LossyLink.Conditions = .init(), seed: UInt64 = 1) throws {
    let wall = WallTime(milliseconds: 1_800_000_000_000)
    let ours = try Certificate.selfSigned(at: wall)
    let theirs = try Certificate.selfSigned(at: wall)
    toServer = LossyLink(conditions, random: Random(seed: seed &* 8))
    server = MirrorServer(seed: seed &* 8 &+ 1, extensions: Self.extensions, conditions: conditions)
    peer = MediaPeer(
      local: MirrorServer.clientCredentials, start: Moment(instant: now, wall: wall),
      random: Random(seed: seed &* 8 &+ 5))
    let context = DTLSContext(certificate: theirs)
    server.transport.setRemote(
      MirrorServer.clientCredentials, fingerprint: ours.fingerprint, role: .server, context: context, at: now)
    let parameters = ServerParameters(
      credentials: MirrorServer.credentials, fingerprint: theirs.fingerprint, candidates: [serverPath],
      extensions: Self.extensions)
    peer.connect(to: parameters, context: DTLSContext(certificate: ours), at: now)
  }

  /// Runs for a length of virtual time.
  mutating func run(for duration: Interval) {
    let end = now + duration
    settle()
    while true {
      let deadlines = [peer.nextDeadline, server.nextDeadline, toServer.nextArrival, server.link.nextArrival]
      guard let next = deadlines.compactMap({ $0 }).min(), next <= end else { break }
      now = max(now, next)
      settle()
    }
    now = end
  }

  private mutating func settle() {
    let time = now
    while let datagram = toServer.receive(at: time) { server.receive(datagram, at: time) }
    while let datagram = server.link.receive(at: time) { deliver(datagram) }
    peer.advance(to: time)
    server.settle(at: time)
    while let event = peer.nextEvent() { events.append(event) }
    var departing: [[UInt8]] = []
    peer.drainDepartures { bytes, path in
      if path == serverPath { departing.append(bytes.toArray()) }
    }
    for datagram in departing { toServer.send(datagram, at: time) }
  }

  private mutating func deliver(_ datagram: [UInt8]) {
    var memory = datagram
    var received = PeerReceived.nothing
    do {
      var span = memory.mutableRawSpan
      received = peer.receive(&span, byteCount: datagram.count, from: serverPath, at: now)
    }
    guard case .media(let media) = received else { return }
    seen.append(
      Seen(
        ssrc: media.header.ssrc, sequence: media.header.sequenceNumber,
        payload: Array(memory[media.payload.offset..<media.payload.end]), isRetransmission: media.isRetransmission,
        payloadType: media.header.payloadType))
  }

  /// A stream out and its mirror back.
  mutating func open(
    _ kind: MediaKind, ssrc: UInt32, rid: String = "", retransmission: (ssrc: UInt32, payloadType: UInt8)? = nil
  ) -> Handle<OutgoingStream>? {
    let (payloadType, clockRate): (UInt8, UInt32) = kind == .audio ? (111, 48_000) : (96, 90_000)
    server.retransmission = retransmission.map { ($0.ssrc &+ MirrorServer.offset, $0.payloadType) }
    peer.expect(
      IncomingParameters(
        ssrc: ssrc &+ MirrorServer.offset, kind: kind, payloadType: payloadType, clockRate: clockRate,
        retransmissionSSRC: retransmission.map { $0.ssrc &+ MirrorServer.offset }))
    return peer.publish(
      OutgoingParameters(
        ssrc: ssrc, kind: kind, payloadType: payloadType, clockRate: clockRate, mid: kind == .audio ? "0" : "1",
        rid: rid, retransmission: retransmission))
  }

  /// Sends packets of a stream at a steady pace.
  mutating func stream(_ handle: Handle<OutgoingStream>, packets: Int, every pace: Interval, ticks: UInt32) {
    for number in 0..<packets {
      let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 100 + number % 900)
      peer.send(
        payload.rawSpan, on: handle, timestamp: UInt32(number) &* ticks, marker: true,
        audioLevel: AudioLevel(level: 30, isVoice: true), at: now)
      run(for: pace)
    }
  }
}
