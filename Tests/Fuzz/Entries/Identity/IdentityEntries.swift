// The fuzz entry of what strangers show at the door: header, cookies, query and names.

import API
import Chronology
import FuzzSupport
import Identifiers
import Identity

extension FuzzEntry {
  /// Every parser of accounts. A new entry is added here, in Package.swift and as folders in Tests/Fuzz.
  public static let identity: [FuzzEntry] = [.credentials]

  /// Four lines: `Authorization`, `Cookie`, the parameter `token`, and `Origin`. Nothing but the one good token itself may
  /// let anybody in.
  public static let credentials = FuzzEntry(
    name: "Credentials",
    seeds: [
      "header": Array("Bearer \(Door.token)".utf8),
      "cookie": Array("\nother=1; token=\(Door.token); last=x".utf8),
      "query": Array("\n\n\(Door.token)\nhttps://chat.example:8443".utf8),
      "bot": Array("Bot mqvi_bot_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG".utf8),
    ]
  ) { bytes in
    let lines = bytes.split(separator: 10, maxSplits: 3, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    func line(_ index: Int) -> String? { index < lines.count ? lines[index] : nil }
    var door = Door.authenticator
    let found = door.authenticate(authorization: line(0), cookie: line(1), queryToken: line(2), at: Door.time)
    if let found {
      require(lines.contains { $0.contains(Door.token) }, "somebody got in without the token")
      require(found.caller == Caller(user: Door.user, session: Door.session))
    }
    if let origin = line(3), OriginCheck.permits(method: "POST", origin: origin, host: "chat.example:8443") {
      require(["https", "http"].contains(origin.prefix { $0 != ":" }), "another scheme")
      require(origin.lowercased().hasSuffix("://chat.example:8443"), "another host")
    }
    if let name = line(0), let key = Username.key(name) {
      require(Username.key(key) == key, "a key must be its own")
      require(key.utf8.allSatisfy { $0 < 128 }, "a key must be ASCII")
    }
  }
}

/// One session and its token, made by the server itself with these keys at this time; a test holds it against the writer.
public enum Door {
  public static let keys = AccountKeys(
    access: Array("access secret of thirty-two bytes".utf8), refresh: Array("refresh secret of thirty-two byt".utf8),
    sealing: [UInt8](repeating: 7, count: 32))
  public static let time = WallTime(milliseconds: 1_800_000_000_000)
  public static let user = Identifier(rawValue: 0x0123_4567_89AB_CDEF)
  public static let session = Identifier(rawValue: 0x0123_4567_89AB_CDF0)
  public static let nonce = "fuzz"
  public static let token = [
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
    "eyJzdWIiOiIwMTIzNDU2Nzg5YWJjZGVmIiwic2lkIjoiMDEyMzQ1Njc4OWFiY2RmMCIsInVzZSI6ImFjY2VzcyIsIn"
      + "ZlciI6MSwiaWF0IjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDA5MDAsImp0aSI6ImZ1enoifQ",
    "og5yM8dECE6f3j_4upbPdD2NEOxIa0H8cODjVarb7oY",
  ].joined(separator: ".")

  static let authenticator: Authenticator = {
    var authenticator = Authenticator(keys)
    authenticator.apply(
      .sessionOpened(session, user: user, expires: WallTime(milliseconds: time.milliseconds + 3_600_000)), at: time)
    return authenticator
  }()
}
