// Sessions as their owner sees and ends them, and the index that makes an end hold at once.

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

@Suite struct SessionTests {
  @Test func `the list has the live sessions, and says which one asks`() throws {
    let accounts = try Accounts()
    let first = try accounts.join("mehmet")
    accounts.community.advance(.seconds(60))
    let second = try Client(accounts.login("mehmet"))
    let sessions = try #require(accounts.call("GET", "/api/sessions", token: second.access)["sessions"].array)
    #expect(sessions.map { $0["id"]?.string } == [second.session.description, first.session.description])
    #expect(sessions.map { $0["current"] } == [true, false])
  }

  @Test func `a session that is revoked is refused from the next request on`() throws {
    let accounts = try Accounts()
    let lost = try accounts.join("mehmet")
    let own = try Client(accounts.login("mehmet"))
    #expect(accounts.call("DELETE", "/api/sessions/\(lost.session)", token: own.access).status == 200)
    #expect(!accounts.isSignedIn(lost.access) && accounts.isSignedIn(own.access))
  }

  @Test func `somebody else's session is none`() throws {
    let accounts = try Accounts()
    let owner = try accounts.ownerClient()
    let mehmet = try accounts.join("mehmet")
    #expect(accounts.call("DELETE", "/api/sessions/\(owner.session)", token: mehmet.access).status == 404)
    #expect(accounts.isSignedIn(owner.access))
  }

  @Test func `all other sessions end together`() throws {
    let accounts = try Accounts()
    let others = try [accounts.join("mehmet"), Client(accounts.login("mehmet"))]
    let own = try Client(accounts.login("mehmet"))
    #expect(accounts.call("DELETE", "/api/sessions", token: own.access)["revoked"] == 2)
    #expect(others.allSatisfy { !accounts.isSignedIn($0.access) } && accounts.isSignedIn(own.access))
  }

  @Test func `beyond the limit the session that was not used for the longest time ends`() throws {
    let accounts = try Accounts()
    let first = try accounts.join("mehmet")
    var last = first
    for _ in 0..<Limit.sessionsPerUser {
      accounts.community.advance(.seconds(1))
      last = try Client(accounts.login("mehmet"))
    }
    #expect(!accounts.isSignedIn(first.access))
    #expect(
      accounts.call("GET", "/api/sessions", token: last.access)["sessions"].array?.count == Limit.sessionsPerUser)
  }

  @Test func `an index that is read from the tables knows what the running one knows`() throws {
    try forEachSeed(20) { seed, random in
      let accounts = try Accounts()
      var clients: [Client] = [try accounts.ownerClient()]
      for step in 0..<30 {
        accounts.community.advance(.seconds(Int64.random(in: 1...200_000, using: &random)))
        let client = clients.randomElement(using: &random) ?? clients[0]
        switch Int.random(in: 0..<5, using: &random) {
        case 0: clients.append(try accounts.join("member\(step)"))
        case 1: accounts.call("POST", "/api/auth/refresh", ["refresh_token": .string(client.refresh)])
        case 2: accounts.call("POST", "/api/auth/logout", ["refresh_token": .string(client.refresh)])
        case 3: accounts.call("DELETE", "/api/sessions", token: client.access)
        default: clients.append(try accounts.ownerClient())
        }
      }
      let now = accounts.community.now.wall
      let read = try Authenticator(accounts.keys, reading: accounts.community.database, at: now)
      for client in clients {
        let known = accounts.authenticator.isLive(client.session, at: now)
        #expect(read.isLive(client.session, at: now) == known, "seed \(seed)")
      }
    }
  }
}

@Suite struct AuthenticatorTests {
  @Test func `the header goes before the cookie, and the cookie before the query`() throws {
    let accounts = try Accounts()
    let header = try accounts.ownerClient()
    let cookie = try accounts.join("mehmet")
    let query = try accounts.join("zeynep")
    func ask(_ authorization: String?, _ cookies: String?, _ token: String?) -> (Identifier?, Authenticator.Source?) {
      let found = accounts.authenticator.authenticate(
        authorization: authorization, cookie: cookies, queryToken: token, at: accounts.community.now.wall)
      return (found?.caller.session, found?.source)
    }
    let cookies = "theme=dark; token=\(cookie.access); other=1"
    #expect(ask("Bearer \(header.access)", cookies, query.access) == (header.session, .header))
    #expect(ask(nil, cookies, query.access) == (cookie.session, .cookie))
    #expect(ask(nil, "theme=dark", query.access) == (query.session, .query))
    #expect(ask("Basic abc", cookies, query.access) == (nil, nil))
  }

