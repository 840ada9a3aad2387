// Finding messages: folding, the language of queries, and results against a scan of everything.

import API
import Access
import Chat
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import Randomness
import TestSupport
import Testing

extension Talk {
  func search(_ query: String, as user: Identifier? = nil, _ rest: String = "") -> Answer {
    var encoded = ""
    for byte in query.utf8 {
      let isPlain = byte >= 0x30 && byte <= 0x39 || byte >= 0x61 && byte <= 0x7a
      encoded += isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return get("/search?q=\(encoded)\(rest)", as: user)
  }
}

@Suite struct SearchFoldingTests {
  @Test(arguments: [
    ("ISPARTA ısparta İsparta isparta", ["isparta", "isparta", "isparta", "isparta"]),
    ("Şeker GÜĞÜM çörek", ["seker", "gugum", "corek"]), ("I\u{307}yi i\u{307}yi", ["iyi", "iyi"]),
    ("e\u{301}té été ÉTÉ", ["ete", "ete", "ete"]), ("Straße ŒUVRE Łódź", ["strasse", "oeuvre", "lodz"]),
    ("hâlâ kâğıt", ["hala", "kagit"]), ("a-b_c.d'e", ["a", "b", "c", "d", "e"]), ("x²  3½", ["x²", "3½"]),
    ("МОСКВА ёлка", ["москва", "елка"]), ("東京タワー", ["東", "京", "タ", "ワ", "ー"]), ("Ấ ấ ẤN", ["a", "a", "an"]),
    ("", []), ("👍 !?", []), ("<@0123456789ABCDEF>", ["0123456789abcdef"]),
  ])
  func `words are compared without case and marks`(text: String, words: [String]) {
    #expect(SearchFolding.words(text) == words)
  }

  @Test func `folding twice changes nothing`() {
    forEachSeed(300) { seed, random in
      var text = ""
      for _ in 0..<20 {
        let ranges: [ClosedRange<UInt32>] = [
          0x20...0x17f, 0x300...0x36f, 0x370...0x4ff, 0x1e00...0x1eff, 0x4e00...0x4e20,
        ]
        let range = ranges.randomElement(using: &random) ?? 0x20...0x7f
        if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { text.unicodeScalars.append(scalar) }
      }
      let words = SearchFolding.words(text)
      #expect(SearchFolding.words(words.joined(separator: " ")) == words, "seed \(seed): \(text)")
    }
  }
}

@Suite struct SearchQueryTests {
  @Test func `words, phrases, beginnings, exclusions and filters are told apart`() throws {
    let query = try SearchQuery(
      #"Gel "tam SÖZ" kit* -yok -"iki kelime" from:ayşe in:"genel sohbet" has:image pinned:true"#)
    #expect(query.terms.map(\.words) == [["gel"], ["tam", "soz"], ["kit"]])
    #expect(query.terms.map(\.isPrefix) == [false, false, true])
    #expect(query.excluded.map(\.words) == [["yok"], ["iki", "kelime"]])
    #expect(query.authors == ["ayşe"])
    #expect(query.channels == ["genel sohbet"])
    #expect(query.contents == [.image])
    #expect(query.isPinned == true)
  }

  @Test func `what looks like a filter and is none is words`() throws {
    #expect(try SearchQuery("saat:15 http://a.b").terms.map(\.words) == [["saat", "15"], ["http", "a", "b"]])
  }

  @Test func `days are whole days of UTC`() throws {
    let query = try SearchQuery("after:2026-01-30 before:2026-02-02")
    #expect(query.from == Timestamp("2026-01-31T00:00:00Z")?.time)
    #expect(query.until == Timestamp("2026-02-02T00:00:00Z")?.time)
    let during = try SearchQuery("during:2026-01-31")
    #expect(during.from == Timestamp("2026-01-31T00:00:00Z")?.time)
    #expect(during.until == Timestamp("2026-02-01T00:00:00Z")?.time)
  }

  @Test(arguments: [
    "has:money", "before:yesterday", "pinned:maybe", "from:", "ab*", "a b c d e f g h i j k l m n o p q r",
  ])
  func `what means nothing is refused`(text: String) {
    #expect(throws: Problem.self) { try SearchQuery(text) }
  }

  @Test func `no query stops the index`() throws {
    let talk = try Talk()
    try talk.send("NEAR OR AND NOT kelime")
    let pieces = [
      "\"", "'", "(", ")", "*", "-", ":", "^", "{", "}", "+", "NEAR", "OR", "text", "tags:", "in:", "from:", " ", "a",
      "kelime", "ş", "\u{0301}", ";", "--", "has:link", "<@", "\\", "%", "日",
    ]
    forEachSeed(300) { seed, random in
      var text = ""
      for _ in 0..<Int.random(in: 1...10, using: &random) { text += pieces.randomElement(using: &random) ?? "" }
      let status = talk.search(text).status
      #expect(status == 200 || status == 400, "seed \(seed): \(text)")
    }
  }
}

@Suite struct SearchTests {
  @Test func `a message is found by its words, its edited words, and not when it is gone`() throws {
    let talk = try Talk()
    let message = try talk.send("Iğdır'da ÇAY içtik")
    #expect(talk.search("ığdir cay").ids == [message.key])
    #expect(talk.call("PATCH", "/messages/\(message.key)", ["content": "Kars'ta kahve"]).status == 200)
    #expect(talk.search("igdir").ids.isEmpty)
    #expect(talk.search("KAHVE").ids == [message.key])
    #expect(talk.call("DELETE", "/messages/\(message.key)").status == 200)
    #expect(talk.search("kahve").ids.isEmpty)
  }

