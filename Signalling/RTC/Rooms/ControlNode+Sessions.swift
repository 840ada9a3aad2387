// Sessions: a connection becomes a participant, and a participant leaves (§2.6, §2.7, §6.1).

import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract

extension ControlNode {
  /// The upgrade of an admitted request succeeded.
  public mutating func opened(_ connection: ConnectionID, _ ticket: AdmissionTicket, at moment: Moment) {
    now = moment
    if ticket.isReconnect {
      resume(connection, ticket)
    } else {
      join(connection, ticket)
    }
  }

  /// The connection is gone, whoever closed it.
  public mutating func closed(_ connection: ConnectionID, at moment: Moment) {
    now = moment
    guard let participant = connections.removeValue(forKey: connection) else { return }
    guard participant.connection == connection else { return }
    participant.connection = nil
    // Live media keeps the session: the client is about to resume. Without any there is nothing to come back to.
    if !participant.transports.contains(where: \.wasConnected) { close(participant, reason: .signalClose) }
  }

  // MARK: Joining

  private mutating func join(_ connection: ConnectionID, _ ticket: AdmissionTicket) {
    let room = rooms[ticket.roomName] ?? createRoom(named: ticket.roomName, ticket.claims.roomConfig)
    if isFull(room, for: ticket) {
      refuse(connection, ticket, reason: .joinFailure, action: .disconnect)
      return
    }
    let replaced = room.participant(ticket.identity)
    if let replaced { close(replaced, reason: .duplicateIdentity) }

    let participant = makeParticipant(in: room, ticket)
    participant.connection = connection
    participant.prefersText = ticket.prefersText
    connections[connection] = participant
    participants[participant.key] = participant
    let others = room.participants.filter { !$0.isHidden }
    room.add(participant)
    participant.data.nextReliable = room.reliablePackets.next

    send(.join(joinResponse(for: participant, others: others)), to: participant)
    participant.state = .joined
    schedule(.joinTimeout(participant: participant.key), after: timings.joinTimeout)
    refreshToken(of: participant)
    schedule(.refreshToken(participant: participant.key), after: timings.tokenRefresh)
    openTransports(of: participant)
    // A replaced session is only known to be gone by the new one under its identity.
    announceChange(of: participant, isUrgent: replaced != nil)
    scheduleCounters(of: room)

    for request in ticket.addTrackRequests { addTrack(request, from: participant) }
    // Media in the first description (protocol 8): nothing has to wait for the connection.
    if participant.protocolVersion >= 8 { reconcileSubscriptions(of: participant) }
    if let offer = ticket.publisherOffer { receive(offer: offer, from: participant) }
    if participant.subscriberIsPrimary { offerNow(to: participant) }
  }

  private mutating func makeParticipant(in room: Room, _ ticket: AdmissionTicket) -> Participant {
    let subscriberIsPrimary =
      !ticket.isSinglePeerConnection && ticket.client.protocol >= 3 && ticket.permission.canSubscribe
    let participant = Participant(
      key: unique(), room: room, sid: sid("PA_"), ticket: ticket, subscriberIsPrimary: subscriberIsPrimary,
      publisher: makeTransport(), at: now)
    if !ticket.isSinglePeerConnection { participant.subscriber = makeTransport() }
    return participant
  }

  private mutating func makeTransport() -> Transport {
    let id = TransportID(rawValue: unique())
    // RFC 8839 §5.4 asks for 4 and 22 characters at least; the counter keeps fragments apart for certain.
    return Transport(
      id: id, usernameFragment: random.text(8) + String(id.rawValue, radix: 36), password: random.text(24),
      sessionID: random.next() >> 2)
  }

  private mutating func openTransports(of participant: Participant) {
    for transport in participant.transports {
      transports[transport.id] = participant
      // Most people of a large room only watch: what they would publish on is opened with their first offer.
      if transport !== participant.publisher || !participant.subscriberIsPrimary { open(transport, of: participant) }
    }
    guard participant.subscriberIsPrimary, let subscriber = participant.subscriber else { return }
    for (label, ordered) in [(DataChannelLabel.reliable, true), (.lossy, false), (.dataTrack, false)] {
      command(
        .openDataChannel(subscriber.id, label, ordered: ordered, maximumRetransmits: ordered ? nil : 0),
        in: participant.room)
    }
  }

  /// Tells the media plane of it, once.
  mutating func open(_ transport: Transport, of participant: Participant) {
    guard !transport.isOpen else { return }
    transport.isOpen = true
    let parameters = TransportParameters(
      id: transport.id, localUsernameFragment: transport.usernameFragment, localPassword: transport.password)
    command(.openTransport(parameters), in: participant.room)
  }

