// Options of the subcommands that are not settings: `--name value`, `--name=value` and lone switches.

/// An option that makes no sense, in words for the person who typed it.
struct OptionError: Error, CustomStringConvertible {
  let description: String
}

/// The options of one call, taken out one by one; what is left over was not known.
struct Options {
  private var arguments: [String]

  init(_ arguments: [String]) { self.arguments = arguments }

  /// What nobody has taken.
  var rest: [String] { arguments }

  /// The value behind `--name`, or nil when it is not there.
  mutating func value(_ name: String) throws(OptionError) -> String? {
    let flag = "--" + name
    if let index = arguments.firstIndex(where: { $0.hasPrefix(flag + "=") }) {
      return String(arguments.remove(at: index).dropFirst(flag.count + 1))
    }
    guard let index = arguments.firstIndex(of: flag) else { return nil }
    guard index + 1 < arguments.count, !arguments[index + 1].hasPrefix("--") else {
      throw OptionError(description: "\(flag) needs a value")
    }
    arguments.remove(at: index)
    return arguments.remove(at: index)
  }

  /// Whether `--name` is there, or what `--name=yes|no` says.
  mutating func flag(_ name: String) throws(OptionError) -> Bool? {
    let flag = "--" + name
    if let index = arguments.firstIndex(of: flag) {
      arguments.remove(at: index)
      return true
    }
    guard let text = try value(name) else { return nil }
    switch text.lowercased() {
    case "1", "true", "yes", "on": return true
    case "0", "false", "no", "off": return false
    default: throw OptionError(description: "\(flag) is \"\(text)\", but takes yes or no")
    }
  }

  /// Seconds from "90", "90s", "15m", "6h" or "2d".
  mutating func seconds(_ name: String) throws(OptionError) -> Int64? {
    guard let text = try value(name) else { return nil }
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    let factor = text.last.flatMap { units[$0] }
    guard let count = Int64(factor == nil ? text[...] : text.dropLast()), count > 0, count < 1 << 32 else {
      throw OptionError(description: "--\(name) is \"\(text)\", but takes a time such as 90s, 15m, 6h or 2d")
    }
    return count * (factor ?? 1)
  }

  /// The first word that is no option, when those that take a value have been taken; nil when there is none.
  mutating func operand() -> String? {
    arguments.firstIndex { !$0.hasPrefix("-") }.map { arguments.remove(at: $0) }
  }

  /// Nothing may be left.
  func finish() throws(OptionError) {
    if let first = arguments.first { throw OptionError(description: "\(first) is not an option here") }
  }
}
