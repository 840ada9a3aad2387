// What the JSON writer writes, and that the parser reads it back.

import JSON
import Randomness
import TestSupport
import Testing

@Suite struct JSONWritingTests {
  @Test func `any value survives writing and parsing`() throws {
    try forEachSeed(300) { seed, random in
      let value = randomValue(&random, depth: 4)
      let read = try JSONValue(parsing: value.serialized)
      #expect(read == value, "seed \(seed)")
    }
  }

  @Test func `only what must be escaped is`() {
    let text: JSONValue = "\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}é\u{2028}🎧"
    #expect(text.description == #""\"\\/\b\f\n\r\t\u0000\u001f"# + "\u{7F}é\u{2028}🎧\"")
  }

  @Test func `numbers are written so that they read back`() {
    #expect(JSONValue.integer(.min).description == "-9223372036854775808")
    #expect(JSONValue.decimal(0.1).description == "0.1")
    #expect(JSONValue.decimal(.leastNonzeroMagnitude).description == "5e-324")
  }

  @Test func `what is not finite becomes null`() {
    let infinite: JSONValue = .decimal(.infinity)
    #expect(infinite.description == "null")
  }

  @Test func `a writer puts commas where they belong`() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("a")
    writer.beginArray()
    writer.integer(1)
    writer.beginObject()
    writer.endObject()
    writer.null()
    writer.endArray()
    writer.key("b")
    writer.bool(true)
    writer.key(plain: "c".utf8)
    writer.string("x")
    writer.endObject()
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":[1,{},null],"b":true,"c":"x"}"#)
  }

  @Test func `members keep their order, and assigning replaces in place`() {
    var object: JSONObject = JSONObject()
    object["z"] = 1
    object["a"] = 2
    object["z"] = 3
    #expect(JSONValue.object(object).description == #"{"z":3,"a":2}"#)
    object["z"] = nil
    #expect(JSONValue.object(object).description == #"{"a":2}"#)
  }

  @Test func `accessors give a value of their type or nothing`() {
    let value: JSONValue = ["whole": 3.0, "half": 0.5, "text": "3", "list": [1]]
    #expect(value["whole"]?.integer == 3)
    #expect(value["half"]?.integer == nil)
    #expect(value["text"]?.integer == nil)
    #expect(value["list"]?[0]?.int == 1)
    #expect(value["list"]?[1] == nil)
    #expect(value["missing"] == nil)
    #expect(JSONValue.decimal(1e300).integer == nil)
  }

  private func randomValue(_ random: inout Random, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
    case 0: return nil
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .integer(Int64(bitPattern: random.next() >> UInt64.random(in: 0..<64, using: &random)))
    case 3:
      let decimal = Double(bitPattern: random.next())
      return decimal.isFinite && Int64(exactly: decimal) == nil ? .decimal(decimal) : .decimal(0.5)
    case 4, 5: return .string(randomText(&random))
    case 6:
      return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in randomValue(&random, depth: depth - 1) })
    default:
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0..<20, using: &random) {
        object[randomText(&random)] = randomValue(&random, depth: depth - 1)
      }
      return .object(object)
    }
  }

  private func randomText(_ random: inout Random) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<10, using: &random) {
      text.append(
        Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &random) >> UInt32.random(in: 0..<16, using: &random))
          ?? "x")
    }
    return String(text)
  }
}