  @Test func `a result shows where it was found`() throws {
    let talk = try Talk()
    let filler = String(repeating: "laf ", count: 100)
    try talk.send("😀" + filler + "ŞEKERLİ çay 😀 " + filler)
    let snippet = talk.search("\"sekerli cay\"")["messages"][0]?["snippet"]
    let text = try #require(snippet?["text"]?.string)
    let place = try #require(snippet?["highlights"]?[0])
    #expect(text.utf16.count <= 160)
    let units = Array(text.utf16)
    let start = try #require(place[0]?.int)
    let count = try #require(place[1]?.int)
    #expect(String(decoding: units[start..<start + count], as: UTF16.self) == "ŞEKERLİ çay")
  }

  @Test func `filters narrow, alone and together`() throws {
    let talk = try Talk()
    let link = try talk.send("bak https://ornek.com", as: talk.owner)
    let named = try talk.send("<@\(talk.owner)> bak")
    let plain = try talk.send("bak", in: talk.seeded.voice)
    #expect(talk.call("PUT", "/messages/\(plain.key)/pin", as: talk.owner).status == 200)
    #expect(talk.search("bak").ids == [plain.key, named.key, link.key])
    #expect(talk.search("bak has:link").ids == [link.key])
    #expect(talk.search("from:owner").ids == [link.key])
    #expect(talk.search("from:@OWNER").ids == [link.key])
    #expect(talk.search("from:me").ids == [plain.key, named.key])
    #expect(talk.search("from:me from:owner").ids.count == 3)
    #expect(talk.search("from:kimse").ids.isEmpty)
    #expect(talk.search("mentions:owner").ids == [named.key])
    #expect(talk.search("in:Sohbet").ids == [plain.key])
    #expect(talk.search("in:#genel bak").ids == [named.key, link.key])
    #expect(talk.search("bak", "&in=\(talk.text)").ids == [named.key, link.key])
    #expect(talk.search("pinned:true").ids == [plain.key])
    #expect(talk.search("bak pinned:false").ids == [named.key, link.key])
    #expect(talk.search("bak -bak").ids.isEmpty)
    #expect(talk.search("bak -https").ids == [plain.key, named.key])
    #expect(talk.search("bak", "&from=me&pinned=false").ids == [named.key])
    #expect(talk.search("").status == 400)
    #expect(talk.search("-bak").status == 400)
  }

  @Test func `times narrow`() throws {
    let talk = try Talk()
    let first = try talk.send("bir")
    talk.community.advance(.seconds(86_400 * 2))
    let second = try talk.send("iki")
    let day = String(first["created_at"]?.string?.prefix(10) ?? "")
    #expect(talk.search("during:\(day)").ids == [first.key])
    #expect(talk.search("after:\(day)").ids == [second.key])
    #expect(talk.search("from:me before:\(second.key)").ids == [first.key])
    #expect(talk.search("after:\(first.key)").ids == [second.key])
  }

  @Test func `what somebody does not see is not found, however they ask`() throws {
    let talk = try Talk()
    let hidden = try talk.send("sır", as: talk.moderator, in: talk.seeded.staff)
    let conversation = try talk.converse([talk.moderator], as: talk.owner)
    let direct = try talk.send("sır", as: talk.owner, in: conversation)
    #expect(talk.search("sır").ids.isEmpty)
    #expect(talk.search("in:ekip sır").ids.isEmpty)
    #expect(talk.search("in:\(talk.seeded.staff)").ids.isEmpty)
    #expect(talk.search("in:\(conversation)").ids.isEmpty)
    #expect(talk.search("from:moderator").ids.isEmpty)
    #expect(talk.search("sir", as: talk.moderator).ids == [direct.key, hidden.key])
    #expect(talk.search("sir", as: talk.owner).ids == [direct.key, hidden.key])
    #expect(talk.search("sir", as: talk.seeded.admin).ids == [hidden.key])
  }

