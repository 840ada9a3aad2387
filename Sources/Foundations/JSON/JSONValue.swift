// A JSON document as a value: what the parser makes and the writer takes (RFC 8259).

/// A JSON value. Objects keep the order of their members, integers stay exact within 64 signed bits.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number written without fraction and exponent that fits 64 signed bits.
  case integer(Int64)
  /// Every other number, as the nearest double. Never infinite, never NaN.
  case decimal(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

extension JSONValue {
  public var isNull: Bool { self == .null }

  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  public var string: String? { if case .string(let value) = self { value } else { nil } }

  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The number as an integer, when it is one: `3`, `3.0` and `3e0` are; `3.5` and `"3"` are not.
  public var integer: Int64? {
    switch self {
    case .integer(let value): value
    case .decimal(let value): Int64(exactly: value)
    default: nil
    }
  }

  /// The number as `Int`, when it is a whole one.
  public var int: Int? { integer.flatMap(Int.init(exactly:)) }

  /// The number as a double. Integers beyond 2^53 are rounded.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .decimal(let value): value
    default: nil
    }
  }

  /// The member `key` of an object. Nil for a missing member and for every other kind of value.
  public subscript(key: String) -> JSONValue? { object?[key] }

  /// The element at `index` of an array. Nil beyond its end and for every other kind of value.
  public subscript(index: Int) -> JSONValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// JSON has no infinity and no NaN: both become null, as in ECMAScript's `JSON.stringify`.
  public init(floatLiteral value: Double) { self = value.isFinite ? .decimal(value) : .null }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral members: (String, JSONValue)...) {
    var object = JSONObject()
    for (key, value) in members { object[key] = value }
    self = .object(object)
  }
}