  private func joinResponse(for participant: Participant, others: [Participant]) -> JoinResponse {
    var response = JoinResponse()
    response.room = participant.room.info(codecs: codecs)
    response.participant = participant.info
    response.otherParticipants = others.map(\.info)
    response.iceServers = configuration.iceServers
    response.subscriberPrimary = participant.subscriberIsPrimary
    response.clientConfiguration = clientConfiguration(for: participant.client)
    response.pingInterval = timings.pingInterval
    response.pingTimeout = timings.pingTimeout
    response.serverInfo = serverInfo
    response.serverVersion = configuration.serverVersion
    response.serverRegion = configuration.region
    response.sifTrailer = participant.room.sifTrailer
    response.enabledPublishCodecs = codecs
    response.fastPublish = participant.permission.canPublish
    return response
  }

  var serverInfo: ServerInfo {
    var info = ServerInfo()
    info.edition = .standard
    info.version = configuration.serverVersion
    info.protocol = 17
    info.region = configuration.region
    info.nodeId = configuration.nodeID
    info.agentProtocol = 1
    return info
  }

  /// What is known to go wrong in some browsers (§2.9).
  func clientConfiguration(for client: ClientInfo) -> ClientConfiguration? {
    var disabled = DisabledCodecs()
    let codec = { (mime: String) in
      var codec = LiveKitProtocol.Codec()
      codec.mime = mime
      return codec
    }
    switch client.browser.lowercased() {
    case "safari": disabled.codecs = [codec("video/AV1")]
    case "firefox" where ["linux", "android"].contains(client.os.lowercased()):
      disabled.publish = [codec("video/H264")]
    default: return nil
    }
    var result = ClientConfiguration()
    result.disabledCodecs = disabled
    return result
  }

  // MARK: Leaving

  /// Ends a connection that never became a session.
  mutating func refuse(
    _ connection: ConnectionID, _ ticket: AdmissionTicket, reason: DisconnectReason, action: LeaveRequest.Action
  ) {
    var leave = LeaveRequest()
    leave.reason = reason
    leave.action = action
    leave.canReconnect = action == .reconnect
    var frame = SharedFrame(.leave(leave))
    effects.append(.send(connection, frame.frame(asText: ticket.prefersText)))
    effects.append(.close(connection, code: 1000, reason: ""))
  }

  /// Tells the client to go, in a form that its protocol knows.
  mutating func sendLeave(to participant: Participant, reason: DisconnectReason, action: LeaveRequest.Action) {
    var leave = LeaveRequest()
    leave.reason = reason
    if participant.protocolVersion >= 13 {
      leave.action = action
    } else {
      leave.canReconnect = action != .disconnect
    }
    send(.leave(leave), to: participant)
  }

  /// The client must begin a new session at once.
  mutating func requireFullReconnect(of participant: Participant, reason: DisconnectReason = .stateMismatch) {
    close(participant, reason: reason, action: .reconnect)
  }

  /// Ends a session: the client is told (unless it left by itself), its tracks go, and the others hear of it.
  mutating func close(
    _ participant: Participant, reason: DisconnectReason, action: LeaveRequest.Action = .disconnect,
    isAnnounced: Bool = true
  ) {
    guard !participant.isClosed else { return }
    participant.isClosed = true
    let room = participant.room
    if reason != .clientInitiated, isAnnounced { sendLeave(to: participant, reason: reason, action: action) }
    dropConnection(of: participant)

    failCalls(to: participant)
    endSubscriptions(of: participant)
    for track in participant.tracks { remove(track, isAnnounced: false) }
    for track in participant.data.published { remove(track, isAnnounced: false) }
    endDataSubscriptions(of: participant)
    for transport in participant.transports {
      transports[transport.id] = nil
      if transport.isOpen { command(.closeTransport(transport.id), in: room) }
    }
    participants[participant.key] = nil
    room.remove(participant, at: now.instant)

    participant.state = .disconnected
    participant.version += 1
    announceDeparture(of: participant, reason: reason)
    var info = participant.info
    info.disconnectReason = reason
    let roomInfo = room.info(codecs: codecs)
    effects.append(
      .event(
        participant.wasActive ? .participantLeft(roomInfo, info) : .participantConnectionAborted(roomInfo, info)))
    scheduleCounters(of: room)
    scheduleLifetime(of: room)
  }
}
