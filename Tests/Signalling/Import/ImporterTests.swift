// An export in, a community out: and the same community when it comes in again.

import API
import Access
import Chat
import Chronology
import Community
import CommunitySupport
import Identifiers
import Import
import JSON
import Problems
import SQL
import Testing

private final class Move {
  let community: TestCommunity
  let ids: Seeded
  private(set) var report = ImportReport()

  init() throws {
    community = try TestCommunity(CommunityRoutes.all() + ChatRoutes.all)
    ids = try community.seed()
  }

  /// Imports files as the command does, one transaction each, with these files found beside them.
  func run(_ files: [JSONValue], visible: Bool = true, found: [String: KeptFile] = [:]) throws {
    var importer = DiscordImporter(areVisible: visible)
    for file in files {
      try community.write { writing throws(Problem) in
        guard let export = try? DiscordExport(file), let channel = try importer.open(export, &writing) else { return }
        for message in (file["messages"]?.array ?? []).compactMap({ DiscordMessage($0) }) {
          try importer.store(message, in: channel, files: found, &writing)
        }
      }
    }
    report = importer.report
  }

  var channels: [JSONValue] { community.call("GET", "/api/channels", as: ids.member)["channels"].array ?? [] }

  /// Of the last channel with this name, the oldest first.
  func messages(_ name: String = "genel") throws -> [JSONValue] {
    let list = community.call("GET", "/api/channels", as: ids.owner)["channels"].array ?? []
    let channel = try #require(list.last { $0["name"]?.string == name })
    let path = "/api/channels/\(channel["id"]?.string ?? "")/messages?limit=100"
    return (community.call("GET", path, as: ids.owner)["messages"].array ?? []).reversed()
  }

  func rows(_ table: String) throws -> Int {
    try community.database.first("SELECT count(*) FROM \(table)") { $0.int(0) } ?? 0
  }
}

private let hello = Exports.message("500000000000000001", "2019-03-01T12:00:00.5+00:00", "Merhaba")
private let answer = Exports.message(
  "500000000000000002", "2019-03-01T12:00:01+00:00", "Selam", by: Exports.can, type: "Reply",
  [
    ("timestampEdited", "2019-03-01T12:05:00+00:00"), ("isPinned", true),
    (
      "reference",
      ["type": "Default", "messageId": "500000000000000001", "channelId": "300000000000000001", "guildId": "1"]
    ),
  ])

@Suite struct ImporterTests {
  @Test func `messages come with their times, authors and answers, in their order`() throws {
    let move = try Move()
    try move.run([Exports.file([hello, answer])])
    let messages = try move.messages()
    #expect(messages.all("content") == ["Merhaba", "Selam"])
    #expect(messages.all("created_at") == ["2019-03-01T12:00:00.500Z", "2019-03-01T12:00:01.000Z"])
    #expect(messages[0]["author"]?["display_name"]?.string == "Ayşe")
    #expect(messages[1]["reply_to"]?["id"] == messages[0]["id"])
    #expect(messages[1]["edited_at"]?.string == "2019-03-01T12:05:00.000Z")
    #expect(messages[1]["pinned"]?.bool == true)
    #expect(Identifier(messages[0]["id"]?.string ?? "")?.time.milliseconds == 1_551_441_600_500)
    #expect(move.report.messages == 2)
    #expect(move.report.authors == 2)
  }

  @Test func `channels stand in their categories, with their topics, and tell nobody`() throws {
    let move = try Move()
    try move.run([
      Exports.file([]), Exports.file([], channel: "300000000000000002", name: "Sesli", type: "GuildVoiceChat"),
    ])
    let made = move.channels.suffix(2)
    #expect(made.map { $0["name"]?.string } == ["genel", "Sesli"])
    #expect(made.map { $0["type"]?.string } == ["text", "voice"])
    #expect(made.first?["topic"]?.string == "Her şey")
    #expect(Set(made.map { $0["category_id"] }).count == 1)
    #expect(try move.rows("categories") == 1)
    #expect(move.community.takeEvents().isEmpty)
  }

  @Test func `a second run doubles nothing, and brings what is new`() throws {
    let move = try Move()
    let tables = ["messages", "channels", "categories", "users", "reactions", "pins", "import_map"]
    try move.run([Exports.file([hello, answer])])
    let before = try tables.map(move.rows)
    try move.run([Exports.file([hello, answer])])
    #expect(try tables.map(move.rows) == before)
    #expect(move.report.messages == 0)
    #expect(move.report.known == 2)
    let third = Exports.message("500000000000000003", "2019-03-02T00:00:00+00:00", "Sonra")
    try move.run([Exports.file([hello, answer, third])])
    #expect(move.report.messages == 1)
    #expect(try move.messages().all("content") == ["Merhaba", "Selam", "Sonra"])
  }

  @Test func `channels are hidden until somebody opens them, unless it is asked otherwise`() throws {
    let hidden = try Move()
    try hidden.run([Exports.file([hello])], visible: false)
    #expect(hidden.channels.all("name") == ["genel", "Sohbet"])
    #expect(hidden.report.lines.contains { $0.contains("only administrators see") })
    let open = try Move()
    try open.run([Exports.file([hello])], visible: true)
    #expect(open.channels.all("name") == ["genel", "Sohbet", "genel"])
  }

  @Test func `placeholders are nobody: they are no members and cannot sign in`() throws {
    let move = try Move()
    try move.run([Exports.file([hello])])
    #expect(move.community.directory.members.count == 4)
    let kinds = try move.community.database.query(
      "SELECT kind, password_hash IS NULL, username_key FROM users WHERE kind <> 'person'"
    ) { [$0.text(0), $0.text(1), $0.text(2)] }
    #expect(kinds == [["imported", "1", "discord:200000000000000001"]])
  }

