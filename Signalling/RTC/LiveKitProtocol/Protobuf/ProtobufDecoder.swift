// Protobuf bytes to message: untrusted input, so nothing here traps and everything is bounded.

extension ProtobufMessage {
  /// Decodes a message. Unknown fields, unknown enum values and fields of an unexpected wire type do no harm.
  public init(protobuf bytes: [UInt8]) throws(ProtobufError) {
    self.init()
    var decoder = ProtobufDecoder(bytes)
    decoder.fields(of: &self)
    if let failure = decoder.failure { throw failure }
  }
}

/// Reads fields in wire format.
///
/// The decoder stands on a tag. Each field of the visited table takes the tags that are its own, so a message whose fields
/// come in ascending order, as every encoder writes them, is read in one visit; other orders need a visit more for each
/// step back. The first failure is kept and ends the input: a visitor cannot throw out of a table.
public struct ProtobufDecoder: FieldVisitor, Sendable {
  private let bytes: [UInt8]
  private var offset = 0
  /// Where the message that is being read ends.
  private var end: Int
  /// The field that the decoder stands on; 0 at the end of a message.
  private var number: Int32 = 0
  private var wireType = WireType.varint
  private var depthLeft = ProtobufLimit.depth
  private var elementsLeft = ProtobufLimit.elements
  private(set) var failure: ProtobufError?
  /// Where the tag that the decoder stands on begins.
  private var tagOffset = 0
  private let keepsUnknownFields: Bool
  /// The unknown fields of the outermost message with their tags, when they are to be kept.
  private(set) var unknownFields: [UInt8] = []

  init(_ bytes: [UInt8], keepsUnknownFields: Bool = false) {
    self.bytes = bytes
    self.keepsUnknownFields = keepsUnknownFields
    end = bytes.count
  }

  /// Reads fields into `message` up to `end`.
  mutating func fields(of message: inout some ProtobufMessage) {
    nextTag()
    while number != 0 {
      let before = offset
      message.visit(&self)
      if offset == before && number != 0 { skip() }
    }
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value) {
    while self.number == number, wireType == Value.wireType {
      value.decode(from: &self)
      nextTag()
    }
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value?) {
    while self.number == number, wireType == Value.wireType {
      var present = value ?? Value()
      value = nil
      present.decode(from: &self)
      value = present
      nextTag()
    }
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ values: inout [Value]) {
    while self.number == number {
      if wireType == Value.wireType {
        element(&values)
      } else if wireType == .lengthDelimited {
        nested { decoder in
          while decoder.offset < decoder.end { decoder.element(&values) }
        }
      } else {
        return
      }
      nextTag()
    }
  }

  public mutating func field<Key: MapKey, Value: FieldValue>(
    _ number: Int32, _ name: String, _ map: inout [Key: Value]
  ) {
    while self.number == number, wireType == .lengthDelimited {
      countElement()
      var entry = MapEntry<Key, Value>()
      entry.decode(from: &self)
      if failure == nil { map[entry.key] = entry.value }
      nextTag()
    }
  }

  public mutating func choice<Choice, Value: FieldValue>(
    _ number: Int32, _ name: String, _ choice: inout Choice?, _ wrap: (Value) -> Choice, _ payload: (Choice) -> Value?
  ) {
    guard self.number == number, wireType == Value.wireType else { return }
    var value = choice.flatMap(payload)
    field(number, name, &value)
    if let value { choice = wrap(value) }
  }

  private mutating func element<Value: FieldValue>(_ values: inout [Value]) {
    countElement()
    var value = Value()
    value.decode(from: &self)
    if failure == nil { values.append(value) }
  }

  private mutating func countElement() {
    if elementsLeft == 0 { fail(.tooManyElements) }
    elementsLeft &-= 1
  }
}

/// A map field is a repeated message of key and value (protobuf encoding guide, "Maps").
private struct MapEntry<Key: MapKey, Value: FieldValue>: ProtobufMessage {
  var key = Key()
  var value = Value()

  mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "key", &key)
    fields.field(2, "value", &value)
  }
}

// MARK: The wire

extension ProtobufDecoder {
  mutating func varint() -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard offset < end else { return fail(.truncated) }
      let byte = bytes[offset]
      offset += 1
      if shift == 63 && byte > 1 { return fail(.malformed) }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return fail(.malformed)
  }

  mutating func fixed32() -> UInt32 {
    guard end - offset >= 4 else { return UInt32(truncatingIfNeeded: fail(.truncated)) }
    var value: UInt32 = 0
    for index in 0..<4 { value |= UInt32(bytes[offset + index]) << (8 * UInt32(index)) }
    offset += 4
    return value
  }

  mutating func fixed64() -> UInt64 { UInt64(fixed32()) | UInt64(fixed32()) << 32 }

  mutating func string() -> String {
    let range = lengthDelimitedRange()
    guard let valid = try? UTF8Span(validating: bytes.span.extracting(range)) else {
      fail(.invalidUTF8)
      return ""
    }
    return String(copying: valid)
  }

  mutating func byteString() -> [UInt8] { Array(bytes[lengthDelimitedRange()]) }

  mutating func nestedFields(of message: inout some ProtobufMessage) {
    nested { decoder in decoder.fields(of: &message) }
  }

  /// Runs `body` on the bytes of a length-delimited value and then stands behind them.
  private mutating func nested(_ body: (inout ProtobufDecoder) -> Void) {
    guard depthLeft > 0 else { return _ = fail(.tooDeep) }
    let range = lengthDelimitedRange()
    let outerEnd = end
    let outerNumber = number
    depthLeft -= 1
    offset = range.lowerBound
    end = range.upperBound
    body(&self)
    depthLeft += 1
    end = outerEnd
    number = failure == nil ? outerNumber : 0
    if failure != nil { offset = end }
  }

  /// The bytes of a length-delimited value; `offset` then stands behind them. Empty after a failure.
  private mutating func lengthDelimitedRange() -> Range<Int> {
    let length = varint()
    guard failure == nil, length <= UInt64(end - offset) else {
      fail(.truncated)
      return offset..<offset
    }
    let start = offset
    offset += Int(length)
    return start..<offset
  }

  /// Moves to the next tag of this message, or to its end.
  private mutating func nextTag() {
    number = 0
    guard failure == nil, offset < end else { return }
    tagOffset = offset
    let tag = varint()
    guard failure == nil else { return }
    guard tag >> 3 > 0, tag >> 3 < 1 << 29, let type = WireType(rawValue: UInt8(tag & 7)) else {
      return _ = fail(.malformed)
    }
    wireType = type
    number = Int32(truncatingIfNeeded: tag >> 3)
  }

  /// Leaves out the field that the decoder stands on.
  private mutating func skip() {
    let start = tagOffset
    var openGroups = 0
    repeat {
      switch wireType {
      case .varint: _ = varint()
      case .fixed32: _ = fixed32()
      case .fixed64: _ = fixed64()
      case .lengthDelimited: _ = lengthDelimitedRange()
      case .startGroup: openGroups += 1
      case .endGroup: openGroups -= 1
      }
      if openGroups < 0 || openGroups > 0 && offset >= end { fail(.malformed) }
      if openGroups == 0 { keep(start..<offset) }
      nextTag()
    } while openGroups > 0 && failure == nil
  }

  private mutating func keep(_ field: Range<Int>) {
    if keepsUnknownFields && failure == nil && depthLeft == ProtobufLimit.depth {
      unknownFields.append(contentsOf: bytes[field])
    }
  }

  @discardableResult
  private mutating func fail(_ error: ProtobufError) -> UInt64 {
    if failure == nil { failure = error }
    number = 0
    offset = end
    return 0
  }
}
