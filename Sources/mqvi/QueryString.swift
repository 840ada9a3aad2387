// Query strings as clients write them (application/x-www-form-urlencoded).

enum QueryString {
  /// Parameters beyond this many are not looked at: no client sends thirty.
  private static let limit = 256

  /// Names and values in order, percent-decoded, `+` as a space. What is not valid UTF-8 is repaired.
  static func parse(_ query: String) -> [(name: String, value: String)] {
    query.utf8.split(separator: UInt8(ascii: "&")).prefix(limit).map { pair in
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      return (decode(parts[0]), parts.count > 1 ? decode(parts[1]) : "")
    }
  }

  private static func decode(_ text: Substring.UTF8View) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var rest = text[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let high = digit(rest.first), let low = digit(rest.dropFirst().first) {
        bytes.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8?) -> UInt8? {
    switch byte {
    case .some(let byte) where byte >= 48 && byte <= 57: byte - 48
    case .some(let byte) where byte >= 65 && byte <= 70: byte - 55
    case .some(let byte) where byte >= 97 && byte <= 102: byte - 87
    default: nil
    }
  }
}
