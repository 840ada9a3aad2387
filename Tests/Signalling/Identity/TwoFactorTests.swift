// The second factor: vectors of the RFC, replays, recovery codes and the way through the routes.

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

@Suite struct TOTPTests {
  @Test(arguments: [
    (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
    (2_000_000_000, "279037"), (20_000_000_000, "353130"),
  ])
  func `codes are those of RFC 6238, appendix B`(_ seconds: Int64, _ code: String) {
    let factor = TOTP(secret: Array("12345678901234567890".utf8))
    #expect(factor.code(step: TOTP.step(at: WallTime(milliseconds: seconds * 1000))) == code)
  }

  @Test func `the code before and the one after are taken, and none beyond`() {
    let factor = TOTP(secret: Array("12345678901234567890".utf8))
    let now = WallTime(milliseconds: 1_800_000_000_000)
    let step = TOTP.step(at: now)
    for offset in -3...3 as ClosedRange<Int64> {
      let found = factor.step(of: factor.code(step: step + offset), at: now)
      #expect(found == (abs(offset) <= 1 ? step + offset : nil), "\(offset)")
    }
  }

  @Test func `the secret is written in base 32, and names are escaped`() {
    let factor = TOTP(secret: Array("Hello!".utf8) + [0xDE, 0xAD, 0xBE, 0xEF])
    #expect(factor.text == "JBSWY3DPEHPK3PXP")
    #expect(
      factor.url(issuer: "Bizim Ev", account: "ayşe").hasPrefix(
        "otpauth://totp/Bizim%20Ev:ay%C5%9Fe?secret=JBSWY3DPEHPK3PXP&issuer=Bizim%20Ev&"))
  }
}

@Suite struct TwoFactorTests {
  /// A member with a second factor.
  private struct Setting {
    let accounts: Accounts
    var client: Client
    let factor: TOTP
    let recovery: [String]

    init() throws {
      accounts = try Accounts()
      client = try accounts.join("mehmet")
      let begun = accounts.call(
        "POST", "/api/users/me/two-factor", ["password": .string(Accounts.password)], token: client.access)
      factor = TOTP(secret: try Self.secret(begun["two_factor"]["secret"]?.string))
      let confirmed = accounts.call(
        "POST", "/api/users/me/two-factor/confirm", ["code": .string(factor.code(step: Self.step(accounts)))],
        token: client.access)
      recovery = confirmed["recovery_codes"].array?.compactMap(\.string) ?? []
      accounts.community.advance(.seconds(60))
    }

    var code: String { factor.code(step: Self.step(accounts)) }

    static func step(_ accounts: Accounts) -> Int64 { TOTP.step(at: accounts.community.now.wall) }

    func login(_ code: String) throws -> Answer {
      let first = accounts.login("mehmet")
      try #require(first.code == "TWO_FACTOR_REQUIRED" && first.status == 403)
      return accounts.call("POST", "/api/auth/two-factor", ["ticket": first["ticket"], "code": .string(code)])
    }

    /// The reverse of base 32.
    static func secret(_ text: String?) throws -> [UInt8] {
      let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
      var bits = 0
      var count = 0
      var bytes: [UInt8] = []
      for character in try #require(text) {
        bits = (bits << 5 | (try #require(alphabet.firstIndex(of: character)))) & 0xFFFF
        count += 5
        if count >= 8 {
          count -= 8
          bytes.append(UInt8(truncatingIfNeeded: bits >> count))
        }
      }
      return bytes
    }
  }

  @Test func `the password alone gets a ticket, and the code a session`() throws {
    let setting = try Setting()
    #expect(setting.recovery.count == Limit.recoveryCodes)
    let client = try Client(setting.login(setting.code))
    #expect(setting.accounts.isSignedIn(client.access))
    let me = setting.accounts.call("GET", "/api/users/me", token: client.access)
    #expect(me["user"]["two_factor_enabled"] == true)
  }

  @Test func `a code is good once, also right after it`() throws {
    let setting = try Setting()
    let code = setting.code
    #expect(try setting.login(code).status == 200)
    #expect(try setting.login(code).status == 401)
    // An older code within the tolerance is a replay too.
    #expect(try setting.login(setting.factor.code(step: Setting.step(setting.accounts) - 1)).status == 401)
  }

  @Test func `a recovery code is good once, however it is written`() throws {
    let setting = try Setting()
    let code = setting.recovery[3].uppercased().replacing("-", with: " ")
    #expect(try setting.login(code).status == 200)
    #expect(try setting.login(setting.recovery[3]).status == 401)
    #expect(try setting.login(setting.recovery[4]).status == 200)
  }

  @Test func `a ticket ends after five minutes, and with the password that it was given for`() throws {
    let setting = try Setting()
    let accounts = setting.accounts
    let ticket = accounts.login("mehmet")["ticket"]
    func second() -> Answer {
      accounts.call("POST", "/api/auth/two-factor", ["ticket": ticket, "code": .string(setting.code)])
    }
    accounts.call(
      "POST", "/api/users/me/password",
      ["current_password": .string(Accounts.password), "new_password": "brand new words"], token: setting.client.access)
    #expect(second()["reason"] == "ticket")
    let next = accounts.login("mehmet", "brand new words")["ticket"]
    accounts.community.advance(Limit.ticketLife)
    let late = accounts.call("POST", "/api/auth/two-factor", ["ticket": next, "code": .string(setting.code)])
    #expect(late["reason"] == "ticket")
  }

  @Test func `a ticket asks for nothing but the second step`() throws {
    let setting = try Setting()
    let ticket = try #require(setting.accounts.login("mehmet")["ticket"].string)
    #expect(!setting.accounts.isSignedIn(ticket))
    #expect(setting.accounts.call("POST", "/api/auth/refresh", ["refresh_token": .string(ticket)]).status == 401)
  }

