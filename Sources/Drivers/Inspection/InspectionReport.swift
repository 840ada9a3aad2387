// What the child tells its parent, and what it is asked: text lines and the bytes of a picture.
//
// The parent reads this with the same distrust as an upload: the child has just run other people's parsers over it.

/// What is wanted of a file beside its type.
public enum InspectionWish: Sendable, Hashable {
  case type
  /// A picture in at most so many pixels.
  case thumbnail(width: Int, height: Int)
  /// A square of so many pixels, from the middle of the picture.
  case square(Int)

  /// As arguments of `mqvi inspect`.
  var arguments: [String] {
    switch self {
    case .type: ["type"]
    case .thumbnail(let width, let height): ["thumbnail", String(width), String(height)]
    case .square(let side): ["square", String(side)]
    }
  }

  init?(_ arguments: [String]) {
    let numbers = arguments.dropFirst().map { Int($0).flatMap { (1...InspectionLimit.side).contains($0) ? $0 : nil } }
    switch (arguments.first, numbers.count) {
    case ("type", 0): self = .type
    case ("thumbnail", 2):
      guard let width = numbers[0], let height = numbers[1] else { return nil }
      self = .thumbnail(width: width, height: height)
    case ("square", 1):
      guard let side = numbers[0] else { return nil }
      self = .square(side)
    default: return nil
    }
  }
}

public struct InspectionReport: Sendable, Equatable {
  public struct Picture: Sendable, Equatable {
    public var width: Int
    public var height: Int
    /// WebP.
    public var bytes: [UInt8]
  }

  /// What libmagic takes it for; nil where it is not installed.
  public var type: String?
  public var picture: Picture?
  /// Libraries that are not installed.
  public var missing: [String] = []

  init() {}

  /// Reads what a child wrote; nil when it is not what one writes.
  init?(_ bytes: [UInt8]) {
    guard let end = bytes.firstIndex(of: 0) else { return nil }
    guard let head = String(validating: bytes[..<end], as: UTF8.self) else { return nil }
    var lines = head.split(separator: "\n")[...]
    guard lines.popFirst() == "mqvi inspection" else { return nil }
    for line in lines {
      let words = line.split(separator: " ")
      switch (words.first, words.count) {
      case ("type", 2): type = Self.mediaType(words[1])
      case ("missing", 2): missing.append(String(words[1]))
      case ("picture", 4):
        guard let width = Int(words[1]), let height = Int(words[2]), let count = Int(words[3]),
          (1...InspectionLimit.side).contains(width), (1...InspectionLimit.side).contains(height),
          count > 0, count == bytes.count - end - 1
        else { return nil }
        picture = Picture(width: width, height: height, bytes: Array(bytes[(end + 1)...]))
      default: return nil
      }
    }
  }

  /// As a child writes it.
  var serialized: [UInt8] {
    var head = "mqvi inspection\n"
    if let type { head += "type \(type)\n" }
    for library in missing { head += "missing \(library)\n" }
    if let picture { head += "picture \(picture.width) \(picture.height) \(picture.bytes.count)\n" }
    return Array(head.utf8) + [0] + (picture?.bytes ?? [])
  }

  /// A type and a subtype of the characters that they may have (RFC 6838 §4.2), in lower case.
  static func mediaType(_ text: some StringProtocol) -> String? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.count <= 127 else { return nil }
    for part in parts {
      guard let first = part.utf8.first, isLetterOrDigit(first) else { return nil }
      guard part.utf8.allSatisfy({ isLetterOrDigit($0) || "!#$&-^_.+".utf8.contains($0) }) else { return nil }
    }
    return text.lowercased()
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
