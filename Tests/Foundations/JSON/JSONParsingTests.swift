// What the JSON parser takes and refuses (RFC 8259), and what it spends.

import JSON
import Randomness
import TestSupport
import Testing

@Suite struct JSONParsingTests {
  private static let wellFormed: [(String, JSONValue)] = [
    ("null", JSONValue.null), (" true ", true), ("\t\r\nfalse\n", false), ("0", 0), ("-1", -1),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .decimal(9_223_372_036_854_775_808)), ("-0", .decimal(-0.0)), ("1.5", 1.5),
    ("1e3", .decimal(1000)), ("-2.5E-2", -0.025), ("\"\"", ""), ("\"zwölf 🎧\"", "zwölf 🎧"), ("[]", []), ("{}", [:]),
    ("[1,[2],{\"a\":null}]", [1, [2], ["a": nil]]), (" { \"a\" : [ ] , \"b\" : { } } ", ["a": [], "b": [:]]),
  ]

  @Test(arguments: wellFormed)
  func `well-formed texts give their values`(text: String, expected: JSONValue) throws {
    #expect(try JSONValue(parsing: text) == expected)
  }

  @Test(arguments: [
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""a\ud83c\udfa7b""#, "a🎧b"),
    (#""\u0000""#, "\u{0}"),
  ])
  func `escapes are resolved`(text: String, expected: String) throws {
    #expect(try JSONValue(parsing: text).string == expected)
  }

  @Test(arguments: [
    (#""\ud83c""#, "\u{FFFD}"), (#""\udfa7""#, "\u{FFFD}"), (#""\ud83cx""#, "\u{FFFD}x"),
    (#""\ud83c\n""#, "\u{FFFD}\n"),
    (#""\ud83c\u0041""#, "\u{FFFD}A"), (#""\ud83c\ud83c\udfa7""#, "\u{FFFD}🎧"),
  ])
  func `a surrogate without its partner becomes the replacement character`(text: String, expected: String) throws {
    #expect(try JSONValue(parsing: text).string == expected)
  }

  private static let illFormed: [(String, JSONError)] = [
    ("", JSONError.unexpectedEnd), ("  ", .unexpectedEnd), ("nul", .unexpectedEnd),
    ("nulL", .unexpectedByte(offset: 3)),
    ("truefalse", .trailingBytes(offset: 4)), ("[1,]", .unexpectedByte(offset: 3)),
    ("[1 2]", .unexpectedByte(offset: 3)),
    ("[1", .unexpectedEnd), ("]", .unexpectedByte(offset: 0)), ("{\"a\"}", .unexpectedByte(offset: 4)),
    ("{\"a\":1,}", .unexpectedByte(offset: 7)), ("{a:1}", .unexpectedByte(offset: 1)), ("{\"a\":1", .unexpectedEnd),
    ("'a'", .unexpectedByte(offset: 0)), ("NaN", .unexpectedByte(offset: 0)), ("+1", .unexpectedByte(offset: 0)),
    ("01", .invalidNumber(offset: 0)), ("-", .invalidNumber(offset: 0)), ("-a", .invalidNumber(offset: 0)),
    ("1.", .invalidNumber(offset: 0)), (".5", .unexpectedByte(offset: 0)), ("1e", .invalidNumber(offset: 0)),
    ("1e+", .invalidNumber(offset: 0)), ("1e999", .invalidNumber(offset: 0)), ("0x1", .trailingBytes(offset: 1)),
    ("\"a", .unexpectedEnd), ("\"\\", .unexpectedEnd), ("\"\\u12", .unexpectedEnd),
    ("\"\\x\"", .invalidString(offset: 1)),
    ("\"\\u12G4\"", .invalidString(offset: 1)), ("\"a\u{1}\"", .invalidString(offset: 2)),
    ("\"\\n\u{1F}\"", .invalidString(offset: 3)), ("{\"a\":1,\"a\":2}", .duplicateKey(offset: 7)),
    ("\u{FEFF}1", .unexpectedByte(offset: 0)), ("/**/1", .unexpectedByte(offset: 0)),
  ]

  @Test(arguments: illFormed)
  func `other texts are refused where they go wrong`(text: String, expected: JSONError) {
    #expect(throws: expected) { try JSONValue(parsing: text) }
  }

  @Test(
    arguments: [
      [0xFF], [0xC3, 0x28], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
    ] as [[UInt8]])
  func `strings that are not UTF-8 are refused`(content: [UInt8]) {
    #expect(throws: JSONError.invalidString(offset: 0)) { try JSONValue(parsing: [0x22] + content + [0x22]) }
    #expect(throws: JSONError.invalidString(offset: 0)) {
      try JSONValue(parsing: Array(#""\n"#.utf8) + content + [0x22])
    }
  }

  @Test func `a key repeated in a large object is found`() throws {
    let members = (0..<1_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
    #expect(try JSONValue(parsing: "{\(members)}")["k999"] == 999)
    #expect(throws: JSONError.duplicateKey(offset: members.utf8.count + 2)) {
      try JSONValue(parsing: "{\(members),\"k500\":0}")
    }
  }

  @Test func `nesting up to the limit is taken and beyond it refused`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    let limits = JSONLimits(depth: 5)
    #expect(try JSONValue(parsing: nested(5), limits: limits)[0]?[0]?[0]?[0] == [])
    #expect(throws: JSONError.tooDeep(offset: 5)) { try JSONValue(parsing: nested(6), limits: limits) }
    #expect(throws: JSONError.tooDeep(offset: 64)) { try JSONValue(parsing: String(repeating: "[", count: 1_000_000)) }
  }

  @Test func `length and number of values are limited`() {
    #expect(throws: JSONError.tooLarge) { try JSONValue(parsing: "[1]", limits: JSONLimits(bytes: 2)) }
    #expect(throws: JSONError.tooManyValues(offset: 5)) {
      try JSONValue(parsing: "[1,2,3]", limits: JSONLimits(values: 3))
    }
  }

  @Test func `damaged texts are parsed or refused`() {
    let text = Array(#"{"a":[1,-2.5e3,"x\u00e9\ud83c\udfa7",true,null],"b":{"c":"zwölf"}}"#.utf8)
    forEachSeed(500) { _, random in
      var damaged = text
      for _ in 0..<3 {
        damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let cut = Int.random(in: 0...damaged.count, using: &random)
      if let value = try? JSONValue(parsing: Array(damaged[..<cut])) {
        #expect((try? JSONValue(parsing: value.serialized)) == value)
      }
    }
  }
}
