// Refresh tokens: each good once, and a copy found out.

import API
import Access
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import Randomness
import SQL
import TestSupport
import Testing

@testable import Identity

@Suite struct RefreshTests {
  private func refresh(_ accounts: Accounts, _ token: String) -> Answer {
    accounts.call("POST", "/api/auth/refresh", ["refresh_token": .string(token)])
  }

  @Test func `refreshing gives a new pair, and the session lives on for seven days from then`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    accounts.community.advance(.seconds(6 * 24 * 3600))
    let next = try Client(refresh(accounts, client.refresh))
    #expect(next.session == client.session && next.refresh != client.refresh)
    accounts.community.advance(.seconds(6 * 24 * 3600))
    #expect(refresh(accounts, next.refresh).status == 200)
  }

  @Test func `after seven days without use a session is over`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    accounts.community.advance(Limit.refreshLife)
    #expect(refresh(accounts, client.refresh).status == 401)
  }

  @Test func `a token that was traded in ends the session when it comes back`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    let next = try Client(refresh(accounts, client.refresh))
    accounts.community.advance(Limit.refreshGrace)
    #expect(refresh(accounts, client.refresh).status == 401)
    #expect(!accounts.isSignedIn(next.access))
    #expect(refresh(accounts, next.refresh).status == 401)
    #expect(accounts.auditActions.last == "session_revoke")
  }

  @Test func `two tabs that refresh at once get the same successor`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    let first = try Client(refresh(accounts, client.refresh))
    accounts.community.advance(.seconds(9))
    let second = try Client(refresh(accounts, client.refresh))
    #expect(first.refresh == second.refresh)
    #expect(accounts.isSignedIn(first.access) && accounts.isSignedIn(second.access))
    #expect(refresh(accounts, second.refresh).status == 200)
  }

  @Test func `the cookie refreshes for our own page alone`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    for origin in [nil, "https://evil.example", "http://localhost:81", "null"] {
      let answer = accounts.call(
        "POST", "/api/auth/refresh", cookies: client.cookies, headers: origin.map { ["origin": $0] } ?? [:])
      #expect(answer.status == 403, "\(origin ?? "none")")
    }
    let answer = accounts.call(
      "POST", "/api/auth/refresh", cookies: client.cookies, headers: ["origin": "http://localhost"])
    #expect(answer.status == 200)
  }

  @Test func `an access token does not refresh, and a refresh token does not ask`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    #expect(refresh(accounts, client.access).status == 401)
    #expect(!accounts.isSignedIn(client.refresh))
  }

  /// What the server should know: which token of each session is good, and which one was good until when.
  private struct Model {
    var current: String?
    var previous: (token: String, traded: Int64)?
  }

  @Test func `a model of rotation agrees, whatever the order of old and new tokens`() throws {
    try forEachSeed(40) { seed, random in
      let accounts = try Accounts()
      var models: [Model] = []
      var tokens: [(token: String, session: Int)] = []
      for _ in 0..<60 {
        accounts.community.advance(.seconds(Int64.random(in: 0...12, using: &random)))
        let now = accounts.community.now.wall.seconds
        if tokens.isEmpty || random.chance(0.1) {
          let client = try accounts.ownerClient()
          tokens.append((client.refresh, models.count))
          models.append(Model(current: client.refresh))
          continue
        }
        // Mostly recent tokens, so that sessions get somewhere.
        let index = max(0, tokens.count - 1 - Int.random(in: 0...3, using: &random))
        let (token, session) = tokens[random.chance(0.8) ? index : Int.random(in: 0..<tokens.count, using: &random)]
        let answer = refresh(accounts, token)
        let model = models[session]
        if token == model.current {
          #expect(answer.status == 200, "seed \(seed)")
          let next = try Client(answer).refresh
          models[session] = Model(current: next, previous: (token, now))
          tokens.append((next, session))
        } else if let previous = model.previous, previous.token == token, model.current != nil,
          now - previous.traded < 10
        {
          #expect(try Client(answer).refresh == model.current, "seed \(seed)")
        } else {
          #expect(answer.status == 401, "seed \(seed)")
          models[session] = Model()
        }
      }
      let live = models.filter { $0.current != nil }.count
      #expect(accounts.authenticator.sessionCount == live + 1, "seed \(seed)")  // and the one of the set-up
    }
  }
}
