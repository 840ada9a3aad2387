// What the tests of this module share: a seeded community with all of its routes, and short ways to ask it.

import API
import Access
import Chronology
import Community
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL

struct Asking {
  let community: TestCommunity
  let ids: Seeded

  init() throws {
    community = try TestCommunity(CommunityRoutes.all())
    ids = try community.seed()
  }

  func get(_ path: String, as user: Identifier?) -> Answer { community.call("GET", "/api" + path, as: user) }
  func post(_ path: String, _ body: JSONValue? = nil, as user: Identifier?, reason: String? = nil) -> Answer {
    community.call("POST", "/api" + path, body, as: user, reason: reason)
  }
  func put(_ path: String, _ body: JSONValue? = nil, as user: Identifier?) -> Answer {
    community.call("PUT", "/api" + path, body, as: user)
  }
  func patch(_ path: String, _ body: JSONValue, as user: Identifier?) -> Answer {
    community.call("PATCH", "/api" + path, body, as: user)
  }
  func delete(_ path: String, as user: Identifier?) -> Answer { community.call("DELETE", "/api" + path, as: user) }

  /// Makes a channel as the owner, and returns its id.
  func channel(_ body: JSONValue) -> Identifier {
    Identifier(post("/channels", body, as: ids.owner)["channel"]["id"]?.string ?? "") ?? Identifier(rawValue: 0)
  }

  func category(_ name: String) -> Identifier {
    let answer = post("/categories", ["name": .string(name)], as: ids.owner)
    return Identifier(answer["category"]["id"]?.string ?? "") ?? Identifier(rawValue: 0)
  }

  func role(_ body: JSONValue) -> Identifier {
    Identifier(post("/roles", body, as: ids.owner)["role"]["id"]?.string ?? "") ?? Identifier(rawValue: 0)
  }

  /// `op` of the events since the last look.
  func ops() -> [String] { community.takeEvents().map(\.op) }

  /// Actions of the audit log, oldest first.
  func actions() throws -> [String] {
    try community.read { reading throws(Problem) in
      try reading.tables.query("SELECT action FROM audit_logs ORDER BY id") { $0.text(0) }
    }
  }

  func held(_ user: Identifier, _ channel: Identifier) -> Permissions {
    community.directory.permissions(of: user, in: channel, at: community.now.wall)
  }
}

extension JSONValue {
  /// The strings under `key` of each element.
  func all(_ key: String) -> [String] { (array ?? []).compactMap { $0[key]?.string } }
}
