// How often one address may do something: a token bucket each, in a table that cannot grow without end.

import Chronology
import Wire

struct RateLimiter {
  enum Limit {
    /// Addresses remembered at once. Beyond, those whose bucket is full again are forgotten; if none is, strangers are
    /// refused until one is.
    static let addresses = 10_000
  }

  private struct Bucket {
    var tokens: Double
    var updated: Instant
  }

  private let perMinute: Double
  private var buckets: [SocketAddress: Bucket] = [:]

  init(perMinute: Int) { self.perMinute = Double(perMinute) }

  /// Takes one token of the address. False when it has none left.
  mutating func take(_ address: SocketAddress, at now: Instant) -> Bool {
    let key = Self.subject(address)
    if buckets[key] == nil, buckets.count >= Limit.addresses { forgetFull(at: now) }
    guard buckets[key] != nil || buckets.count < Limit.addresses else { return false }
    var bucket = buckets[key] ?? Bucket(tokens: perMinute, updated: now)
    bucket.tokens = min(perMinute, bucket.tokens + (now - bucket.updated).seconds * perMinute / 60)
    bucket.updated = now
    let isAllowed = bucket.tokens >= 1
    if isAllowed { bucket.tokens -= 1 }
    buckets[key] = bucket
    return isAllowed
  }

  /// One subscriber's line: an IPv4 address, or the /64 that an IPv6 subscriber can choose addresses from.
  private static func subject(_ address: SocketAddress) -> SocketAddress {
    SocketAddress(high: address.high, low: address.isIPv4 ? address.low : 0, port: 0)
  }

  private mutating func forgetFull(at now: Instant) {
    let minute = Interval.seconds(60)
    buckets = buckets.filter { now - $0.value.updated < minute }
  }
}
