// The router by itself: finding, refusing and checking, in that order.

import API
import Access
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL
import Testing

private let routes: [Route] = [
  Route(.get, "/channels/{channel_id}", "getChannel", "A channel.", tag: "t", access: .channel([])) { call in
    .reply("id", .string(call.path["channel_id"] ?? ""))
  },
  Route(
    .patch, "/channels/{channel_id}", "updateChannel", "Changes it.", tag: "t", access: .channel(.manageChannels),
    body: .json(.object([.init("name", .string(1...10))]))
  ) { call throws(Problem) in
    let name = call.body["name"]?.string ?? ""
    let id = try call.id("channel_id")
    return .write { writing throws(Problem) in
      try writing.tables.execute("UPDATE channels SET name = ?2 WHERE id = ?1", id, name)
      writing.emit("channel_update", ["id": .string(id.description)], to: .channel(id))
      if name == "fails" { throw Problem(.conflict, "no") }
      return .done
    }
  },
]

@Suite struct RouterTests {
  @Test func `a route answers with and without version and slash at the end`() throws {
    let community = try TestCommunity(routes)
    let seeded = try community.seed()
    for path in ["/api/channels/", "/api/v1/channels/"] {
      for end in ["", "/"] {
        let answer = community.call("GET", path + seeded.text.description + end, as: seeded.member)
        #expect(answer.status == 200)
        #expect(answer["id"].string == seeded.text.description)
      }
    }
  }

  @Test func `who is not signed in hears that before anything else`() throws {
    let community = try TestCommunity(routes)
    _ = try community.seed()
    #expect(community.call("PATCH", "/api/channels/nonsense", "x").status == 401)
  }

  @Test func `a channel that one may not see does not exist`() throws {
    let community = try TestCommunity(routes)
    let seeded = try community.seed()
    #expect(community.call("GET", "/api/channels/\(seeded.staff)", as: seeded.member).status == 404)
    #expect(community.call("GET", "/api/channels/0000000000000001", as: seeded.member).status == 404)
    #expect(community.call("GET", "/api/channels/\(seeded.staff)", as: seeded.moderator).status == 200)
  }

  @Test func `a body of another shape is refused with the place of the fault`() throws {
    let community = try TestCommunity(routes)
    let seeded = try community.seed()
    let path = "/api/channels/\(seeded.text)"
    let missing = community.call("PATCH", path, [:], as: seeded.owner)
    #expect(missing.code == "VALIDATION_ERROR")
    #expect(missing["pointer"].string == "/name")
    let unknown = community.call("PATCH", path, ["name": "a", "x": 1], as: seeded.owner)
    #expect(unknown["pointer"].string == "/x")
  }

  @Test func `a job that fails leaves neither rows nor events`() throws {
    let community = try TestCommunity(routes)
    let seeded = try community.seed()
    let path = "/api/channels/\(seeded.text)"
    #expect(community.call("PATCH", path, ["name": "fails"], as: seeded.owner).status == 409)
    #expect(community.takeEvents().isEmpty)
    let name = try community.read { reading throws(Problem) in
      try reading.tables.first("SELECT name FROM channels WHERE id = ?1", seeded.text) { $0.text(0) }
    }
    #expect(name == "genel")
    #expect(community.call("PUT", path, ["name": "yeni"], as: seeded.owner).status == 200)
    #expect(community.takeEvents().map(\.op) == ["channel_update"])
  }

  @Test func `another method is refused by name`() throws {
    let community = try TestCommunity(routes)
    let seeded = try community.seed()
    let answer = community.call("DELETE", "/api/channels/\(seeded.text)", as: seeded.owner)
    #expect(answer.status == 405)
  }
}

@Suite struct TimestampTests {
  @Test func `a time reads back as it was written`() {
    for milliseconds in stride(from: Int64(0), to: 4_102_444_800_000, by: 86_400_000 * 13 + 12_345_678) {
      let time = WallTime(milliseconds: milliseconds)
      #expect(Timestamp(Timestamp(time).text)?.time == time)
    }
  }

  @Test(arguments: [
    "", "2026-02-30T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.Z",
  ])
  func `what is no time is refused`(_ text: String) { #expect(Timestamp(text) == nil) }
}
