// The HTTP and WebSocket server: one thread, one epoll set, plain calls into the handler.
// Sources/Documentation/decisions/0004-web-edge.md says why it is our own.

import Bytes
import Chronology
import Glibc
public import Reactor
public import Wire

/// Where to listen and with which certificate.
public struct WebServerConfiguration: Sendable {
  /// Port 0 takes a free one.
  public var address: SocketAddress
  /// PEM files; nil serves plain HTTP.
  public var certificate: (chain: String, key: String)?
  /// Bytes of request bodies that may be in memory at once.
  public var bodiesInFlight = Limit.bodiesInFlight

  public init(address: SocketAddress, certificate: (chain: String, key: String)? = nil) {
    self.address = address
    self.certificate = certificate
  }
}

/// What the server has counted since it started.
public struct WebCounters: Sendable, Equatable {
  public var accepted: UInt64 = 0
  /// Turned away because `Limit.connections` was reached.
  public var refusedConnections: UInt64 = 0
  public var requests: UInt64 = 0
  /// Malformed or oversized requests.
  public var refusedRequests: UInt64 = 0
  public var upgrades: UInt64 = 0
  public var messagesReceived: UInt64 = 0
  public var messagesSent: UInt64 = 0
  public var slowConsumers: UInt64 = 0
  public var timeouts: UInt64 = 0
  /// Bodies and files that were refused because memory or descriptors were short.
  public var shortages: UInt64 = 0
  /// Open now.
  public var connections = 0
  public var webSockets = 0
  /// Bytes of request bodies in memory now.
  public var bodyBytes = 0

  public init() {}
}

public struct WebServer: ~Copyable {
  /// Tokens of the poller beside connections, whose tokens have a non-zero generation in the upper half.
  enum Token {
    static let listener: UInt64 = 0
    static let watched: UInt64 = 1
  }

  var poller: Poller
  let listener: Listener
  let tls: TLSContext?
  var connections: SlotTable<Connection>
  /// Bytes of one read. Larger than a TLS record, so that none stays behind in OpenSSL.
  var scratch = [UInt8](repeating: 0, count: 64 * 1024)
  public internal(set) var counters = WebCounters()
  let allowance: FileAllowance
  let bodiesInFlight: Int
  var nextSweep = Instant.origin
  /// When a server that was told to stop gives up waiting.
  var stopBy: Instant?
  var dateCache: (second: Int64, text: String) = (-1, "")
  /// Ends of WebSockets that the handler has not been told of yet. Told one after the other and not from inside a call
  /// of the handler, so that neither re-entrance nor a chain of ends can happen.
  var untold: [(ConnectionID, ClosedReason)] = []
  /// WebSockets that became congested or free, and that the handler has not been told of yet.
  var flows: [(ConnectionID, isCongested: Bool)] = []
  /// Connections whose answer is out and which may hold their next request already.
  var resumable: [ConnectionID] = []

  public init(_ configuration: WebServerConfiguration) throws {
    // A peer that is gone shows as EPIPE, also where OpenSSL writes.
    _ = signal(SIGPIPE, SIG_IGN)
    let tls = try configuration.certificate.map { try TLSContext(certificate: $0.chain, key: $0.key) }
    let listener = try Listener(configuration.address)
    let poller = try Poller()
    try poller.add(listener.descriptor.rawValue, token: Token.listener)
    // Beyond its share of descriptors a connection is taken and closed: left waiting, it would keep the loop awake.
    let descriptors = Process.raiseOpenFileLimit()
    connections = SlotTable(limit: max(1, min(Limit.connections, descriptors / 4 * 3)))
    allowance = FileAllowance(limit: max(1, min(Limit.openFiles, descriptors / 8)))
    bodiesInFlight = configuration.bodiesInFlight
    self.tls = tls
    self.listener = listener
    self.poller = poller
  }

  /// Where it listens.
  public var address: SocketAddress { listener.address }
  public var isSecure: Bool { tls != nil }

  /// Calls `wake` whenever this descriptor is readable. The handler makes it unreadable.
  public mutating func watch(_ descriptor: Int32) throws(SystemError) {
    try poller.add(descriptor, token: Token.watched)
  }

