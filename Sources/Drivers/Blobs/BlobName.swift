// What a blob is called: the digest of its content, and nothing that anybody typed.

import Cryptography

/// SHA-256 of a blob's content, as 64 lower-case hexadecimal digits. Equal content has one name and is kept once.
public struct BlobName: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  /// The name of `content`.
  public init(of content: [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    description = String(
      decoding: SHA256.digest(of: content).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Nil for what is not a name: so no text becomes a path that is not 64 hexadecimal digits.
  public init?(_ text: String) {
    guard text.utf8.count == 64,
      text.utf8.allSatisfy({
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      })
    else { return nil }
    description = text
  }

  /// The two folders that it lies in, so that no folder holds more than a few thousand entries.
  var folders: (first: Substring, second: Substring) { (description.prefix(2), description.dropFirst(2).prefix(2)) }
}
