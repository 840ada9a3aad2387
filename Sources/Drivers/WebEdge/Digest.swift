// SHA-1 and base64, for the two places that need them: the WebSocket handshake, which prescribes them, and entity tags.

import COpenSSL

enum Digest {
  /// The 20 bytes of SHA-1. Not for anything that must resist an attacker.
  static func sha1(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 20)
    // Reads `bytes.count` bytes and writes the 20 bytes that a SHA-1 digest has.
    _ = unsafe SHA1(bytes, bytes.count, &digest)
    return digest
  }

  /// RFC 4648 §4, padded.
  static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let padded = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
      for index in 0..<4 {
        let sextet = Int(padded >> (18 - 6 * UInt32(index)) & 0x3F)
        text.append(index <= group.count ? alphabet[sextet] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
