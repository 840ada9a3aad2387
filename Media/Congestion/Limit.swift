// The bounds of this module's tables and estimates, each with its reason.

public enum Limit {
  /// Arrivals that wait for feedback. Feedback leaves at least ten times a second: this is 20 000 packets a second.
  public static let arrivals = 2_048
  /// How far ahead of the last report a transport-wide number may be before the sender counts as restarted. A second of
  /// a very fast sender; reporting more as lost would only waste feedback.
  public static let reportedGap: Int64 = 4_096
  /// How late a packet may be and still be reported: older ones have left the sender's history.
  public static let reordering: Int64 = 1_024
  /// Sent packets whose fate is not known, once there are any and at most: a second at 8 192 packets a second. Powers of
  /// two. A transport that sends no media keeps none.
  public static let initialSentPackets = 32
  public static let sentPackets = 8_192
  /// How long a packet is remembered that nothing was heard of, in milliseconds. Feedback comes ten times a second and more:
  /// nine tenths of a second are a round trip by satellite and a lost feedback. A second would need twice the memory for a
  /// share of 2.5 Mbit/s, whose 256 packets then stand in a ring of 512.
  public static let sentLife: Int64 = 900
  /// Bits per second. Below the floor not even speech gets through; above the ceiling nobody needs an estimate.
  public static let lowestEstimate: Int64 = 64_000
  public static let highestEstimate: Int64 = 200_000_000
}
