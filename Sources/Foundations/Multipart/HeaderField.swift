// A header field with parameters: `form-data; name="file"; filename="a.png"` (RFC 9110 §5.6.6, RFC 8187).

struct HeaderField {
  /// What stands before the first semicolon, in lower case.
  var value: String
  /// Names in lower case; of equal ones the first counts.
  var parameters: [String: String] = [:]

  init(_ text: String) {
    var rest = Substring(text)
    value = Self.trimmed(rest.prefix { $0 != ";" }).lowercased()
    rest = rest.dropFirst(rest.prefix { $0 != ";" }.count)
    // One parameter at a time: a quoted value may hold semicolons.
    while rest.first == ";" {
      rest = rest.dropFirst()
      let name = rest.prefix { $0 != "=" && $0 != ";" }
      rest = rest.dropFirst(name.count)
      guard rest.first == "=" else { continue }
      rest = Self.leading(rest.dropFirst())
      let content = rest.first == "\"" ? Self.quoted(&rest) : Self.plain(&rest)
      let key = Self.trimmed(name).lowercased()
      if parameters[key] == nil { parameters[key] = content }
      rest = rest.drop { $0 != ";" }
    }
  }

  /// The name of a file: `filename*` (RFC 8187), which some libraries send for names beyond ASCII, before `filename`.
  var fileName: String? {
    if let extended = parameters["filename*"], let decoded = Self.extended(extended) { return decoded }
    return parameters["filename"]
  }

  private static func plain(_ rest: inout Substring) -> String {
    let content = rest.prefix { $0 != ";" }
    rest = rest.dropFirst(content.count)
    return String(trimmed(content))
  }

  /// Browsers write `%22` for a quote and leave backslashes as they are; other clients escape quotes with them.
  private static func quoted(_ rest: inout Substring) -> String {
    var content = ""
    rest = rest.dropFirst()
    while let character = rest.popFirst(), character != "\"" {
      if character == "\\", rest.first == "\"" || rest.first == "\\" {
        content.append(rest.removeFirst())
      } else {
        content.append(character)
      }
    }
    return content
  }

  /// `UTF-8''na%C3%AFve.txt`.
  private static func extended(_ text: String) -> String? {
    let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
    var bytes: [UInt8] = []
    var rest = Array(parts[2].utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var rest = leading(text)
    while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
    return rest
  }

  private static func leading(_ text: Substring) -> Substring { text.drop { $0 == " " || $0 == "\t" } }
}
