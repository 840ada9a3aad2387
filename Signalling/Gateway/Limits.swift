// Every bound and period of the gateway, each with its reason. limits.md says what happens beyond them.

public import Chronology

/// Bounds of the gateway.
public enum Limit {
  /// Bytes of a client's message: Discord's number, and far more than any operation needs.
  public static let frameBytes = 4096
  /// Messages of one connection in a minute, heartbeats included: Discord's number.
  public static let operations = 120
  /// Wrong messages of one connection before it is closed.
  public static let violations = 5
  /// Connections of one account, and sessions that wait for a resume.
  public static let sessionsPerUser = 16
  /// Sessions in all, those that wait for a resume included: the web edge has as many connections.
  public static let sessions = 32_768
  /// Bytes of recent events that are kept for who comes back, for all sessions together.
  public static let logBytes = 16 * 1024 * 1024
  /// Bytes that one connection is given of the log before others have their turn.
  public static let catchUpBytes = 128 * 1024
  /// Members whose entries stand in `ready`; the others are asked for.
  public static let readyMembers = 250
  /// Members in one answer to `members_request`.
  public static let requestedMembers = 100
  /// Up to so many people online everybody hears of everybody's presence; the cost grows with the square.
  public static let presenceAudience = 1000
  /// Changes of presence in a second that are told one by one; more are told in one message.
  public static let presenceSingles = 8
  /// Gains of sight that are remembered for one account before the oldest are forgotten with the log.
  public static let sightings = 256

  /// Clients send heartbeats so often (MQ-089).
  public static let heartbeat = Interval.seconds(30)
  /// A connection that says nothing for so long is closed: two heartbeats and a margin.
  public static let silence = Interval.seconds(75)
  /// How long a session waits for its client, and how old an event in the log gets.
  public static let resumeTime = Interval.seconds(300)
  /// Without activity for so long a person is idle (MQ-192).
  public static let idleTime = Interval.seconds(300)
  /// Between the loss of a person's last connection and being offline: a reload is not an absence.
  public static let absence = Interval.seconds(3)
  /// Changes of presence are gathered for so long.
  public static let presencePeriod = Interval.seconds(1)
  /// Between looks at all sessions.
  public static let sweep = Interval.seconds(5)
  /// Between two `typing_start` of one connection in one channel.
  public static let typingPeriod = Interval.seconds(3)
}
