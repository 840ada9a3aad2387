// One setting: its names, its kind and range, what it is for, and how its text becomes a value.

/// Why the server does not start: which setting, what it was given and what it takes.
public struct SettingError: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}

/// A row of the table in `Settings.table`.
public struct Setting: Sendable {
  enum Kind: Sendable {
    case text(limit: Int)
    /// Text that is never shown again.
    case secret(ClosedRange<Int>)
    case integer(ClosedRange<Int>)
    case switched
    case list(limit: Int)
    case choice([String])
  }

  /// The environment variable.
  public let name: String
  /// What a number counts, or a word for the value; for the help.
  public let unit: String
  public let help: String
  let kind: Kind
  /// Stores a checked text.
  private let store: @Sendable (inout Settings, String) -> Void
  private let show: @Sendable (Settings) -> String

  /// The command-line flag: `MQVI_HTTP_PORT` is `--http-port`.
  public var flag: String { "--" + name.dropFirst(5).lowercased().replacing("_", with: "-") }

  /// The default as a user would write it.
  public var defaultText: String { show(Settings()) }

  public var isSecret: Bool {
    if case .secret = kind { return true }
    return false
  }

  /// Whether the flag may stand alone.
  var isSwitch: Bool {
    if case .switched = kind { return true }
    return false
  }

  /// What it takes, in words.
  public var expectation: String {
    switch kind {
    case .text(let limit): "text of at most \(limit) bytes"
    case .secret(let range): "\(range.lowerBound) to \(range.upperBound) characters"
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .switched: "1 or 0"
    case .list(let limit): "at most \(limit) values with commas between them"
    case .choice(let words): "one of " + words.joined(separator: ", ")
    }
  }

  /// Checks `text` and stores it.
  func apply(_ text: String, to settings: inout Settings, as name: String) throws(SettingError) {
    guard let accepted = accept(text) else {
      let given = isSecret ? "a value of \(text.count) characters" : "\"\(text)\""
      throw SettingError("\(name) is \(given), but takes \(expectation)")
    }
    store(&settings, accepted)
  }

  /// The text in the form in which it is stored, or nil.
  private func accept(_ text: String) -> String? {
    switch kind {
    case .text(let limit): text.utf8.count <= limit ? text : nil
    case .secret(let range): range.contains(text.utf8.count) || text.isEmpty ? text : nil
    case .integer(let range): Int(text).flatMap { range.contains($0) ? String($0) : nil }
    case .switched:
      switch text.lowercased() {
      case "1", "true", "yes", "on": "1"
      case "0", "false", "no", "off": "0"
      default: nil
      }
    case .list(let limit): Self.items(text).count <= limit ? text : nil
    case .choice(let words): words.contains(text.lowercased()) ? text.lowercased() : nil
    }
  }

  private static func items(_ text: String) -> [String] {
    text.split(separator: ",").map { item in String(item.filter { $0 != " " }) }.filter { !$0.isEmpty }
  }
}

// How the table's rows are written: one constructor for each kind of value.
extension Setting {
  static func text(
    _ name: String, _ unit: String, _ help: String, get: @escaping @Sendable (Settings) -> String,
    set: @escaping @Sendable (inout Settings, String) -> Void
  ) -> Setting {
    Setting(name: name, unit: unit, help: help, kind: .text(limit: 4096), store: set, show: get)
  }

  static func secret(
    _ name: String, _ length: ClosedRange<Int>, _ help: String, get: @escaping @Sendable (Settings) -> String,
    set: @escaping @Sendable (inout Settings, String) -> Void
  ) -> Setting {
    Setting(name: name, unit: "text", help: help, kind: .secret(length), store: set, show: get)
  }

  static func integer(
    _ name: String, _ range: ClosedRange<Int>, _ unit: String, _ help: String,
    get: @escaping @Sendable (Settings) -> Int, set: @escaping @Sendable (inout Settings, Int) -> Void
  ) -> Setting {
    Setting(
      name: name, unit: unit, help: help, kind: .integer(range),
      store: { settings, text in if let value = Int(text) { set(&settings, value) } }, show: { String(get($0)) })
  }

  static func switched(
    _ name: String, _ help: String, get: @escaping @Sendable (Settings) -> Bool,
    set: @escaping @Sendable (inout Settings, Bool) -> Void
  ) -> Setting {
    Setting(
      name: name, unit: "switch", help: help, kind: .switched, store: { set(&$0, $1 == "1") },
      show: { get($0) ? "1" : "0" })
  }

  static func list(
    _ name: String, limit: Int, _ unit: String, _ help: String, get: @escaping @Sendable (Settings) -> [String],
    set: @escaping @Sendable (inout Settings, [String]) -> Void
  ) -> Setting {
    Setting(
      name: name, unit: unit, help: help, kind: .list(limit: limit), store: { set(&$0, items($1)) },
      show: { get($0).joined(separator: ",") })
  }

  static func choice(
    _ name: String, _ words: [String], _ help: String, get: @escaping @Sendable (Settings) -> String,
    set: @escaping @Sendable (inout Settings, String) -> Void
  ) -> Setting {
    Setting(name: name, unit: "word", help: help, kind: .choice(words), store: set, show: get)
  }
}
