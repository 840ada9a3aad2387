// Every bound of the web edge, each with its reason.

public import Chronology

public enum Limit {
  /// Request line and header fields. A LiveKit client puts its SDP offer into the URL: 2–20 kB are normal.
  public static let headBytes = 64 * 1024
  /// Header fields in one request; browsers send about 20.
  public static let headerFields = 128
  /// A request body where the handler does not say otherwise: LiveKit's limit for its server API.
  public static let bodyBytes = 10 * 1024 * 1024
  /// Bytes of bodies in memory at once, over all connections, from their first byte to their answer. Ten of the largest
  /// uploads.
  public static let bodiesInFlight = 256 * 1024 * 1024
  /// One part in so many of it is for short bodies alone, so that nobody is kept from signing in by uploads.
  public static let shortBodiesShare = 4
  /// From here on a body is long.
  public static let shortBody = 64 * 1024
  /// Bytes of a body that must have come before room is made for the length that its head told.
  public static let unprovenBytes = 1024 * 1024
  /// A WebSocket message, reassembled: LiveKit's limit for a signalling message.
  public static let messageBytes = 2 * 1024 * 1024
  /// Bytes that wait for one slow WebSocket reader before it is cut off. Two of the largest messages.
  public static let queuedBytes = 4 * 1024 * 1024
  /// Bytes that wait for a WebSocket reader before the handler is told that it is congested: a second of a slow line, so
  /// that a handler which can wait sends no more than a client can take.
  public static let congestedBytes = 256 * 1024
  /// Bytes of answers that wait for a client before its next pipelined request is looked at: a request of 30 bytes asks
  /// for a megabyte.
  public static let answersAhead = 256 * 1024
  /// Connections at once, and at most three quarters of the files that the system lets us open. Each idle one costs
  /// about a kilobyte here (15 with TLS) and a few in the kernel.
  public static let connections = 16_384
  /// Files that are being sent at once, each on a connection of its own, and at most an eighth of the open files.
  public static let openFiles = 2048
  /// Bytes of a file that are read ahead of the socket.
  public static let filePiece = 64 * 1024
  /// Written to one connection in one turn, so that one fast reader of a large file cannot starve the others.
  public static let writtenPerTurn = 1024 * 1024
  /// Ranges, tags and dates of a request that are kept until its answer is known.
  public static let conditionBytes = 1024
  /// Taken from one connection in one turn, so that one busy client cannot starve the others.
  public static let readPerTurn = 256 * 1024
  /// New connections taken in one turn, for the same reason.
  public static let acceptsPerTurn = 64

  /// From the connection's (or the previous response's) end to a complete request head.
  public static let headTime = Interval.seconds(15)
  /// A connection that is kept open without a request.
  public static let idleTime = Interval.seconds(75)
  /// From the head to the whole body, beside what `bodyRate` gives.
  public static let bodyTime = Interval.seconds(60)
  /// Bytes a second that a body must come with on average: a line of 256 kbit/s.
  public static let bodyRate = 32 * 1024
  /// After which a client that was sent away because memory was short should come back.
  public static let retryAfter = Interval.seconds(5)
  /// For the other side to take a response, while nothing moves.
  public static let writeStall = Interval.seconds(30)
  /// Between a close frame, or the end of our writing, and the other side's.
  public static let closeTime = Interval.seconds(5)
  /// Between WebSocket pings (LiveKit's interval).
  public static let pingInterval = Interval.seconds(10)
  /// A WebSocket on which nothing came for this long, not even a pong, is gone: two pings unanswered and a margin.
  public static let silence = Interval.seconds(30)
}
