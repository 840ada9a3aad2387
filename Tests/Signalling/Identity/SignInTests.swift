// Signing in and out: names, cookies, tokens, and what strangers learn.

import API
import Access
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL
import Testing

@testable import Identity

@Suite struct SignInTests {
  @Test func `username in any spelling and e-mail address both sign in`() throws {
    let accounts = try Accounts()
    for name in ["ayse", "AYŞE", "Ayse@Example.org"] {
      #expect(accounts.login(name, Accounts.ownerPassword).status == 200, "\(name)")
    }
  }

  @Test func `a wrong password and a name that nobody has get the same answer and take the same steps`() throws {
    let accounts = try Accounts()
    var hashes: [String?] = []
    accounts.community.worker = { work in
      if case .checkPassword(_, let hash) = work { hashes.append(hash) }
      return TestCommunity.passwords(work)
    }
    let wrong = accounts.login("ayse", "wrong")
    let nobody = accounts.login("nobody", "wrong")
    #expect(wrong.status == 401 && wrong.json == nobody.json)
    #expect(hashes == ["test$" + Accounts.ownerPassword, nil])
  }

  @Test func `cookies are out of reach for scripts, and for http where there is https`() throws {
    let accounts = try Accounts()
    func cookies() -> [String] {
      accounts.login("ayse", Accounts.ownerPassword).headers.filter { $0.name == "Set-Cookie" }.map(\.value)
    }
    #expect(cookies().count == 3)
    for cookie in cookies() {
      #expect(cookie.contains("; HttpOnly; SameSite=Lax") && !cookie.contains("Secure"))
    }
    accounts.community.origin.isSecure = true
    for cookie in cookies() { #expect(cookie.hasSuffix("; Secure")) }
  }

  @Test func `the access token ends after fifteen minutes, the session does not`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    accounts.community.advance(.seconds(15 * 60 - 1))
    #expect(accounts.isSignedIn(client.access))
    accounts.community.advance(.seconds(1))
    #expect(!accounts.isSignedIn(client.access))
    #expect(accounts.authenticator.isLive(client.session, at: accounts.community.now.wall))
  }

  @Test func `signing out ends the session at once and clears the cookies`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    let answer = accounts.call("POST", "/api/auth/logout", token: client.access)
    #expect(answer.status == 200 && answer.headers.allSatisfy { $0.value.contains("Max-Age=0") })
    #expect(!accounts.isSignedIn(client.access))
    #expect(accounts.call("POST", "/api/auth/refresh", ["refresh_token": .string(client.refresh)]).status == 401)
  }

  @Test func `who is signed out already may sign out again`() throws {
    #expect(try Accounts().call("POST", "/api/auth/logout").status == 200)
  }

  @Test func `a refresh token signs out as well, for a client whose access token has run out`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    accounts.community.advance(.seconds(3600))
    #expect(accounts.call("POST", "/api/auth/logout", ["refresh_token": .string(client.refresh)]).status == 200)
    #expect(!accounts.authenticator.isLive(client.session, at: accounts.community.now.wall))
  }

  @Test func `the other paths have the same handlers`() throws {
    let accounts = try Accounts()
    let answer = accounts.call(
      "POST", "/api/user/login", ["email": "ayse@example.org", "password": .string(Accounts.ownerPassword)])
    let client = try Client(answer)
    let next = accounts.call("POST", "/api/v1/user/refresh/", ["refresh_token": .string(client.refresh)])
    #expect(next.status == 200)
    #expect(accounts.call("POST", "/api/user/logout", ["refresh_token": next["refresh_token"]]).status == 200)
  }

  @Test func `sign-ins are remembered with their outcome, for an owner and the administrators above`() throws {
    let accounts = try Accounts()
    let owner = try accounts.ownerClient()
    let mehmet = try accounts.join("mehmet")
    _ = accounts.login("mehmet", "wrong")
    let own = accounts.call("GET", "/api/login-history", token: mehmet.access)
    #expect(own["logins"].array?.map { $0["outcome"]?.string } == ["credentials", "success"])
    let above = accounts.call("GET", "/api/login-history?user_id=\(mehmet.user)&limit=1", token: owner.access)
    #expect(above["logins"].array?.count == 1)
    let below = accounts.call("GET", "/api/login-history?user_id=\(owner.user)", token: mehmet.access)
    #expect(below.status == 403)
  }

  @Test func `the history goes on behind a page and ends at its limit`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    for _ in 0..<Limit.historyPerUser { _ = accounts.login("ayse", Accounts.ownerPassword) }
    var seen: [String] = []
    var before = ""
    while true {
      let page = accounts.call("GET", "/api/login-history?limit=70\(before)", token: try accounts.ownerClient().access)
      let ids = page["logins"].array?.compactMap { $0["id"]?.string } ?? []
      seen += ids
      guard let last = ids.last else { break }
      before = "&before=\(last)"
    }
    #expect(seen == Array(Set(seen)).sorted(by: >))
    #expect(seen.count <= Limit.historyPerUser && seen.count > Limit.historyPerUser - 10)
    _ = client
  }

  @Test func `the audit log tells of signing in and out`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    accounts.call("POST", "/api/auth/logout", token: client.access)
    #expect(accounts.auditActions == ["server_create", "login", "login", "logout"])
  }
}
