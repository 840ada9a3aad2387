// Random messages of any type, made by one more visitor of their fields.

import LiveKitProtocol
import Randomness

/// Fills messages at random: each field may stay empty, hold an extreme or anything between.
struct RandomFiller: FieldVisitor {
  var random: Random
  var depthLeft: Int

  static func message<Message: ProtobufMessage>(_ type: Message.Type, _ random: inout Random, depth: Int = 3) -> Message
  {
    var filler = RandomFiller(random: random, depthLeft: depth)
    let message = filler.value(type)
    random = filler.random
    return message
  }

  mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value) {
    if random.chance(0.7) { value = self.value(Value.self) }
  }

  mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value?) {
    if random.chance(0.6), depthLeft > 0 || !Value.isMessage { value = self.value(Value.self) }
  }

  mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ values: inout [Value]) {
    guard depthLeft > 0 || !Value.isMessage else { return }
    values = (0..<Int.random(in: 0...3, using: &random)).map { _ in value(Value.self) }
  }

  mutating func field<Key: MapKey, Value: FieldValue>(_ number: Int32, _ name: String, _ map: inout [Key: Value]) {
    for _ in 0..<Int.random(in: 0...3, using: &random) { map[value(Key.self)] = value(Value.self) }
  }

  mutating func choice<Choice, Value: FieldValue>(
    _ number: Int32, _ name: String, _ choice: inout Choice?, _ wrap: (Value) -> Choice, _ payload: (Choice) -> Value?
  ) {
    if random.chance(0.2), depthLeft > 0 || !Value.isMessage { choice = wrap(value(Value.self)) }
  }

  private mutating func value<Value: FieldValue>(_ type: Value.Type) -> Value {
    arbitrary(type) as? Value ?? Value()
  }

  private mutating func arbitrary(_ type: any FieldValue.Type) -> any FieldValue {
    switch type {
    case is String.Type: text()
    case is Bool.Type: Bool.random(using: &random)
    case is [UInt8].Type: (0..<Int.random(in: 0...200, using: &random)).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    case is Int32.Type: integer(Int32.self)
    case is UInt32.Type: integer(UInt32.self)
    case is Int64.Type: integer(Int64.self)
    case is UInt64.Type: integer(UInt64.self)
    case is Float.Type:
      [0, -0.0, 1.5, -3.25e-9, .infinity, -.infinity, .greatestFiniteMagnitude].pick(&random) as Float
    case is Timestamp.Type: timestamp()
    case let type as any ProtobufEnum.Type: enumeration(type)
    case let type as any ProtobufMessage.Type: nested(type)
    default: preconditionFailure("no generator for \(type)")
    }
  }

  private mutating func text() -> String {
    let pieces = ["", "a", "PA_", "ü", "日本", "🎧", "\"", "\\", "\n", "\u{0}", "\u{7F}", "/", "\u{2028}"]
    return (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.pick(&random) }.joined()
  }

  private mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer {
    random.chance(0.3)
      ? [0, 1, 127, 128, .min, .max].pick(&random)
      : Integer(truncatingIfNeeded: random.next() >> UInt64.random(in: 0..<64, using: &random))
  }

  /// Years 1 to 9999, as RFC 3339 can write them.
  private mutating func timestamp() -> Timestamp {
    .with {
      $0.seconds = Int64.random(in: -62_135_596_800...253_402_300_799, using: &random)
      $0.nanos = [0, 1, 1_000, 250_000_000, 999_999_999].pick(&random)
    }
  }

  private mutating func enumeration(_ type: any ProtobufEnum.Type) -> any FieldValue {
    random.chance(0.1)
      ? type.init(rawValue: integer(Int32.self))
      : type.init(rawValue: Int32(Int.random(in: 0..<type.names.count, using: &random)))
  }

  private mutating func nested(_ type: any ProtobufMessage.Type) -> any FieldValue {
    var message: any ProtobufMessage = type.init()
    depthLeft -= 1
    message.visit(&self)
    depthLeft += 1
    return message
  }
}

extension Array {
  func pick(_ random: inout Random) -> Element { self[Int.random(in: indices, using: &random)] }
}
