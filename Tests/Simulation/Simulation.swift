// The whole system in one thread under one virtual clock: a control plane, a shard, clients, and a network that misbehaves
// by its seed. Everything is real but the network, the sockets and the time.

import AccessTokens
import Bytes
import Chronology
import Connectivity
import Cryptography
import DataChannels
import LiveKitProtocol
import MediaContract
import Node
import Peer
import Randomness
import Rooms
import SessionDescriptions
import Wire

final class Simulation {
  static let key = APIKey(id: "simulation", secret: "a secret of more than thirty-two bytes")
  static let serverPath = Path(SocketAddress(v4: 0xC000_0201, port: 7_882))
  static let room = "hall"

  /// A WebSocket as the network has it.
  struct Socket {
    var session: Session
    /// Frames that are still under way to the server are lost.
    var isUplinkLost = false
    var lastUp = Instant.origin
    var lastDown = Instant.origin
  }

  let seed: UInt64
  let swarm: Swarm
  var random: Random
  var moment: Moment
  var now: Instant { moment.instant }
  var control: ControlNode
  var node: MediaNode
  var clients: [SimulatedClient] = []
  var events = EventHeap<(Simulation) -> Void>()
  var sockets: [ConnectionID: Socket] = [:]
  var lastConnection: UInt64 = 0
  var sessionCount = 0
  var trackCount: UInt32 = 0
  var trace = Trace()
  var checkers = Checkers()
  /// The first violation: the checker's name, what it saw, and what happened last.
  var violation: (checker: String, detail: String, lastEvents: [String])?
  /// The session whose socket is being opened or read: transports that are made now are its.
  var opening: Session?
  var isTrouble = true

  init(seed: UInt64, isLong: Bool = false) {
    self.seed = seed
    random = Random(seed: seed)
    swarm = Swarm(&random, isLong: isLong)
    moment = Moment(instant: .origin, wall: SimulatedCertificates.wall)
    let bits = Generator(random.next())
    control = ControlNode(
      ControlConfiguration(
        keys: [Self.key], shards: [ShardDescription(addresses: ["192.0.2.1"], udpPort: 7_882, tcpPort: nil)],
        certificateDigest: SimulatedCertificates.server.fingerprint.digest, randomBits: { bits.next() },
        inflate: { _, _ in nil }),
      at: moment)
    var configuration = Node.Configuration()
    configuration.arenaBytes = 256 * 1_024
    configuration.transports = 64
    configuration.publications = 64
    configuration.subscriptions = 512
    node = MediaNode(
      configuration, certificate: SimulatedCertificates.server, seed: random.next(), start: moment)
    for index in 0..<swarm.clients {
      let kinds: [[MediaKind]] = [[.audio, .video], [.video], [.audio], [.audio, .video]]
      clients.append(
        SimulatedClient(
          index: index, isSingle: swarm.usesSingle[index],
          uplink: Link(swarm.uplinks[index], random: Random(seed: random.next())),
          downlink: Link(swarm.downlinks[index], random: Random(seed: random.next())),
          publishes: kinds[Int.random(in: 0..<kinds.count, using: &random)]))
    }
  }

  private final class Generator {
    private var random: Random
    init(_ seed: UInt64) { random = Random(seed: seed) }
    func next() -> UInt64 { random.next() }
  }

  // MARK: Time

  func schedule(at time: Instant, _ event: @escaping (Simulation) -> Void) { events.push(event, at: max(time, now)) }

  func schedule(after interval: Interval, _ event: @escaping (Simulation) -> Void) {
    schedule(at: now + interval, event)
  }

  func record(_ kind: TraceEvent.Kind, _ subject: String, _ a: Int = 0, _ b: Int = 0) {
    trace.record(TraceEvent(at: now, kind: kind, subject: subject, a: a, b: b))
  }

  func fail(_ checker: String, _ detail: String) {
    if violation == nil { violation = (checker, detail, trace.lastLines) }
  }

  /// Runs until `end`, or until `isDone` holds or a checker speaks.
  func run(until end: Instant, while goesOn: (Simulation) -> Bool = { _ in true }) {
    while violation == nil, goesOn(self) {
      var next = min(events.next ?? .distantFuture, node.nextDeadline, control.nextDeadline ?? .distantFuture)
      for client in clients {
        for end in client.session?.ends ?? [] { next = min(next, end.isTouched ? now : end.deadline) }
      }
      guard next <= end else {
        set(end)
        return
      }
      turn(at: max(now, rounded(next)))
    }
  }

  private func rounded(_ time: Instant) -> Instant {
    let step = swarm.step.nanoseconds
    return Instant(nanoseconds: (time.nanoseconds + step - 1) / step * step)
  }

  private func set(_ time: Instant) {
    moment = Moment(
      instant: time,
      wall: WallTime(milliseconds: SimulatedCertificates.wall.milliseconds + time.nanoseconds / 1_000_000))
  }

  private func turn(at time: Instant) {
    set(time)
    while let event = events.pop(until: now) { event(self) }
    if let deadline = control.nextDeadline, deadline <= now { control.advance(to: moment) }
    node.advance(to: now)
    settle()
    for client in clients {
      guard let session = client.session else { continue }
      for end in session.ends where end.isTouched || end.deadline <= now { serve(end, of: session) }
    }
    depart()
    settle()
    checkers.afterTurn(self)
  }

  // MARK: Between the planes

