// JSON to message (the ProtoJSON mapping), lenient where LiveKit's peers differ.

import JSON

/// Why a JSON text is not the message that it should be.
public enum MessageJSONError: Error, Sendable, Hashable {
  case syntax(JSONError)
  /// The member `field` holds a value that its type cannot take.
  case unexpectedValue(field: String)
  /// The text is not an object where a message stands.
  case notAnObject
}

extension ProtobufMessage {
  /// Decodes a message from JSON text in UTF-8.
  ///
  /// Names may be lowerCamelCase or as in the schema, enum values names or numbers, 64-bit integers strings or numbers,
  /// bytes either alphabet of base64. Unknown members and unknown enum names are ignored; null means absent.
  public init(json text: [UInt8], limits: JSONLimits = JSONLimits()) throws(MessageJSONError) {
    let value: JSONValue
    do { value = try JSONValue(parsing: text, limits: limits) } catch { throw .syntax(error) }
    try self.init(json: value)
  }

  /// Decodes a message from a parsed JSON value, as the text initialiser does.
  public init(json value: JSONValue) throws(MessageJSONError) {
    self.init()
    var reader = MessageJSONReader()
    read(value, from: &reader)
    if let failure = reader.failure { throw failure }
  }
}

/// Takes fields from the members of JSON objects. The parser has bounded depth and size before.
public struct MessageJSONReader: FieldVisitor, Sendable {
  private var object = JSONObject()
  private var name = ""
  private(set) var failure: MessageJSONError?

  mutating func nestedFields(of message: inout some ProtobufMessage, _ json: JSONValue) {
    guard let members = json.object else {
      if failure == nil { failure = name.isEmpty ? .notAnObject : .unexpectedValue(field: name) }
      return
    }
    let outer = object
    object = members
    message.visit(&self)
    object = outer
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value) {
    guard let json = member(name) else { return }
    value.read(json, from: &self)
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value?) {
    guard let json = member(name) else { return }
    var present = Value()
    present.read(json, from: &self)
    value = present
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ values: inout [Value]) {
    guard let json = member(name) else { return }
    for element in expect(json.array) as [JSONValue] {
      var value = Value()
      value.read(element, from: &self)
      values.append(value)
    }
  }

  public mutating func field<Key: MapKey, Value: FieldValue>(
    _ number: Int32, _ name: String, _ map: inout [Key: Value]
  ) {
    guard let json = member(name) else { return }
    for member in (expect(json.object) as JSONObject).members {
      guard let key = Key(jsonKey: member.key) else { return fail() }
      var value = Value()
      value.read(member.value, from: &self)
      map[key] = value
    }
  }

  public mutating func choice<Choice, Value: FieldValue>(
    _ number: Int32, _ name: String, _ choice: inout Choice?, _ wrap: (Value) -> Choice, _ payload: (Choice) -> Value?
  ) {
    guard let json = member(name) else { return }
    var value = Value()
    value.read(json, from: &self)
    choice = wrap(value)
  }

  /// The value of a field under either of its names; nil when it is missing or null.
  private mutating func member(_ name: String) -> JSONValue? {
    guard failure == nil else { return nil }
    let found = object.members.first { member in
      member.key == name || member.key.utf8.elementsEqual(LowerCamelCase(name))
    }
    guard let found, !found.value.isNull else { return nil }
    self.name = name
    return found.value
  }
}

extension MessageJSONReader {
  mutating func expect<Value: JSONDefault>(_ value: Value?) -> Value {
    if value == nil { fail() }
    return value ?? Value()
  }

  /// A whole number in range, or its digits in a string.
  mutating func integer<Value: FixedWidthInteger>(_ json: JSONValue) -> Value {
    let value = json.integer.flatMap(Value.init(exactly:)) ?? json.string.flatMap { Value($0) }
    if value == nil { fail() }
    return value ?? 0
  }

  /// A number, or one of the three words and any digits in a string.
  mutating func floating(_ json: JSONValue) -> Double {
    let value: Double? =
      switch json.string {
      case "NaN": .nan
      case "Infinity": .infinity
      case "-Infinity": -.infinity
      case let digits?: Double(digits)
      case nil: json.double
      }
    if value == nil { fail() }
    return value ?? 0
  }

  mutating func fail() {
    if failure == nil { failure = .unexpectedValue(field: name) }
  }
}

/// What stands in for a value of the wrong type once a failure has been noted.
protocol JSONDefault { init() }
extension String: JSONDefault {}
extension Bool: JSONDefault {}
extension Array: JSONDefault {}
extension JSONObject: JSONDefault {}
