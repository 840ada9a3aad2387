// The module's bounds. Sources/Documentation/limits.md repeats them for people.

import Chronology

public enum Limit {
  /// From here on an access token is good (MQ-035).
  public static let accessLife = Interval.seconds(15 * 60)
  /// For a session that nobody uses (MQ-036); every refresh begins it anew.
  public static let refreshLife = Interval.seconds(7 * 24 * 3600)
  /// After a refresh, the token that was traded in still gets the same successor: two tabs, or an answer that was lost.
  public static let refreshGrace = Interval.seconds(10)
  /// Between the password and the second factor.
  public static let ticketLife = Interval.seconds(5 * 60)
  /// For which a browser that was signed in is known again. The longest that browsers keep a cookie.
  public static let deviceLife = Interval.seconds(400 * 24 * 3600)
  /// For which an administrator's code for a new password is good.
  public static let resetLife = Interval.seconds(24 * 3600)
  /// Bytes of a token. Ours have about 300.
  public static let tokenBytes = 1024
  /// Bytes of a cookie header that are looked at.
  public static let cookieBytes = 8192
  /// Sessions of one person at once; browsers, phones and scripts are a handful.
  public static let sessionsPerUser = 50
  /// Bytes of a password at least.
  public static let passwordBytes = 8
  /// Characters of a username at least and at most (UN-020).
  public static let usernameCharacters = 3...32
  /// Bytes of an e-mail address (RFC 5321 §4.5.3.1.3, without the brackets).
  public static let emailBytes = 254
  /// Characters of a display name.
  public static let displayNameCharacters = 32
  /// Characters of a custom status.
  public static let customStatusCharacters = 128
  /// Sign-ins that are kept of one account, and as many of names that nobody has.
  public static let historyPerUser = 200
  /// Sign-ins in one answer.
  public static let historyPage = 100
  /// Members in one answer.
  public static let userPage = 1000
  /// Recovery codes of a second factor.
  public static let recoveryCodes = 10
  /// Wrong answers before the first wait: slips of the finger are not an attack.
  public static let freeAttempts = 5
  /// Wrong answers from one network, whatever the account: a school behind one address has more slips than a home.
  public static let freeAttemptsOfNetwork = 60
  /// The longest wait after wrong answers.
  public static let longestDelay = Interval.seconds(15 * 60)
  /// After so long without another attempt, wrong answers are forgotten.
  public static let attemptMemory = Interval.seconds(3600)
  /// Forgotten counters that are cleared away with each new attempt.
  public static let countersCleared = 8
  /// Counters of wrong answers that are kept: ten megabytes. Who fills the table from a thousand networks an hour makes
  /// the oldest forgotten.
  public static let counters = 100_000
  /// Openings between two searches for sessions that have run out, in memory.
  public static let openingsBetweenSearches = 1024
}

extension WallTime {
  static func + (time: WallTime, interval: Interval) -> WallTime {
    WallTime(milliseconds: time.milliseconds &+ interval.milliseconds)
  }

  static func - (a: WallTime, b: WallTime) -> Interval { .milliseconds(a.milliseconds &- b.milliseconds) }
}
