// The first set-up: who may do it, and what it leaves behind.

import API
import Access
import Chronology
import CommunitySupport
import JSON
import SQL
import Testing

@testable import Identity

@Suite struct SetupTests {
  private let body: JSONValue = [
    "server_name": "Deneme", "username": "ayse", "password": "correct horse battery",
  ]

  @Test func `a new server says that it has to be set up, and afterwards that it has not`() throws {
    let accounts = try Accounts(isSetUp: false)
    #expect(accounts.call("GET", "/api/setup")["setup"]["needed"] == true)
    #expect(accounts.call("POST", "/api/setup", body).status == 201)
    #expect(accounts.call("GET", "/api/setup")["setup"]["needed"] == false)
  }

  @Test func `set-up makes the owner, who is signed in and holds every permission`() throws {
    let accounts = try Accounts(isSetUp: false)
    let client = try Client(accounts.call("POST", "/api/setup", body))
    #expect(accounts.isSignedIn(client.access))
    #expect(accounts.community.directory.isOwner(client.user))
    #expect(accounts.community.directory.permissions(of: client.user, at: accounts.community.now.wall) == .all)
  }

  @Test func `set-up makes four roles in their order and one channel of each kind`() throws {
    let accounts = try Accounts(isSetUp: false)
    accounts.call("POST", "/api/setup", body)
    let roles = accounts.community.directory.roles.values.sorted { $0.position < $1.position }
    #expect(roles.map(\.name) == ["Member", "Moderator", "Admin", "Owner"])
    #expect(roles[0].permissions == .memberDefault && roles[0].kind == .everyone)
    let names = try accounts.community.database.query("SELECT name FROM channels ORDER BY type") { $0.text(0) }
    #expect(names == ["genel", "Sohbet"])
  }

  @Test func `the language of the first channels can be chosen`() throws {
    let accounts = try Accounts(isSetUp: false)
    accounts.call(
      "POST", "/api/setup", ["server_name": "D", "username": "ayse", "password": "correct horse", "locale": "en"])
    let names = try accounts.community.database.query("SELECT name FROM channels ORDER BY type") { $0.text(0) }
    #expect(names == ["general", "Lounge"])
  }

  @Test func `a second set-up is refused and changes nothing`() throws {
    let accounts = try Accounts()
    let answer = accounts.call(
      "POST", "/api/setup", ["server_name": "Mine now", "username": "mallory", "password": "correct horse"])
    #expect(answer.status == 409 && answer["reason"] == "set_up")
    #expect(try accounts.community.database.query("SELECT name FROM server") { $0.text(0) } == ["Deneme"])
  }

  @Test func `registering first makes the owner as well`() throws {
    let accounts = try Accounts(isSetUp: false)
    let answer = accounts.call("POST", "/api/auth/register", ["username": "admin", "password": "correct horse"])
    #expect(answer.status == 201)
    #expect(accounts.community.directory.isOwner(try Client(answer).user))
  }

  /// Addresses and hosts of callers who are not at the machine, whatever one of the two pretends.
  private static let elsewhere = [
    ("192.0.2.7", "mqvi.example.org"), ("192.0.2.7", "localhost:8080"), ("127.0.0.1", "mqvi.example.org"),
    ("127.0.0.1", "localhost.example.org"), ("::ffff:192.0.2.7", "127.0.0.1"),
  ]

  @Test(arguments: elsewhere)
  func `who merely finds a new server cannot make it theirs`(_ address: String, _ host: String) throws {
    let accounts = try Accounts(isSetUp: false)
    accounts.community.origin = Origin(address: address, host: host)
    #expect(accounts.call("GET", "/api/setup")["setup"]["code_needed"] == true)
    let registration: JSONValue = ["username": "mallory", "password": "correct horse"]
    for (path, sent) in [("/api/setup", body), ("/api/auth/register", registration)] {
      let answer = accounts.call("POST", path, sent)
      #expect(answer.status == 403 && answer["reason"] == "setup_code")
      var guessed = sent.object ?? JSONObject()
      guessed["setup_code"] = .string(String(accounts.keys.setupCode.dropLast()))
      #expect(accounts.call("POST", path, .object(guessed)).status == 403)
    }
    #expect(accounts.call("GET", "/api/setup")["setup"]["needed"] == true)
  }

  @Test func `who has read what the server printed makes it theirs from anywhere`() throws {
    let accounts = try Accounts(isSetUp: false)
    accounts.community.origin = Origin(address: "192.0.2.7", host: "mqvi.example.org")
    var sent = body.object ?? JSONObject()
    sent["setup_code"] = .string(accounts.keys.setupCode)
    #expect(accounts.call("POST", "/api/setup", .object(sent)).status == 201)
  }

  @Test func `at the machine itself no code is asked for`() throws {
    for (address, host) in [("127.0.0.1", "127.0.0.1:8080"), ("::1", "[::1]:8080"), ("127.0.0.1", "localhost")] {
      let accounts = try Accounts(isSetUp: false)
      accounts.community.origin = Origin(address: address, host: host)
      #expect(accounts.call("GET", "/api/setup")["setup"]["code_needed"] == false)
      #expect(accounts.call("POST", "/api/setup", body).status == 201)
    }
  }
}
