// Token buckets against a naive count, in virtual time.

import API
import Chronology
import Identifiers
import Problems
import Randomness
import TestSupport
import Testing

@Suite struct RateLimitsTests {
  private let someone = RateSubject.user(Identifier(rawValue: 1))

  @Test func `nobody gets more than the burst and the rate together`() {
    forEachSeed(100) { _, random in
      var limits = RateLimits()
      var now = Instant.origin
      let rate = RateClass.allCases.randomElement(using: &random) ?? .read
      let allowance = RateAllowance.of(rate)
      var granted = 0.0
      for _ in 0..<400 {
        now += .milliseconds(Int64(random.next() % 300))
        if (try? limits.take(rate, of: someone, at: now)) != nil { granted += 1 }
        #expect(granted <= allowance.burst + (now - .origin).seconds * allowance.rate + 1e-6)
      }
    }
  }

  @Test func `who waits as long as told gets through`() throws {
    var limits = RateLimits()
    var now = Instant.origin
    var wait: Double?
    while wait == nil {
      do throws(Problem) { _ = try limits.take(.message, of: someone, at: now) } catch { wait = error.retryAfter }
    }
    now += .milliseconds(Int64(((wait ?? 0) * 1000).rounded(.up)))
    #expect((try? limits.take(.message, of: someone, at: now)) != nil)
  }

  @Test func `one caller's haste is nobody else's wait`() throws {
    var limits = RateLimits()
    while (try? limits.take(.search, of: someone, at: .origin)) != nil {}
    #expect(throws: Never.self) { try limits.take(.search, of: .address("192.0.2.7"), at: .origin) }
  }

  @Test func `the table stays bounded`() throws {
    var limits = RateLimits()
    for index in 0..<(RateLimits.Limit.buckets + 5_000) {
      _ = try limits.take(.read, of: .user(Identifier(rawValue: Int64(index))), at: .origin)
    }
    #expect(limits.count <= RateLimits.Limit.buckets)
  }

  @Test func `a factor of nothing turns limits off`() throws {
    var limits = RateLimits(factor: 0)
    for _ in 0..<1_000 { #expect(try limits.take(.credentials, of: someone, at: .origin) == nil) }
  }
}
