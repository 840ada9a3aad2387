// Carries all synthetic participants on one thread: sockets, timers, senders, and what the subscribers see.

import AccessTokens
import Bytes
import Chronology
import Connectivity
import Cryptography
import MediaContract
import Peer
import Randomness
import Reactor
import Wire

final class Engine {
  private var poller: Poller
  private var buffers = ReceiveBuffers()
  private let certificate: Certificate
  private let context: DTLSContext
  private let scenario: Scenario
  private let servers: [Target: SocketAddress]
  private let layers: [ScreenLayer]
  private let voices: [VoiceClip]
  /// By token; a place is used again after its participant has left.
  private var participants: [Participant?] = []
  private var targets: [Target] = []
  private var freePlaces: [Int] = []
  private var voiceSenders: [(target: Target, sender: VoiceSender)] = []
  private var screenSenders: [(place: Int, target: Target, sender: ScreenSender)] = []
  private var nextTimers = Clock.now()
  private var timerPlace = 0
  private var nextJoin: Instant?
  private var joins = 0
  private var random = Random(seed: 1)
  private(set) var observed = Observed()
  /// Whose participants send media and are observed; nil: nobody's. Everything else goes on.
  var active: Target?
  /// Called about twenty times a second while the engine runs.
  var onTick: ((Instant) -> Void)?
  private(set) var failures = 0
  /// Somebody wants an end (Ctrl-C, SIGTERM): `run` returns at once from then on.
  private(set) var isInterrupted = false
  private let termination: Termination

  init(
    _ scenario: Scenario, servers: [Target: SocketAddress], layers: [ScreenLayer], voices: [VoiceClip]
  ) throws {
    self.scenario = scenario
    self.servers = servers
    self.layers = layers
    self.voices = voices
    poller = try Poller()
    termination = try Termination()
    certificate = try Certificate.selfSigned(at: Clock.wallTime())
    context = DTLSContext(certificate: certificate)
  }

  // MARK: Who is there

  private func count(_ target: Target, where isCounted: (Participant) -> Bool = { _ in true }) -> Int {
    participants.indices.count { place in
      targets[place] == target && participants[place].map(isCounted) == true
    }
  }

  func population(of target: Target) -> Int { count(target) }
  func ready(of target: Target) -> Int { count(target, where: \.isReady) }
  func subscribers(of target: Target) -> Int { count(target, where: \.role.listens) }

  /// By what a target's media is sealed.
  func profile(of target: Target) -> SRTPProfile? {
    for (place, participant) in participants.enumerated() where targets[place] == target {
      if let profile = (participant?.subscriber ?? participant?.publisher)?.peer.profile { return profile }
    }
    return nil
  }

  /// Packets that a target's subscribers have given up on, all streams together.
  func lost(of target: Target, at time: Instant) -> UInt64 {
    var sum: UInt64 = 0
    for (place, participant) in participants.enumerated() where targets[place] == target {
      sum += participant?.subscriber?.lost(at: time) ?? 0
    }
    return sum
  }

  // MARK: Joining

  /// - Parameters:
  ///   - number: of the room.
  ///   - index: in the room's roles.
  ///   - identity: nil: the room's name and the index.
  func join(
    _ target: Target, _ room: Scenario.Room, number: Int, index: Int, as identity: String? = nil
  ) throws {
    try join(
      target, room, number: number, room.roles[index], as: identity ?? "\(room.name)-\(index)", index: index,
      leaving: nil)
  }

  private func join(
    _ target: Target, _ room: Scenario.Room, number: Int, _ role: Scenario.Role, as identity: String, index: Int?,
    leaving: Instant?
  ) throws {
    guard let server = servers[target] else { return }
    joins += 1
    let now = Clock.now()
    func setup(_ request: WebSocketRequest) -> ParticipantSetup {
      ParticipantSetup(
        identity: identity, role: role, request: request, layers: role.sharesScreen ? layers : [],
        certificate: certificate, seed: UInt64(joins) &* 0x9E37_79B9, leaves: leaving)
    }
    let participant: Participant
    switch target {
    case .mqvi:
      var claims = AccessTokenClaims(joining: room.name, as: identity)
      claims.setValidity(from: Clock.wallTime(), for: .seconds(3_600))
      let token = claims.signed(with: APIKey(id: TestedServer.key, secret: TestedServer.secret))
      let path = "/rtc?access_token=\(token)&auto_subscribe=1&protocol=15&sdk=rust&version=1.0.0"
      participant = try LiveKitParticipant(setup(WebSocketRequest(server: server, path: path)))
    case .janus:
      participant = try JanusParticipant(
        setup(WebSocketRequest(server: server, path: "/", subprotocol: "janus-protocol")), room: number + 1,
        expectedFeeds: index.map { room.publishers(beside: $0) } ?? 0, at: now)
    }
    let place = freePlaces.popLast() ?? participants.count
    if place == participants.count {
      participants.append(participant)
      targets.append(target)
    } else {
      participants[place] = participant
      targets[place] = target
    }
    try poller.add(participant.socket.descriptor, token: UInt64(place) << 2, writes: true)
  }

