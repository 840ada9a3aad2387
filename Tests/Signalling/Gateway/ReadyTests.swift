// The rows behind `ready`, from a real database: what is in it, for whom, and how much of a large community.

import API
import Access
import Chronology
import CommunitySupport
import Gateway
import Identifiers
import JSON
import Problems
import SQL
import Testing

@Suite struct ReadyTests {
  private func load(_ community: TestCommunity, _ query: GatewayQuery) throws -> (view: GatewayView, body: JSONValue) {
    let view = try community.read { (reading) throws(Problem) in try query.load(reading) }
    return (view, try JSONValue(parsing: view.body))
  }

  private func ids(_ value: JSONValue?) -> Set<String> { Set((value?.array ?? []).compactMap { $0["id"]?.string }) }

  @Test func `ready has the community as its reader may see it`() throws {
    let community = try TestCommunity([])
    let seeded = try community.seed()
    let (view, body) = try load(community, .ready(user: seeded.member, online: []))
    #expect(body["user"]?["id"]?.string == seeded.member.description)
    #expect(body["server"]?["name"]?.string == "Deneme")
    #expect(ids(body["channels"]) == [seeded.text.description, seeded.voice.description])
    #expect(ids(body["roles"]).count == 4)
    #expect(ids(body["members"]).count == 4)
    #expect(body["member_count"]?.int == 4)
    #expect(body["categories"]?.array != nil && body["read_states"]?.array != nil)
    #expect(view.version == community.directory.version)
    #expect(view.status == "online")
  }

  @Test func `a moderator's ready has the hidden channel, with what may be done there`() throws {
    let community = try TestCommunity([])
    let seeded = try community.seed()
    let (_, body) = try load(community, .ready(user: seeded.moderator, online: []))
    let staff = body["channels"]?.array?.first { $0["id"]?.string == seeded.staff.description }
    let held = Permissions(rawValue: staff?["permissions"]?.integer ?? 0)
    #expect(held.contains([.viewChannel, .sendMessages]))
  }

  @Test func `of a large community ready has the reader, who is online, and as many others as fit`() throws {
    let community = try TestCommunity([])
    _ = try community.seed()
    var people: [Identifier] = []
    for number in 0..<Gateway.Limit.readyMembers { people.append(try community.addMember("person\(number)")) }
    let last = people.suffix(2)
    let (view, body) = try load(community, .ready(user: people[200], online: Array(last)))
    let listed = ids(body["members"])
    #expect(listed.count == Gateway.Limit.readyMembers && view.members.count == listed.count)
    #expect(listed.isSuperset(of: (last + [people[200]]).map(\.description)))
    #expect(body["member_count"]?.int == Gateway.Limit.readyMembers + 4)
  }

  @Test func `who is no member gets nothing`() throws {
    let community = try TestCommunity([])
    _ = try community.seed()
    #expect(throws: Problem.unauthorized) { try load(community, .ready(user: Identifier(rawValue: 5), online: [])) }
  }

  @Test func `members are found by id, and those that do not exist are named`() throws {
    let community = try TestCommunity([])
    let seeded = try community.seed()
    let (_, body) = try load(
      community, .members(user: seeded.member, [seeded.admin, Identifier(rawValue: 77)]))
    #expect(ids(body["members"]) == [seeded.admin.description])
    #expect(body["not_found"] == [.string(Identifier(rawValue: 77).description)])
  }

  @Test(arguments: [("mod", 1), ("MOD", 1), ("m", 2), ("%", 0), ("_", 0), ("\\", 0), ("", 4)])
  func `members are found by the beginning of a name`(_ prefix: String, _ count: Int) throws {
    let community = try TestCommunity([])
    let seeded = try community.seed()
    let (_, body) = try load(community, .search(user: seeded.member, prefix: prefix, limit: 100))
    #expect(ids(body["members"]).count == count)
  }

  @Test func `a note of the gateway is written to the accounts`() throws {
    let community = try TestCommunity([])
    let seeded = try community.seed()
    var gateway = GatewayNode(community.directory, channels: [:], randomBits: { 4 })
    let socket = SocketID(rawValue: 1)
    gateway.opened(socket, Caller(user: seeded.member), resume: nil, at: community.now)
    gateway.loaded(
      LoadID(rawValue: 1), .success(try load(community, .ready(user: seeded.member, online: [])).view), voices: [],
      at: community.now)
    gateway.received(socket, Array(#"{"op":"presence_update","d":{"status":"dnd"}}"#.utf8), at: community.now)
    community.advance(.seconds(2))
    gateway.advance(to: community.now)
    gateway.shutDown(at: community.now)
    for case .write(let note) in gateway.drainEffects() {
      try community.write { (writing) throws(Problem) in try note.write(writing) }
    }
    let row = try community.database.first(
      "SELECT status, last_seen_at FROM users WHERE id = ?1", seeded.member, row: { ($0.text(0), $0.int64(1)) })
    #expect(row?.0 == "dnd")
    #expect(row?.1 == community.now.wall.milliseconds)
  }

  @Test func `transactions that tell something are numbered, and others are not`() throws {
    let community = try TestCommunity([])
    let seeded = try community.seed()
    let route = Route(
      .post, "/test", "test", "Tests.", tag: "Test", access: .member
    ) { _ in .done }
    var state = community.state
    let call = Call(caller: Caller(user: seeded.member), directory: community.directory, at: community.now)
    let first = try route.perform(
      { (writing) throws(Problem) in
        writing.emit("x", [:], to: .everyone)
        return .done
      }, call, community.database, &state, at: community.now.wall)
    let silent = try route.perform(
      { (_) throws(Problem) in .done }, call, community.database, &state, at: community.now.wall)
    #expect(first.number == (try CommitNumber.current(community.database)))
    #expect(first.number > 0 && silent.number == 0)
  }
}
