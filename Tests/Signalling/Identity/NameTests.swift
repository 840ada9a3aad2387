// Names: which may be chosen, and which are the same.

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

@Suite struct NameTests {
  @Test func `letters of Turkish and English, digits and three signs make a username`() throws {
    for name in ["ayşe", "İlker_34", "a.b-c", "ŞÜKRÜ", "123", String(repeating: "a", count: 32)] {
      #expect(throws: Never.self) { try Username.chosen(name, byOwner: false) }
    }
  }

  @Test(arguments: [
    "ab", String(repeating: "a", count: 33), "a b", "a@b", "аdmin", "naïve", "_abc", "abc.", "a\u{200B}bc",
    "ab\u{0301}c",
    "here", "Everyone", "deleted-x",
  ])
  func `everything else does not`(_ name: String) {
    #expect(throws: Problem.self) { try Username.chosen(name, byOwner: true) }
  }

  @Test func `case and the marks of Turkish letters do not tell names apart`() {
    for names in [["çağrı", "CAGRI", "Çağri"], ["Iğdır", "igdir", "IGDIR", "ığdır", "İĞDİR"], ["öşü", "OSU"]] {
      #expect(Set(names.map { Username.key($0) }).count == 1, "\(names)")
    }
  }

  @Test func `a key is its own key`() {
    forEachSeed(200) { seed, random in
      let alphabet = Array("aAbBzZçÇğĞıİiIöÖşŞüÜ09_.-")
      let name = String(
        (0..<Int.random(in: 3...32, using: &random)).map { _ in alphabet.randomElement(using: &random)! })
      let key = Username.key(name)
      #expect(key != nil && key.flatMap { Username.key($0) } == key, "seed \(seed)")
    }
  }

  @Test(arguments: ["a@b.co", "Ayse.Yilmaz+x@mail.example.com", "a@xn--bcher-kva.example"])
  func `e-mail addresses are taken`(_ address: String) { #expect(EmailAddress.key(address) == address.lowercased()) }

  @Test(arguments: [
    "", "a", "a@b", "@b.co", "a@", "a@@b.co", "a b@c.de", "a@b..co", ".a@b.co", "a@-b.co", "a@b.co-", "a@b.co\n",
    "ı@b.co", String(repeating: "a", count: 65) + "@b.co", "a@" + String(repeating: "b", count: 64) + ".co",
  ])
  func `what is no e-mail address is not`(_ address: String) { #expect(EmailAddress.key(address) == nil) }

  @Test func `cookies are found among others, and a part of a name is not a name`() {
    #expect(Cookies.value("token", in: "a=b; token=x.y; c=d") == "x.y")
    #expect(Cookies.value("token", in: "xtoken=1;token=2") == "2")
    #expect(Cookies.value("token", in: "token=") == nil)
    #expect(Cookies.value("token", in: "token") == nil)
    #expect(Cookies.value("token", in: nil) == nil)
    #expect(Cookies.value("token", in: "token=" + String(repeating: "a", count: Limit.cookieBytes)) == nil)
  }

  @Test func `every query of signing in and of naming authors uses an index`() throws {
    let accounts = try Accounts()
    for sql in [
      "SELECT id FROM users WHERE username_key = 'a' AND kind = 'person'",
      "SELECT id FROM users WHERE email_key = 'a' AND kind = 'person'",
      "SELECT username FROM users WHERE id = 1", "SELECT blocked_until FROM attempts WHERE key = x'00'",
      "SELECT key FROM attempts WHERE updated_at < 1 ORDER BY updated_at LIMIT 8",
      "SELECT id FROM sessions WHERE user_id = 1 AND revoked_at IS NULL",
      "SELECT user_id FROM password_resets WHERE digest = x'00'",
      "SELECT id FROM login_history WHERE user_id = 1 AND id < 9 ORDER BY id DESC LIMIT 1",
      "DELETE FROM login_history WHERE user_id IS NULL AND id <= 1",
    ] {
      let plan = try accounts.community.database.query("EXPLAIN QUERY PLAN \(sql)") { $0.text(3) }
      let isSearched = plan.contains { $0.contains("SEARCH") } && !plan.contains { $0.contains("SCAN") }
      #expect(isSearched, "\(sql): \(plan)")
    }
  }
}

@Suite struct InviteCountingTests {
  /// Joins that wait for their passwords in any order: every success is counted, and none is beyond the limit.
  @Test func `interleaved joins count exactly`() throws {
    try forEachSeed(60) { seed, random in
      let accounts = try Accounts()
      let uses = Int.random(in: 1...5, using: &random)
      try accounts.invite("davet", uses: uses)
      let community = accounts.community
      var started = 0
      var statuses: [Int] = []
      let total = Int.random(in: 1...10, using: &random)
      func join() {
        started += 1
        let name = "member\(started)"
        let status = accounts.call(
          "POST", "/api/auth/register",
          ["username": .string(name), "password": .string(Accounts.password), "invite_code": "davet"]
        ).status
        statuses.append(status)
      }
      // While one password is hashed, others begin and even finish.
      var dice = random
      community.worker = { work in
        while started < total, dice.chance(0.6) { join() }
        return TestCommunity.passwords(work)
      }
      while started < total { join() }
      let counted = try community.database.first("SELECT uses FROM invites") { $0.int(0) }
      #expect(statuses.filter { $0 == 201 }.count == min(uses, total), "seed \(seed)")
      #expect(counted == min(uses, total), "seed \(seed)")
      let members = try community.database.first("SELECT count(*) FROM users") { $0.int(0) }
      #expect(members == 1 + min(uses, total), "seed \(seed)")
    }
  }
}
