// Enumerations and messages as field values.

import JSON

/// A protobuf enumeration: open, so that a value from a newer peer survives.
public protocol ProtobufEnum: FieldValue, Hashable, RawRepresentable where RawValue == Int32 {
  init(rawValue: Int32)
  /// The proto names by number from 0 on; empty where the schema leaves a number out.
  static var names: [String] { get }
}

extension ProtobufEnum {
  public init() { self.init(rawValue: 0) }

  /// The proto name; nil for a value that the schema here does not know.
  public var name: String? {
    guard let index = Int(exactly: rawValue), Self.names.indices.contains(index), !Self.names[index].isEmpty else {
      return nil
    }
    return Self.names[index]
  }

  public static var wireType: WireType { .varint }
  public var isDefault: Bool { rawValue == 0 }
  public func encode(to encoder: inout ProtobufEncoder) { rawValue.encode(to: &encoder) }
  public mutating func decode(from decoder: inout ProtobufDecoder) {
    self = Self(rawValue: Int32(truncatingIfNeeded: decoder.varint()))
  }

  /// The name, or the number when it has none.
  public func write(to writer: inout MessageJSONWriter) {
    if let name { writer.json.string(plain: name.utf8) } else { writer.json.integer(rawValue) }
  }

  /// A name or a number. An unknown name leaves the value as it is, like an unknown field.
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) {
    if let name = json.string, !name.isEmpty {
      if let index = Self.names.firstIndex(of: name) { self = Self(rawValue: Int32(index)) }
    } else {
      self = Self(rawValue: reader.integer(json))
    }
  }
}

extension ProtobufMessage {
  /// A message filled in by `fill`: for messages that are built in one expression.
  public static func with(_ fill: (inout Self) -> Void) -> Self {
    var message = Self()
    fill(&message)
    return message
  }

  public static var wireType: WireType { .lengthDelimited }
  public static var isMessage: Bool { true }
  public var isDefault: Bool { self == Self() }
  public func encode(to encoder: inout ProtobufEncoder) {
    encoder.lengthDelimited { encoder in encoder.fields(of: self) }
  }
  public mutating func decode(from decoder: inout ProtobufDecoder) { decoder.nestedFields(of: &self) }
  public func write(to writer: inout MessageJSONWriter) { writer.fields(of: self) }
  public mutating func read(_ json: JSONValue, from reader: inout MessageJSONReader) {
    reader.nestedFields(of: &self, json)
  }
}
