// Messages as Google's protobuf library encodes them (Tests/Fixtures/LiveKitProtocol/make.py), read and written here.

import Foundation
import JSON
import LiveKitProtocol
import Testing

@Suite struct GoldenMessageTests {
  @Test func `every message of the protocol has a golden encoding`() throws {
    let golden = Set(try GoldenMessage.all.map(\.name))
    for (name, _) in everyMessage where name != "google.protobuf.Timestamp" {
      #expect(golden.contains(name), "no fixture for \(name)")
    }
  }

  @Test func `wire format is decoded and encoded to the same bytes`() throws {
    for golden in try GoldenMessage.all {
      #expect(try hexadecimal(reencoded(golden.type, golden.wire)) == hexadecimal(golden.wire), "\(golden.name)")
    }
  }

  @Test func `compact JSON is what protobuf's own mapping writes`() throws {
    for golden in try GoldenMessage.all {
      let json = try JSONValue(parsing: decoded(golden.type, golden.wire).json(.compact))
      #expect(canonical(json) == canonical(golden.compact), "\(golden.name)")
    }
  }

  /// Python leaves absent messages out where Twirp servers write null, so nulls do not count.
  @Test func `complete JSON is what protobuf's own mapping writes`() throws {
    for golden in try GoldenMessage.all {
      let json = try JSONValue(parsing: decoded(golden.type, golden.wire).json(.complete))
      #expect(canonical(json) == canonical(golden.complete), "\(golden.name)")
    }
  }

  @Test func `both JSON styles are read back to the message`() throws {
    for golden in try GoldenMessage.all {
      for json in [golden.compact, golden.complete] {
        #expect(hexadecimal(try readJSON(golden.type, json)) == hexadecimal(golden.wire), "\(golden.name)")
      }
    }
  }

  private func decoded(_ type: any ProtobufMessage.Type, _ bytes: [UInt8]) throws -> any ProtobufMessage {
    try type.init(protobuf: bytes)
  }

  private func reencoded(_ type: any ProtobufMessage.Type, _ bytes: [UInt8]) throws -> [UInt8] {
    try decoded(type, bytes).protobuf
  }

  private func readJSON(_ type: any ProtobufMessage.Type, _ json: JSONValue) throws -> [UInt8] {
    try type.init(json: json).protobuf
  }
}

private struct GoldenMessage {
  var name: String
  var type: any ProtobufMessage.Type
  var wire: [UInt8]
  var compact: JSONValue
  var complete: JSONValue

  static var all: [GoldenMessage] {
    get throws {
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../Fixtures/LiveKitProtocol/messages.json")
      let document = try JSONValue(parsing: [UInt8](try Data(contentsOf: file)))
      return try #require(document.array).map { entry in
        let name = try #require(entry["message"]?.string)
        return GoldenMessage(
          name: name, type: try #require(everyMessage.first { $0.name == name }?.type, "unknown message \(name)"),
          wire: try #require(entry["wire"]?.string.flatMap(parsed(hexadecimal:))),
          compact: try #require(entry["compact"]), complete: try #require(entry["complete"]))
      }
    }
  }
}

/// Members sorted and without nulls, numbers in one form.
private func canonical(_ json: JSONValue) -> JSONValue {
  switch json {
  case .object(let object):
    var sorted = JSONObject()
    for member in object.members.sorted(by: { $0.key < $1.key }) where !member.value.isNull {
      sorted[member.key] = canonical(member.value)
    }
    return .object(sorted)
  case .array(let elements): return .array(elements.map(canonical))
  case .decimal(let value): return Int64(exactly: value).map { .integer($0) } ?? json
  default: return json
  }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func parsed(hexadecimal text: String) -> [UInt8]? {
  let digits = Array(text.utf8).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
  guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
