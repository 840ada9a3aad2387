// How often one caller may ask (MQ-227, UN-018): token buckets, one for each caller and class of routes.

public import Chronology
public import Identifiers
public import Problems

/// What a class of routes allows one caller.
public struct RateAllowance: Hashable, Sendable {
  /// Requests at once after a pause.
  public var burst: Double
  /// Requests a second in the long run.
  public var rate: Double

  /// Numbers far above what a person's client does, and far below what hurts.
  public static func of(_ rate: RateClass) -> RateAllowance {
    switch rate {
    case .read: RateAllowance(burst: 100, rate: 25)
    case .write: RateAllowance(burst: 40, rate: 5)
    // Discord's five in five seconds, with a burst for who pastes a few lines.
    case .message: RateAllowance(burst: 10, rate: 2)
    case .upload: RateAllowance(burst: 20, rate: 1)
    case .search: RateAllowance(burst: 10, rate: 1)
    // By address. Wrong passwords have their own, stricter count in Identity.
    case .credentials: RateAllowance(burst: 20, rate: 0.5)
    }
  }
}

/// Whom a bucket belongs to.
public enum RateSubject: Hashable, Sendable {
  case user(Identifier)
  /// An IPv4 address or an IPv6 network of 64 bits, as text.
  case address(String)
}

/// What is left, for the header fields of the answer.
public struct RateState: Hashable, Sendable {
  public var limit: Int
  public var remaining: Int
  /// Seconds until the bucket is full again.
  public var reset: Double

  /// `X-RateLimit-*`, as bot libraries know them.
  public var headers: [(name: String, value: String)] {
    [
      ("X-RateLimit-Limit", String(limit)), ("X-RateLimit-Remaining", String(remaining)),
      ("X-RateLimit-Reset-After", String(Int64(reset.rounded(.up)))),
    ]
  }
}

/// All buckets. A bucket that has become full again is forgotten, so that the table holds only who is active.
public struct RateLimits: Sendable {
  public enum Limit {
    /// Buckets at once. Beyond it, full ones are dropped first, then everybody starts anew: 64 bytes each.
    public static let buckets = 65_536
  }

  private struct Key: Hashable {
    var subject: RateSubject
    var rate: RateClass
  }

  private struct Bucket {
    var tokens: Double
    var updated: Instant
  }

  /// All rates and bursts are multiplied by it; 0 turns limits off.
  public let factor: Double
  private var buckets: [Key: Bucket] = [:]

  public init(factor: Double = 1) { self.factor = factor }

  public var count: Int { buckets.count }

  /// Takes one token from the subject's bucket.
  ///
  /// - Throws: RATE_LIMIT with the seconds until there is one again.
  public mutating func take(
    _ rate: RateClass, of subject: RateSubject, at now: Instant
  ) throws(Problem) -> RateState? {
    guard factor > 0 else { return nil }
    let allowance = RateAllowance.of(rate)
    let burst = max(allowance.burst * factor, 1)
    let perSecond = allowance.rate * factor
    let key = Key(subject: subject, rate: rate)
    if buckets.count >= Limit.buckets, buckets[key] == nil { makeRoom(at: now) }
    var bucket = buckets[key] ?? Bucket(tokens: burst, updated: now)
    bucket.tokens = min(burst, bucket.tokens + max(0, (now - bucket.updated).seconds) * perSecond)
    bucket.updated = now
    guard bucket.tokens >= 1 else {
      buckets[key] = bucket
      throw Problem(.rateLimit, "too many requests, wait a moment", retryAfter: (1 - bucket.tokens) / perSecond)
    }
    bucket.tokens -= 1
    buckets[key] = bucket
    return RateState(limit: Int(burst), remaining: Int(bucket.tokens), reset: (burst - bucket.tokens) / perSecond)
  }

  private mutating func makeRoom(at now: Instant) {
    buckets = buckets.filter { key, bucket in
      let allowance = RateAllowance.of(key.rate)
      return bucket.tokens + (now - bucket.updated).seconds * allowance.rate * factor < allowance.burst * factor
    }
    if buckets.count >= Limit.buckets { buckets = [:] }
  }
}
