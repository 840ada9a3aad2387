// The endpoints of voice, over a database and with the living process's answers.

import API
import Access
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL
import Testing
import Voice

@Suite struct RouteTests {
  @Test func `a token is asked of the living process, under the name that others see`() throws {
    let community = try TestCommunity(VoiceRoutes.all)
    let seeded = try community.seed()
    nonisolated(unsafe) var asked: [String] = []
    community.life = { request in
      if case .voiceToken(_, let name, _, let host, _) = request { asked = [name, host] }
      return .json(["token": "t"])
    }
    let answer = community.call(
      "POST", "/api/voice/token", ["channel_id": .string(seeded.voice.description)], as: seeded.member)
    #expect(answer.status == 200 && answer["voice"]["token"]?.string == "t")
    #expect(asked == ["member", community.origin.host])
  }

  @Test func `a full channel and a channel out of sight are told apart`() throws {
    let community = try TestCommunity(VoiceRoutes.all)
    let seeded = try community.seed()
    community.life = { _ in .refused(Problem(.channelFull, "the channel is full")) }
    let full = community.call(
      "POST", "/api/voice/token", ["channel_id": .string(seeded.voice.description)], as: seeded.member)
    #expect(full.status == 409 && full.code == "CHANNEL_FULL")
    let hidden = community.call(
      "POST", "/api/voice/token", ["channel_id": .string(seeded.staff.description)], as: seeded.member)
    #expect(hidden.status == 404)
  }

  @Test func `who is in a channel is for those who see it`() throws {
    let community = try TestCommunity(VoiceRoutes.all)
    let seeded = try community.seed()
    community.life = { _ in .json([]) }
    #expect(community.call("GET", "/api/voice/participants/\(seeded.voice)", as: seeded.member).status == 200)
    #expect(community.call("GET", "/api/voice/participants/\(seeded.staff)", as: seeded.member).status == 404)
    #expect(community.call("GET", "/api/voice/participants/\(seeded.voice)").status == 401)
  }

  // MARK: Volumes

  private func volumes(_ community: TestCommunity, _ user: Identifier) -> JSONValue {
    community.call("GET", "/api/users/me/volumes", as: user)["volumes"]
  }

  @Test func `a volume is kept for its listener alone, and told to all of its devices`() throws {
    let community = try TestCommunity(VoiceRoutes.all)
    let seeded = try community.seed()
    let path = "/api/users/me/volumes/\(seeded.admin)"
    #expect(community.call("PUT", path, ["volume": 150], as: seeded.member).status == 200)
    #expect(volumes(community, seeded.member) == [["user_id": .string(seeded.admin.description), "volume": 150]])
    #expect(volumes(community, seeded.moderator) == [])
    #expect(community.takeEvents().map(\.audience) == [.users([seeded.member])])
  }

  @Test func `a hundred percent needs no row`() throws {
    let community = try TestCommunity(VoiceRoutes.all)
    let seeded = try community.seed()
    let path = "/api/users/me/volumes/\(seeded.admin)"
    _ = community.call("PUT", path, ["volume": 20], as: seeded.member)
    _ = community.call("PUT", path, ["volume": 100], as: seeded.member)
    #expect(volumes(community, seeded.member) == [])
    _ = community.call("PUT", path, ["volume": 0], as: seeded.member)
    #expect(volumes(community, seeded.member) == [["user_id": .string(seeded.admin.description), "volume": 0]])
    #expect(community.call("DELETE", path, as: seeded.member).status == 200)
    #expect(volumes(community, seeded.member) == [])
  }

  @Test(arguments: [-1, 201]) func `volumes go from nothing to twice`(_ volume: Int64) throws {
    let community = try TestCommunity(VoiceRoutes.all)
    let seeded = try community.seed()
    let answer = community.call(
      "PUT", "/api/users/me/volumes/\(seeded.admin)", ["volume": .integer(volume)], as: seeded.member)
    #expect(answer.status == 400)
  }

  @Test func `nobody has a volume who does not exist`() throws {
    let community = try TestCommunity(VoiceRoutes.all)
    let seeded = try community.seed()
    let answer = community.call(
      "PUT", "/api/users/me/volumes/\(Identifier(rawValue: 9))", ["volume": 50], as: seeded.member)
    #expect(answer.status == 404)
  }

  @Test func `a listener's volumes are found by index`() throws {
    let community = try TestCommunity(VoiceRoutes.all)
    let plan = try community.database.query(
      "EXPLAIN QUERY PLAN SELECT speaker_id, volume FROM voice_volumes WHERE listener_id = 1 ORDER BY speaker_id",
      row: { $0.text(3) }
    ).joined()
    #expect(plan.contains("SEARCH") && !plan.contains("TEMP B-TREE"))
  }
}
