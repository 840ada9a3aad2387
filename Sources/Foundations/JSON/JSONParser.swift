// Text to value: one pass over the bytes, bounded in length, depth and number of values (RFC 8259).

extension JSONValue {
  /// Parses exactly one JSON text in UTF-8, white space around it allowed.
  ///
  /// Stricter than RFC 8259 demands: a member named twice is an error, since two readers would disagree on its value,
  /// and so is a number that no double can hold. More lenient in one point: an escaped surrogate without its partner,
  /// which ECMAScript can write but UTF-8 cannot carry, becomes U+FFFD.
  public init(parsing text: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
    guard text.count <= limits.bytes else { throw .tooLarge }
    var parser = JSONParser(text: text, limits: limits)
    self = try parser.document()
  }

  /// Parses the UTF-8 of `text`.
  public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }
}

struct JSONParser {
  let text: [UInt8]
  var offset = 0
  private var depthLeft: Int
  private var valuesLeft: Int

  init(text: [UInt8], limits: JSONLimits) {
    self.text = text
    depthLeft = limits.depth
    valuesLeft = limits.values
  }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value()
    skipWhiteSpace()
    guard offset == text.count else { throw .trailingBytes(offset: offset) }
    return value
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    guard valuesLeft > 0 else { throw .tooManyValues(offset: offset) }
    valuesLeft -= 1
    switch try next() {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["): return .array(try array())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw .unexpectedByte(offset: offset)
    }
  }

  private mutating func object() throws(JSONError) -> JSONObject {
    try enter()
    var members: [JSONObject.Member] = []
    var seen: Set<String> = []
    if try next() != UInt8(ascii: "}") {
      while true {
        guard try next() == UInt8(ascii: "\"") else { throw .unexpectedByte(offset: offset) }
        let keyOffset = offset
        let key = try string()
        guard Self.isNew(key, in: members, &seen) else { throw .duplicateKey(offset: keyOffset) }
        guard try next() == UInt8(ascii: ":") else { throw .unexpectedByte(offset: offset) }
        offset += 1
        members.append(JSONObject.Member(key: key, value: try value()))
        if try next() == UInt8(ascii: "}") { break }
        guard text[offset] == UInt8(ascii: ",") else { throw .unexpectedByte(offset: offset) }
        offset += 1
      }
    }
    leave()
    return JSONObject(uniqueMembers: members)
  }

  /// Small objects are searched, large ones hashed: neither is slow for honest texts nor quadratic for hostile ones.
  private static func isNew(_ key: String, in members: [JSONObject.Member], _ seen: inout Set<String>) -> Bool {
    let searchedMembers = 16
    if members.count < searchedMembers { return !members.contains { $0.key == key } }
    if seen.isEmpty { seen = Set(members.map(\.key)) }
    return seen.insert(key).inserted
  }

  private mutating func array() throws(JSONError) -> [JSONValue] {
    try enter()
    var elements: [JSONValue] = []
    if try next() != UInt8(ascii: "]") {
      while true {
        elements.append(try value())
        if try next() == UInt8(ascii: "]") { break }
        guard text[offset] == UInt8(ascii: ",") else { throw .unexpectedByte(offset: offset) }
        offset += 1
      }
    }
    leave()
    return elements
  }

  private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for expected in "\(word)".utf8 {
      guard offset < text.count else { throw .unexpectedEnd }
      guard text[offset] == expected else { throw .unexpectedByte(offset: offset) }
      offset += 1
    }
    return value
  }

  private mutating func enter() throws(JSONError) {
    guard depthLeft > 0 else { throw .tooDeep(offset: offset) }
    depthLeft -= 1
    offset += 1
  }

  private mutating func leave() {
    depthLeft += 1
    offset += 1
  }

  /// The next byte that is not white space; `offset` then stands on it.
  private mutating func next() throws(JSONError) -> UInt8 {
    skipWhiteSpace()
    guard offset < text.count else { throw .unexpectedEnd }
    return text[offset]
  }

  private mutating func skipWhiteSpace() {
    while offset < text.count {
      switch text[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset += 1
      default: return
      }
    }
  }
}

// MARK: Numbers

