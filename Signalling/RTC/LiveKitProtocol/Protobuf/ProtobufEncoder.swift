// Message to protobuf bytes.

extension ProtobufMessage {
  /// The message in protobuf's wire format. Maps are sorted by key, so equal messages give equal bytes.
  public var protobuf: [UInt8] {
    var encoder = ProtobufEncoder()
    encoder.fields(of: self)
    return encoder.bytes
  }
}

/// Appends fields in wire format.
public struct ProtobufEncoder: FieldVisitor, Sendable {
  /// What has been encoded so far.
  public private(set) var bytes: [UInt8] = []

  init() {}

  /// Visiting needs a mutable message because decoding shares its table; encoding never writes to the copy.
  mutating func fields(of message: some ProtobufMessage) {
    var message = message
    message.visit(&self)
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value) {
    if !value.isDefault { field(number, value) }
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ value: inout Value?) {
    if let value { field(number, value) }
  }

  public mutating func field<Value: FieldValue>(_ number: Int32, _ name: String, _ values: inout [Value]) {
    guard !values.isEmpty else { return }
    if Value.wireType == .lengthDelimited {
      for value in values { field(number, value) }
    } else {
      tag(number, .lengthDelimited)
      lengthDelimited { encoder in
        for value in values { value.encode(to: &encoder) }
      }
    }
  }

  public mutating func field<Key: MapKey, Value: FieldValue>(
    _ number: Int32, _ name: String, _ map: inout [Key: Value]
  ) {
    for key in map.keys.sorted() {
      guard let value = map[key] else { continue }
      tag(number, .lengthDelimited)
      lengthDelimited { encoder in
        encoder.field(1, key)
        encoder.field(2, value)
      }
    }
  }

  public mutating func choice<Choice, Value: FieldValue>(
    _ number: Int32, _ name: String, _ choice: inout Choice?, _ wrap: (Value) -> Choice, _ payload: (Choice) -> Value?
  ) {
    if let choice, let value = payload(choice) { field(number, value) }
  }
}

extension ProtobufEncoder {
  mutating func field(_ number: Int32, _ value: some FieldValue) {
    tag(number, type(of: value).wireType)
    value.encode(to: &self)
  }

  mutating func tag(_ number: Int32, _ wireType: WireType) {
    varint(UInt64(truncatingIfNeeded: number) << 3 | UInt64(wireType.rawValue))
  }

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func fixed32(_ value: UInt32) {
    for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func fixed64(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func raw(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

  /// The length of what `body` writes, then what it writes. One byte is kept for the length; the few bodies of 128 bytes
  /// and more are moved to make room for the rest of it.
  mutating func lengthDelimited(_ body: (inout ProtobufEncoder) -> Void) {
    let lengthOffset = bytes.count
    bytes.append(0)
    body(&self)
    var rest = bytes.count - lengthOffset - 1
    var length: [UInt8] = []
    while rest >= 0x80 {
      length.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    if length.isEmpty {
      bytes[lengthOffset] = UInt8(truncatingIfNeeded: rest)
    } else {
      length.append(UInt8(truncatingIfNeeded: rest))
      bytes.replaceSubrange(lengthOffset...lengthOffset, with: length)
    }
  }
}
