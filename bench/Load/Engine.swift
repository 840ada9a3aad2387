// Carries all synthetic participants on one thread: sockets, timers, senders, and what the subscribers see.

import AccessTokens
import Bytes
import Chronology
import Connectivity
import Cryptography
import MediaContract
import Peer
import Reactor
import SessionDescriptions
import Wire

final class Engine {
  private var poller: Poller
  private var buffers = ReceiveBuffers()
  private let certificate: Certificate
  private let context: DTLSContext
  private let scenario: Scenario
  private let layers: [ScreenLayer]
  private let voices: [VoiceClip]
  /// By token; a place is used again after its session has left.
  private var sessions: [Session?] = []
  private var voiceSenders: [VoiceSender] = []
  private var screenSenders: [(session: Int, sender: ScreenSender)] = []
  private var started: Set<Int> = []
  private var nextTimers = Clock.now()
  private var timerPlace = 0
  private var nextJoin: Instant?
  private var joins = 0
  private(set) var observed = Observed()
  /// Nobody sends media; everything else goes on.
  var isPaused = false
  private(set) var failures = 0

  init(_ scenario: Scenario, layers: [ScreenLayer], voices: [VoiceClip]) throws {
    self.scenario = scenario
    self.layers = layers
    self.voices = voices
    poller = try Poller()
    certificate = try Certificate.selfSigned(at: Clock.wallTime())
    context = DTLSContext(certificate: certificate)
  }

  /// Participants of the scenario's rooms that are there.
  var population: Int { sessions.count { $0 != nil } }
  var readyCount: Int { sessions.count { $0?.isReady == true } }
  var subscriberCount: Int { sessions.count { $0?.role.listens == true } }
  /// Streams that subscribers have heard of.
  var incomingStreams: Int { sessions.reduce(0) { $0 + ($1?.subscriber?.newest.count ?? 0) } }

  // MARK: Joining

  func join(_ role: Scenario.Role, room: String, as identity: String, leaving: Instant? = nil) throws {
    var claims = AccessTokenClaims(joining: room, as: identity)
    claims.setValidity(from: Clock.wallTime(), for: .seconds(3_600))
    let token = claims.signed(with: APIKey(id: ServerProcess.key, secret: ServerProcess.secret))
    joins += 1
    let session = try Session(
      identity, role, server: ServerProcess.address, token: token, layers: role.sharesScreen ? layers : [],
      certificate: certificate, seed: UInt64(joins) &* 0x9E37_79B9, leaves: leaving, at: Clock.now())
    let place = sessions.firstIndex { $0 == nil } ?? sessions.count
    if place == sessions.count { sessions.append(session) } else { sessions[place] = session }
    try poller.add(session.signal.descriptor, token: UInt64(place) << 2, writes: true)
  }

  /// From now on participants come and go as the scenario says.
  func startChurn() { if scenario.joinsPerSecond > 0 { nextJoin = Clock.now() } }

  // MARK: Running

  func resetObservations() { observed = Observed() }

  /// Runs for a time, or until `isDone`.
  func run(for duration: Interval, until isDone: () -> Bool = { false }) {
    let end = Clock.now() + duration
    var look = Clock.now()
    while true {
      let now = Clock.now()
      if now >= end { return }
      if now >= look {
        if isDone() { return }
        look = now + .milliseconds(50)
      }
      turn()
    }
  }

  private func turn() {
    let now = Clock.now()
    var wake = nextTimers
    if !isPaused {
      for sender in voiceSenders where sender.next < wake { wake = sender.next }
      for (_, sender) in screenSenders where sender.next < wake { wake = sender.next }
    }
    let count = poller.wait(max(.zero, wake - now))
    for index in 0..<count { ready(poller[index]) }
    let time = Clock.now()
    if !isPaused {
      for sender in voiceSenders where sender.next <= time { sender.send(at: time) }
      for (_, sender) in screenSenders where sender.next <= time { sender.send(at: time) }
    }
    if time >= nextTimers {
      nextTimers = time + .milliseconds(1)
      timers(at: time)
    }
  }

  private func ready(_ readiness: Readiness) {
    let place = Int(readiness.token >> 2)
    guard let session = sessions[place] else { return }
    switch readiness.token & 3 {
    case 0: receiveSignal(session, place)
    case 1: if let connection = session.publisher { receive(connection, session, place) }
    default: if let connection = session.subscriber { receive(connection, session, place) }
    }
  }

