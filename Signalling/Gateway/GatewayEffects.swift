// What goes in and out of the gateway, as values: sockets, effects that the process carries out, and close codes.

public import API
public import Identifiers

/// One WebSocket of one client. The process invents the number and uses none twice while it is open.
public struct SocketID: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What a client names when it comes back: `/ws?…&session=…&seq=…`.
public struct Resumption: Hashable, Sendable {
  /// `session_id` of the `ready` that began the session.
  public var session: String
  /// The greatest `s` that the client has seen.
  public var sequence: UInt64

  public init(session: String, sequence: UInt64) {
    self.session = session
    self.sequence = sequence
  }
}

/// A read that the gateway waits for.
public struct LoadID: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What the process has to do, in order.
public enum GatewayEffect: Sendable {
  /// One text message.
  case send(SocketID, [UInt8])
  /// The same text message to many: encoded once, its bytes shared.
  case broadcast([SocketID], [UInt8])
  /// Closes after everything that was sent before.
  case close(SocketID, GatewayClose)
  /// Run `query.load` on a reader and hand its result to `loaded`.
  case load(LoadID, GatewayQuery)
  /// Whether the login behind the connection still stands: if not, call `revoked` (UN-009).
  case check(SocketID, Caller)
  /// What a client says of its own microphone and ears, for the voice rooms.
  case voiceState(Identifier, muted: Bool?, deafened: Bool?)
  /// Run `note.write` on the writer.
  case write(GatewayNote)
}

/// Why the gateway ends a connection. Codes 4000…4099 are ours (RFC 6455 §7.4.2); equal meanings have Discord's numbers.
public enum GatewayClose: UInt16, Hashable, Sendable {
  /// The server could not make the first answer: come back in a moment.
  case failed = 4000
  /// Not JSON, too long, or wrong too often.
  case malformed = 4002
  /// No token, a bad one, or a login that has ended. Log in before coming back.
  case unauthorized = 4004
  /// The session has a new connection: this one is the old one.
  case replaced = 4005
  /// More than `Limit.operations` in a minute.
  case tooFast = 4008
  /// Nothing was heard for `Limit.silence`.
  case silent = 4009
  /// The account has `Limit.sessionsPerUser` connections.
  case tooManySessions = 4010
  /// The server goes down; the client comes back on its own.
  case goingAway = 1001

  public var reason: String {
    switch self {
    case .failed: "the server could not prepare the session"
    case .malformed: "malformed message"
    case .unauthorized: "the login has ended"
    case .replaced: "resumed elsewhere"
    case .tooFast: "too many messages"
    case .silent: "no heartbeat"
    case .tooManySessions: "too many connections of this account"
    case .goingAway: "the server is going down"
    }
  }
}
