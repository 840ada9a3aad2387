// A community with accounts in it, and clients that sign in to it.

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

/// A community that its owner has set up, with the index of sessions that the process keeps.
final class Accounts {
  static let ownerPassword = "correct horse battery"
  static let password = "a password of ours"

  let keys: AccountKeys
  let community: TestCommunity
  var authenticator: Authenticator
  /// What the last request had for consequences.
  private(set) var heard: [Consequence] = []
  /// Whoever makes invitations.
  private(set) var owner = Identifier(rawValue: 0)

  init(isSetUp: Bool = true, holders: [DataHolder] = []) throws {
    keys = AccountKeys(
      access: Array("access secret of thirty-two bytes".utf8), refresh: Array("refresh secret of thirty-two byt".utf8),
      sealing: [UInt8](repeating: 7, count: 32))
    community = try TestCommunity(IdentityRoutes(keys, holders: holders).all)
    authenticator = try Authenticator(keys, reading: community.database, at: community.now.wall)
    guard isSetUp else {
      community.origin = Origin(address: "127.0.0.1", userAgent: "test", host: "localhost:8080")
      return
    }
    let answer = call(
      "POST", "/api/setup",
      [
        "server_name": "Deneme", "username": "ayse", "email": "ayse@example.org",
        "password": .string(Self.ownerPassword), "setup_code": .string(keys.setupCode),
      ])
    owner = try #require(answer["user"]["id"]?.string.flatMap { Identifier($0) })
    _ = community.takeEvents()
  }

  /// Asks, and lets the index hear of what the commits brought.
  @discardableResult
  func call(
    _ method: String, _ path: String, _ body: JSONValue? = nil, token: String? = nil, cookies: String? = nil,
    headers: [String: String] = [:]
  ) -> Answer {
    var headers = headers
    headers["cookie"] = cookies
    let caller = authenticator.authenticate(
      authorization: token.map { "Bearer \($0)" }, cookie: cookies, queryToken: nil, at: community.now.wall)?.caller
    let answer = community.call(method, path, body, caller: caller, headers: headers)
    heard = community.takeConsequences()
    for consequence in heard { authenticator.apply(consequence, at: community.now.wall) }
    return answer
  }

  /// An invitation of the owner's.
  func invite(
    _ code: String = "davet", uses: Int = 0, expires: WallTime? = nil, role: Identifier? = nil, by: Identifier? = nil
  ) throws {
    try community.write { (writing) throws(Problem) in
      _ = try writing.tables.execute(
        "INSERT INTO invites (code, created_by, role_id, max_uses, expires_at, created_at) VALUES (?1,?2,?3,?4,?5,?6)",
        code, by ?? owner, role, uses, expires, writing.at)
    }
  }

  /// Registers with a new invitation and signs in.
  @discardableResult
  func join(_ name: String, password: String = Accounts.password) throws -> Client {
    try invite("for-\(name)", uses: 1)
    let answer = call(
      "POST", "/api/auth/register",
      ["username": .string(name), "password": .string(password), "invite_code": .string("for-\(name)")])
    #expect(answer.status == 201)
    return try Client(answer)
  }

  func login(_ name: String, _ password: String = Accounts.password, cookies: String? = nil) -> Answer {
    call("POST", "/api/auth/login", ["login": .string(name), "password": .string(password)], cookies: cookies)
  }

  /// A signed-in client of the owner.
  func ownerClient() throws -> Client { try Client(login("ayse", Self.ownerPassword)) }

  func isSignedIn(_ token: String) -> Bool {
    authenticator.authenticate(
      authorization: "Bearer \(token)", cookie: nil, queryToken: nil, at: community.now.wall) != nil
  }

  func give(_ role: String, to user: Identifier) throws {
    try community.write { (writing) throws(Problem) in
      try writing.tables.execute(
        "INSERT INTO user_roles (user_id, role_id) SELECT ?1, id FROM roles WHERE name = ?2", user, role)
      try writing.directoryChanged()
    }
  }

  func set(_ column: String, _ value: String, of user: Identifier) throws {
    try community.write { (writing) throws(Problem) in
      try writing.tables.execute("UPDATE users SET \(column) = ?2 WHERE id = ?1", user, value)
      try writing.directoryChanged()
    }
  }

  func role(_ name: String) throws -> Identifier {
    try #require(community.directory.roles.values.first { $0.name == name }?.id)
  }

  var auditActions: [String] {
    (try? community.database.query("SELECT action FROM audit_logs ORDER BY id") { $0.text(0) }) ?? []
  }
}

/// What a client keeps of a sign-in.
struct Client {
  var user: Identifier
  var session: Identifier
  var access: String
  var refresh: String
  /// As a browser would send them.
  var cookies: String

  init(_ answer: Answer) throws {
    user = try #require(answer["user"]["id"]?.string.flatMap { Identifier($0) })
    session = try #require(answer["session_id"].string.flatMap { Identifier($0) })
    access = try #require(answer["access_token"].string)
    refresh = try #require(answer["refresh_token"].string)
    cookies = answer.headers.filter { $0.name == "Set-Cookie" }.map { String($0.value.prefix { $0 != ";" }) }
      .joined(separator: "; ")
  }

  /// The cookie of the known browser alone.
  var device: String { cookies.split(separator: "; ").first { $0.hasPrefix("device=") }.map(String.init) ?? "" }
}
