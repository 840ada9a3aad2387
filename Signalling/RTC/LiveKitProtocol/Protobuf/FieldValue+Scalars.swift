// The scalar types of protobuf, each with its layout in both formats.

import Cryptography
import JSON

extension String: FieldValue, MapKey {
  public static var wireType: WireType { .lengthDelimited }
  public var isDefault: Bool { isEmpty }
  public func encode(to encoder: inout ProtobufEncoder) {
    encoder.varint(UInt64(utf8.count))
    encoder.raw(utf8)
  }
  public mutating func decode(from decoder: inout ProtobufDecoder) { self = decoder.string() }
  public func write(to writer: inout MessageJSONWriter) { writer.json.string(self) }
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) {
    self = reader.expect(json.string)
  }
  public var jsonKey: String { self }
  public init?(jsonKey: String) { self = jsonKey }
}

extension Array: FieldValue where Element == UInt8 {
  public static var wireType: WireType { .lengthDelimited }
  public var isDefault: Bool { isEmpty }
  public func encode(to encoder: inout ProtobufEncoder) {
    encoder.varint(UInt64(count))
    encoder.raw(self)
  }
  public mutating func decode(from decoder: inout ProtobufDecoder) { self = decoder.byteString() }
  public func write(to writer: inout MessageJSONWriter) { writer.json.string(plain: Base64.encode(self).utf8) }
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) {
    self = reader.expect(json.string.flatMap(Base64.decodeLenient))
  }
}

extension Bool: FieldValue {
  public static var wireType: WireType { .varint }
  public var isDefault: Bool { !self }
  public func encode(to encoder: inout ProtobufEncoder) { encoder.varint(self ? 1 : 0) }
  public mutating func decode(from decoder: inout ProtobufDecoder) { self = decoder.varint() != 0 }
  public func write(to writer: inout MessageJSONWriter) { writer.json.bool(self) }
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) { self = reader.expect(json.bool) }
}

extension Int32: FieldValue {
  public static var wireType: WireType { .varint }
  public var isDefault: Bool { self == 0 }
  /// Negative numbers are sign-extended to ten bytes.
  public func encode(to encoder: inout ProtobufEncoder) { encoder.varint(UInt64(truncatingIfNeeded: self)) }
  public mutating func decode(from decoder: inout ProtobufDecoder) {
    self = Int32(truncatingIfNeeded: decoder.varint())
  }
  public func write(to writer: inout MessageJSONWriter) { writer.json.integer(self) }
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) { self = reader.integer(json) }
}

extension UInt32: FieldValue, MapKey {
  public static var wireType: WireType { .varint }
  public var isDefault: Bool { self == 0 }
  public func encode(to encoder: inout ProtobufEncoder) { encoder.varint(UInt64(self)) }
  public mutating func decode(from decoder: inout ProtobufDecoder) {
    self = UInt32(truncatingIfNeeded: decoder.varint())
  }
  public func write(to writer: inout MessageJSONWriter) { writer.json.integer(self) }
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) { self = reader.integer(json) }
  public var jsonKey: String { String(self) }
  public init?(jsonKey: String) { self.init(jsonKey) }
}

extension Int64: FieldValue {
  public static var wireType: WireType { .varint }
  public var isDefault: Bool { self == 0 }
  public func encode(to encoder: inout ProtobufEncoder) { encoder.varint(UInt64(bitPattern: self)) }
  public mutating func decode(from decoder: inout ProtobufDecoder) { self = Int64(bitPattern: decoder.varint()) }
  /// JSON numbers lose precision beyond 2^53, so 64-bit integers are strings.
  public func write(to writer: inout MessageJSONWriter) { writer.json.string(plain: String(self).utf8) }
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) { self = reader.integer(json) }
}

extension UInt64: FieldValue {
  public static var wireType: WireType { .varint }
  public var isDefault: Bool { self == 0 }
  public func encode(to encoder: inout ProtobufEncoder) { encoder.varint(self) }
  public mutating func decode(from decoder: inout ProtobufDecoder) { self = decoder.varint() }
  /// JSON numbers lose precision beyond 2^53, so 64-bit integers are strings.
  public func write(to writer: inout MessageJSONWriter) { writer.json.string(plain: String(self).utf8) }
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) { self = reader.integer(json) }
}

extension Float: FieldValue {
  public static var wireType: WireType { .fixed32 }
  /// Negative zero is not the default: it would not survive being left out.
  public var isDefault: Bool { bitPattern == 0 }
  public func encode(to encoder: inout ProtobufEncoder) { encoder.fixed32(bitPattern) }
  public mutating func decode(from decoder: inout ProtobufDecoder) { self = Float(bitPattern: decoder.fixed32()) }
  public func write(to writer: inout MessageJSONWriter) { writer.floating(self) }
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) {
    self = Float(reader.floating(json))
  }
}

extension Double: FieldValue {
  public static var wireType: WireType { .fixed64 }
  /// Negative zero is not the default: it would not survive being left out.
  public var isDefault: Bool { bitPattern == 0 }
  public func encode(to encoder: inout ProtobufEncoder) { encoder.fixed64(bitPattern) }
  public mutating func decode(from decoder: inout ProtobufDecoder) { self = Double(bitPattern: decoder.fixed64()) }
  public func write(to writer: inout MessageJSONWriter) { writer.floating(self) }
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) { self = reader.floating(json) }
}