  @Test func `reactions keep who chose them, and pictures of the server are left out with a word`() throws {
    let move = try Move()
    let emoji: JSONValue = ["id": "", "name": "👍", "code": "thumbsup", "isAnimated": false, "imageUrl": "x"]
    let custom: JSONValue = ["id": "77", "name": "pepe", "code": "pepe", "isAnimated": false, "imageUrl": "x"]
    let reactions: JSONValue = [
      ["emoji": emoji, "count": 3, "users": [Exports.ayse, Exports.can]], ["emoji": custom, "count": 2, "users": []],
    ]
    try move.run([Exports.file([Exports.message("5", "2019-03-01T12:00:00Z", "x", [("reactions", reactions)])])])
    let found = try move.messages()[0]["reactions"]
    #expect(found?.array?.count == 1)
    #expect(found?[0]?["count"]?.integer == 2)
    #expect(move.report.reactions == 2)
    #expect(move.report.notes["reaction with a picture of the server left out"] == 2)
    #expect(move.report.notes["reaction left out: the export does not say whose"] == 1)
  }

  @Test func `files that were saved hang on their message, others are named in its text`() throws {
    let move = try Move()
    let attachments: JSONValue = [
      ["id": "1", "url": "genel.json_Files/kedi-1A2B.png", "fileName": "kedi.png", "fileSizeBytes": 3],
      ["id": "2", "url": "https://cdn.discordapp.com/attachments/1/2/gone.zip", "fileName": "gone.zip"],
    ]
    let blob = String(repeating: "ab", count: 32)
    try move.run(
      [Exports.file([Exports.message("5", "2019-03-01T12:00:00Z", "bak", [("attachments", attachments)])])],
      found: ["genel.json_Files/kedi-1A2B.png": KeptFile(blob: blob, size: 3, type: "image/png")])
    let message = try move.messages()[0]
    #expect(message["content"]?.string == "bak\n[gone.zip]")
    #expect(message["attachments"]?.array?.all("filename") == ["kedi.png"])
    #expect(move.report.attachments == 1)
    #expect(move.report.notes.values.reduce(0, +) == 1)
  }

  @Test func `embeds without a text, stickers and forwarded messages become words`() throws {
    let move = try Move()
    let embed: JSONValue = ["title": "Haber", "url": "https://example.com", "description": "Özet"]
    let sticker: JSONValue = ["id": "1", "name": "Wave", "format": "Png", "sourceUrl": "x"]
    let forward: [(String, JSONValue)] = [
      ("forwardedMessage", ["content": "iki\nsatır", "attachments": []]),
      ("reference", ["type": "Forward", "messageId": "5"]),
    ]
    try move.run([
      Exports.file([
        Exports.message("5", "2019-03-01T12:00:00Z", "", [("embeds", [embed])]),
        Exports.message("6", "2019-03-01T12:00:01Z", "", [("stickers", [sticker])]),
        Exports.message("7", "2019-03-01T12:00:02Z", "", forward),
        Exports.message("8", "2019-03-01T12:00:03Z", "bak https://example.com", [("embeds", [embed])]),
      ])
    ])
    let messages = try move.messages()
    #expect(
      messages.all("content")
        == ["Haber\nÖzet\nhttps://example.com", "[Wave]", "> iki\n> satır", "bak https://example.com"])
    #expect(messages[2]["reply_to"] == .null)
  }

  @Test func `notices of Discord become notices of the server`() throws {
    let move = try Move()
    try move.run([
      Exports.file([Exports.message("5", "2019-03-01T12:00:00Z", "Joined the server.", type: "GuildMemberJoin")])
    ])
    #expect(try move.messages()[0]["type"]?.string == "system")
    #expect(move.report.notes.keys.contains { $0.contains("GuildMemberJoin") })
  }

  @Test func `a thread becomes a channel beside the one that it hung on`() throws {
    let move = try Move()
    let thread = Exports.file(
      [hello], channel: "300000000000000009", name: "konu", type: "GuildPublicThread",
      category: ("300000000000000001", "genel"), topic: nil)
    try move.run([Exports.file([]), thread])
    let made = move.channels.suffix(2)
    #expect(made.last?["topic"]?.string == "#genel")
    #expect(made.last?["category_id"] == made.first?["category_id"])
    #expect(try move.rows("categories") == 1)
  }

  @Test func `private conversations are not the server's`() throws {
    let move = try Move()
    try move.run([Exports.file([hello], type: "DirectTextChat")])
    #expect(move.report.messages == 0)
    #expect(try move.rows("messages") == 0)
  }

  @Test func `a channel that was deleted here stays deleted`() throws {
    let move = try Move()
    try move.run([Exports.file([hello])])
    let id = move.channels.all("id").last ?? ""
    #expect(move.community.call("DELETE", "/api/channels/\(id)", as: move.ids.owner).status == 200)
    try move.run([Exports.file([hello])])
    #expect(move.report.notes["channel left out that was deleted here after an earlier import"] == 1)
    #expect(move.channels.count == 2)
  }

  @Test func `beyond five hundred channels the rest is left out with a word`() throws {
    let move = try Move()
    try move.community.write { writing throws(Problem) in
      for _ in 3..<500 { _ = try writing.channel("dolgu", .text) }
      try writing.directoryChanged()
    }
    try move.run([Exports.file([hello])])
    #expect(move.report.notes["channel left out: there are as many as there may be"] == 1)
    #expect(try move.rows("messages") == 0)
  }
}

extension [JSONValue] {
  fileprivate func all(_ key: String) -> [String] { compactMap { $0[key]?.string } }
}