extension JSONParser {
  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?` (RFC 8259 section 6).
  private mutating func number() throws(JSONError) -> JSONValue {
    let start = offset
    let negative = text[offset] == UInt8(ascii: "-")
    if negative { offset += 1 }
    let leadingZero = offset < text.count && text[offset] == UInt8(ascii: "0")
    let digits = skipDigits()
    guard digits > 0, !leadingZero || digits == 1 else { throw .invalidNumber(offset: start) }
    var whole = true
    if offset < text.count, text[offset] == UInt8(ascii: ".") {
      whole = false
      offset += 1
      guard skipDigits() > 0 else { throw .invalidNumber(offset: start) }
    }
    if offset < text.count, text[offset] | 0x20 == UInt8(ascii: "e") {
      whole = false
      offset += 1
      if offset < text.count, text[offset] == UInt8(ascii: "+") || text[offset] == UInt8(ascii: "-") { offset += 1 }
      guard skipDigits() > 0 else { throw .invalidNumber(offset: start) }
    }
    if whole, let integer = integer(in: start..<offset, negative: negative) { return .integer(integer) }
    guard let decimal = Double(String(decoding: text[start..<offset], as: UTF8.self)), decimal.isFinite else {
      throw .invalidNumber(offset: start)
    }
    return .decimal(decimal)
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while offset < text.count, text[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
    return offset - start
  }

  /// Nil when the digits do not fit, and for `-0`, whose sign only a double keeps.
  private func integer(in range: Range<Int>, negative: Bool) -> Int64? {
    var value: Int64 = 0
    for index in range.lowerBound + (negative ? 1 : 0)..<range.upperBound {
      let digit = Int64(text[index] &- UInt8(ascii: "0"))
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = negative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      value = sum
    }
    return negative && value == 0 ? nil : value
  }
}

// MARK: Strings

extension JSONParser {
  /// A string from its opening quote on. Without escapes, the common case, its bytes are validated and copied once.
  private mutating func string() throws(JSONError) -> String {
    let opening = offset
    offset += 1
    let start = offset
    while offset < text.count {
      let byte = text[offset]
      if byte == UInt8(ascii: "\"") {
        let content = try utf8(start..<offset, opening: opening)
        offset += 1
        return content
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start, opening: opening) }
      guard byte >= 0x20 else { throw .invalidString(offset: offset) }
      offset += 1
    }
    throw .unexpectedEnd
  }

  /// The rest of a string whose first escape stands at `offset`.
  private mutating func escapedString(from start: Int, opening: Int) throws(JSONError) -> String {
    var content = Array(text[start..<offset])
    while offset < text.count {
      let byte = text[offset]
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        guard let string = String(validating: content, as: UTF8.self) else { throw .invalidString(offset: opening) }
        return string
      case UInt8(ascii: "\\"):
        try escape(into: &content)
      case 0..<0x20:
        throw .invalidString(offset: offset)
      default:
        content.append(byte)
        offset += 1
      }
    }
    throw .unexpectedEnd
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONError) {
    guard offset + 1 < text.count else { throw .unexpectedEnd }
    let kind = text[offset + 1]
    let byte: UInt8
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte = kind
    case UInt8(ascii: "b"): byte = 0x08
    case UInt8(ascii: "f"): byte = 0x0C
    case UInt8(ascii: "n"): byte = 0x0A
    case UInt8(ascii: "r"): byte = 0x0D
    case UInt8(ascii: "t"): byte = 0x09
    case UInt8(ascii: "u"):
      content.append(contentsOf: String(Character(try unicodeEscape())).utf8)
      return
    default: throw .invalidString(offset: offset)
    }
    content.append(byte)
    offset += 2
  }

  /// `\u20AC`, or the two of a surrogate pair (RFC 8259 section 7).
  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let replacement: Unicode.Scalar = "\u{FFFD}"
    let first = try codeUnit(at: offset)
    offset += 6
    guard (0xD800..<0xE000).contains(first) else { return Unicode.Scalar(first) ?? replacement }
    guard first < 0xDC00, offset + 1 < text.count,
      text[offset] == UInt8(ascii: "\\"), text[offset + 1] == UInt8(ascii: "u")
    else { return replacement }
    let second = try codeUnit(at: offset)
    guard (0xDC00..<0xE000).contains(second) else { return replacement }
    offset += 6
    return Unicode.Scalar(0x1_0000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? replacement
  }

  /// The four hexadecimal digits of the escape at `position`.
  private func codeUnit(at position: Int) throws(JSONError) -> UInt32 {
    guard position + 6 <= text.count else { throw .unexpectedEnd }
    var unit: UInt32 = 0
    for index in position + 2..<position + 6 {
      guard let digit = Character(Unicode.Scalar(text[index])).hexDigitValue, text[index] < 0x80 else {
        throw .invalidString(offset: position)
      }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }

  private func utf8(_ range: Range<Int>, opening: Int) throws(JSONError) -> String {
    guard let valid = try? UTF8Span(validating: text.span.extracting(range)) else {
      throw .invalidString(offset: opening)
    }
    return String(copying: valid)
  }
}
