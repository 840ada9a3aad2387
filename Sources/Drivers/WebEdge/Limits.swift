// Every bound of the web edge, each with its reason.

public import Chronology

public enum Limit {
  /// Request line and header fields. A LiveKit client puts its SDP offer into the URL: 2–20 kB are normal.
  public static let headBytes = 64 * 1024
  /// Header fields in one request; browsers send about 20.
  public static let headerFields = 128
  /// A request body: LiveKit's limit for its server API.
  public static let bodyBytes = 10 * 1024 * 1024
  /// A WebSocket message, reassembled: LiveKit's limit for a signalling message.
  public static let messageBytes = 2 * 1024 * 1024
  /// Bytes that wait for one slow WebSocket reader before it is cut off. Two of the largest messages.
  public static let queuedBytes = 4 * 1024 * 1024
  /// Bytes of answers that wait for a client before its next pipelined request is looked at: a request of 30 bytes asks
  /// for a megabyte.
  public static let answersAhead = 256 * 1024
  /// Connections at once. Each idle one costs about a kilobyte here and a few in the kernel.
  public static let connections = 16_384
  /// Taken from one connection in one turn, so that one busy client cannot starve the others.
  public static let readPerTurn = 256 * 1024
  /// New connections taken in one turn, for the same reason.
  public static let acceptsPerTurn = 64

  /// From the connection's (or the previous response's) end to a complete request head.
  public static let headTime = Interval.seconds(15)
  /// A connection that is kept open without a request.
  public static let idleTime = Interval.seconds(75)
  /// From the head to the whole body: 10 MiB in this time is a 1.4 Mbit/s line.
  public static let bodyTime = Interval.seconds(60)
  /// For the other side to take a response, while nothing moves.
  public static let writeStall = Interval.seconds(30)
  /// Between a close frame, or the end of our writing, and the other side's.
  public static let closeTime = Interval.seconds(5)
  /// Between WebSocket pings (LiveKit's interval).
  public static let pingInterval = Interval.seconds(10)
  /// A WebSocket on which nothing came for this long, not even a pong, is gone: two pings unanswered and a margin.
  public static let silence = Interval.seconds(30)
}
