// The text of a message as it reads here: names and pictures that mean something only on Discord become words.

public import Identifiers

public struct MessageText: Sendable {
  /// Whom and what the text may name, by their ids there.
  public var users: [Snowflake: Identifier] = [:]
  public var names: [Snowflake: String] = [:]
  public var channels: [Snowflake: Identifier] = [:]

  public init() {}

  /// `text` with `<@1>`, `<#2>`, `<@&3>` and `<:name:4>` replaced. Exports that were made with formatting have none.
  public func translated(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "<")) else { return text }
    var result = ""
    var rest = text[...]
    while let opening = rest.firstIndex(of: "<") {
      result += rest[..<opening]
      rest = rest[opening...]
      // No token is longer: a name of an emoji has 32 characters.
      guard let closing = rest.prefix(64).firstIndex(of: ">"),
        let word = word(rest[rest.index(after: opening)..<closing])
      else {
        result.append("<")
        rest = rest.dropFirst()
        continue
      }
      result += word
      rest = rest[rest.index(after: closing)...]
    }
    return result + rest
  }

  private func word(_ token: Substring) -> String? {
    if token.hasPrefix("@&") { return isNumber(token.dropFirst(2)) ? "@role" : nil }
    if token.hasPrefix("@") {
      let id = token.dropFirst(token.hasPrefix("@!") ? 2 : 1)
      guard isNumber(id) else { return nil }
      if let user = users[String(id)] { return "<@\(user)>" }
      return "@" + (names[String(id)] ?? "unknown")
    }
    if token.hasPrefix("#") {
      let id = token.dropFirst()
      guard isNumber(id) else { return nil }
      return channels[String(id)].map { "<#\($0)>" } ?? "#unknown"
    }
    let parts = token.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].isEmpty || parts[0] == "a", isNumber(parts[2]) else { return nil }
    return ":\(parts[1]):"
  }

  private func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}