  /// Effects to where they belong, and events of the shard to the control plane, until both are silent.
  func settle() {
    var isMoving = true
    while isMoving {
      isMoving = false
      for effect in control.drainEffects() {
        isMoving = true
        carryOut(effect)
      }
      while let event = node.nextEvent() {
        isMoving = true
        note(event)
        control.media(event, shard: 0, at: moment)
      }
    }
  }

  private func carryOut(_ effect: Effect) {
    switch effect {
    case .send(let connection, .binary(let bytes)), .send(let connection, .text(let bytes)):
      sendDown(bytes, on: connection)
    case .close(let connection, _, _): closeDown(connection)
    case .command(_, let command):
      checkers.note(command, in: self)
      node.perform(command, at: now)
    case .event, .serviceReply: break
    }
  }

  private func note(_ event: MediaEvent) {
    switch event {
    case .transport(let id, let state, _): record(.mediaEvent, "transport \(state)", Int(id.rawValue))
    case .dataChannelOpened(let id, let label): checkers.opened(id, label, in: self)
    case .data(let id, let label, let bytes, _): checkers.accepted(id, label, bytes, in: self)
    case .dataDropped(let id, _, let count): record(.mediaEvent, "data dropped", Int(id.rawValue), count)
    default: break
    }
  }

  // MARK: Datagrams

  /// Lets an end do what is due, and sends what it has to send.
  func serve(_ end: PeerEnd, of session: Session) {
    end.isTouched = false
    end.peer.advance(to: now)
    while let event = end.peer.nextEvent() { handle(event, on: end, of: session) }
    var leaving: [[UInt8]] = []
    end.peer.drainDepartures { bytes, _ in leaving.append(bytes.toArray()) }
    for bytes in leaving {
      for arrival in session.client.uplink.send(byteCount: Self.weight(bytes), at: now) {
        let address = end.address
        schedule(at: arrival) { $0.receiveAtNode(bytes, from: address) }
      }
    }
    end.deadline = end.peer.nextDeadline ?? .distantFuture
  }

  /// What a datagram weighs on the line. Handshakes are not the same size twice: signatures are random.
  private static func weight(_ bytes: [UInt8]) -> Int {
    guard let first = bytes.first, (20...22).contains(first) else { return bytes.count }
    return 800
  }

  private func receiveAtNode(_ bytes: [UInt8], from address: SocketAddress) {
    record(.datagramToNode, "", Int(address.port), Self.weight(bytes))
    var memory = bytes
    var span = memory.mutableRawSpan
    node.receive(&span, byteCount: bytes.count, from: Path(address), at: now)
  }

  private func depart() {
    var rounds = 0
    while node.collectDepartures(at: now) {
      rounds += 1
      if rounds > 1_000 { return fail("bounded queues", "a turn does not end") }
      for index in 0..<node.departures.count { depart(node.departures.record(at: index)) }
    }
  }

  private func depart(_ run: DepartureRun) {
    let bytes = node.departures.bytes(of: run).toArray()
    let owner = owner(of: run.path.address)
    for segment in 0..<run.segmentCount {
      let start = segment * run.segmentSize
      let datagram = Array(bytes[start..<min(start + run.segmentSize, bytes.count)])
      checkers.departs(datagram, to: run.path.address, in: self)
      guard let owner else {
        record(.datagramToNobody, "", Int(run.path.address.port))
        continue
      }
      let address = run.path.address
      for arrival in owner.downlink.send(byteCount: Self.weight(datagram), at: now) {
        schedule(at: arrival) { $0.receiveAtClient(datagram, at: address) }
      }
    }
  }

  private func owner(of address: SocketAddress) -> SimulatedClient? {
    clients.first { $0.session?.ends.contains { $0.address == address } ?? false }
  }

  private func receiveAtClient(_ bytes: [UInt8], at address: SocketAddress) {
    guard let session = owner(of: address)?.session, let end = session.ends.first(where: { $0.address == address })
    else { return }
    record(.datagramToClient, "", Int(address.port), Self.weight(bytes))
    var memory = bytes
    var received = PeerReceived.nothing
    do {
      var span = memory.mutableRawSpan
      received = end.peer.receive(&span, byteCount: bytes.count, from: Self.serverPath, at: now)
    }
    end.isTouched = true
    if case .media(let media) = received { watch(media, memory, on: end, of: session) }
  }

  /// A packet that the client can read.
  private func watch(_ media: ReceivedMedia, _ memory: [UInt8], on end: PeerEnd, of session: Session) {
    let ssrc = media.header.ssrc
    guard let track = end.incoming[ssrc] else { return }
    let payload = memory[media.payload.offset..<media.payload.end]
    var problem: String?
    if track.kind == .audio {
      guard let mark = SyntheticOpus.mark(of: payload) else { return fail("content", "audio without a mark") }
      problem = end.incoming[ssrc]?.decoder.hear(
        mark, sequence: media.extendedSequence, timestamp: media.header.timestamp, at: now)
      checkers.received(mark, as: track, by: session, in: self)
    } else {
      guard let mark = SyntheticVP8.mark(of: payload) else { return fail("content", "video without a mark") }
      let picture = try? VP8Descriptor(parsing: memory.rawSpan, media.payload)
      problem = end.incoming[ssrc]?.decoder.see(
        mark, sequence: media.extendedSequence, timestamp: media.header.timestamp, pictureID: picture?.pictureID,
        at: now)
      checkers.received(mark, as: track, by: session, in: self)
      if let decoded = end.incoming[ssrc]?.decoder.decoded {
        record(.decoded, track.sid, Int(decoded.layer), Int(decoded.frame))
      }
    }
    if let problem { fail("stream", "\(session.client.identity) of \(track.sid), \(track.kind): \(problem)") }
  }
}
