// Whom messages name: the parser against a slower one, and what it does to counts.

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

/// The parser's rules, written for being right only.
private func slowly(_ text: String) -> MentionTokens {
  var characters = Array(text.unicodeScalars)
  func run(_ at: Int) -> Int { characters[at...].prefix { $0 == "`" }.count }
  // Blank out code.
  var index = 0
  while index < characters.count {
    guard characters[index] == "`" else {
      index += 1
      continue
    }
    let length = run(index)
    let closing = (index + length..<max(index + length, characters.count)).first {
      characters[$0] == "`" && characters[$0 - 1] != "`" && run($0) == length
    }
    if let closing { for blank in index..<closing + length { characters[blank] = " " } }
    index += length
  }
  let rest = characters
  func isWord(_ at: Int) -> Bool {
    guard rest.indices.contains(at) else { return false }
    return !rest[at].isASCII || rest[at] == "_" || rest[at].properties.isAlphabetic || ("0"..."9").contains(rest[at])
  }
  func has(_ prefix: String, _ at: Int) -> Bool {
    String(String.UnicodeScalarView(rest[at...].prefix(prefix.unicodeScalars.count))).lowercased() == prefix
  }
  var found = MentionTokens()
  index = 0
  while index < rest.count {
    let tail = String(String.UnicodeScalarView(rest[index...].prefix(40)))
    if let match = tail.prefixMatch(of: /<@(&?)([0-7][0-9a-f]{15})>/), let id = Identifier(match.output.2) {
      if match.output.1.isEmpty {
        if !found.users.contains(id) { found.users.append(id) }
      } else if !found.roles.contains(id) {
        found.roles.append(id)
      }
      index += match.output.0.unicodeScalars.count
    } else if !isWord(index - 1), has("http://", index) || has("https://", index) {
      var end = index
      while end < rest.count, rest[end].value > 0x20, !"<>\"`|\\^{}\u{7f}".unicodeScalars.contains(rest[end]) {
        end += 1
      }
      let next = end
      while end > index, ".,;:!?')]*_~".unicodeScalars.contains(rest[end - 1]) { end -= 1 }
      let link = String(String.UnicodeScalarView(rest[index..<end]))
      if link.contains(/^[a-zA-Z]+:\/\/./) { found.links.append(link) }
      index = next
    } else if !isWord(index - 1), has("@everyone", index), !isWord(index + 9) {
      found.everyone = true
      index += 9
    } else if !isWord(index - 1), has("@here", index), !isWord(index + 5) {
      found.everyone = true
      index += 5
    } else {
      index += 1
    }
  }
  return found
}

@Suite struct MentionParserTests {
  static let pieces = [
    "`", "``", "```", " ", "\n", "a", "ş", "_", "@", "<", ">", "<@", "<@0123456789abcdef>", "<@&0123456789abcde0>",
    "<@f123456789abcdef>", "<@0123456789abcdef", "@everyone", "@here", "@Everyone", "ne", "https://", "http://a.b/c",
    "HTTPS://X.y", ".", ")", "\\", "<@1123456789abcdef>", "h", "http",
  ]

  @Test func `the parser finds what a slow one finds`() {
    forEachSeed(1_000) { seed, random in
      var text = ""
      for _ in 0..<Int.random(in: 0...14, using: &random) { text += Self.pieces.randomElement(using: &random) ?? "" }
      #expect(MentionTokens(text) == slowly(text), "seed \(seed): \(text)")
    }
  }

  @Test(arguments: [
    ("@everyone", true), ("(@here)", true), ("a@everyone", false), ("@everyones", false), ("`@everyone`", false),
    ("``` @here ```", false), ("`@here", true), ("posta@here.com", false), ("@EVERYONE", true), ("ş@here", false),
    ("https://x.y/@everyone", false),
  ])
  func `everybody is called by a word of its own outside code`(text: String, calls: Bool) {
    #expect(MentionTokens(text).everyone == calls)
  }

  @Test func `many lone backticks are read in one pass`() {
    var text = ""
    for length in 1...200 { text += String(repeating: "`", count: length % 97 + 1) + "x" }
    text += String(repeating: "` `` ", count: 20_000)
    #expect(MentionTokens(text).users.isEmpty)
  }
}

