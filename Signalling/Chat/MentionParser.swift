// Finds in a text whom it names and what it links to. One pass over the bytes; code is passed over.

import Identifiers

/// What a text names, before anybody asks whether that exists and whether the author may.
public struct MentionTokens: Hashable, Sendable {
  /// `<@id>`, in the order in which they come first.
  public var users: [Identifier] = []
  /// `<@&id>`.
  public var roles: [Identifier] = []
  /// `@everyone` or `@here`.
  public var everyone = false
  /// Addresses with http or https.
  public var links: [String] = []

  public init() {}

  /// Reads `text`. Code in backticks (a run of them up to the next run of the same length, as CommonMark §6.1 has it)
  /// names nobody.
  public init(_ text: String) {
    var scanner = Scanner(Array(text.utf8))
    self = scanner.read()
  }
}

/// The bytes and where the reading stands.
private struct Scanner {
  let bytes: [UInt8]
  var position = 0
  var tokens = MentionTokens()
  private var seen: Set<Identifier> = []
  /// Lengths of runs of backticks that no later run closes.
  private var unclosed: Set<Int> = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func read() -> MentionTokens {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "`"): skipCode()
      case UInt8(ascii: "<"): readName()
      case UInt8(ascii: "@"): readEveryone()
      case UInt8(ascii: "h"), UInt8(ascii: "H"): readLink()
      default: position += 1
      }
    }
    return tokens
  }

  /// Past the code that begins here, or past the backticks when none closes it.
  private mutating func skipCode() {
    let opening = run(at: position)
    position += opening
    guard !unclosed.contains(opening) else { return }
    var end = position
    while end < bytes.count {
      if bytes[end] == UInt8(ascii: "`") {
        let closing = run(at: end)
        end += closing
        if closing == opening {
          position = end
          return
        }
      } else {
        end += 1
      }
    }
    // No run of this length follows; remembering it keeps a text of many lone backticks from being read many times.
    unclosed.insert(opening)
  }

  private func run(at start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end] == UInt8(ascii: "`") { end += 1 }
    return end - start
  }

  /// `<@` or `<@&`, sixteen digits, `>`.
  private mutating func readName() {
    let start = position
    position += 1
    guard start + 1 < bytes.count, bytes[start + 1] == UInt8(ascii: "@") else { return }
    let isRole = start + 2 < bytes.count && bytes[start + 2] == UInt8(ascii: "&")
    let digits = start + (isRole ? 3 : 2)
    guard digits + 16 < bytes.count, bytes[digits + 16] == UInt8(ascii: ">"),
      let id = Identifier(String(decoding: bytes[digits..<digits + 16], as: UTF8.self))
    else { return }
    position = digits + 17
    guard seen.insert(id).inserted else { return }
    if isRole { tokens.roles.append(id) } else { tokens.users.append(id) }
  }

  /// `@everyone` or `@here` as a word: not within an address of mail, not as the beginning of a longer word.
  private mutating func readEveryone() {
    let start = position
    position += 1
    guard start == 0 || !isWordByte(bytes[start - 1]) else { return }
    for word in ["everyone", "here"] where matches(word, at: start + 1) {
      let end = start + 1 + word.utf8.count
      guard end == bytes.count || !isWordByte(bytes[end]) else { continue }
      tokens.everyone = true
      position = end
      return
    }
  }

  private mutating func readLink() {
    let start = position
    position += 1
    guard start == 0 || !isWordByte(bytes[start - 1]),
      let scheme = ["http://", "https://"].first(where: { matches($0, at: start) })
    else { return }
    var end = start + scheme.utf8.count
    while end < bytes.count, !Self.endsLink(bytes[end]) { end += 1 }
    position = end
    // Punctuation at the end belongs to the sentence.
    while end > start, Self.closesSentence(bytes[end - 1]) { end -= 1 }
    guard end > start + scheme.utf8.count else { return }
    tokens.links.append(String(decoding: bytes[start..<end], as: UTF8.self))
  }

  /// Whether the ASCII `word` stands at `start`, in any case.
  private func matches(_ word: String, at start: Int) -> Bool {
    guard bytes.count - start >= word.utf8.count else { return false }
    return zip(bytes[start...], word.utf8).allSatisfy { byte, letter in
      byte == letter || byte | 0x20 == letter && letter >= UInt8(ascii: "a")
    }
  }

  /// Letters, digits and everything beyond ASCII.
  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }

  private static func endsLink(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == 0x7f || [UInt8](#"<>"`|\^{}"#.utf8).contains(byte)
  }

  private static func closesSentence(_ byte: UInt8) -> Bool { [UInt8](".,;:!?')]*_~".utf8).contains(byte) }
}
