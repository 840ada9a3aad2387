// What must hold for every message and every content: nothing is lost, and nothing that arrives can do harm.

import JSON
import LiveKitProtocol
import Randomness
import TestSupport
import Testing

@Suite struct MessageRoundTripTests {
  @Test func `any message survives the wire format`() throws {
    try expectSurvival { try type(of: $0).init(protobuf: $0.protobuf) }
  }

  @Test func `any message survives compact JSON`() throws {
    try expectSurvival { try type(of: $0).init(json: $0.json(.compact)) }
  }

  @Test func `any message survives complete JSON`() throws {
    try expectSurvival { try type(of: $0).init(json: $0.json(.complete)) }
  }

  @Test func `a message cut anywhere is decoded or refused`() {
    forEveryRandomMessage(seeds: 2) { message, _, _ in
      let bytes = message.protobuf
      for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
        _ = try? type(of: message).init(protobuf: Array(bytes[..<length]))
      }
    }
  }

  @Test func `a damaged message is decoded or refused`() throws {
    try forEveryRandomMessage(seeds: 2) { message, _, seed in
      var random = Random(seed: seed)
      let bytes = message.protobuf
      guard !bytes.isEmpty else { return }
      for _ in 0..<20 {
        var damaged = bytes
        for _ in 0..<3 {
          damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        if let read = try? type(of: message).init(protobuf: damaged) {
          _ = try type(of: message).init(protobuf: read.protobuf)
        }
      }
    }
  }

  @Test func `field numbers and names are unique and ascending`() {
    for (name, type) in everyMessage {
      var collector = FieldCollector()
      var message: any ProtobufMessage = type.init()
      message.visit(&collector)
      #expect(collector.numbers == collector.numbers.sorted(), "\(name)")
      #expect(Set(collector.numbers).count == collector.numbers.count, "\(name)")
      #expect(Set(collector.names).count == collector.names.count, "\(name)")
    }
  }

  private func forEveryRandomMessage(
    seeds: Int = 8, _ body: (any ProtobufMessage, String, UInt64) throws -> Void
  ) rethrows {
    for (name, type) in everyMessage {
      try forEachSeed(seeds) { seed, random in try body(RandomFiller.message(type, &random), name, seed) }
    }
  }

  private func expectSurvival(_ copy: (any ProtobufMessage) throws -> any ProtobufMessage) throws {
    try forEveryRandomMessage { message, name, seed in
      let survived = isSame(message, try copy(message))
      #expect(survived, "\(name), seed \(seed)")
    }
  }

  private func isSame<Message: ProtobufMessage>(_ message: Message, _ other: any ProtobufMessage) -> Bool {
    message == other as? Message
  }
}

/// Lists the fields of a message.
private struct FieldCollector: FieldVisitor {
  var numbers: [Int32] = []
  var names: [String] = []

  private mutating func note(_ number: Int32, _ name: String) {
    numbers.append(number)
    names.append(name)
  }

  mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value) { note(number, name) }
  mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value?) { note(number, name) }
  mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ values: inout [Value]) {
    note(number, name)
  }
  mutating func field<Key: MapKey, Value: FieldValue>(_ number: Int32, _ name: String, _ map: inout [Key: Value]) {
    note(number, name)
  }
  mutating func choice<Choice, Value: FieldValue>(
    _ number: Int32, _ name: String, _ choice: inout Choice?, _ wrap: (Value) -> Choice, _ payload: (Choice) -> Value?
  ) { note(number, name) }
}
