// What is new to whom.

import API
import Access
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import Randomness
import TestSupport
import Testing

@Suite struct ReadStateTests {
  private func read(_ talk: Talk, _ message: String, as user: Identifier, manual: Bool = false) -> Answer {
    var body: JSONValue = ["message_id": .string(message)]
    if manual { body = ["message_id": .string(message), "manual": true] }
    return talk.call("POST", "/channels/\(talk.text)/read", body, as: user)
  }

  @Test func `reading takes away what is new and tells the own devices`() throws {
    let talk = try Talk()
    let first = try talk.send("bir")
    let second = try talk.send("<@\(talk.owner)> iki")
    _ = try talk.events()
    #expect(talk.state(talk.text, of: talk.owner) == (2, 1))
    let answer = read(talk, first.key, as: talk.owner)
    #expect(answer["read_state"]["unread_count"] == 1)
    let events = try talk.events()
    #expect(events.map(\.op) == ["read_state_update"])
    #expect(events[0].audience == .users([talk.owner]))
    #expect(events[0].data == answer["read_state"])
    #expect(read(talk, second.key, as: talk.owner)["read_state"]["mention_count"] == 0)
    #expect(talk.state(talk.text, of: talk.owner) == (0, 0))
  }

  @Test func `a device that lags makes nothing new, a person may`() throws {
    let talk = try Talk()
    let first = try talk.send("bir")
    let second = try talk.send("iki")
    #expect(read(talk, second.key, as: talk.owner).status == 200)
    _ = try talk.events()
    #expect(read(talk, first.key, as: talk.owner)["read_state"]["unread_count"] == 0)
    #expect(try talk.events().isEmpty)
    #expect(read(talk, first.key, as: talk.owner, manual: true)["read_state"]["unread_count"] == 1)
    #expect(try talk.events().count == 1)
  }

  @Test func `nobody reads the future`() throws {
    let talk = try Talk()
    try talk.send("bir")
    #expect(read(talk, "7fffffffffffffff", as: talk.owner).status == 200)
    try talk.send("iki")
    #expect(talk.state(talk.text, of: talk.owner) == (1, 0))
  }

  @Test func `who writes has read`() throws {
    let talk = try Talk()
    try talk.send("bir", as: talk.owner)
    try talk.send("iki")
    #expect(talk.state(talk.text, of: talk.member) == (0, 0))
  }

  @Test func `what was there before somebody came is not new to them`() throws {
    let talk = try Talk()
    try talk.send("@everyone eski", as: talk.owner)
    talk.community.advance(.seconds(1))
    let late = try talk.community.addMember("sonradan")
    #expect(talk.state(talk.text, of: late) == (0, 0))
    try talk.send("@everyone yeni", as: talk.owner)
    #expect(talk.state(talk.text, of: late) == (1, 1))
  }

  @Test func `everything can be read at once`() throws {
    let talk = try Talk()
    try talk.send("bir")
    try talk.send("iki", in: talk.seeded.voice)
    _ = try talk.events()
    #expect(talk.call("POST", "/read-all", as: talk.owner).status == 200)
    #expect(try talk.events().map(\.op) == ["read_state_update", "read_state_update"])
    #expect(talk.state(talk.text, of: talk.owner) == (0, 0))
    #expect(talk.state(talk.seeded.voice, of: talk.owner) == (0, 0))
  }

  @Test func `channels that somebody does not see are not listed`() throws {
    let talk = try Talk()
    #expect(talk.state(talk.seeded.staff, of: talk.member) == (-1, -1))
    #expect(talk.state(talk.seeded.staff, of: talk.moderator) == (0, 0))
  }

  @Test func `counts end at a hundred`() throws {
    let talk = try Talk()
    for _ in 0..<105 { try talk.send("<@\(talk.owner)>") }
    #expect(talk.state(talk.text, of: talk.owner) == (100, 100))
  }

  /// One message of the model.
  private struct Entry {
    var key: String
    var author: Identifier
    var users: Set<Identifier>
    var roles: Set<Identifier>
    var everyone: Bool
  }

  @Test func `counts follow a model through writing, editing, deleting and reading`() throws {
    let talk = try Talk()
    let people = [talk.owner, talk.seeded.admin, talk.moderator, talk.member]
    let role = talk.seeded.moderatorRole
    try forEachSeed(100) { seed, random in
      let channel = try talk.channel()
      var entries: [Entry] = []
      var positions: [Identifier: String] = [:]
      func text(_ entry: inout Entry, _ author: Identifier) -> String {
        let named = people.filter { _ in random.chance(0.3) }
        entry.users = Set(named)
        let mayAll = author == talk.owner || author == talk.seeded.admin
        let callsRole = random.chance(0.3)
        let callsAll = random.chance(0.3)
        entry.roles = callsRole && mayAll ? [role] : []
        entry.everyone = callsAll && mayAll
        return "\(random.next()) " + named.map { "<@\($0)>" }.joined() + (callsRole ? " <@&\(role)>" : "")
          + (callsAll ? " @everyone" : "")
      }
      for _ in 0..<25 {
        let person = people.randomElement(using: &random) ?? talk.owner
        switch Int.random(in: 0...9, using: &random) {
        case 0...4:
          var entry = Entry(key: "", author: person, users: [], roles: [], everyone: false)
          let content = text(&entry, person)
          entry.key = try talk.send(content, as: person, in: channel).key
          positions[person] = max(positions[person] ?? "", entry.key)
          entries.append(entry)
        case 5:
          guard let index = entries.indices.randomElement(using: &random) else { continue }
          let old = entries[index]
          let content = text(&entries[index], old.author)
          #expect(
            talk.call("PATCH", "/messages/\(old.key)", ["content": .string(content)], as: old.author).status == 200)
        case 6:
          guard let index = entries.indices.randomElement(using: &random) else { continue }
          let old = entries.remove(at: index)
          #expect(talk.call("DELETE", "/messages/\(old.key)", as: old.author).status == 200)
        default:
          guard let entry = entries.randomElement(using: &random) else { continue }
          let isManual = random.chance(0.3)
          let body: JSONValue = ["message_id": .string(entry.key), "manual": .bool(isManual)]
          #expect(talk.call("POST", "/channels/\(channel)/read", body, as: person).status == 200)
          positions[person] = isManual ? entry.key : max(positions[person] ?? "", entry.key)
        }
      }
      for person in people {
        let new = entries.filter { $0.key > positions[person] ?? "" && $0.author != person }
        let naming = new.filter {
          $0.everyone || $0.users.contains(person) || person == talk.moderator && $0.roles.contains(role)
        }
        #expect(talk.state(channel, of: person) == (new.count, naming.count), "seed \(seed)")
      }
    }
  }
}
