// People: their list, their profile, and what becomes of their data.

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

@Suite struct UserTests {
  @Test func `the list has all members in pages, with their presence and their roles`() throws {
    let accounts = try Accounts()
    let token = try accounts.ownerClient().access
    var ids = [accounts.owner.description]
    for name in ["mehmet", "zeynep", "deniz"] { ids.append(try accounts.join(name).user.description) }
    accounts.community.life = { request in
      guard case .presences(let users) = request else { return .json(nil) }
      return .json(
        .object(users.reduce(into: JSONObject()) { $0[$1.description] = $1 == accounts.owner ? "dnd" : "offline" }))
    }
    let all = try #require(accounts.call("GET", "/api/users", token: token)["users"].array)
    #expect(all.map { $0["id"]?.string } == ids)
    #expect(all.map { $0["status"] } == ["dnd", "offline", "offline", "offline"])
    #expect(all[0]["roles"]?.array?.first?.string == (try accounts.role("Owner")).description)
    #expect(all.allSatisfy { $0["email"] == nil })
    let page = accounts.call("GET", "/api/users?limit=2&after=\(ids[1])", token: token)["users"].array
    #expect(page?.map { $0["id"]?.string } == [ids[2], ids[3]])
  }

  @Test func `one's own profile has what is nobody else's business`() throws {
    let accounts = try Accounts()
    let me = accounts.call("GET", "/api/users/me", token: try accounts.ownerClient().access)["user"]
    #expect(me["email"] == "ayse@example.org" && me["two_factor_enabled"] == false)
    #expect(me["must_change_password"] == false && me["status"] == "online")
  }

  @Test func `somebody who has left can still be looked up, and nobody else can`() throws {
    let accounts = try Accounts()
    let token = try accounts.ownerClient().access
    let mehmet = try accounts.join("mehmet").user
    try accounts.set("state", "left", of: mehmet)
    #expect(accounts.call("GET", "/api/users/\(mehmet)", token: token)["user"]["username"] == "mehmet")
    #expect(accounts.call("GET", "/api/users/0000000000000001", token: token).status == 404)
    #expect(accounts.call("GET", "/api/users/nonsense", token: token).status == 404)
    #expect(accounts.call("GET", "/api/users").status == 401)
  }

  @Test func `a change of the profile is told to everybody, and a status to the gateway`() throws {
    let accounts = try Accounts()
    let token = try accounts.ownerClient().access
    _ = accounts.community.takeEvents()
    let answer = accounts.call(
      "PATCH", "/api/users/me",
      ["username": "Ayşegül", "display_name": "  Ayşe Gül ", "email": nil, "status": "dnd", "custom_status": "çayda"],
      token: token)
    let user = answer["user"]
    #expect(user["username"] == "Ayşegül" && user["display_name"] == "Ayşe Gül" && user["email"] == .null)
    let events = accounts.community.takeEvents()
    #expect(events.map(\.op) == ["member_update"])
    #expect(try JSONValue(parsing: events[0].data)["user"]?["custom_status"] == "çayda")
    #expect(accounts.heard.last == .statusChosen(accounts.owner, "dnd"))
    #expect(accounts.auditActions.last == "user_update")
    #expect(accounts.login("aysegul", Accounts.ownerPassword).status == 200)
    #expect(accounts.login("ayse@example.org", Accounts.ownerPassword).status == 401)
  }

  @Test func `what is not named stays as it is, and an update without news tells nobody`() throws {
    let accounts = try Accounts()
    let token = try accounts.ownerClient().access
    _ = accounts.community.takeEvents()
    #expect(accounts.call("PATCH", "/api/users/me", ["status": "online"], token: token).status == 200)
    #expect(accounts.community.takeEvents().isEmpty)
    let me = accounts.call("GET", "/api/users/me", token: token)["user"]
    #expect(me["email"] == "ayse@example.org" && me["username"] == "ayse")
  }

  @Test func `a name that somebody has is not taken over`() throws {
    let accounts = try Accounts()
    let mehmet = try accounts.join("mehmet")
    let answer = accounts.call("PATCH", "/api/users/me", ["username": "AYSE"], token: mehmet.access)
    #expect(answer.status == 409 && answer["reason"] == "username_taken")
  }

  @Test(arguments: ["a\u{202E}b", "a\nb", "a\u{2066}b", "\u{7}"])
  func `display names have no characters that hide or turn others`(_ name: String) throws {
    let accounts = try Accounts()
    let answer = accounts.call(
      "PATCH", "/api/users/me", ["display_name": .string(name)], token: try accounts.ownerClient().access)
    #expect(answer.status == 400 && answer["pointer"] == "/display_name")
  }

