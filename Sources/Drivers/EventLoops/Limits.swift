// Every bound of a shard's driver, each with its reason.

public import Chronology

public enum Limit {
  /// Buffers of one recvmmsg. With GRO each may hold dozens of datagrams.
  public static let receiveBuffers = 32
  /// A coalesced arrival is at most one IP datagram long.
  public static let receiveStride = 65_536
  /// Batches taken in one turn: then timers and departures have their turn.
  public static let batchesPerTurn = 8
  /// How long the socket may be left alone, whatever is being gathered: its buffer holds a multiple of this.
  public static let longestRest = Interval.milliseconds(5)
  /// Datagrams that the kernel cuts out of one run (UDP_MAX_SEGMENTS of older kernels).
  public static let segmentsPerRun = 64
  /// Times that a turn waits for a full socket buffer, `fullBufferWait` each; what is left is dropped, as a full line
  /// would drop it.
  public static let fullBufferRetries = 2
  /// Milliseconds.
  public static let fullBufferWait: Int32 = 1

  /// ICE-TCP connections of one shard. UDP is the rule; these are the people behind strict firewalls.
  public static let streamConnections = 2048
  /// New connections taken in one turn.
  public static let acceptsPerTurn = 32
  /// Bytes taken from one connection in one turn.
  public static let streamReadPerTurn = 128 * 1024
  /// Bytes of one read.
  public static let streamBuffer = 32 * 1024
  /// The longest frame: DTLS and SRTP packets are below 2 kB, SCTP's as well.
  public static let frameBytes = 4096
  /// Bytes that wait for one connection: a second of 1080p video. More is dropped, not queued: it would be late.
  public static let streamQueue = 512 * 1024
  /// Until the first frame, which must be a STUN binding request.
  public static let firstFrameTime = Interval.seconds(10)
  /// Without a byte: consent checks come every five seconds (RFC 7675).
  public static let streamIdle = Interval.seconds(45)
  /// While the other side takes nothing of what waits.
  public static let streamStall = Interval.seconds(15)

  /// Commands that may wait for a shard: a room of 1000 that fills at once asks for this many subscriptions.
  public static let commands = 65_536
  /// Batches of events that may wait for the control thread.
  public static let notices = 16_384
  /// Events in one batch.
  public static let eventsPerNotice = 256
}
