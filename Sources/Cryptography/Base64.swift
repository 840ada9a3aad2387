// Base 64 in both alphabets (RFC 4648). Pure Swift: texts here are tokens and keys, not media.

/// Encodes and decodes base 64.
public enum Base64 {
  private static let standardAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let urlAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in standardAlphabet.enumerated() { values[Int(character)] = UInt8(value) }
    for (value, character) in urlAlphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  /// The standard alphabet with padding (RFC 4648 §4).
  public static func encode(_ bytes: [UInt8]) -> String { encode(bytes, standardAlphabet, padded: true) }

  /// The URL-safe alphabet without padding (RFC 4648 §5, as RFC 7515 uses it).
  public static func encodeURL(_ bytes: [UInt8]) -> String { encode(bytes, urlAlphabet, padded: false) }

  /// The reverse of `encode`: standard alphabet, padding required, nothing else allowed.
  public static func decode(_ text: String) -> [UInt8]? {
    guard text.utf8.count % 4 == 0, !text.utf8.contains(where: { $0 == 0x2D || $0 == 0x5F }) else { return nil }
    return decodeCharacters(text)
  }

  /// The reverse of `encodeURL`: URL-safe alphabet, no padding.
  public static func decodeURL(_ text: String) -> [UInt8]? {
    guard !text.utf8.contains(where: { $0 == 0x2B || $0 == 0x2F || $0 == 0x3D }) else { return nil }
    return decodeCharacters(text)
  }

  /// Either alphabet, with or without padding, a space for a `+` that a query-string decoder took away.
  public static func decodeLenient(_ text: String) -> [UInt8]? {
    decodeCharacters(text.utf8.contains(0x20) ? String(text.map { $0 == " " ? "+" : $0 }) : text)
  }

  private static func encode(_ bytes: [UInt8], _ alphabet: [UInt8], padded: Bool) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group = UInt32(bytes[start]) << 16
      if count > 1 { group |= UInt32(bytes[start + 1]) << 8 }
      if count > 2 { group |= UInt32(bytes[start + 2]) }
      for position in 0..<4 {
        if position <= count {
          text.append(alphabet[Int(group >> UInt32(18 - 6 * position)) & 63])
        } else if padded {
          text.append(0x3D)
        }
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil for a foreign character, for padding that is not at the end, and for a length that no encoder makes. Bits that
  /// stand over behind the last byte are ignored.
  private static func decodeCharacters(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 4 * 3 + 2)
    var bits: UInt32 = 0
    var digits = 0
    var padding = 0
    for character in text.utf8 {
      if character == 0x3D {
        padding += 1
        continue
      }
      let value = values[Int(character)]
      guard padding == 0, value < 64 else { return nil }
      bits = bits << 6 | UInt32(value)
      digits += 1
      if digits % 4 != 1 { bytes.append(UInt8(truncatingIfNeeded: bits >> (6 - 2 * UInt32((digits + 3) % 4)))) }
    }
    guard digits % 4 != 1, padding == 0 || (padding <= 2 && (digits + padding) % 4 == 0) else { return nil }
    return bytes
  }
}
