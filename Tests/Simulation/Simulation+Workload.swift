// What clients and administrators do, and what happens to the network, drawn from the seed.

import Chronology
import LiveKitProtocol
import MediaContract
import Peer
import Randomness
import Rooms
import Wire

extension Simulation {
  /// One operation of the swarm's mixture; the next follows by itself while there is trouble.
  func operate() {
    guard isTrouble else { return }
    if let operation = swarm.operations.randomElement(using: &random) { perform(operation) }
    let pause = 1 + Int64(random.unit() * Double(2 * swarm.pace.nanoseconds))
    schedule(after: .nanoseconds(pause)) { $0.operate() }
  }

  private func perform(_ operation: Swarm.Operation) {
    guard let client = clients.randomElement(using: &random) else { return }
    record(.operation, "\(operation)", client.index)
    switch operation {
    case .joinOrLeave:
      if client.isWanted { leave(client) } else { enter(client) }
    case .crash: crash(client)
    case .rebind: rebind(client)
    case .clog: trouble(client) { $0.clog(until: $1) }
    case .partition: trouble(client) { $0.cut(until: $1) }
    case .rights: changeRights(client)
    case .socket: breakSocket(client)
    case .publish, .mute, .layers, .subscribe, .audience, .data:
      guard let session = client.session, session.isJoined else { return }
      perform(operation, of: session)
    }
  }

  private func perform(_ operation: Swarm.Operation, of session: Session) {
    switch operation {
    case .publish:
      if let track = session.tracks.randomElement(using: &random), track.sid != nil, random.chance(0.5) {
        withdraw(track, session)
      } else {
        publishMissing(session)
      }
    case .mute:
      guard let track = session.tracks.randomElement(using: &random), let sid = track.sid else { return }
      track.isMuted.toggle()
      if !track.isMuted { for index in track.encodings.indices { track.encodings[index].wantsKey = true } }
      mute(track, sid, session)
    case .layers:
      guard let sid = otherTracks(session).randomElement(using: &random) else { return }
      set(VideoQuality(rawValue: Int32.random(in: 0...2, using: &random)), isDisabled: random.chance(0.2), sid, session)
    case .subscribe:
      guard let sid = otherTracks(session).randomElement(using: &random) else { return }
      subscribe(sid, random.chance(0.5), session)
    case .audience: setAudience(session)
    case .data: for _ in 0..<Int.random(in: 1...5, using: &random) { sendData(session) }
    default: break
    }
  }

  func enter(_ client: SimulatedClient) {
    client.isWanted = true
    if client.session == nil { join(client) }
  }

  /// Tracks of others that the client could see, in a fixed order.
  private func otherTracks(_ session: Session) -> [String] {
    clients.compactMap { $0.session === session ? nil : $0.session }.flatMap { $0.tracks.compactMap(\.sid) }
  }

  func set(_ quality: VideoQuality, isDisabled: Bool, _ sid: String, _ session: Session) {
    var settings = UpdateTrackSettings()
    settings.trackSids = [sid]
    settings.quality = quality
    settings.disabled = isDisabled
    if isDisabled { session.disabled.insert(sid) } else { session.disabled.remove(sid) }
    send(.trackSetting(settings), from: session)
  }

  func subscribe(_ sid: String, _ isWanted: Bool, _ session: Session) {
    var update = UpdateSubscription()
    update.trackSids = [sid]
    update.subscribe = isWanted
    send(.subscription(update), from: session, .wish(sid: sid, isWanted: isWanted))
  }

  private func setAudience(_ session: Session) {
    var admitted: Set<String> = []
    for client in clients where random.chance(0.5) { admitted.insert(client.identity) }
    allow(random.chance(0.3) ? nil : admitted, session)
  }

  func allow(_ audience: Set<String>?, _ session: Session) {
    var permission = SubscriptionPermission()
    permission.allParticipants = audience == nil
    permission.trackPermissions = (audience ?? []).sorted().map {
      var entry = TrackPermission()
      entry.participantIdentity = $0
      entry.allTracks = true
      return entry
    }
    send(.subscriptionPermission(permission), from: session, .audience(audience))
  }

  /// An administrator takes or gives rights over the API.
  private func changeRights(_ client: SimulatedClient) {
    give(client, canPublish: random.chance(0.6), canSubscribe: random.chance(0.6))
  }

  func give(_ client: SimulatedClient, canPublish: Bool, canSubscribe: Bool) {
    guard let session = client.session, session.isJoined else { return }
    var request = UpdateParticipantRequest()
    request.room = Self.room
    request.identity = client.identity
    var permission = ParticipantPermission()
    permission.canPublish = canPublish
    permission.canSubscribe = canSubscribe
    permission.canPublishData = true
    request.permission = permission
    guard (try? control.updateParticipant(request, at: moment)) != nil else { return }
    session.policy.canPublish = canPublish
    session.policy.canSubscribe = canSubscribe
    settle()
  }

  func sendData(_ session: Session) {
    guard let stream = session.publisher.reliable else { return }
    var packet = DataPacket()
    var user = UserPacket()
    user.payload = [UInt8](repeating: UInt8(truncatingIfNeeded: session.nextSequence), count: 200)
    packet.value = .user(user)
    packet.sequence = session.nextSequence
    let bytes = packet.protobuf
    guard (try? session.publisher.peer.sendData(bytes, on: stream, at: now)) != nil else { return }
    session.nextSequence += 1
    session.sentData.append((packet.sequence, bytes))
    session.publisher.isTouched = true
  }

  // MARK: The network

  private func breakSocket(_ client: SimulatedClient) {
    guard let session = client.session, session.isJoined, session.connection != nil else { return }
    cutSocket(
      of: session, isUplinkLost: random.chance(0.5),
      serverHearsAfter: .milliseconds(Int64.random(in: 1...1_000, using: &random)))
    resumeSoon(session)
  }

  /// The client's NAT gives it another port: from now on nothing reaches the old one.
  private func rebind(_ client: SimulatedClient) {
    for end in client.session?.ends ?? [] {
      let port = UInt16.random(in: 20_000...60_000, using: &random)
      end.address = end.address.withPort(port)
    }
    client.uplink.disturb()
    client.downlink.disturb()
  }

  private func trouble(_ client: SimulatedClient, _ harm: (inout Link, Instant) -> Void) {
    let longest: Int64 = random.chance(0.05) ? 20_000 : 1_200
    let end = now + .milliseconds(Int64.random(in: 50...longest, using: &random))
    let direction = Int.random(in: 0..<3, using: &random)
    if direction != 0 { harm(&client.uplink, end) }
    if direction != 1 { harm(&client.downlink, end) }
  }
}
