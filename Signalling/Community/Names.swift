// Names that people give to things: as they write them, in any script, but visible and on one line.

import API
import JSON
import Problems

enum Names {
  /// What a name looks like in a body. Before it is trimmed it may be longer by a little.
  static let shape = Shape.string(1...Limit.name + 20)

  /// The name in the body, without white space around it: 1 to 100 characters, at least one of them visible; nil when the
  /// body does not name it.
  static func read(_ call: Call, _ member: String = "name") throws(Problem) -> String? {
    guard let text = call.body[member]?.string else { return nil }
    let name = trimmed(text)
    guard !name.isEmpty, name.unicodeScalars.count <= Limit.name else {
      throw .invalid("/\(member)", "must have 1 to \(Limit.name) characters besides the white space around it")
    }
    guard name.unicodeScalars.allSatisfy(isPlain) else {
      throw .invalid("/\(member)", "must not contain line breaks, control characters or marks that turn the direction")
    }
    guard name.unicodeScalars.contains(where: isVisible) else {
      throw .invalid("/\(member)", "must show something")
    }
    return name
  }

  static func trimmed(_ text: String) -> String {
    var rest = text[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  /// The name that comes nearest to a text of another server.
  static func made(of text: String) -> String {
    let plain = String(String.UnicodeScalarView(text.unicodeScalars.filter(isPlain)))
    let name = trimmed(String(String.UnicodeScalarView(trimmed(plain).unicodeScalars.prefix(Limit.name))))
    return name.unicodeScalars.contains(where: isVisible) ? name : "–"
  }

  /// Neither a control character nor one that makes text around it read backwards (UAX #9, explicit formatting).
  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    default: !(0x202A...0x202E).contains(scalar.value) && !(0x2066...0x2069).contains(scalar.value)
    }
  }

  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .format, .spaceSeparator, .unassigned: false
    default: !scalar.properties.isDefaultIgnorableCodePoint
    }
  }
}