  @Test func `the index has every message that is there once and no other, however they came and went`() throws {
    let talk = try Talk()
    try forEachSeed(100) { seed, random in
      var alive: [JSONValue] = []
      for _ in 0..<Int.random(in: 1...20, using: &random) {
        switch Int.random(in: 0...5, using: &random) {
        case 0...2: alive.append(try talk.send("kelime\(seed)"))
        case 3:
          guard let index = alive.indices.randomElement(using: &random) else { continue }
          let gone = alive.remove(at: index)
          #expect(talk.call("DELETE", "/messages/\(gone.key)").status == 200)
        case 4:
          guard let message = alive.randomElement(using: &random) else { continue }
          let content: JSONValue = .string("kelime\(seed) \(random.next())")
          #expect(talk.call("PATCH", "/messages/\(message.key)", ["content": content]).status == 200)
        default: #expect(talk.search("kelime\(seed) kelime").status == 200)
        }
      }
      #expect(talk.search("kelime\(seed)").ids == alive.map(\.key).reversed(), "seed \(seed)")
      let rows = try talk.number("SELECT count(*) FROM message_search WHERE message_search MATCH 'kelime\(seed)'")
      #expect(rows == alive.count, "seed \(seed)")
    }
  }

  @Test func `pages of results follow each other`() throws {
    let talk = try Talk()
    let all = try (0..<7).map { _ in try talk.send("kelime").key }.reversed()
    var seen: [String] = []
    var cursor = ""
    for _ in 0..<4 {
      let answer = talk.search("kelime", "&limit=2" + cursor)
      seen += answer.ids
      guard let next = answer["next"].string else { break }
      cursor = "&cursor=\(next)"
    }
    #expect(seen == Array(all))
  }

  /// One message of the model.
  private struct Entry {
    var key: String
    var author: Identifier
    var channel: Identifier
    var words: [String]
  }

  /// The folded form of every word that the property uses.
  private static let folded = [
    "IĞDIR": "igdir", "ığdır": "igdir", "İğdır": "igdir", "Şeker": "seker", "seker": "seker", "şekerli": "sekerli",
    "ev": "ev", "EV": "ev", "evler": "evler", "évlerde": "evlerde", "çay": "cay",
  ]

  @Test func `search finds what a scan finds`() throws {
    let talk = try Talk()
    let spellings = Self.folded.keys.sorted()
    let hidden = talk.seeded.staff
    var entries: [Entry] = []
    try forEachSeed(100) { seed, random in
      func content() -> [String] {
        (0..<Int.random(in: 1...5, using: &random)).map { _ in spellings.randomElement(using: &random) ?? "ev" }
      }
      for _ in 0..<4 {
        let words = content()
        let channel = [talk.text, talk.seeded.voice, hidden].randomElement(using: &random) ?? talk.text
        let author = channel == hidden || random.chance(0.5) ? talk.moderator : talk.member
        let key = try talk.send(words.joined(separator: " "), as: author, in: channel).key
        entries.append(Entry(key: key, author: author, channel: channel, words: words.compactMap { Self.folded[$0] }))
      }
      if random.chance(0.5), let index = entries.indices.randomElement(using: &random) {
        let words = content()
        let body: JSONValue = ["content": .string(words.joined(separator: ", "))]
        #expect(talk.call("PATCH", "/messages/\(entries[index].key)", body, as: entries[index].author).status == 200)
        entries[index].words = words.compactMap { Self.folded[$0] }
      }
      if random.chance(0.5), let index = entries.indices.randomElement(using: &random) {
        let gone = entries.remove(at: index)
        #expect(talk.call("DELETE", "/messages/\(gone.key)", as: gone.author).status == 200)
      }
      let asked = (0..<Int.random(in: 1...2, using: &random)).map { _ in spellings.randomElement(using: &random) ?? "ev"
      }
      let words = asked.compactMap { Self.folded[$0] }
      let isPhrase = random.chance(0.3)
      let isPrefix = !isPhrase && random.chance(0.3) && words[words.count - 1].count >= 3
      let excluded = random.chance(0.3) ? spellings.randomElement(using: &random) : nil
      let author = random.chance(0.3) ? talk.member : nil
      let reader = random.chance(0.5) ? talk.member : talk.moderator
      var text = isPhrase ? "\"\(asked.joined(separator: " "))\"" : asked.joined(separator: " ") + (isPrefix ? "*" : "")
      if let excluded { text += " -\(excluded)" }
      if let author { text += " from:\(author)" }
      let expected = entries.filter { entry in
        guard reader == talk.moderator || entry.channel != hidden else { return false }
        if let author, entry.author != author { return false }
        if let excluded = excluded.flatMap({ Self.folded[$0] }), entry.words.contains(excluded) { return false }
        if isPhrase {
          return entry.words.indices.contains { entry.words[$0...].starts(with: words) }
        }
        for (index, word) in words.enumerated() {
          let isOpen = isPrefix && index == words.count - 1
          guard entry.words.contains(where: { isOpen ? $0.hasPrefix(word) : $0 == word }) else { return false }
        }
        return true
      }
      let limit = 50
      let found = talk.search(text, as: reader, "&limit=\(limit)")
      #expect(found.ids == expected.map(\.key).sorted(by: >).prefix(limit).map { $0 }, "seed \(seed): \(text)")
    }
  }
}
