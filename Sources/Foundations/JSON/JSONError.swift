// Why a text is not the JSON that this server takes.

/// A parse failure with the offset, in bytes, at which it was found.
public enum JSONError: Error, Sendable, Hashable {
  /// The text is longer than `JSONLimits.bytes`.
  case tooLarge
  /// Arrays and objects are nested deeper than `JSONLimits.depth`.
  case tooDeep(offset: Int)
  /// The text holds more values than `JSONLimits.values`.
  case tooManyValues(offset: Int)
  /// The text ends inside a value.
  case unexpectedEnd
  /// A byte that cannot stand here.
  case unexpectedByte(offset: Int)
  /// A number outside the grammar of RFC 8259 section 6, or too large for a double.
  case invalidNumber(offset: Int)
  /// A string with a bad escape, a bare control character or bytes that are not UTF-8.
  case invalidString(offset: Int)
  /// An object names a member twice.
  case duplicateKey(offset: Int)
  /// Something follows the value.
  case trailingBytes(offset: Int)
}

/// What a parser may spend on one text.
public struct JSONLimits: Sendable, Hashable {
  /// The longest text, in bytes.
  public var bytes: Int
  /// The deepest nesting of arrays and objects. The parser recurses, so this also bounds its stack.
  public var depth: Int
  /// The most values in one text: each costs about 40 bytes of memory, while `[],` costs a sender three.
  public var values: Int

  /// The defaults fit the largest body that the server API takes (10 MiB).
  public init(bytes: Int = 10 << 20, depth: Int = 64, values: Int = 1 << 18) {
    self.bytes = bytes
    self.depth = depth
    self.values = values
  }
}
