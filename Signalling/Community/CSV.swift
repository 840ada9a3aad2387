// Tables as text (RFC 4180), so that a spreadsheet shows them and runs nothing, and so that reading gives back what was
// written.
//
// A cell that a spreadsheet could take for a formula (it begins with =, +, -, @, a tab or a line break, or one of their
// full-width forms) gets an apostrophe before it; so does one that begins with an apostrophe, or the sign would be
// ambiguous. NULL is an empty cell without quotes, empty text one with quotes.

public enum CSV {
  /// One record with the line break behind it.
  public static func record(_ cells: [String?]) -> String { cells.map(cell).joined(separator: ",") + "\r\n" }

  private static func cell(_ text: String?) -> String {
    guard let text else { return "" }
    // Scalar by scalar: a quotation mark with a combining mark behind it is another character, but still a quotation mark
    // to whoever reads the file.
    var cell = "\"".unicodeScalars
    if isDangerous(text) { cell.append("'") }
    for scalar in text.unicodeScalars {
      if scalar == "\"" { cell.append(scalar) }
      cell.append(scalar)
    }
    cell.append("\"")
    return String(cell)
  }

  private static func isDangerous(_ text: String) -> Bool {
    switch text.unicodeScalars.first {
    case "=", "+", "-", "@", "\t", "\r", "\n", "'", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}": true
    default: false
    }
  }

  /// The records of `text`; nil when it is not what `record` writes.
  public static func records(of text: String) -> [[String?]]? {
    var records: [[String?]] = []
    var record: [String?] = []
    var rest = Array(text.unicodeScalars)[...]
    while let scalar = rest.first {
      var cell: String?
      if scalar == "\"" {
        guard let quoted = unquoted(&rest) else { return nil }
        cell = quoted.unicodeScalars.first == "'" ? String(quoted.unicodeScalars.dropFirst()) : quoted
      }
      record.append(cell)
      switch rest.popFirst() {
      case ",":
        // An empty last cell has nothing between the comma and the line break.
        if rest.first == "\r" { record.append(nil) } else { continue }
        rest.removeFirst()
      case "\r": break
      default: return nil
      }
      guard rest.popFirst() == "\n" else { return nil }
      records.append(record)
      record = []
    }
    return record.isEmpty ? records : nil
  }

  private static func unquoted(_ rest: inout ArraySlice<Unicode.Scalar>) -> String? {
    rest.removeFirst()
    var text = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      if scalar != "\"" {
        text.append(scalar)
      } else if rest.first == "\"" {
        text.append(scalar)
        rest.removeFirst()
      } else {
        return String(text)
      }
    }
    return nil
  }
}
