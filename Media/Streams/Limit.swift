// The bounds of this module's tables, each with its reason. Beyond a bound things are dropped and counted.

public enum Limit {
  /// The longest packet that a history keeps, in bytes: an Ethernet payload with room for encapsulation. Longer ones
  /// could not be forwarded in one datagram anyhow.
  public static let packetBytes = 2_048
  /// How far apart two sequence numbers of one stream may be before the stream counts as restarted (MAX_DROPOUT,
  /// RFC 3550 appendix A.1): a minute of audio, some seconds of video.
  public static let dropout = 3_000
  /// How many numbers behind the newest a packet is still told from its duplicates. 2 048 packets are 5 s of 1080p
  /// video; whatever comes later is of no use to a player.
  public static let duplicateWindow = 2_048
  /// Missing packets that a receive stream asks for at the same time. A larger hole is better healed by a key frame.
  public static let missing = 256
  /// Consecutive source packets that a send stream reserves holes for. A larger gap is shown as one hole.
  public static let reservedHoles = 256
  /// How long a send stream remembers a number at least, in milliseconds: a NACK that comes later than this asks for what no
  /// player waits for any more. A second would need twice the memory for a share of 2.5 Mbit/s, whose 256 packets then stand
  /// in a ring of 512.
  public static let sentLife: UInt32 = 900
  /// Runs of one encoding that a sequence map remembers to place late packets: switches of the last seconds.
  public static let runs = 8
  /// Resends of one packet: RFC 4585 leaves it open; ten tries at 100 ms outlive every jitter buffer.
  public static let resends: UInt8 = 10
  /// Sender reports whose sending times are kept to measure round trips: five seconds of reports.
  public static let senderReports = 4
}
