// WebSockets between clients and the control plane: in order, without loss while they live, slow when the line is in
// trouble, and cut without a word when something breaks.

import AccessTokens
import Chronology
import Cryptography
import LiveKitProtocol
import Peer
import Randomness
import Rooms

extension Simulation {
  /// Begins a new session of a client.
  func join(_ client: SimulatedClient) {
    guard client.session == nil else { return }
    sessionCount += 1
    let session = Session(client, number: sessionCount, at: moment, random: &random)
    client.session = session
    record(.operation, "join", client.index)
    connect(session)
  }

  /// Opens a socket for a session: its first, or another to resume it.
  func connect(_ session: Session) {
    let isResume = session.isJoined
    session.isResuming = isResume
    session.lastResume = now
    let arrival = session.client.uplink.streamArrival(at: now)
    schedule(at: arrival) { $0.open(session, isResume: isResume) }
  }

  private func open(_ session: Session, isResume: Bool) {
    guard !session.isEnded else { return }
    switch control.admit(request(of: session, isResume: isResume), at: moment) {
    case .refuse(let status, _):
      record(.refused, session.client.identity, status)
      schedule(after: .milliseconds(500)) { simulation in
        if !session.isEnded, session.connection == nil { simulation.connect(session) }
      }
    case .accept(let ticket):
      lastConnection += 1
      let connection = ConnectionID(rawValue: lastConnection)
      record(.socketOpened, session.client.identity, Int(lastConnection), isResume ? 1 : 0)
      sockets[connection] = Socket(session: session)
      session.connection = connection
      opening = isResume ? nil : session
      control.opened(connection, ticket, at: moment)
      settle()
      opening = nil
    }
  }

  private func request(of session: Session, isResume: Bool) -> SignalUpgradeRequest {
    var claims = AccessTokenClaims(joining: Self.room, as: session.client.identity)
    claims.setValidity(from: moment.wall, for: .seconds(3600))
    let token = claims.signed(with: Self.key)
    if session.client.isSingle {
      var join = JoinRequest()
      join.clientInfo = ClientInfo()
      join.clientInfo?.sdk = .python
      join.clientInfo?.protocol = 17
      join.connectionSettings = ConnectionSettings()
      join.connectionSettings?.autoSubscribe = true
      join.reconnect = isResume
      if isResume { join.participantSid = session.sid } else { join.publisherOffer = firstOffer(of: session) }
      var wrapped = WrappedJoinRequest()
      wrapped.joinRequest = join.protobuf
      return SignalUpgradeRequest(
        path: "/rtc/v1", query: [(name: "join_request", value: Base64.encodeURL(wrapped.protobuf))],
        authorization: "Bearer " + token)
    }
    var query = [
      (name: "access_token", value: token), (name: "protocol", value: "17"), (name: "sdk", value: "js"),
    ]
    if isResume { query += [(name: "reconnect", value: "1"), (name: "sid", value: session.sid)] }
    return SignalUpgradeRequest(path: "/rtc", query: query)
  }

  private func firstOffer(of session: Session) -> SessionDescription {
    session.isOffering = true
    return session.makeOffer()
  }

  // MARK: Frames

  /// From the client; `change` comes into force when the server reads it.
  func send(_ message: SignalRequest.Message, from session: Session, _ change: PolicyChange? = nil) {
    guard let connection = session.connection, let socket = sockets[connection] else { return }
    var request = SignalRequest()
    request.message = message
    let bytes = request.protobuf
    let name = Self.name(of: message)
    let arrival = max(socket.lastUp, session.client.uplink.streamArrival(at: now))
    sockets[connection]?.lastUp = arrival
    schedule(at: arrival) { $0.receive(bytes, named: name, on: connection, change) }
  }

  /// The case of a message, for the trace.
  private static func name(of message: some Any) -> String {
    Mirror(reflecting: message).children.first?.label ?? "message"
  }