  private func receiveSignal(_ session: Session, _ place: Int) {
    let moment = Clock.moment()
    session.signal.receive { message in
      let before = (session.publisher == nil, session.subscriber == nil)
      guard session.handle(message, context: context, at: moment) else { return }
      if before.0, let connection = session.publisher { watch(connection, UInt64(place) << 2 | 1) }
      if before.1, let connection = session.subscriber { watch(connection, UInt64(place) << 2 | 2) }
    }
    poller.change(session.signal.descriptor, token: UInt64(place) << 2, writes: session.signal.hasOutput)
    if session.isClosed {
      failures += session.leaves == nil ? 1 : 0
      sessions[place] = nil
    }
  }

  private func watch(_ connection: PeerConnection, _ token: UInt64) {
    if (try? poller.add(connection.endpoint.descriptor, token: token)) == nil { failures += 1 }
  }

  // MARK: Media

  private func receive(_ connection: PeerConnection, _ session: Session, _ place: Int) {
    while true {
      let count = buffers.receive(from: connection.endpoint)
      let time = Clock.now()
      for index in 0..<count {
        let byteCount = buffers.byteCount(index)
        let from = Path(buffers.source(index))
        take(&buffers, index, byteCount: byteCount, from: from, connection, at: time)
      }
      guard count == ReceiveBuffers.count else { break }
    }
    while let event = connection.peer.nextEvent() {
      switch event {
      case .state(let state):
        connection.isConnected = state == .connected
        if state == .connected, connection === session.publisher { startSending(session, place, connection) }
      case .keyFrameRequested:
        for (owner, sender) in screenSenders where owner == place { sender.restart() }
      case .data: break
      }
    }
    connection.flush()
  }

  /// One datagram of a connection.
  private func take(
    _ buffers: inout ReceiveBuffers, _ index: Int, byteCount: Int, from path: Path, _ connection: PeerConnection,
    at time: Instant
  ) {
    var datagram = buffers.datagram(index)
    guard
      case .media(let media) = connection.peer.receive(&datagram, byteCount: byteCount, from: path, at: time)
    else { return }
    observed.packets += 1
    observed.bytes += UInt64(byteCount)
    if media.isRetransmission { observed.retransmitted += 1 }
    let newest = connection.newest[media.header.ssrc] ?? -1
    if newest >= 0, media.extendedSequence != newest + 1 { observed.outOfOrder += 1 }
    connection.newest[media.header.ssrc] = max(newest, media.extendedSequence)
    guard media.payload.count >= MediaLibrary.smallestStamped, !media.isRetransmission else { return }
    let sent = datagram.uint64(at: media.payload.end - MediaLibrary.stampBytes)
    observed.delays.add((time - Instant(nanoseconds: Int64(bitPattern: sent))).microseconds)
  }

  private func startSending(_ session: Session, _ place: Int, _ connection: PeerConnection) {
    guard started.insert(ObjectIdentifier(connection).hashValue).inserted else { return }
    let now = Clock.now()
    for stream in session.streams(.audio) {
      voiceSenders.append(
        VoiceSender(connection, stream, voices[place % voices.count], phase: place, at: now))
    }
    let screens = session.streams(.video)
    if !screens.isEmpty { screenSenders.append((place, ScreenSender(connection, screens, session.layers, at: now))) }
  }

  // MARK: Timers

  private func timers(at time: Instant) {
    let moment = Moment(instant: time, wall: Clock.wallTime())
    // A tenth of the sessions each millisecond.
    for _ in 0..<min(sessions.count, sessions.count / 10 + 1) {
      timerPlace = (timerPlace + 1) % sessions.count
      let place = timerPlace
      guard let session = sessions[place] else { continue }
      session.pingWhenDue(at: moment)
      session.publisher?.advance(to: time)
      session.subscriber?.advance(to: time)
      if let leaves = session.leaves, leaves <= time { end(session, place) }
    }
    while let join = nextJoin, join <= time {
      nextJoin = join + .microseconds(1_000_000 / Int64(scenario.joinsPerSecond))
      let visitor = Scenario.Role()
      do {
        try self.join(visitor, room: scenario.rooms[0].name, as: "visitor-\(joins)", leaving: time + scenario.stay)
      } catch {
        failures += 1
      }
    }
  }

  private func end(_ session: Session, _ place: Int) {
    session.leave()
    session.subscriber?.peer.close(at: Clock.now())
    session.subscriber?.flush()
    // Closing its sockets takes them out of the poller.
    sessions[place] = nil
  }

  /// Packets that subscribers have given up on, all streams together.
  func lost(at time: Instant) -> UInt64 {
    var sum: UInt64 = 0
    for session in sessions {
      guard let subscriber = session?.subscriber else { continue }
      for ssrc in subscriber.newest.keys {
        sum += subscriber.peer.statistics(ofIncoming: ssrc, at: time)?.lost ?? 0
      }
    }
    return sum
  }
}
