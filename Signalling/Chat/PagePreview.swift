// What a page of the web says about itself in its head: enough for a preview, read with bounds from bytes of strangers.

/// Title, description and picture of an HTML document.
///
/// It looks at `<title>` and at `<meta>` with the names of Open Graph (ogp.me), Twitter cards and HTML itself, up to the
/// end of the head. It understands no more of HTML than tags, attributes and the common character references; what it
/// does not understand it passes over.
public struct PagePreview: Hashable, Sendable {
  public var title: String?
  public var summary: String?
  /// As the page writes it: an address, or a path on its server.
  public var picture: String?
  public var siteName: String?

  enum Limit {
    /// Bytes of a page that are looked at: heads are at its start.
    static let headBytes = 256 * 1024
    /// Tags that are looked at.
    static let tags = 1_000
    /// Attributes of one tag.
    static let attributes = 32
    /// Bytes of a value.
    static let valueBytes = 2_048
    /// Characters of a title and of the name of a site.
    static let titleCharacters = 256
    /// Characters of a description.
    static let summaryCharacters = 512
  }

  /// Nil when the page says nothing of itself.
  public init?(html bytes: [UInt8]) {
    var reader = HeadReader(bytes)
    var values: [String: String] = [:]
    var plainTitle: String?
    while let tag = reader.nextTag() {
      if tag.name == "title", plainTitle == nil { plainTitle = reader.text(until: "</title") }
      if tag.name == "script" || tag.name == "style" { _ = reader.text(until: "</\(tag.name)") }
      guard tag.name == "meta", let name = tag.attributes["property"] ?? tag.attributes["name"],
        let content = tag.attributes["content"], values[name.lowercased()] == nil
      else { continue }
      values[name.lowercased()] = content
    }
    func first(_ names: [String], _ count: Int) -> String? {
      names.lazy.compactMap { values[$0].map { Self.line($0, count) } }.first { !$0.isEmpty }
    }
    let ownTitle = plainTitle.map { Self.line($0, Limit.titleCharacters) } ?? ""
    title = first(["og:title", "twitter:title"], Limit.titleCharacters) ?? (ownTitle.isEmpty ? nil : ownTitle)
    summary = first(["og:description", "twitter:description", "description"], Limit.summaryCharacters)
    picture = first(["og:image", "og:image:url", "twitter:image"], Limit.valueBytes)
    siteName = first(["og:site_name"], Limit.titleCharacters)
    guard title != nil || summary != nil else { return nil }
  }

  /// One line: character references replaced, white space folded, cut.
  private static func line(_ text: String, _ count: Int) -> String {
    let words = CharacterReferences.replaced(text).unicodeScalars.split {
      $0.properties.isWhitespace || $0.value < 0x20
    }
    return words.map { String($0) }.joined(separator: " ").beginning(count)
  }
}

/// Goes through the tags of a document.
private struct HeadReader {
  struct Tag {
    /// Lower case; begins with `/` at the end of an element.
    var name: String
    var attributes: [String: String] = [:]
  }

  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private var tags = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes.prefix(PagePreview.Limit.headBytes)
    position = 0
  }

  /// The next tag; nil at the end of the head, of the page, or of patience.
  mutating func nextTag() -> Tag? {
    while let start = bytes[position...].firstIndex(of: UInt8(ascii: "<")) {
      position = start + 1
      if stands("!--", at: position) {
        _ = text(until: "-->")
        continue
      }
      guard tags < PagePreview.Limit.tags else { return nil }
      tags += 1
      var tag = Tag(name: word { $0 == UInt8(ascii: "/") || Self.isLetter($0) }.lowercased())
      if tag.name == "/head" || tag.name == "body" { return nil }
      guard !tag.name.isEmpty else { continue }
      readAttributes(&tag)
      return tag
    }
    position = bytes.endIndex
    return nil
  }

  /// The text up to `end`, which is passed over; up to the end of the page where there is none.
  mutating func text(until end: String) -> String {
    let start = position
    while position < bytes.endIndex, !stands(end, at: position) { position += 1 }
    let text = bytes[start..<position].prefix(PagePreview.Limit.valueBytes)
    position = min(bytes.endIndex, position + end.utf8.count)
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func readAttributes(_ tag: inout Tag) {
    while position < bytes.endIndex {
      let byte = bytes[position]
      if byte == UInt8(ascii: ">") {
        position += 1
        return
      }
      guard byte > 0x20, byte != UInt8(ascii: "/"), byte != UInt8(ascii: "=") else {
        position += 1
        continue
      }
      let name = word { $0 > 0x20 && ![UInt8](">/=".utf8).contains($0) }.lowercased()
      let value = readValue()
      if tag.attributes.count < PagePreview.Limit.attributes, tag.attributes[name] == nil {
        tag.attributes[name] = value
      }
    }
  }

  /// What stands behind `=`, with or without quotes; nothing where there is no `=`.
  private mutating func readValue() -> String {
    skipSpace()
    guard position < bytes.endIndex, bytes[position] == UInt8(ascii: "=") else { return "" }
    position += 1
    skipSpace()
    guard position < bytes.endIndex else { return "" }
    let quote = bytes[position]
    guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
      return word { $0 > 0x20 && $0 != UInt8(ascii: ">") }
    }
    position += 1
    let value = word { $0 != quote }
    if position < bytes.endIndex { position += 1 }
    return value
  }

  private mutating func skipSpace() {
    while position < bytes.endIndex, bytes[position] <= 0x20 { position += 1 }
  }

  private mutating func word(while belongs: (UInt8) -> Bool) -> String {
    let start = position
    while position < bytes.endIndex, belongs(bytes[position]) { position += 1 }
    return String(decoding: bytes[start..<position].prefix(PagePreview.Limit.valueBytes), as: UTF8.self)
  }

  /// Whether the ASCII `text` stands at `start`, in any case.
  private func stands(_ text: String, at start: Int) -> Bool {
    guard bytes.endIndex - start >= text.utf8.count else { return false }
    return zip(bytes[start...], text.utf8).allSatisfy { byte, wanted in
      byte == wanted || Self.isLetter(byte) && byte | 0x20 == wanted
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}

/// `&amp;`, `&#305;`, `&#x131;`.
private enum CharacterReferences {
  private static let named = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "hellip": "…", "ndash": "–", "mdash": "—",
  ]
  /// Bytes between `&` and `;` at most.
  private static let longest = 10

  static func replaced(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
    var result = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "&") {
      result += rest[..<start]
      rest = rest[start...]
      let inside = rest.dropFirst().prefix(longest)
      guard let end = inside.firstIndex(of: ";"), let character = character(inside[..<end]) else {
        result += "&"
        rest = rest.dropFirst()
        continue
      }
      result += character
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private static func character(_ name: Substring) -> String? {
    guard name.first == "#" else { return named[String(name)] }
    let digits = name.dropFirst()
    let value =
      digits.first == "x" || digits.first == "X" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
    return value.flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }.map { String($0) }
  }
}
