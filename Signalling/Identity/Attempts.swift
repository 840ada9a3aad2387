// Guessing made slow: how often somebody may be wrong, counted so that a stranger's guesses lock nobody out but the stranger.

import API
import Chronology
import Cryptography
import Identifiers
import Problems
import SQL

/// Where an attempt comes from: one subscriber's line.
struct Network: Hashable, Sendable {
  /// An IPv4 address, or the /64 that an IPv6 subscriber can choose addresses from, as text.
  let name: String

  init(_ address: String) {
    guard address.contains(":") else {
      name = address
      return
    }
    if let dot = address.firstIndex(of: "."), let colon = address[..<dot].lastIndex(of: ":") {
      // ::ffff:192.0.2.1 is an IPv4 address (RFC 4291 §2.5.5.2).
      name = String(address[address.index(after: colon)...])
      return
    }
    var sides: [[Substring]] = [[]]
    for group in address.prefix(while: { $0 != "%" }).split(separator: ":", omittingEmptySubsequences: false) {
      // The empty group of `::` stands for as many zeros as are missing.
      if group.isEmpty { sides.append([]) } else { sides[sides.count - 1].append(group) }
    }
    let head = sides.first ?? []
    let tail = sides.dropFirst().flatMap { $0 }
    let zeros = [Substring](repeating: "0", count: max(0, 8 - head.count - tail.count))
    let first = (head + zeros + tail).prefix(4).map { String(UInt16($0, radix: 16) ?? 0, radix: 16) }
    name = first.joined(separator: ":") + "::/64"
  }
}

/// One count of wrong answers.
struct AttemptCounter: Sendable {
  /// What is counted, as a digest: names and addresses are not kept.
  let key: [UInt8]
  /// Wrong answers before the first wait.
  let free: Int
  /// The first wait; each further wrong answer doubles it, up to `Limit.longestDelay`.
  let firstDelay: Interval
  /// Whether the right answer sets the count to zero. Otherwise it gives back what it took itself: who shares a network
  /// with an attacker does not clear the attacker's count.
  let isOwn: Bool

  private init(_ subject: String, free: Int, firstDelay: Interval, isOwn: Bool) {
    key = SHA256.digest(of: Array(subject.utf8))
    self.free = free
    self.firstDelay = firstDelay
    self.isOwn = isOwn
  }

  /// For a password at the door. The name counts as it is typed, whether anybody has it or not, so that the waits tell
  /// nothing about who exists.
  ///
  /// - Parameter device: the token's nonce of a browser in which this account has been signed in: such a browser has a
  ///   count of its own, which no stranger can fill.
  static func password(_ name: String, from network: Network, device: String?) -> [AttemptCounter] {
    if let device { return [own("device \(device)")] }
    return [own("password \(name)\n\(network.name)"), budget(of: network)]
  }

  /// For a second factor. Who gets here knows the password, and six digits can be guessed from many addresses: the count
  /// is the account's, except in a known browser.
  static func secondFactor(_ user: Identifier, from network: Network, device: String?) -> [AttemptCounter] {
    if let device { return [own("second factor \(device)")] }
    return secondFactor(user) + [budget(of: network)]
  }

  /// For a second factor that a signed-in person gives again.
  static func secondFactor(_ user: Identifier) -> [AttemptCounter] { [own("second factor \(user)")] }

  /// For a password or a code that a signed-in person gives again: counted by session.
  static func proof(_ session: Identifier) -> [AttemptCounter] { [own("proof \(session)")] }

  /// For codes that stand alone: what is guessed has no owner yet.
  static func code(from network: Network) -> [AttemptCounter] { [budget(of: network)] }

  private static func own(_ subject: String) -> AttemptCounter {
    AttemptCounter(subject, free: Limit.freeAttempts, firstDelay: .seconds(1), isOwn: true)
  }

  private static func budget(of network: Network) -> AttemptCounter {
    AttemptCounter(
      "network \(network.name)", free: Limit.freeAttemptsOfNetwork, firstDelay: .seconds(5), isOwn: false)
  }

  /// The wait after so many wrong answers.
  func delay(after failures: Int) -> Interval {
    guard failures >= free else { return .zero }
    let doublings = Int64(min(failures - free, 20))
    return min(Interval(nanoseconds: firstDelay.nanoseconds << doublings), Limit.longestDelay)
  }
}

extension Writing {
  /// Takes an attempt as wrong before it is looked at, so that a hundred at once are not all free. `absolve` gives it
  /// back.
  ///
  /// - Throws: RATE_LIMIT while one of the counters waits; nothing is taken then.
  mutating func charge(_ counters: [AttemptCounter]) throws(Problem) {
    let count = Limit.countersCleared
    try tables.execute(
      "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts WHERE updated_at < ?1 ORDER BY updated_at LIMIT ?2)",
      at.milliseconds - Limit.attemptMemory.milliseconds, count)
    // Finding the one that is too many takes milliseconds: now and then is enough, and nobody can tell when.
    if SecureRandom.bytes(1) == [0] { try forgetOldestCounters() }
    for counter in counters {
      let blocked = try tables.first("SELECT blocked_until FROM attempts WHERE key = ?1", counter.key) {
        $0.time(0)
      }
      // A clock that was set back must not lock anybody out for longer than the longest wait.
      if let blocked, blocked > at, blocked - at <= Limit.longestDelay {
        throw Problem(
          .rateLimit, "too many attempts: wait and try again", reason: "too_many_attempts",
          retryAfter: (blocked - at).seconds)
      }
    }
    for counter in counters { try add(counter) }
  }

  /// Holds the table to `Limit.counters`.
  mutating func forgetOldestCounters() throws(Problem) {
    try tables.execute(
      """
      DELETE FROM attempts WHERE updated_at <=
        (SELECT updated_at FROM attempts ORDER BY updated_at DESC LIMIT 1 OFFSET ?1)
      """, Limit.counters)
  }

  private mutating func add(_ counter: AttemptCounter) throws(Problem) {
    let known = try tables.first(
      "SELECT failures FROM attempts WHERE key = ?1 AND updated_at >= ?2", counter.key,
      at.milliseconds - Limit.attemptMemory.milliseconds
    ) { $0.int(0) }
    let failures = (known ?? 0) + 1
    let delay = counter.delay(after: failures)
    try tables.execute(
      """
      INSERT INTO attempts (key, failures, blocked_until, updated_at) VALUES (?1, ?2, ?3, ?4)
      ON CONFLICT (key) DO UPDATE SET failures = ?2, blocked_until = ?3, updated_at = ?4
      """, counter.key, failures, at + delay, at)
  }

  /// Gives the attempt back: the answer was right, or it was never looked at (`wasRight` false).
  mutating func absolve(_ counters: [AttemptCounter], wasRight: Bool = true) throws(Problem) {
    for counter in counters {
      if counter.isOwn, wasRight {
        try tables.execute("DELETE FROM attempts WHERE key = ?1", counter.key)
      } else {
        try tables.execute(
          "UPDATE attempts SET failures = max(failures - 1, 0), blocked_until = 0 WHERE key = ?1", counter.key)
      }
    }
  }
}
