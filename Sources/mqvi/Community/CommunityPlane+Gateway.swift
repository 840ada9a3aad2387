// The gateway's sockets, and what the gateway wants done.

import API
import Chronology
import Gateway
import Identifiers
import Identity
import Problems
import Store
import WebEdge

extension CommunityPlane {
  static let gatewayPath = "/ws"

  /// Who wants a connection. It is let in also without a good token: only a closing code tells a browser why.
  mutating func upgrade(_ request: HTTPRequest, _ id: ConnectionID, at moment: Moment) -> UpgradeDecision {
    let inquiry = Inquiry(request)
    let found = authenticator.authenticate(
      authorization: request.headers["authorization"], cookie: request.headers["cookie"],
      queryToken: inquiry.query["token"], at: moment.wall)
    // Any site can open a WebSocket to us, and the browser sends the cookie along: only our own page may use it.
    if found?.source == .cookie,
      !OriginCheck.permits(method: "POST", origin: request.headers["origin"], host: request.origin.host)
    {
      return .refuse(HTTPResponse(.forbidden, request: nil))
    }
    var resume: Resumption?
    if let session = inquiry.query["session"], let sequence = inquiry.query["seq"].flatMap({ UInt64($0) }) {
      resume = Resumption(session: session, sequence: sequence)
    }
    visitors[id] = Visitor(caller: found?.caller, resume: resume)
    return .accept
  }

  /// Whether the connection is one of the gateway's.
  func isGateway(_ connection: ConnectionID) -> Bool { sockets.contains(connection) || visitors[connection] != nil }

  mutating func opened(
    _ connection: ConnectionID, at moment: Moment, _ living: inout Living, _ replies: inout WebReplies
  ) {
    guard let visitor = visitors.removeValue(forKey: connection) else { return }
    sockets.insert(connection)
    living.gateway.opened(SocketID(connection), visitor.caller, resume: visitor.resume, at: moment)
  }

  mutating func closed(_ connection: ConnectionID, at moment: Moment, _ living: inout Living) {
    visitors[connection] = nil
    if sockets.remove(connection) != nil { living.gateway.closed(SocketID(connection), at: moment) }
  }

  /// Does what the gateway decided, in its order.
  mutating func carryOutGateway(at moment: Moment, _ living: inout Living, _ replies: inout WebReplies) {
    while true {
      let effects = living.gateway.drainEffects()
      guard !effects.isEmpty else { return }
      for effect in effects { carryOut(effect, at: moment, &living, &replies) }
    }
  }

  private mutating func carryOut(
    _ effect: GatewayEffect, at moment: Moment, _ living: inout Living, _ replies: inout WebReplies
  ) {
    switch effect {
    case .send(let socket, let bytes): replies.send(ConnectionID(socket), bytes, isText: true)
    case .broadcast(let sockets, let bytes):
      for socket in sockets { replies.send(ConnectionID(socket), bytes, isText: true) }
    case .close(let socket, let code):
      replies.close(ConnectionID(socket), CloseCode(rawValue: code.rawValue), code.reason)
    case .load(let id, let query): load(id, query, at: moment, &living)
    case .check(let socket, let caller):
      if !authenticator.isLive(caller, at: moment.wall) { living.gateway.revoked(socket) }
    case .voiceState(let user, let muted, let deafened):
      living.declare(user, muted: muted, deafened: deafened, at: moment)
    case .write(let note): write(note, at: moment)
    }
  }

  private mutating func load(_ id: LoadID, _ query: GatewayQuery, at moment: Moment, _ living: inout Living) {
    let directory = directory
    let job = expect(.view(id))
    let accepted = rows.read(id: job) { database throws(Problem) in
      .view(try query.load(Reading(database, directory, at: moment.wall)))
    }
    guard !accepted else { return }
    pending[job] = nil
    let problem = Problem(.unavailable, "the server is busy", retryAfter: 1)
    living.gateway.loaded(id, .failure(problem), voices: [], at: moment)
  }

  /// Last seen, chosen presence: what is lost if the writer is too busy is told again by the next change.
  private mutating func write(_ note: GatewayNote, at moment: Moment) {
    let job = expect(.note)
    let accepted = rows.change(under: job, at: moment) { writing throws(Problem) in
      try note.write(writing)
      return .done
    }
    if !accepted { pending[job] = nil }
  }
}

extension SocketID {
  init(_ connection: ConnectionID) { self.init(rawValue: connection.rawValue) }
}

extension ConnectionID {
  init(_ socket: SocketID) { self.init(rawValue: socket.rawValue) }
}
