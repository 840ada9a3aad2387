// Every bound and period of voice channels, each with its reason. limits.md says what happens beyond them.

public import Chronology

/// Bounds of voice.
public enum Limit {
  /// Screens that are shared in one channel at once (MQ-178).
  public static let screens = 2
  /// Members whose place in a channel is kept for them until they connect.
  public static let reservations = 10_000
  /// Volumes that one listener keeps.
  public static let volumes = 1000
  /// Percent of a voice's loudness.
  public static let volume = 200

  /// How long a token lets its bearer connect. Who stays gets new ones from the room.
  public static let tokenLife = Interval.seconds(60)
  /// How long a place is kept for who got a token.
  public static let reservation = Interval.seconds(30)
}
