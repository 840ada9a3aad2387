// The file in a form (multipart/form-data, RFC 7578), found without copying anything.

import Bytes

/// A body that is no form with one file, and why.
public struct MalformedForm: Error, Equatable, Sendable {
  public let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// The one file that a form carries.
public struct FormFile: Sendable, Equatable {
  public enum Limit {
    /// Parts of a form: one file and some fields that nobody asked for.
    public static let parts = 16
    /// Bytes of a part's header fields.
    public static let headBytes = 8192
    /// Characters of a boundary (RFC 2046 §5.1.1).
    public static let boundary = 70
    /// Bytes before the first part.
    public static let preamble = 1024
  }

  /// As its sender named it: any text, a path perhaps. Empty when it has no name.
  public var name: String
  /// The type that its sender claims, or an empty text.
  public var type: String
  /// Where it stands in the body.
  public var content: Range<Int>

  /// The file in `body`, whose Content-Type field is `contentType`.
  public init(in body: RawSpan, contentType: String) throws(MalformedForm) {
    let boundary = try Self.boundary(contentType)
    var found: FormFile?
    // The first delimiter may stand at the very beginning, without the line end before it.
    let search = DelimiterSearch([13, 10] + boundary)
    var offset = try Self.firstPart(body, boundary, search)
    for _ in 0..<Limit.parts {
      guard let end = search.next(in: body, from: max(0, offset - 2)) else { throw MalformedForm("a part has no end") }
      if let file = try Self.part(body, offset, end) {
        guard found == nil else { throw MalformedForm("more than one file") }
        found = file
      }
      guard let next = try Self.behind(body, end + 2 + boundary.count) else {
        guard let found else { throw MalformedForm("no file in the form") }
        self = found
        return
      }
      offset = next
    }
    throw MalformedForm("too many parts")
  }

  private init(name: String, type: String, content: Range<Int>) {
    self.name = name
    self.type = type
    self.content = content
  }

  /// Two dashes and the boundary that the type names.
  private static func boundary(_ contentType: String) throws(MalformedForm) -> [UInt8] {
    let field = HeaderField(contentType)
    guard field.value == "multipart/form-data" else { throw MalformedForm("not multipart/form-data") }
    guard let boundary = field.parameters["boundary"], (1...Limit.boundary).contains(boundary.utf8.count),
      boundary.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), boundary.utf8.last != 0x20
    else { throw MalformedForm("no sound boundary in the content type") }
    return [45, 45] + Array(boundary.utf8)
  }

  /// Offset of the first part's head.
  private static func firstPart(
    _ body: RawSpan, _ boundary: [UInt8], _ search: DelimiterSearch
  ) throws(MalformedForm) -> Int {
    var start: Int?
    if body.begins(with: boundary, at: 0) {
      start = boundary.count
    } else if let delimiter = search.next(in: body, from: 0), delimiter <= Limit.preamble {
      start = delimiter + 2 + boundary.count
    }
    guard let start, let offset = try behind(body, start) else { throw MalformedForm("no part in the form") }
    return offset
  }

  /// Offset behind a delimiter's line end; nil when it was the last one.
  private static func behind(_ body: RawSpan, _ start: Int) throws(MalformedForm) -> Int? {
    if body.begins(with: [45, 45], at: start) { return nil }
    var offset = start
    // Padding that gateways add (RFC 2046 §5.1.1).
    while offset < body.byteCount, offset - start < 100 {
      let byte = body.byte(at: offset)
      guard byte == 32 || byte == 9 else { break }
      offset += 1
    }
    guard body.begins(with: [13, 10], at: offset) else { throw MalformedForm("a delimiter does not end its line") }
    return offset + 2
  }

  /// The part from `start` to the delimiter at `end`, if it is a file.
  private static func part(_ body: RawSpan, _ start: Int, _ end: Int) throws(MalformedForm) -> FormFile? {
    var disposition: HeaderField?
    var type = ""
    var offset = start
    while true {
      guard let line = try line(body, offset, start) else { throw MalformedForm("a part's head has no end") }
      offset = line.next
      guard !line.text.isEmpty else { break }
      guard let colon = line.text.firstIndex(of: ":") else { throw MalformedForm("a part's head is malformed") }
      let value = String(line.text[line.text.index(after: colon)...])
      switch line.text[..<colon].lowercased() {
      case "content-disposition": disposition = HeaderField(value)
      case "content-type": type = HeaderField(value).value
      default: break
      }
    }
    guard let disposition, disposition.value == "form-data" else { throw MalformedForm("a part without a name") }
    guard let name = disposition.fileName else { return nil }
    guard offset <= end else { throw MalformedForm("a part's head has no end") }
    return FormFile(name: name, type: type, content: offset..<end)
  }

  /// A line of a part's head without its end, and where the next one begins.
  private static func line(
    _ body: RawSpan, _ offset: Int, _ start: Int
  ) throws(MalformedForm) -> (text: String, next: Int)? {
    var end = offset
    while end < body.byteCount, end - start < Limit.headBytes {
      if body.byte(at: end) == 13, body.begins(with: [13, 10], at: end) {
        let text = String(decoding: body.slice(offset, end - offset).toArray(), as: UTF8.self)
        return (text, end + 2)
      }
      end += 1
    }
    return nil
  }
}

extension RawSpan {
  fileprivate func begins(with bytes: [UInt8], at offset: Int) -> Bool {
    guard offset >= 0, offset + bytes.count <= byteCount else { return false }
    for (index, expected) in bytes.enumerated() where byte(at: offset + index) != expected { return false }
    return true
  }
}

/// Looks for one delimiter in many bytes, in steps as long as it where nothing speaks against it (Horspool, 1980).
///
/// A candidate is compared from its first byte, a CR, which stands nowhere else in a delimiter: so no content makes this
/// compare the same bytes again and again.
private struct DelimiterSearch {
  private let delimiter: [UInt8]
  /// How far the delimiter may be moved when a byte stands under its last place.
  private let steps: [Int]

  init(_ delimiter: [UInt8]) {
    self.delimiter = delimiter
    var steps = [Int](repeating: delimiter.count, count: 256)
    for (index, byte) in delimiter.dropLast().enumerated() { steps[Int(byte)] = delimiter.count - 1 - index }
    self.steps = steps
  }

  func next(in body: RawSpan, from start: Int) -> Int? {
    let length = delimiter.count
    var offset = start
    while offset + length <= body.byteCount {
      if body.byte(at: offset) == 13, body.begins(with: delimiter, at: offset) { return offset }
      offset += steps[Int(body.byte(at: offset + length - 1))]
    }
    return nil
  }
}