  @Test func `a token with any bit flipped is nobody's`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    for token in [client.access, client.refresh] {
      for position in token.utf8.indices {
        for bit in 0..<7 {
          var bytes = Array(token.utf8)
          bytes[token.utf8.distance(from: token.utf8.startIndex, to: position)] ^= 1 << UInt8(bit)
          let forged = String(decoding: bytes, as: UTF8.self)
          let isKnown = accounts.isSignedIn(forged)
          #expect(!isKnown)
          let refresh = SignedToken(forged, .refresh, accounts.keys, at: accounts.community.now.wall)
          #expect(refresh == nil)
        }
      }
    }
  }

  @Test func `a token without a signature, or of another algorithm, is nobody's`() throws {
    let accounts = try Accounts()
    let client = try accounts.ownerClient()
    let parts = client.access.split(separator: ".")
    let none = Base64.encodeURL(Array(#"{"alg":"none","typ":"JWT"}"#.utf8))
    for token in ["\(none).\(parts[1]).", "\(none).\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).", "..", ""] {
      #expect(!accounts.isSignedIn(token), "\(token)")
    }
  }

  @Test func `tokens of another server are nobody's`() throws {
    let accounts = try Accounts()
    let forged = SignedToken(
      .access, user: accounts.owner, session: try accounts.ownerClient().session, at: accounts.community.now.wall,
      life: Limit.accessLife, nonce: "1"
    ).signed(.random())
    #expect(!accounts.isSignedIn(forged))
  }

  @Test func `a bot is known by its token while it is there`() throws {
    let accounts = try Accounts()
    let bot = try accounts.community.addMember("bot")
    let (token, digest) = BotToken.make()
    let now = accounts.community.now.wall
    accounts.authenticator.apply(.botOpened(tokenDigest: digest, user: bot, scopes: ["a", "b"]), at: now)
    let caller = accounts.authenticator.authenticate(
      authorization: "Bot \(token)", cookie: nil, queryToken: nil, at: now)?.caller
    #expect(caller == Caller(user: bot, scopes: ["a", "b"]))
    accounts.authenticator.apply(.botClosed(user: bot), at: now)
    #expect(!accounts.isSignedIn(token))
  }

  @Test func `bots are known again after a restart`() throws {
    let accounts = try Accounts()
    let bot = try accounts.community.addMember("bot")
    let (token, digest) = BotToken.make()
    try accounts.community.write { (writing) throws(Problem) in
      _ = try writing.tables.execute(
        "INSERT INTO bot_tokens (user_id, digest, scopes, created_at) VALUES (?1, ?2, 'members.read x', 0)", bot, digest
      )
    }
    let now = accounts.community.now.wall
    accounts.authenticator = try Authenticator(accounts.keys, reading: accounts.community.database, at: now)
    let caller = accounts.authenticator.authenticate(
      authorization: "Bearer \(token)", cookie: nil, queryToken: nil, at: now)?.caller
    #expect(caller?.scopes == ["members.read", "x"])
  }

  @Test func `a member who is removed has no sessions left`() throws {
    let accounts = try Accounts()
    let client = try accounts.join("mehmet")
    accounts.authenticator.apply(.memberRemoved(client.user), at: accounts.community.now.wall)
    #expect(!accounts.isSignedIn(client.access))
  }

  @Test func `cookies count for requests of our own page`() {
    let host = "chat.example:8443"
    #expect(OriginCheck.permits(method: "GET", origin: nil, host: host))
    #expect(OriginCheck.permits(method: "POST", origin: "https://chat.example:8443", host: host))
    #expect(OriginCheck.permits(method: "DELETE", origin: "https://CHAT.example:8443", host: host))
    for origin in [
      nil, "", "null", "https://chat.example", "https://chat.example:8443.evil", "ftp://chat.example:8443",
    ] {
      #expect(!OriginCheck.permits(method: "POST", origin: origin, host: host), "\(origin ?? "none")")
    }
  }
}
