// What a body looks like: one description that both checks requests and is written into the OpenAPI document.

public import JSON
public import Problems

/// The shape of a JSON value, in the words of JSON Schema 2020-12 that this API uses.
public indirect enum Shape: Sendable {
  case boolean
  /// A whole number within the range.
  case integer(ClosedRange<Int64>)
  /// Text of so many characters (Unicode scalar values, as JSON Schema counts).
  case string(ClosedRange<Int>)
  /// An id: sixteen lower-case hexadecimal digits.
  case identifier
  /// `YYYY-MM-DDTHH:MM:SS.mmmZ`.
  case time
  case choice([String])
  case array(Shape, ClosedRange<Int>)
  /// Members that are named here and no others.
  case object([Field])
  /// The same or null.
  case nullable(Shape)
  /// A schema that `Schemas` names, for answers.
  case reference(String)
  /// Anything; for answers and for what is passed through.
  case any

  public struct Field: Sendable {
    public var name: String
    public var schema: Shape
    public var isRequired: Bool
    public var note: String

    public init(_ name: String, _ schema: Shape, isRequired: Bool = true, _ note: String = "") {
      self.name = name
      self.schema = schema
      self.isRequired = isRequired
      self.note = note
    }

    /// A member that may be left out.
    public static func optional(_ name: String, _ schema: Shape, _ note: String = "") -> Field {
      Field(name, schema, isRequired: false, note)
    }
  }
}

extension Shape {
  /// Passes when `value` has this shape.
  ///
  /// - Throws: VALIDATION_ERROR with the pointer to the first member that has not.
  public func check(_ value: JSONValue, at pointer: String = "") throws(Problem) {
    switch self {
    case .any, .reference: return
    case .boolean:
      guard value.bool != nil else { throw .invalid(pointer, "must be true or false") }
    case .integer(let range):
      guard let number = value.integer, range.contains(number) else {
        throw .invalid(pointer, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
    case .string(let lengths): try Self.check(value, lengths, pointer)
    case .identifier:
      guard let text = value.string, Self.isIdentifier(text) else {
        throw .invalid(pointer, "must be an id of 16 hexadecimal digits")
      }
    case .time:
      guard let text = value.string, Timestamp(text) != nil else {
        throw .invalid(pointer, "must be a time like 2026-01-31T12:00:00.000Z")
      }
    case .choice(let words):
      guard let word = value.string, words.contains(word) else {
        throw .invalid(pointer, "must be one of \(words.joined(separator: ", "))")
      }
    case .array(let element, let counts): try Self.check(value, element, counts, pointer)
    case .object(let fields): try Self.check(value, fields, pointer)
    case .nullable(let schema):
      if !value.isNull { try schema.check(value, at: pointer) }
    }
  }

  private static func isIdentifier(_ text: String) -> Bool {
    text.utf8.count == 16 && text.utf8.first.map { $0 < UInt8(ascii: "8") } == true
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }

  private static func check(_ value: JSONValue, _ lengths: ClosedRange<Int>, _ pointer: String) throws(Problem) {
    guard let text = value.string else { throw .invalid(pointer, "must be text") }
    guard lengths.contains(text.unicodeScalars.count) else {
      throw .invalid(pointer, "must have \(lengths.lowerBound) to \(lengths.upperBound) characters")
    }
    // What a database or a terminal would cut at or hide behind.
    guard !text.unicodeScalars.contains("\u{0}") else { throw .invalid(pointer, "must not contain U+0000") }
  }

  private static func check(
    _ value: JSONValue, _ element: Shape, _ counts: ClosedRange<Int>, _ pointer: String
  ) throws(Problem) {
    guard let elements = value.array else { throw .invalid(pointer, "must be a list") }
    guard counts.contains(elements.count) else {
      throw .invalid(pointer, "must have \(counts.lowerBound) to \(counts.upperBound) elements")
    }
    for (index, value) in elements.enumerated() { try element.check(value, at: "\(pointer)/\(index)") }
  }

  private static func check(_ value: JSONValue, _ fields: [Field], _ pointer: String) throws(Problem) {
    guard let object = value.object else { throw .invalid(pointer, "must be an object") }
    for member in object.members {
      guard let field = fields.first(where: { $0.name == member.key }) else {
        throw .invalid("\(pointer)/\(member.key)", "is not a member of this request")
      }
      try field.schema.check(member.value, at: "\(pointer)/\(field.name)")
    }
    for field in fields where field.isRequired && object[field.name] == nil {
      throw .invalid("\(pointer)/\(field.name)", "is missing")
    }
  }
}
