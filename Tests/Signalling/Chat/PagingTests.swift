// Pages of messages against the whole list.

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

@Suite struct PagingTests {
  @Test func `pages are cut from the list by before, after and around`() throws {
    let talk = try Talk()
    try forEachSeed(100) { seed, random in
      let channel = try talk.channel()
      var all: [String] = []
      for index in 0..<Int.random(in: 0...30, using: &random) {
        all.insert(try talk.send("\(index)", in: channel).key, at: 0)
      }
      // Cursors of messages that are gone, and of a time when there was none, work as well.
      var cursors = all + ["0000000000000000", "7fffffffffffffff"]
      for key in all where random.chance(0.2) {
        #expect(talk.call("DELETE", "/messages/\(key)").status == 200)
        all.removeAll { $0 == key }
      }
      cursors.shuffle(using: &random)
      for cursor in cursors.prefix(6) {
        let limit = Int.random(in: 1...12, using: &random)
        func page(_ place: String) -> [String] {
          talk.get("/channels/\(channel)/messages?\(place)limit=\(limit)").ids
        }
        let older = all.filter { $0 < cursor }
        let newer = all.filter { $0 > cursor }
        #expect(page("") == Array(all.prefix(limit)), "seed \(seed)")
        #expect(page("before=\(cursor)&") == Array(older.prefix(limit)), "seed \(seed)")
        #expect(page("after=\(cursor)&") == Array(newer.suffix(limit)), "seed \(seed)")
        let upToCursor = all.filter { $0 <= cursor }
        let around = newer.suffix(limit - limit / 2 - 1) + upToCursor.prefix(limit / 2 + 1)
        #expect(page("around=\(cursor)&") == Array(around), "seed \(seed)")
      }
    }
  }

  @Test func `whoever pages back while others write and delete sees every message that stays, once`() throws {
    let talk = try Talk()
    try forEachSeed(100) { seed, random in
      let channel = try talk.channel()
      var alive = try (0..<Int.random(in: 5...40, using: &random)).map { try talk.send("\($0)", in: channel).key }
      var stayed = Set(alive)
      var atStart = Set(alive)
      var seen: [String] = []
      var cursor = ""
      while true {
        let page = talk.get("/channels/\(channel)/messages?limit=\(Int.random(in: 1...9, using: &random))\(cursor)").ids
        if cursor.isEmpty { atStart = Set(alive) }
        seen += page
        guard let last = page.last else { break }
        cursor = "&before=\(last)"
        if random.chance(0.7) { alive.append(try talk.send("yeni", in: channel).key) }
        if random.chance(0.7), let gone = alive.randomElement(using: &random) {
          #expect(talk.call("DELETE", "/messages/\(gone)").status == 200)
          alive.removeAll { $0 == gone }
          stayed.remove(gone)
        }
      }
      #expect(seen == seen.sorted(by: >), "seed \(seed)")
      #expect(Set(seen).count == seen.count, "seed \(seed)")
      #expect(Set(seen).isSubset(of: atStart), "seed \(seed)")
      #expect(Set(seen).isSuperset(of: stayed), "seed \(seed)")
    }
  }

  @Test func `a page has 50 messages unless told, and 100 at most`() throws {
    let talk = try Talk()
    for index in 0..<105 { try talk.send("\(index)") }
    let path = "/channels/\(talk.text)/messages"
    #expect(talk.get(path).ids.count == 50)
    #expect(talk.get(path + "?limit=1000").ids.count == 100)
    #expect(talk.get(path + "?limit=0").ids.count == 1)
    #expect(talk.get(path).contents.first == "104")
  }

  @Test func `two places at once and broken cursors are refused`() throws {
    let talk = try Talk()
    let path = "/channels/\(talk.text)/messages"
    #expect(talk.get(path + "?before=0000000000000001&after=0000000000000001").status == 400)
    #expect(talk.get(path + "?before=zzz").status == 400)
    #expect(talk.get(path + "?limit=viel").status == 400)
  }
}
