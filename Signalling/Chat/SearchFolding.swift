// The words of a text, in the spelling that search compares: small letters without marks, Turkish ones included.

/// Takes texts apart into words and takes from the words what people leave out when they search: case, diacritics, the
/// dots of Turkish. `I`, `ı`, `İ` and `i` are one letter, so that "ISPARTA" is found by "ısparta" and by "isparta".
///
/// The index holds these words and searches ask for them. Changing what a text folds to needs a new index.
public enum SearchFolding {
  /// A word and where it stands.
  struct Word: Hashable {
    var folded: String
    /// UTF-16 code units from the start of the text, as browsers count.
    var range: Range<Int>
  }

  /// The folded words in the order of the text.
  public static func words(_ text: String) -> [String] {
    var result: [String] = []
    scan(text) { word, _ in result.append(word) }
    return result
  }

  /// The folded words with a space between them: what the index gets.
  static func text(_ text: String) -> String { words(text).joined(separator: " ") }

  static func located(_ text: String) -> [Word] {
    var result: [Word] = []
    scan(text) { word, range in result.append(Word(folded: word, range: range)) }
    return result
  }

  private static func scan(_ text: String, _ found: (String, Range<Int>) -> Void) {
    var word: [UInt8] = []
    var start = 0
    var offset = 0
    func end() {
      guard !word.isEmpty else { return }
      found(String(decoding: cut(word), as: UTF8.self), start..<offset)
      word.removeAll(keepingCapacity: true)
    }
    for scalar in text.unicodeScalars {
      switch fold(scalar) {
      case .separator: end()
      case .nothing: break
      case .letter(let byte):
        if word.isEmpty { start = offset }
        word.append(byte)
      case .letters(let letters):
        if word.isEmpty { start = offset }
        word.append(contentsOf: letters.utf8)
      case .wholeWord(let letters):
        end()
        found(letters, offset..<offset + UTF16.width(scalar))
      }
      offset += UTF16.width(scalar)
    }
    end()
  }

  /// The beginning that the index tells apart, not ending within a character.
  private static func cut(_ word: [UInt8]) -> ArraySlice<UInt8> {
    guard word.count > Limit.wordBytes else { return word[...] }
    var end = Limit.wordBytes
    while end > 0, word[end] & 0xc0 == 0x80 { end -= 1 }
    return word[..<end]
  }

  // MARK: One scalar

  private enum Folded {
    case separator
    /// A mark that is left out.
    case nothing
    case letter(UInt8)
    case letters(String)
    /// A character of a script that puts no spaces between words.
    case wholeWord(String)
  }

  private static func fold(_ scalar: Unicode.Scalar) -> Folded {
    let value = scalar.value
    switch value {
    case 0x30...0x39, 0x61...0x7a: return .letter(UInt8(truncatingIfNeeded: value))
    case 0x41...0x5a: return .letter(UInt8(truncatingIfNeeded: value | 0x20))
    case 0..<0x80: return .separator
    case 0x300...0x36f: return .nothing
    case 0x3040...0x30ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xf900...0xfaff, 0x20000...0x3ffff:
      return isLetter(scalar) ? .wholeWord(String(scalar)) : .separator
    default: break
    }
    if let plain = plainLetters[value] { return .letters(plain) }
    guard isLetter(scalar) else { return .separator }
    let small = scalar.properties.lowercaseMapping
    // A capital without a plain spelling may have a small letter with one: ẞ.
    return .letters(small.unicodeScalars.first.flatMap { plainLetters[$0.value] } ?? small)
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
      true
    default: false
    }
  }

  /// Latin letters with marks, and some of Greek and Cyrillic, by their plain spelling; both cases.
  private static let plainLetters: [UInt32: String] = {
    let groups: [(plain: String, marked: String)] = [
      ("a", "àáâãäåāăąǎǟǡǻȁȃȧạảấầẩẫậắằẳẵặ"), ("ae", "æǣǽ"), ("b", "ḃḅḇ"), ("c", "çćĉċčḉ"), ("d", "ďđḋḍḏḑḓð"),
      ("e", "èéêëēĕėęěȅȇȩẹẻẽếềểễệḕḗḙḛḝ"), ("f", "ḟ"), ("g", "ĝğġģǧǵḡ"), ("h", "ĥħȟḣḥḧḩḫẖ"), ("i", "ìíîïĩīĭįǐȉȋỉịḭḯıİ"),
      ("j", "ĵǰ"), ("k", "ķǩḱḳḵ"), ("l", "ĺļľŀłḷḹḻḽ"), ("m", "ḿṁṃ"), ("n", "ñńņňǹṅṇṉṋ"), ("ng", "ŋ"),
      ("o", "òóôõöøōŏőơǒǫǭȍȏȫȭȯȱọỏốồổỗộớờởỡợṍṏṑṓǿ"), ("oe", "œ"), ("p", "ṕṗ"), ("r", "ŕŗřȑȓṙṛṝṟ"), ("s", "śŝşšșṡṣṥṧṩſ"),
      ("ss", "ß"), ("t", "ţťŧțṫṭṯṱẗ"), ("th", "þ"), ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗụủứừửữựṳṵṷṹṻ"), ("v", "ṽṿ"),
      ("w", "ŵẁẃẅẇẉẘ"),
      ("x", "ẋẍ"), ("y", "ýÿŷȳỳỵỷỹẏẙ"), ("z", "źżžẑẓẕ"), ("α", "ά"), ("ε", "έ"), ("η", "ή"), ("ι", "ίϊΐ"), ("ο", "ό"),
      ("υ", "ύϋΰ"),
      ("ω", "ώ"), ("σ", "ς"), ("е", "ё"), ("и", "й"),
    ]
    var result: [UInt32: String] = [:]
    for group in groups {
      for letter in group.marked.unicodeScalars {
        result[letter.value] = group.plain
        let capital = letter.properties.uppercaseMapping.unicodeScalars
        // Some have no capital, or one of two letters, or a plain one (ı).
        if capital.count == 1, let first = capital.first, first.value >= 0x80 { result[first.value] = group.plain }
      }
    }
    return result
  }()
}
