// Taking a file apart: the same values as parsing the whole, without the whole.

import API
import Chronology
import Import
import JSON
import Randomness
import TestSupport
import Testing

@Suite struct ScannerTests {
  private func parts(_ bytes: [UInt8]) throws -> (header: JSONValue, messages: [JSONValue]) {
    let scanned = try ExportScanner(bytes)
    return (scanned.header, scanned.messages.compactMap { ExportScanner.message($0, of: bytes) })
  }

  @Test func `the messages are those of the file, whatever stands in their texts`() throws {
    let nasty = ["]}", "\"", "\\", "{\"messages\":[", "[[", "ş👩🏽‍🚀", "\n", "\u{1}"]
    try forEachSeed(200) { seed, random in
      let messages = (0..<Int.random(in: 0...5, using: &random)).map { n in
        let text = (0..<Int.random(in: 0...6, using: &random)).map { _ in nasty.randomElement(using: &random) ?? "" }
        return Exports.message("\(n)", "2020-01-01T00:00:00+00:00", text.joined())
      }
      let file = Exports.file(messages, name: nasty.randomElement(using: &random) ?? "")
      let (header, found) = try parts(file.serialized)
      #expect(found == messages, "seed \(seed)")
      #expect(header["channel"] == file["channel"], "seed \(seed)")
      #expect(header["messageCount"] == file["messageCount"], "seed \(seed)")
    }
  }

  @Test func `indentation, a byte order mark and other keys of the same name do not matter`() throws {
    let text = """
      {
        "guild": { "id": "1", "name": "x" },
        "channel": { "id": "2", "name": "y", "note": { "messages": [ 1 ] } },
        "messages": [
          { "id": "3" } ,
          { "id": "4", "inner": [ { } ] }
        ]
      }
      """
    let (header, messages) = try parts([0xEF, 0xBB, 0xBF] + Array(text.utf8))
    #expect(messages.map { $0["id"]?.string } == ["3", "4"])
    #expect(header["messages"] == [])
  }

  @Test func `a file that was broken off anywhere is refused, and never a trap`() {
    let bytes = Exports.file([Exports.message("1", "2020-01-01T00:00:00Z", "a\\\"b")]).serialized
    for count in 0..<bytes.count {
      #expect(throws: ExportError.self) { _ = try ExportScanner(Array(bytes[..<count])) }
    }
  }

  @Test func `noise is refused or holds nothing, and never a trap`() {
    forEachSeed(2000) { _, random in
      let alphabet = Array("{}[]\",:\\messages1 ".utf8)
      let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      if let scanned = try? ExportScanner(bytes) { #expect(scanned.header["guild"] == nil) }
    }
  }

  @Test func `JSON of others is told from exports`() throws {
    #expect(throws: ExportError.foreign) { _ = try ExportScanner(Array("{\"a\":[1]}".utf8)) }
    let other = try ExportScanner(Array("{\"messages\":[]}".utf8)).header
    #expect(throws: ExportError.foreign) { _ = try DiscordExport(other) }
  }

  @Test(arguments: [
    ("2021-07-19T13:34:18+00:00", "2021-07-19T13:34:18.000Z"),
    ("2021-07-19T13:34:18.1234567+03:00", "2021-07-19T10:34:18.123Z"),
    ("2021-07-19T13:34:18.5-0330", "2021-07-19T17:04:18.500Z"), ("2016-02-29T23:59:59Z", "2016-02-29T23:59:59.000Z"),
  ])
  func `times keep their moment in any zone`(written: String, expected: String) throws {
    let message = try #require(DiscordMessage(Exports.message("1", written, "x")))
    #expect(Timestamp(message.time).text == expected)
  }

  @Test(arguments: [
    "", "2021-07-19", "2021-07-19T13:34:18", "2021-07-19T13:34:18+3", "2021-07-19T13:34:18.5", "gestern",
  ])
  func `what is no time makes no message`(written: String) {
    #expect(DiscordMessage(Exports.message("1", written, "x")) == nil)
  }

  @Test func `names and pictures of Discord become words`() {
    var text = MessageText()
    text.names["1"] = "ayse"
    #expect(
      text.translated("hi <@1> <@!1> <@2>, see <#3> <@&4> <:pepe:5> <a:dance:6>")
        == "hi @ayse @ayse @unknown, see #unknown @role :pepe: :dance:")
    #expect(text.translated("1 < 2 <t:1> <@x> <#> < <@") == "1 < 2 <t:1> <@x> <#> < <@")
  }
}
