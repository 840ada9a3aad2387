// Message to JSON text (the ProtoJSON mapping), in the two styles that LiveKit uses.

import JSON

/// How a message looks in JSON.
public enum MessageJSONStyle: Sendable {
  /// lowerCamelCase names, fields without a value left out: signal frames, webhooks, token claims.
  case compact
  /// The names of the schema, fields without presence always there and absent messages null: Twirp responses.
  case complete
}

extension ProtobufMessage {
  /// The message as JSON text in UTF-8.
  public func json(_ style: MessageJSONStyle = .compact) -> [UInt8] {
    var writer = MessageJSONWriter(style)
    write(to: &writer)
    return writer.json.bytes
  }
}

/// Appends fields as members of JSON objects.
public struct MessageJSONWriter: FieldVisitor, Sendable {
  var json = JSONWriter()
  private let style: MessageJSONStyle

  init(_ style: MessageJSONStyle) { self.style = style }

  mutating func fields(of message: some ProtobufMessage) {
    var message = message
    json.beginObject()
    message.visit(&self)
    json.endObject()
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value) {
    if style == .complete || !value.isDefault { member(name, value) }
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value?) {
    if let value {
      member(name, value)
    } else if style == .complete && Value.isMessage {
      key(name)
      json.null()
    }
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ values: inout [Value]) {
    if style == .compact && values.isEmpty { return }
    key(name)
    json.beginArray()
    for value in values { value.write(to: &self) }
    json.endArray()
  }

  public mutating func field<Key: MapKey, Value: FieldValue>(
    _ number: Int32, _ name: String, _ map: inout [Key: Value]
  ) {
    if style == .compact && map.isEmpty { return }
    key(name)
    json.beginObject()
    for key in map.keys.sorted() {
      json.key(key.jsonKey)
      map[key]?.write(to: &self)
    }
    json.endObject()
  }

  public mutating func choice<Choice, Value: FieldValue>(
    _ number: Int32, _ name: String, _ choice: inout Choice?, _ wrap: (Value) -> Choice, _ payload: (Choice) -> Value?
  ) {
    if let choice, let value = payload(choice) { member(name, value) }
  }

  private mutating func member(_ name: String, _ value: some FieldValue) {
    key(name)
    value.write(to: &self)
  }

  private mutating func key(_ name: String) {
    switch style {
    case .compact: json.key(plain: LowerCamelCase(name))
    case .complete: json.key(plain: name.utf8)
    }
  }

  /// JSON has no words for what is not finite; ProtoJSON spells it in strings.
  mutating func floating(_ value: Float) {
    if value.isFinite { json.decimal(value) } else { json.string(Self.word(Double(value))) }
  }

  mutating func floating(_ value: Double) {
    if value.isFinite { json.decimal(value) } else { json.string(Self.word(value)) }
  }

  private static func word(_ value: Double) -> String {
    value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
  }
}

/// The JSON name of a field: underscores go and the letter behind each becomes a capital.
struct LowerCamelCase: Sequence, IteratorProtocol {
  private var rest: String.UTF8View.Iterator

  init(_ name: String) { rest = name.utf8.makeIterator() }

  mutating func next() -> UInt8? {
    guard let byte = rest.next() else { return nil }
    guard byte == UInt8(ascii: "_"), let letter = rest.next() else { return byte }
    return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter) ? letter ^ 0x20 : letter
  }
}
