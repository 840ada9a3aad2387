// Guessing made slow, without a way to lock somebody else out.

import API
import Access
import Chronology
import CommunitySupport
import Cryptography
import Identifiers
import JSON
import Problems
import Randomness
import SQL
import TestSupport
import Testing

@testable import Identity

@Suite struct AttemptTests {
  private let attacker = "198.51.100.7"

  private func guess(_ accounts: Accounts, _ name: String, times: Int, from address: String) -> [Int] {
    let home = accounts.community.origin.address
    accounts.community.origin.address = address
    defer { accounts.community.origin.address = home }
    return (0..<times).map { _ in accounts.login(name, "guess").status }
  }

  @Test func `the first wrong answers are free, and each one after that doubles the wait`() throws {
    let accounts = try Accounts()
    #expect(guess(accounts, "ayse", times: 6, from: attacker) == [401, 401, 401, 401, 401, 429])
    accounts.community.origin.address = attacker
    for wait in [1, 2, 4, 8, 16] as [Int64] {
      let answer = accounts.login("ayse", "guess")
      #expect(answer.status == 429 && answer["retry_after"].double == Double(wait))
      accounts.community.advance(.seconds(wait))
      #expect(accounts.login("ayse", "guess").status == 401)
    }
  }

  @Test func `a hundred guesses at once are not all free`() throws {
    let accounts = try Accounts()
    let community = accounts.community
    var checked = 0
    // While one password is looked at, ninety-nine others are on their way.
    community.worker = { work in
      checked += 1
      if checked < 100 { _ = accounts.login("ayse", "guess") }
      return TestCommunity.passwords(work)
    }
    _ = accounts.login("ayse", "guess")
    #expect(checked == Limit.freeAttempts)
  }

  @Test func `a stranger's guesses do not hold up the account's owner`() throws {
    let accounts = try Accounts()
    _ = guess(accounts, "ayse", times: 200, from: attacker)
    #expect(accounts.login("ayse", Accounts.ownerPassword).status == 200)
  }

  @Test func `a browser that is known signs in from the attacker's own network`() throws {
    let accounts = try Accounts()
    let device = try accounts.ownerClient().device
    for name in 0..<30 { _ = guess(accounts, "name\(name)", times: 5, from: attacker) }
    accounts.community.origin.address = attacker
    #expect(accounts.login("ayse", Accounts.ownerPassword).status == 429)
    #expect(accounts.login("ayse", Accounts.ownerPassword, cookies: device).status == 200)
  }

  @Test func `another person's browser is not known`() throws {
    let accounts = try Accounts()
    let device = try accounts.join("mallory").device
    for _ in 0..<Limit.freeAttempts { _ = accounts.login("ayse", "guess", cookies: device) }
    #expect(accounts.login("ayse", "guess", cookies: device).status == 429)
  }

  @Test func `trying one password on many names is slowed down too`() throws {
    let accounts = try Accounts()
    var statuses: [Int] = []
    for name in 0...Limit.freeAttemptsOfNetwork { statuses += guess(accounts, "name\(name)", times: 1, from: attacker) }
    #expect(statuses.prefix(Limit.freeAttemptsOfNetwork).allSatisfy { $0 == 401 } && statuses.last == 429)
  }

  @Test func `an attacker with an account of their own does not clear the network's count with it`() throws {
    let accounts = try Accounts()
    try accounts.join("mallory")
    accounts.community.origin.address = attacker
    var refused = false
    for name in 0..<Limit.freeAttemptsOfNetwork + 1 {
      refused = accounts.login("name\(name)", "guess").status == 429
      if !refused { _ = accounts.login("mallory") }
    }
    #expect(refused)
  }

  @Test func `whether a name exists cannot be told from the waits`() throws {
    let accounts = try Accounts()
    let known = guess(accounts, "ayse", times: 12, from: attacker)
    let unknown = guess(accounts, "nobody", times: 12, from: "198.51.100.8")
    #expect(known == unknown)
  }

  @Test func `the right password sets the count back`() throws {
    let accounts = try Accounts()
    for _ in 0..<3 {
      #expect(guess(accounts, "ayse", times: 4, from: "192.0.2.1") == [401, 401, 401, 401])
      #expect(accounts.login("ayse", Accounts.ownerPassword).status == 200)
    }
  }

  @Test func `wrong answers are forgotten after an hour`() throws {
    let accounts = try Accounts()
    _ = guess(accounts, "ayse", times: 5, from: attacker)
    accounts.community.advance(Limit.attemptMemory + .seconds(1))
    #expect(guess(accounts, "ayse", times: 5, from: attacker) == [401, 401, 401, 401, 401])
  }

  @Test func `counters that are forgotten are cleared away`() throws {
    let accounts = try Accounts()
    for name in 0..<50 { _ = guess(accounts, "name\(name)", times: 1, from: "203.0.113.\(name)") }
    accounts.community.advance(.seconds(2 * 3600))
    for _ in 0..<14 { _ = accounts.login("ayse", Accounts.ownerPassword) }
    let count = try accounts.community.database.first("SELECT count(*) FROM attempts") { $0.int(0) }
    #expect(try #require(count) <= 2)
  }

  @Test func `whoever fills the table of counters makes the oldest forgotten`() throws {
    let accounts = try Accounts()
    let count = try accounts.community.write { (writing) throws(Problem) -> Int? in
      try writing.tables.execute(
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO attempts (key, failures, blocked_until, updated_at) SELECT CAST(i AS BLOB), 1, 0, i FROM n
        """, Limit.counters + 50)
      try writing.forgetOldestCounters()
      let oldest = try writing.tables.first("SELECT min(updated_at) FROM attempts") { $0.int(0) }
      #expect(oldest == 51)
      return try writing.tables.first("SELECT count(*) FROM attempts") { $0.int(0) }
    }
    #expect(count == Limit.counters)
  }

  @Test func `a clock that was set back locks nobody out for longer than the longest wait`() throws {
    let accounts = try Accounts()
    _ = guess(accounts, "ayse", times: 6, from: attacker)
    accounts.community.advance(.seconds(-30 * 24 * 3600))
    #expect(guess(accounts, "ayse", times: 1, from: attacker) == [401])
  }

  @Test func `a worker that is too busy takes nothing from the count`() throws {
    let accounts = try Accounts()
    accounts.community.worker = { _ in .failed(Problem(.unavailable, "busy", retryAfter: 1)) }
    for _ in 0..<20 { #expect(accounts.login("ayse", Accounts.ownerPassword).status == 503) }
    accounts.community.worker = TestCommunity.passwords
    #expect(accounts.login("ayse", Accounts.ownerPassword).status == 200)
  }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8:0:0::/64"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:DB8:1:2::", "2001:db8:1:2::/64"), ("::1", "0:0:0:0::/64"),
    ("fe80::1%eth0", "fe80:0:0:0::/64"), ("1::2:3:4:5:6:7", "1:0:2:3::/64"), ("", ""), (":", "0:0:0:0::/64"),
  ])
  func `a network is an IPv4 address or the first half of an IPv6 one`(_ address: String, _ name: String) {
    #expect(Network(address).name == name)
  }
}