  @Test func `guessing codes is slowed down for the account, from wherever it is tried`() throws {
    let setting = try Setting()
    let accounts = setting.accounts
    for attempt in 0..<Limit.freeAttempts {
      accounts.community.origin.address = "198.51.100.\(attempt)"
      #expect(try setting.login("000000").status == 401)
    }
    accounts.community.origin.address = "203.0.113.9"
    #expect(try setting.login(setting.code).status == 429)
    accounts.community.advance(.seconds(2))
    #expect(try setting.login(setting.code).status == 200)
  }

  @Test func `a browser that is known is not held up by strangers' codes`() throws {
    let setting = try Setting()
    let accounts = setting.accounts
    for _ in 0..<Limit.freeAttempts { _ = try setting.login("000000") }
    let first = accounts.login("mehmet", cookies: setting.client.device)
    let answer = accounts.call(
      "POST", "/api/auth/two-factor", ["ticket": first["ticket"], "code": .string(setting.code)],
      cookies: setting.client.device)
    #expect(answer.status == 200)
  }

  @Test func `putting it on takes the password, and taking it off both`() throws {
    let setting = try Setting()
    let accounts = setting.accounts
    let token = setting.client.access
    func remove(_ password: String, _ code: String) -> Int {
      accounts.call(
        "DELETE", "/api/users/me/two-factor", ["password": .string(password), "code": .string(code)], token: token
      ).status
    }
    #expect(remove(Accounts.password, "000000") == 403)
    #expect(remove("wrong", setting.code) == 403)
    #expect(remove(Accounts.password, setting.code) == 200)
    #expect(accounts.login("mehmet").status == 200)
    let begun = accounts.call("POST", "/api/users/me/two-factor", ["password": "wrong"], token: token)
    #expect(begun.status == 403)
  }

  @Test func `guessing codes with a known password is slowed down behind every door`() throws {
    let setting = try Setting()
    let body: JSONValue = ["password": .string(Accounts.password), "code": "000000"]
    for _ in 0..<Limit.freeAttempts {
      #expect(
        setting.accounts.call("DELETE", "/api/users/me/two-factor", body, token: setting.client.access).status == 403)
    }
    #expect(
      setting.accounts.call(
        "POST", "/api/users/me/two-factor/recovery-codes", body, token: setting.client.access
      ).status == 429)
  }

  @Test func `new recovery codes make the old ones void`() throws {
    let setting = try Setting()
    let answer = setting.accounts.call(
      "POST", "/api/users/me/two-factor/recovery-codes",
      ["password": .string(Accounts.password), "code": .string(setting.code)], token: setting.client.access)
    let codes = answer["recovery_codes"].array?.compactMap(\.string) ?? []
    #expect(codes.count == Limit.recoveryCodes)
    #expect(Set(codes).isDisjoint(with: setting.recovery))
    #expect(try setting.login(setting.recovery[0]).status == 401)
    #expect(try setting.login(#require(codes.first)).status == 200)
  }

  @Test func `a factor that was not confirmed is not asked for, and a second one is refused`() throws {
    let accounts = try Accounts()
    let client = try accounts.join("mehmet")
    func begin() -> Answer {
      accounts.call("POST", "/api/users/me/two-factor", ["password": .string(Accounts.password)], token: client.access)
    }
    #expect(begin().status == 200)
    #expect(accounts.login("mehmet").status == 200)
    #expect(begin().status == 200)
    let confirmed = accounts.call(
      "POST", "/api/users/me/two-factor/confirm", ["code": "000000"], token: client.access)
    #expect(confirmed.status == 403)
    let setting = try Setting()
    let again = setting.accounts.call(
      "POST", "/api/users/me/two-factor", ["password": .string(Accounts.password)], token: setting.client.access)
    #expect(again["reason"] == "two_factor_enabled")
  }

  @Test func `the secret is sealed in the tables and opens for its own account alone`() throws {
    let setting = try Setting()
    let box = try #require(
      try setting.accounts.community.database.first("SELECT secret FROM two_factor") { $0.blob(0) })
    #expect(!box.contains(setting.factor.secret))
    let cipher = SealedBox(key: setting.accounts.keys.sealing)
    #expect(cipher.open(box, context: "two factor of \(setting.client.user)") == setting.factor.secret)
    #expect(cipher.open(box, context: "two factor of \(setting.accounts.owner)") == nil)
  }

  @Test func `an administrator's reset can take a lost phone's factor off`() throws {
    let setting = try Setting()
    let accounts = setting.accounts
    let reset = accounts.call(
      "POST", "/api/users/\(setting.client.user)/password-reset", ["clear_two_factor": true],
      token: try accounts.ownerClient().access)
    accounts.call(
      "POST", "/api/auth/password-reset", ["code": reset["reset"]["code"] ?? nil, "new_password": "brand new words"])
    #expect(accounts.login("mehmet", "brand new words").status == 200)
  }

  @Test func `who has left and has a second factor comes back with both`() throws {
    let setting = try Setting()
    let accounts = setting.accounts
    try accounts.set("state", "left", of: setting.client.user)
    try accounts.invite()
    var body: JSONObject = JSONObject()
    body["username"] = "mehmet"
    body["password"] = .string(Accounts.password)
    #expect(accounts.call("POST", "/api/invites/davet/join", .object(body)).code == "TWO_FACTOR_REQUIRED")
    body["code"] = "000000"
    #expect(accounts.call("POST", "/api/invites/davet/join", .object(body)).status == 401)
    body["code"] = .string(setting.code)
    #expect(accounts.call("POST", "/api/invites/davet/join", .object(body)).status == 201)
  }
}