  /// From now on participants come and go as the scenario says; on our server only.
  func startChurn(on target: Target) {
    if target == .mqvi, scenario.joinsPerSecond > 0 { nextJoin = Clock.now() }
  }

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
        if termination.take() { isInterrupted = true }
        if isInterrupted || isDone() { return }
        onTick?(now)
        look = now + .milliseconds(50)
      }
      turn()
    }
  }

  private func turn() {
    let now = Clock.now()
    var wake = nextTimers
    for (target, sender) in voiceSenders where target == active && sender.next < wake { wake = sender.next }
    for (_, target, sender) in screenSenders where target == active && sender.next < wake { wake = sender.next }
    let count = poller.wait(max(.zero, wake - now))
    for index in 0..<count { serve(poller[index]) }
    let time = Clock.now()
    for (target, sender) in voiceSenders where target == active && sender.next <= time { sender.send(at: time) }
    for (_, target, sender) in screenSenders where target == active && sender.next <= time { sender.send(at: time) }
    if time >= nextTimers {
      nextTimers = time + .milliseconds(1)
      timers(at: time)
    }
  }

  private func serve(_ readiness: Readiness) {
    let place = Int(readiness.token >> 2)
    guard let participant = participants[place] else { return }
    switch readiness.token & 3 {
    case 0: receiveSignal(participant, place)
    case 1: if let connection = participant.publisher { receive(connection, participant, place) }
    default: if let connection = participant.subscriber { receive(connection, participant, place) }
    }
  }

  private func receiveSignal(_ participant: Participant, _ place: Int) {
    let before = (participant.publisher == nil, participant.subscriber == nil)
    if participant.receive(context: context, at: Clock.moment()) {
      if before.0, let connection = participant.publisher { watch(connection, UInt64(place) << 2 | 1) }
      if before.1, let connection = participant.subscriber { watch(connection, UInt64(place) << 2 | 2) }
    }
    poller.change(participant.socket.descriptor, token: UInt64(place) << 2, writes: participant.socket.hasOutput)
    if participant.isClosed {
      failures += participant.staysByPlan ? 1 : 0
      remove(place)
    }
  }

  /// Closing its sockets takes them out of the poller.
  private func remove(_ place: Int) {
    guard participants[place] != nil else { return }
    participants[place] = nil
    freePlaces.append(place)
  }

  private func watch(_ connection: PeerConnection, _ token: UInt64) {
    if (try? poller.add(connection.endpoint.descriptor, token: token)) == nil { failures += 1 }
  }

  // MARK: Media

  private func receive(_ connection: PeerConnection, _ participant: Participant, _ place: Int) {
    let isObserved = targets[place] == active
    let loses = isObserved && scenario.loss > 0 && connection === participant.subscriber && connection.isConnected
    while true {
      let count = buffers.receive(from: connection.endpoint)
      let time = Clock.now()
      for index in 0..<count {
        let byteCount = buffers.byteCount(index)
        if loses, Double.random(in: 0..<1, using: &random) < scenario.loss { continue }
        let from = Path(buffers.source(index))
        take(&buffers, index, byteCount: byteCount, from: from, connection, isObserved: isObserved, at: time)
      }
      guard count == ReceiveBuffers.count else { break }
    }
    while let event = connection.peer.nextEvent() {
      switch event {
      case .state(let state):
        connection.isConnected = state == .connected
        if state == .connected, connection === participant.publisher { startSending(participant, place, connection) }
      case .keyFrameRequested:
        for (owner, _, sender) in screenSenders where owner == place { sender.restart() }
      case .data: break
      }
    }
    connection.flush()
  }

  /// One datagram of a connection.
  private func take(
    _ buffers: inout ReceiveBuffers, _ index: Int, byteCount: Int, from path: Path, _ connection: PeerConnection,
    isObserved: Bool, at time: Instant
  ) {
    var datagram = buffers.datagram(index)
    guard
      case .media(let media) = connection.peer.receive(&datagram, byteCount: byteCount, from: path, at: time),
      isObserved
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

  private func startSending(_ participant: Participant, _ place: Int, _ connection: PeerConnection) {
    guard !connection.hasStarted else { return }
    connection.hasStarted = true
    let now = Clock.now()
    let interval = Interval(nanoseconds: 1_000_000_000 / Int64(scenario.packetsPerSecond))
    for stream in participant.streams(.audio) {
      let clip = voices[place % voices.count]
      voiceSenders.append(
        (targets[place], VoiceSender(connection, stream, clip, every: interval, phase: place, at: now)))
    }
    let screens = participant.streams(.video)
    if !screens.isEmpty {
      screenSenders.append((place, targets[place], ScreenSender(connection, screens, participant.layers, at: now)))
    }
  }

  // MARK: Timers

  private func timers(at time: Instant) {
    let moment = Moment(instant: time, wall: Clock.wallTime())
    // A tenth of the participants each millisecond.
    for _ in 0..<min(participants.count, participants.count / 10 + 1) {
      timerPlace = (timerPlace + 1) % participants.count
      let place = timerPlace
      guard let participant = participants[place] else { continue }
      participant.advance(at: moment)
      participant.publisher?.advance(to: time)
      participant.subscriber?.advance(to: time)
      if let leaves = participant.leaves, leaves <= time { end(participant, place) }
    }
    while let join = nextJoin, join <= time {
      nextJoin = join + .microseconds(1_000_000 / Int64(scenario.joinsPerSecond))
      do {
        try self.join(
          .mqvi, scenario.rooms[0], number: 0, Scenario.Role(), as: "visitor-\(joins)", index: nil,
          leaving: time + scenario.stay)
      } catch {
        failures += 1
      }
    }
  }

  private func end(_ participant: Participant, _ place: Int) {
    participant.leave()
    participant.subscriber?.peer.close(at: Clock.now())
    participant.subscriber?.flush()
    remove(place)
  }
}
