// What a LiveKit message is here: a struct with defaults and one table of its fields.
//
// `visit` names each field once: number, proto name, storage. Everything that must know a message's shape is a visitor of
// that table: protobuf in both directions, JSON in both directions, and the generator of random messages in the tests.

import JSON

/// A protobuf message (proto3).
///
/// Field types are the Swift types that match LiveKit's scalars one to one: `String`, `Bool`, `Int32`, `Int64`,
/// `UInt32`, `UInt64`, `Float`, `Double`, `[UInt8]` for bytes, `ProtobufEnum` and other messages. A message field is
/// always optional; a scalar is optional when the schema says `optional`. A oneof is an optional enum with payloads.
public protocol ProtobufMessage: FieldValue {
  /// Shows every field to `fields`, in ascending order of number: decoding takes ascending fields in one pass.
  mutating func visit(_ fields: inout some FieldVisitor)
}

/// What walks over the fields of a message.
public protocol FieldVisitor {
  /// A field without presence: its default value and its absence are the same.
  mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value)
  /// A field with presence: a message, or a scalar that the schema calls optional.
  mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value?)
  /// A repeated field.
  mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ values: inout [Value])
  /// A map field.
  mutating func field<Key: MapKey, Value: FieldValue>(_ number: Int32, _ name: String, _ map: inout [Key: Value])
  /// One member of a oneof: `wrap` makes the case, `payload` takes its payload out when it is that case.
  mutating func choice<Choice, Value: FieldValue>(
    _ number: Int32, _ name: String, _ choice: inout Choice?, _ wrap: (Value) -> Choice, _ payload: (Choice) -> Value?)
}

/// A type that a field can have.
public protocol FieldValue: Sendable, Equatable {
  /// The default value of proto3: empty, zero, false.
  init()
  static var wireType: WireType { get }
  /// True for messages, which JSON shows as null when they are asked for but not there.
  static var isMessage: Bool { get }
  var isDefault: Bool { get }
  /// Appends the value as it stands behind a tag, with its length where the wire type has one.
  func encode(to encoder: inout ProtobufEncoder)
  /// Reads what stands behind a tag of `wireType`. Messages merge into what they hold; others are replaced.
  mutating func decode(from decoder: inout ProtobufDecoder)
  func write(to writer: inout MessageJSONWriter)
  mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader)
}

extension FieldValue {
  public static var isMessage: Bool { false }
}

/// A type that can be the key of a map field.
public protocol MapKey: FieldValue, Hashable, Comparable {
  var jsonKey: String { get }
  init?(jsonKey: String)
}

/// How a value is laid out behind its tag (protobuf encoding guide, "Message Structure").
public enum WireType: UInt8, Sendable {
  case varint = 0
  case fixed64 = 1
  case lengthDelimited = 2
  case startGroup = 3
  case endGroup = 4
  case fixed32 = 5
}

/// What one message may cost the server that decodes it.
public enum ProtobufLimit {
  /// The deepest nesting of messages; the deepest that LiveKit defines is 7. The decoder recurses, so this bounds its stack.
  public static let depth = 24
  /// The most elements of repeated and map fields in one message: an empty submessage costs a sender two bytes and the
  /// server some hundred. The largest honest messages list every track of a large room.
  public static let elements = 1 << 15
}

/// Why bytes are not the message that they should be.
public enum ProtobufError: Error, Sendable, Hashable {
  /// The bytes end inside a field, or a length points beyond the end.
  case truncated
  /// A varint of more than 64 bits, a field number of zero, a group that is never opened: not protobuf.
  case malformed
  /// A string field holds bytes that are not UTF-8.
  case invalidUTF8
  /// Nesting beyond `ProtobufLimit.depth`.
  case tooDeep
  /// More elements than `ProtobufLimit.elements`.
  case tooManyElements
}
