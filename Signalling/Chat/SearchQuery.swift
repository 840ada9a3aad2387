// What somebody typed into the search: words, phrases and filters, in Discord's manner.

import API
public import Chronology
import Identifiers
public import Problems

/// `genel "tam söz" -hariç baş* from:ayşe in:genel has:image before:2026-01-31 mentions:me pinned:true`
public struct SearchQuery: Hashable, Sendable {
  /// Words that stand next to each other: one, or those of a phrase in quotes.
  public struct Term: Hashable, Sendable {
    /// Folded.
    public var words: [String]
    /// The last word may go on.
    public var isPrefix = false
  }

  public enum Content: String, Hashable, Sendable, CaseIterable {
    case link, image, video, file, embed
  }

  public var terms: [Term] = []
  /// None of these may stand in it.
  public var excluded: [Term] = []
  /// By any of these authors: names or ids, as typed.
  public var authors: [String] = []
  /// In any of these channels: names or ids.
  public var channels: [String] = []
  /// Naming all of these users.
  public var mentions: [String] = []
  public var contents: Set<Content> = []
  public var isPinned: Bool?
  /// From here on, and up to but not at.
  public var from: WallTime?
  public var until: WallTime?

  public init() {}

  /// Reads what was typed. A filter that is none is a word.
  ///
  /// - Throws: VALIDATION_ERROR for a filter whose value means nothing, for too much, and for a beginning that is too
  ///   short.
  public init(_ text: String) throws(Problem) {
    guard text.unicodeScalars.count <= Limit.searchCharacters else {
      throw .invalid("?q", "must have at most \(Limit.searchCharacters) characters")
    }
    for piece in Self.pieces(text) {
      if let name = piece.filter, Self.filters.contains(name) {
        try add(name, piece.text)
      } else {
        try add(piece)
      }
    }
    try checkSize()
  }

  public static let filters = ["from", "in", "has", "before", "after", "during", "mentions", "pinned"]

  public var isEmpty: Bool {
    terms.isEmpty && authors.isEmpty && channels.isEmpty && mentions.isEmpty && contents.isEmpty && isPinned == nil
      && from == nil && until == nil
  }

  func checkSize() throws(Problem) {
    let words = (terms + excluded).reduce(0) { $0 + $1.words.count }
    guard words + authors.count + channels.count + mentions.count <= Limit.searchTerms else {
      throw .invalid("?q", "must have at most \(Limit.searchTerms) words and filters")
    }
  }

  // MARK: Filters

  /// Adds one filter: `from`, with the value that stands behind its colon.
  public mutating func add(_ filter: String, _ value: String) throws(Problem) {
    guard !value.isEmpty else { throw Self.wrong(filter, "needs a value") }
    switch filter {
    case "from": authors.append(value)
    case "in": channels.append(value)
    case "mentions": mentions.append(value)
    case "has":
      guard let content = Content(rawValue: value.lowercased()) else {
        throw Self.wrong(filter, "must be one of \(Content.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      contents.insert(content)
    case "pinned":
      guard ["true", "false"].contains(value.lowercased()) else { throw Self.wrong(filter, "must be true or false") }
      isPinned = value.lowercased() == "true"
    case "before": until = earlier(until, try Self.span(filter, value).from)
    case "after": from = later(from, try Self.span(filter, value).until)
    case "during":
      let span = try Self.span(filter, value)
      from = later(from, span.from)
      until = earlier(until, span.until)
    default: throw Self.wrong(filter, "is no filter")
    }
  }

  private func earlier(_ one: WallTime?, _ other: WallTime) -> WallTime { one.map { min($0, other) } ?? other }
  private func later(_ one: WallTime?, _ other: WallTime) -> WallTime { one.map { max($0, other) } ?? other }

  /// A day of UTC, `2026-01-31`, or the moment of a time or of a message's id.
  private static func span(_ filter: String, _ value: String) throws(Problem) -> (from: WallTime, until: WallTime) {
    let day: Int64 = 24 * 60 * 60 * 1_000
    if let start = Timestamp(value + "T00:00:00Z")?.time {
      return (start, WallTime(milliseconds: start.milliseconds + day))
    }
    guard let moment = Timestamp(value)?.time ?? Identifier(value)?.time else {
      throw wrong(filter, "must be a day like 2026-01-31, a time or the id of a message")
    }
    return (moment, WallTime(milliseconds: moment.milliseconds + 1))
  }

  private static func wrong(_ filter: String, _ message: String) -> Problem { .invalid("?\(filter)", message) }

  // MARK: Words

  private mutating func add(_ piece: Piece) throws(Problem) {
    let text = piece.filter.map { "\($0):\(piece.text)" } ?? piece.text
    let words = SearchFolding.words(text)
    guard let last = words.last else { return }
    var term = Term(words: words)
    if piece.isPrefix {
      guard last.unicodeScalars.count >= Limit.prefixLetters else {
        throw .invalid("?q", "a beginning needs at least \(Limit.prefixLetters) letters before the *")
      }
      term.isPrefix = true
    }
    if piece.isExcluded { excluded.append(term) } else { terms.append(term) }
  }

  private struct Piece {
    var filter: String?
    var text = ""
    var isExcluded = false
    var isPrefix = false
  }

  /// Takes the text apart at white space outside quotes.
  private static func pieces(_ text: String) -> [Piece] {
    var result: [Piece] = []
    var rest = text.unicodeScalars[...]
    while let first = rest.first {
      guard !first.properties.isWhitespace else {
        rest.removeFirst()
        continue
      }
      var piece = Piece()
      if first == "-", rest.count > 1 {
        piece.isExcluded = true
        rest.removeFirst()
      }
      readPiece(&rest, &piece)
      result.append(piece)
    }
    return result
  }

  private static func readPiece(_ rest: inout Substring.UnicodeScalarView, _ piece: inout Piece) {
    var wasQuoted = false
    while let scalar = rest.first, !scalar.properties.isWhitespace {
      rest.removeFirst()
      switch scalar {
      case "\"":
        wasQuoted = true
        while let inner = rest.popFirst(), inner != "\"" { piece.text.unicodeScalars.append(inner) }
      case ":" where piece.filter == nil && !wasQuoted && !piece.isExcluded:
        piece.filter = piece.text.lowercased()
        piece.text = ""
      default: piece.text.unicodeScalars.append(scalar)
      }
    }
    if !wasQuoted, piece.filter == nil, piece.text.hasSuffix("*") {
      piece.isPrefix = true
    }
  }
}
