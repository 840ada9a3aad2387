// What the web edge asks of the program, and what the program answers with.

public import Chronology

/// What to do with a request for a WebSocket, decided before the 101.
public enum UpgradeDecision: Sendable {
  case accept
  /// Ends the request with this response: what a client shows to its user.
  case refuse(HTTPResponse)
}

/// What to do with a body that a client wants to send, decided on the head.
public enum BodyDecision: Sendable {
  /// Reads it if it has at most so many bytes; otherwise 413.
  case read(upTo: Int)
  /// Ends the request with this response before any of the body is read, and the connection after it.
  case refuse(HTTPResponse)
}

/// Answers of the handler. They are carried out, in order, when the handler has returned.
public struct WebReplies: Sendable {
  enum Action: Sendable {
    case respond(RequestID, HTTPResponse)
    case send(ConnectionID, [UInt8], isText: Bool)
    case close(ConnectionID, CloseCode, String)
    case stop(within: Interval)
  }

  var actions: [Action] = []
  /// What the server has counted so far.
  public let counters: WebCounters

  init(_ counters: WebCounters) { self.counters = counters }

  /// Answers a request. Ignored when its connection has gone.
  public mutating func respond(_ request: RequestID, _ response: HTTPResponse) {
    actions.append(.respond(request, response))
  }

  /// Queues one message. A connection whose queue passes `Limit.queuedBytes` is cut off as a slow consumer.
  public mutating func send(_ connection: ConnectionID, _ bytes: [UInt8], isText: Bool) {
    actions.append(.send(connection, bytes, isText: isText))
  }

  /// Closes a WebSocket after what was queued for it. `closed` follows when the other side has answered or `Limit.closeTime`
  /// has passed.
  public mutating func close(_ connection: ConnectionID, _ code: CloseCode = .normal, _ reason: String = "") {
    actions.append(.close(connection, code, reason))
  }

  /// Ends the server: no new connections, what is queued goes out, and `run` returns when all is gone or after `within`.
  public mutating func stop(within: Interval) { actions.append(.stop(within: within)) }
}

/// The program behind the web edge. Every call comes on the server's one thread.
public protocol WebHandler: ~Copyable {
  /// A request with a body, of which only the head has come (`body` is empty): whoever may not send it is refused here,
  /// before memory is spent. `Limit.bodyBytes` where the handler does not say.
  mutating func bodyLimit(for head: HTTPRequest, at: Moment) -> BodyDecision
  /// A whole request that does not ask for a WebSocket. It is answered by `replies.respond`, now or from a later call;
  /// the connection waits.
  mutating func request(_ request: HTTPRequest, id: RequestID, at: Moment, replies: inout WebReplies)
  /// A sound request for a WebSocket, which will be `id`.
  mutating func upgrade(_ request: HTTPRequest, id: ConnectionID, at: Moment) -> UpgradeDecision
  /// The WebSocket stands: the 101 is queued before anything that is sent now.
  mutating func opened(_ connection: ConnectionID, at: Moment, replies: inout WebReplies)
  mutating func message(
    _ connection: ConnectionID, _ bytes: [UInt8], isText: Bool, at: Moment, replies: inout WebReplies)
  /// An accepted WebSocket is gone. Exactly once for each that was accepted.
  mutating func closed(_ connection: ConnectionID, _ reason: ClosedReason, at: Moment, replies: inout WebReplies)
  /// More than `Limit.congestedBytes` wait for a WebSocket; or all that waited has been taken since. Told in turns, one
  /// after the other. A handler that can wait sends nothing in between.
  mutating func congestion(_ connection: ConnectionID, isCongested: Bool, at: Moment, replies: inout WebReplies)
  /// A watched signal went up, or `nextDeadline` has passed.
  mutating func wake(at: Moment, replies: inout WebReplies)
  /// When to call `wake` at the latest.
  var nextDeadline: Instant { get }
}

extension WebHandler where Self: ~Copyable {
  public mutating func bodyLimit(for head: HTTPRequest, at: Moment) -> BodyDecision { .read(upTo: Limit.bodyBytes) }

  public mutating func congestion(
    _ connection: ConnectionID, isCongested: Bool, at: Moment, replies: inout WebReplies
  ) {}
}