  private func receive(_ bytes: [UInt8], named name: String, on connection: ConnectionID, _ change: PolicyChange?) {
    guard let socket = sockets[connection], !socket.isUplinkLost else { return }
    record(.signalToServer, name, socket.session.client.index, bytes.count)
    // A first offer opens the connection that the client publishes on.
    opening = socket.session
    control.received(connection, .binary(bytes), at: moment)
    if let change { checkers.apply(change, of: socket.session) }
    settle()
    opening = nil
  }

  /// From the server.
  func sendDown(_ bytes: [UInt8], on connection: ConnectionID) {
    guard let socket = sockets[connection] else { return }
    let arrival = max(socket.lastDown, socket.session.client.downlink.streamArrival(at: now))
    sockets[connection]?.lastDown = arrival
    schedule(at: arrival) { simulation in
      guard let session = simulation.sockets[connection]?.session, session.connection == connection,
        !session.isEnded, let response = try? SignalResponse(protobuf: bytes), let message = response.message
      else { return }
      simulation.record(.signalToClient, Self.name(of: message), session.client.index, bytes.count)
      simulation.handle(message, for: session)
    }
  }

  /// The server closes; the client hears of it behind the frames before.
  func closeDown(_ connection: ConnectionID) {
    guard let socket = sockets[connection] else { return }
    // The server reads no more of it.
    sockets[connection]?.isUplinkLost = true
    let arrival = max(socket.lastDown, socket.session.client.downlink.streamArrival(at: now))
    schedule(at: arrival) { simulation in
      simulation.sockets[connection] = nil
      guard socket.session.connection == connection else { return }
      socket.session.connection = nil
      simulation.record(.socketClosed, socket.session.client.identity, Int(connection.rawValue), 1)
      simulation.resumeSoon(socket.session)
    }
  }

  /// The client's end of the socket breaks. The server hears of it after `delay`.
  func cutSocket(of session: Session, isUplinkLost: Bool, serverHearsAfter delay: Interval) {
    guard let connection = session.connection else { return }
    session.connection = nil
    sockets[connection]?.isUplinkLost = isUplinkLost
    record(.socketClosed, session.client.identity, Int(connection.rawValue), 0)
    let last = sockets[connection]?.lastUp ?? now
    schedule(at: max(last, now + delay)) { simulation in
      simulation.sockets[connection] = nil
      simulation.control.closed(connection, at: simulation.moment)
      simulation.settle()
    }
  }

  /// As SDKs do when a socket or the media is lost.
  func resumeSoon(_ session: Session) {
    session.isOffering = false
    schedule(after: .milliseconds(150)) { simulation in
      guard !session.isEnded, session.connection == nil, session.client.session === session else { return }
      simulation.connect(session)
    }
  }

  // MARK: Ends

  /// The client forgets its session; `rejoin` as after a full reconnect.
  func abandon(_ session: Session, rejoin: Bool) {
    guard !session.isEnded else { return }
    session.isEnded = true
    let client = session.client
    if client.session === session { client.session = nil }
    guard rejoin, client.isWanted else { return }
    schedule(after: .milliseconds(200)) { simulation in
      if client.isWanted, client.session == nil { simulation.join(client) }
    }
  }

  /// A client that goes as it should.
  func leave(_ client: SimulatedClient) {
    client.isWanted = false
    guard let session = client.session else { return }
    record(.operation, "leave", client.index)
    send(.leave(LeaveRequest()), from: session)
    for end in session.ends {
      end.peer.close(at: now)
      serve(end, of: session)
    }
    cutSocket(of: session, isUplinkLost: false, serverHearsAfter: .milliseconds(100))
    abandon(session, rejoin: false)
  }

  /// A client that is gone without a word.
  func crash(_ client: SimulatedClient) {
    guard let session = client.session else { return }
    record(.operation, "crash", client.index)
    cutSocket(
      of: session, isUplinkLost: random.chance(0.5),
      serverHearsAfter: .milliseconds(Int64.random(in: 10...3_000, using: &random)))
    abandon(session, rejoin: true)
  }
}