  @Test func `last seen is stored and shown`() throws {
    let accounts = try Accounts()
    try accounts.community.write { (writing) throws(Problem) in try writing.markSeen(accounts.owner) }
    let user = accounts.call("GET", "/api/users/\(accounts.owner)", token: try accounts.ownerClient().access)["user"]
    #expect(user["last_seen_at"]?.string == Timestamp(accounts.community.now.wall).text)
  }

  @Test func `authors are found in one go, and who never was is left out`() throws {
    let accounts = try Accounts()
    let mehmet = try accounts.join("mehmet").user
    let authors = try accounts.community.read { (reading) throws(Problem) in
      try reading.tables.authors([mehmet, accounts.owner, mehmet, Identifier(rawValue: 1)])
    }
    #expect(Set(authors.keys) == [mehmet, accounts.owner])
    #expect(authors[mehmet]?.name == "mehmet")
  }
}

@Suite struct DataTests {
  private func holder(_ erased: @escaping @Sendable (Identifier, DataHolder.Choice) -> Void) -> DataHolder {
    DataHolder(
      "messages",
      export: { (_, user) throws(Problem) in [.string("written by \(user)")] },
      erase: { (_, user, choice) throws(Problem) in erased(user, choice) })
  }

  @Test func `the export has the account and what the other modules keep`() throws {
    let accounts = try Accounts(holders: [holder { _, _ in }])
    let client = try accounts.join("mehmet")
    let export = accounts.call("GET", "/api/users/me/export", token: client.access)["export"]
    #expect(export["account"]?["username"] == "mehmet")
    #expect(export["messages"]?.array == [.string("written by \(client.user)")])
    #expect(export["logins"]?.array?.count == 1)
    #expect(!export.description.contains("test$"))
  }

  @Test func `an erased account is a name only, which nobody can sign in with or take`() throws {
    let accounts = try Accounts()
    let client = try accounts.join("mehmet")
    _ = accounts.community.takeEvents()
    let answer = accounts.call(
      "POST", "/api/users/me/erase", ["password": .string(Accounts.password)], token: client.access)
    #expect(answer.status == 200)
    #expect(!accounts.isSignedIn(client.access) && accounts.login("mehmet").status == 401)
    #expect(accounts.community.takeEvents().map(\.op) == ["member_leave"])
    let user = accounts.call("GET", "/api/users/\(client.user)", token: try accounts.ownerClient().access)["user"]
    #expect(user["username"]?.string == "deleted-\(client.user)")
    let left = try accounts.community.database.first(
      "SELECT count(*) FROM login_history WHERE user_id = ?1", client.user.rawValue
    ) { $0.int(0) }
    #expect(left == 0)
    // The name is free again.
    #expect(try accounts.join("Mehmet").user != client.user)
  }

  @Test func `erasing takes the password, and what becomes of messages is the person's choice`() throws {
    let choices = Choices()
    let accounts = try Accounts(holders: [holder { choices.list.append("\($1)") }])
    for (name, choice) in [("mehmet", nil), ("zeynep", "remove")] {
      let client = try accounts.join(name)
      var body = JSONObject()
      body["messages"] = choice.map { .string($0) }
      body["password"] = "wrong"
      #expect(accounts.call("POST", "/api/users/me/erase", .object(body), token: client.access).status == 403)
      body["password"] = .string(Accounts.password)
      #expect(accounts.call("POST", "/api/users/me/erase", .object(body), token: client.access).status == 200)
    }
    #expect(choices.list == ["keep", "remove"])
  }

  @Test func `the last owner stays`() throws {
    let accounts = try Accounts()
    let token = try accounts.ownerClient().access
    func erase() -> Answer {
      accounts.call("POST", "/api/users/me/erase", ["password": .string(Accounts.ownerPassword)], token: token)
    }
    #expect(erase()["reason"] == "last_owner")
    try accounts.give("Owner", to: accounts.join("mehmet").user)
    #expect(erase().status == 200)
  }

  @Test func `administrators erase those below them`() throws {
    let accounts = try Accounts()
    let admin = try accounts.join("yonetim")
    try accounts.give("Admin", to: admin.user)
    let member = try accounts.join("mehmet")
    #expect(accounts.call("POST", "/api/users/\(accounts.owner)/erase", token: admin.access).status == 403)
    #expect(accounts.call("POST", "/api/users/\(admin.user)/erase", token: member.access).status == 403)
    #expect(accounts.call("POST", "/api/users/\(member.user)/erase", token: admin.access).status == 200)
    #expect(accounts.call("POST", "/api/users/\(member.user)/erase", token: admin.access).status == 404)
    #expect(accounts.auditActions.last == "user_erase")
  }

  private final class Choices: @unchecked Sendable { var list: [String] = [] }
}
