// Passwords: changed by their owner, made void by administrators, and set anew with a code.

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

@Suite struct PasswordTests {
  private func change(_ accounts: Accounts, _ client: Client, from: String, to: String) -> Answer {
    accounts.call(
      "POST", "/api/users/me/password", ["current_password": .string(from), "new_password": .string(to)],
      token: client.access)
  }

  @Test func `a new password ends all other sessions and not this one`() throws {
    let accounts = try Accounts()
    let other = try accounts.join("mehmet")
    let client = try Client(accounts.login("mehmet"))
    #expect(change(accounts, client, from: Accounts.password, to: "brand new words").status == 200)
    #expect(accounts.isSignedIn(client.access) && !accounts.isSignedIn(other.access))
    #expect(accounts.login("mehmet").status == 401)
    #expect(accounts.login("mehmet", "brand new words").status == 200)
    #expect(accounts.auditActions.contains("password_change"))
  }

  @Test func `without the present password nothing changes`() throws {
    let accounts = try Accounts()
    let client = try accounts.join("mehmet")
    let answer = change(accounts, client, from: "guess", to: "brand new words")
    #expect(answer.status == 403 && answer["pointer"] == "/current_password")
    #expect(accounts.login("mehmet").status == 200)
  }

  @Test(arguments: ["1234567", "password123", "aaaaaaaaaa", String(repeating: "ş", count: 37)])
  func `a password that is short, common, monotonous or longer than 72 bytes is refused`(_ password: String) throws {
    let accounts = try Accounts()
    let client = try accounts.join("mehmet")
    let answer = change(accounts, client, from: Accounts.password, to: password)
    #expect(answer.status == 400 && answer["pointer"] == "/new_password")
  }

  @Test func `a password is at least 8 and at most 72 bytes`() throws {
    try PasswordRule.check("abcdefgh", username: "mehmet")
    try PasswordRule.check(String(repeating: "abcd", count: 18), username: "mehmet")
    #expect(throws: Problem.self) { try PasswordRule.check("abcdefg", username: "mehmet") }
    #expect(throws: Problem.self) { try PasswordRule.check("Mehmet1234", username: "mehmet1234") }
  }

  @Test func `guessing the present password in a stolen session is slowed down`() throws {
    let accounts = try Accounts()
    let client = try accounts.join("mehmet")
    for _ in 0..<Limit.freeAttempts {
      #expect(change(accounts, client, from: "guess", to: "brand new words").status == 403)
    }
    let answer = change(accounts, client, from: Accounts.password, to: "brand new words")
    #expect(answer.status == 429)
    #expect(accounts.login("mehmet").status == 200)
  }

  @Test func `a reset makes the password void, ends the sessions and gives a code that works once`() throws {
    let accounts = try Accounts()
    let owner = try accounts.ownerClient()
    let mehmet = try accounts.join("mehmet")
    let answer = accounts.call("POST", "/api/users/\(mehmet.user)/password-reset", token: owner.access)
    let code = try #require(answer["reset"]["code"]?.string)
    #expect(!accounts.isSignedIn(mehmet.access))
    #expect(accounts.login("mehmet").status == 401)

    func redeem(_ password: String) -> Answer {
      accounts.call(
        "POST", "/api/auth/password-reset", ["code": .string(code.uppercased()), "new_password": .string(password)])
    }
    #expect(redeem("short").status == 400)
    #expect(redeem("brand new words").status == 200)
    #expect(redeem("other new words").status == 403)
    #expect(accounts.login("mehmet", "brand new words").status == 200)
  }

  @Test func `a code is good for a day`() throws {
    let accounts = try Accounts()
    let mehmet = try accounts.join("mehmet")
    let answer = accounts.call(
      "POST", "/api/users/\(mehmet.user)/password-reset", token: try accounts.ownerClient().access)
    accounts.community.advance(Limit.resetLife)
    let redeemed = accounts.call(
      "POST", "/api/auth/password-reset",
      ["code": answer["reset"]["code"] ?? nil, "new_password": "brand new words"])
    #expect(redeemed.status == 403)
  }

  @Test func `administrators reset those below them, and nobody resets an owner but an owner`() throws {
    let accounts = try Accounts()
    let owner = try accounts.ownerClient()
    let admin = try accounts.join("yonetim")
    let peer = try accounts.join("mudur")
    try accounts.give("Admin", to: admin.user)
    try accounts.give("Admin", to: peer.user)
    let member = try accounts.join("mehmet")
    func reset(_ user: Identifier, by client: Client) -> Int {
      accounts.call("POST", "/api/users/\(user)/password-reset", token: client.access).status
    }
    #expect(reset(owner.user, by: admin) == 403)
    #expect(reset(peer.user, by: admin) == 403)
    #expect(reset(member.user, by: peer) == 200)
    #expect(reset(admin.user, by: member) == 401)  // whose session the reset has ended
    #expect(reset(owner.user, by: owner) == 400)
    #expect(reset(peer.user, by: owner) == 200)
    #expect(accounts.isSignedIn(owner.access))
  }
}