@Suite struct MentionTests {
  private func mentions(_ message: JSONValue) -> JSONValue? { message["mentions"] }

  @Test func `a message notifies members whom it names`() throws {
    let talk = try Talk()
    let message = try talk.send("<@\(talk.owner)> <@0000000000000001> selam")
    #expect(
      message["mentions"]
        == ["users": [.string(talk.owner.description)], "roles": [], "everyone": false])
    #expect(talk.state(talk.text, of: talk.owner) == (1, 1))
    #expect(talk.state(talk.text, of: talk.moderator) == (1, 0))
  }

  @Test func `everybody is notified by who may`() throws {
    let talk = try Talk()
    #expect(try talk.send("@everyone")["mentions"]?["everyone"] == false)
    #expect(talk.state(talk.text, of: talk.owner) == (1, 0))
    #expect(try talk.send("@everyone", as: talk.owner)["mentions"]?["everyone"] == true)
    #expect(talk.state(talk.text, of: talk.member) == (1, 1))
    #expect(try talk.send("@here", as: talk.owner)["mentions"]?["everyone"] == true)
    #expect(talk.state(talk.text, of: talk.member) == (2, 2))
  }

  @Test func `a role is notified when it is open to mentions, or by who may`() throws {
    let talk = try Talk()
    let text = "<@&\(talk.seeded.moderatorRole)>"
    #expect(try talk.send(text)["mentions"]?["roles"] == [])
    #expect(try talk.send(text, as: talk.owner)["mentions"]?["roles"]?.array?.count == 1)
    #expect(talk.state(talk.text, of: talk.moderator) == (2, 1))
    try talk.execute("UPDATE roles SET mentionable = 1 WHERE id = ?1", talk.seeded.moderatorRole)
    #expect(try talk.send(text)["mentions"]?["roles"]?.array?.count == 1)
    #expect(talk.state(talk.text, of: talk.moderator) == (3, 2))
    #expect(talk.state(talk.text, of: talk.seeded.admin) == (3, 0))
  }

  @Test func `the role of everybody is everybody`() throws {
    let talk = try Talk()
    let text = "<@&\(talk.seeded.everyoneRole)>"
    #expect(try talk.send(text)["mentions"] == ["users": [], "roles": [], "everyone": false])
    #expect(try talk.send(text, as: talk.owner)["mentions"] == ["users": [], "roles": [], "everyone": true])
  }

  @Test func `an edit notifies whom the text names now`() throws {
    let talk = try Talk()
    let message = try talk.send("<@\(talk.owner)>")
    #expect(
      talk.call("PATCH", "/messages/\(message.key)", ["content": .string("<@\(talk.moderator)>")])["message"][
        "mentions"][
          "users"]
        == [.string(talk.moderator.description)])
    #expect(talk.state(talk.text, of: talk.owner) == (1, 0))
    #expect(talk.state(talk.text, of: talk.moderator) == (1, 1))
    #expect(talk.call("DELETE", "/messages/\(message.key)").status == 200)
    #expect(talk.state(talk.text, of: talk.moderator) == (0, 0))
  }

  @Test func `mending a word keeps a call that was allowed when it was sent`() throws {
    let talk = try Talk()
    try talk.execute("UPDATE roles SET permissions = permissions | 2048 WHERE id = ?1", talk.seeded.everyoneRole)
    let message = try talk.send("@everyone toplantı")
    try talk.execute("UPDATE roles SET permissions = permissions & ~2048 WHERE id = ?1", talk.seeded.everyoneRole)
    let edited = talk.call("PATCH", "/messages/\(message.key)", ["content": "@everyone toplantı 15:00"])
    #expect(edited["message"]["mentions"]["everyone"] == true)
    let gone = talk.call("PATCH", "/messages/\(message.key)", ["content": "toplantı"])
    #expect(gone["message"]["mentions"]["everyone"] == false)
    let again = talk.call("PATCH", "/messages/\(message.key)", ["content": "@everyone"])
    #expect(again["message"]["mentions"]["everyone"] == false)
  }
}

extension JSONValue {
  /// For expectations: a missing member reads as null.
  fileprivate subscript(_ name: String) -> JSONValue { object?[name] ?? .null }
}