  /// Serves until the handler stops it.
  public mutating func run(_ handler: inout some WebHandler & ~Copyable) {
    while true {
      var now = Clock.now()
      let deadline = min(handler.nextDeadline, nextSweep, stopBy ?? .distantFuture)
      let count = poller.wait(deadline == .distantFuture ? nil : deadline - now)
      let moment = Clock.moment()
      now = moment.instant
      var isWoken = handler.nextDeadline <= now
      for index in 0..<count {
        let ready = poller[index]
        switch ready.token {
        case Token.listener: acceptConnections(at: now)
        case Token.watched: isWoken = true
        default: serve(ready, &handler, at: moment)
        }
        finishTurn(&handler, at: moment)
      }
      if isWoken {
        var replies = WebReplies(counters)
        handler.wake(at: moment, replies: &replies)
        apply(replies, at: moment)
      }
      if now >= nextSweep { sweep(at: moment) }
      finishTurn(&handler, at: moment)
      if let stopBy, connections.count == 0 || now >= stopBy { break }
    }
    closeAll(&handler)
  }

  private mutating func acceptConnections(at now: Instant) {
    for _ in 0..<Limit.acceptsPerTurn {
      guard let accepted = listener.accept() else { return }
      guard stopBy == nil, connections.count < connections.limit else {
        close(accepted.descriptor)
        counters.refusedConnections += 1
        continue
      }
      add(accepted.descriptor, from: accepted.from, at: now)
    }
  }

  private mutating func add(_ descriptor: Int32, from peer: SocketAddress, at now: Instant) {
    // The identifier is the place in the table, known only after the insertion.
    let provisional = Connection(
      id: ConnectionID(rawValue: 0), descriptor: descriptor, peer: peer, tls: tls, at: now)
    guard let handle = connections.insert(provisional) else { return }
    guard tls == nil || connections[handle].isSecure else {
      // Out of memory: nothing is ever said in clear on a TLS port.
      _ = connections.remove(handle)
      counters.refusedConnections += 1
      return
    }
    connections[handle].id = ConnectionID(handle)
    do throws(SystemError) {
      try poller.add(descriptor, token: connections[handle].id.rawValue)
    } catch {
      _ = connections.remove(handle)
      counters.refusedConnections += 1
      return
    }
    counters.accepted += 1
    counters.connections = connections.count
  }

  /// Once a second: everything that has lasted too long, and pings.
  private mutating func sweep(at moment: Moment) {
    let now = moment.instant
    nextSweep = now + .seconds(1)
    for index in 0..<connections.places {
      guard let handle = connections.handle(at: index) else { continue }
      if let reason = overdue(handle, at: now) {
        counters.timeouts += 1
        end(handle, reason)
      } else if case .webSocket = connections[handle].phase, now >= connections[handle].nextPing {
        connections[handle].nextPing = now + Limit.pingInterval
        connections[handle].queue(WebSocketEncoder.header(.ping, length: 0), at: now)
        settle(handle, at: moment)
      }
    }
  }

  /// Why a connection must go now, if it must.
  private func overdue(_ handle: Handle<Connection>, at now: Instant) -> ClosedReason? {
    if !connections[handle].output.isEmpty, now - connections[handle].lastProgress > Limit.writeStall {
      return .slowConsumer
    }
    switch connections[handle].phase {
    case .webSocket: return now - connections[handle].lastHeard > Limit.silence ? .lost : nil
    case .answering: return nil  // the handler's time, not the client's
    case .reading, .closing, .draining: return now > connections[handle].deadline ? .lost : nil
    }
  }

  /// After the loop: whoever is still there is cut off.
  private mutating func closeAll(_ handler: inout some WebHandler & ~Copyable) {
    for index in 0..<connections.places {
      guard let handle = connections.handle(at: index) else { continue }
      end(handle, .lost)
    }
    finishTurn(&handler, at: Clock.moment())
  }

  /// The date header's text, made once a second.
  mutating func date(_ moment: Moment) -> String {
    if dateCache.second != moment.wall.seconds { dateCache = (moment.wall.seconds, CivilTime(moment.wall).httpDate) }
    return dateCache.text
  }
}

extension ConnectionID {
  init(_ handle: Handle<Connection>) {
    rawValue = UInt64(handle.generation) << 32 | UInt64(handle.index)
  }

  var handle: Handle<Connection> {
    Handle(index: UInt32(truncatingIfNeeded: rawValue), generation: UInt32(truncatingIfNeeded: rawValue >> 32))
  }
}
