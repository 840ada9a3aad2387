// limits.md against the source: every bound is explained to the people who may meet it, with the value that it has.

import Foundation
import Testing

/// One `static let` of an enum whose name ends in `Limit`.
private struct NamedLimit: Hashable {
  /// Relative to the repository's root.
  var path: String
  var name: String
  /// As the page writes it: `15 s` for `Interval.seconds(15)`, any other expression as it stands.
  var value: String
}

private enum Limits {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func inSource() throws -> [NamedLimit] {
    var limits: [NamedLimit] = []
    for folder in ["Sources", "Media", "Signalling"] {
      let base = root.appendingPathComponent(folder)
      guard let walk = FileManager.default.enumerator(atPath: base.path) else { continue }
      for case let name as String in walk where name.hasSuffix(".swift") {
        let text = try String(contentsOf: base.appendingPathComponent(name), encoding: .utf8)
        limits += declared(in: text, path: "\(folder)/\(name)")
      }
    }
    return limits
  }

  /// An enum begins on a line of its own and ends at a brace with the same indentation, as the formatter has it; a
  /// short one stands on a single line.
  static func declared(in text: String, path: String) -> [NamedLimit] {
    var limits: [NamedLimit] = []
    var closingLine: String?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line == closingLine { closingLine = nil }
      var members = line
      if line.contains("Limit {"), let opening = line.firstMatch(of: /^( *)(?:\w+ )?enum \w*Limit \{/) {
        if line.hasSuffix("}") {
          members = String(line[opening.range.upperBound...].dropLast())
        } else {
          closingLine = opening.output.1 + "}"
        }
      } else if closingLine == nil {
        continue
      }
      if members.contains("static let "), let member = members.firstMatch(of: /static let (\w+)(?:: \w+)? = (.+?) *$/) {
        limits.append(NamedLimit(path: path, name: String(member.output.1), value: shown(String(member.output.2))))
      }
    }
    return limits
  }

  static func shown(_ expression: String) -> String {
    if let interval = expression.firstMatch(of: /^Interval\.(seconds|milliseconds)\((.+)\)$/) {
      return "\(interval.output.2) \(interval.output.1 == "seconds" ? "s" : "ms")"
    }
    return expression
  }

  /// Rows of the page below the heading of their file.
  static func onPage() throws -> Set<NamedLimit> {
    let page = root.appendingPathComponent("Sources/Documentation/limits.md")
    var limits: Set<NamedLimit> = []
    var path = ""
    for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("###"), let heading = line.firstMatch(of: /^### `(.+)`$/) { path = String(heading.output.1) }
      if line.hasPrefix("## ") { path = "" }
      if !path.isEmpty, line.hasPrefix("| `"), let row = line.firstMatch(of: /^\| `(\w+)` \| `(.+?)` \| .+ \| .+ \|$/) {
        limits.insert(NamedLimit(path: path, name: String(row.output.1), value: String(row.output.2)))
      }
    }
    return limits
  }
}

@Suite struct LimitsTests {
  @Test func `every limit stands in limits.md with its value`() throws {
    let written = try Limits.onPage()
    let declared = try Limits.inSource()
    #expect(declared.count > 150)
    for limit in declared {
      // The set itself would fill the screen with every other limit.
      let isWritten = written.contains(limit)
      #expect(isWritten, "limits.md lacks \(limit.name) = \(limit.value) below \(limit.path)")
    }
  }

  @Test func `limits.md names nothing that does not exist`() throws {
    let declared = Set(try Limits.inSource())
    for limit in try Limits.onPage() {
      let isDeclared = declared.contains(limit)
      #expect(isDeclared, "limits.md has \(limit.name) = \(limit.value) below \(limit.path)")
    }
  }

  @Test func `limits are found in enums of one line and of many`() {
    let text = """
      private enum Limit { static let depth = 7 }
      struct Queue {
        enum QueueLimit {
          /// Why.
          public static let wait = Interval.seconds(2)
          static let width: UInt8 = 1 << 3
        }
        static let elsewhere = 9
      }
      """
    let found = Limits.declared(in: text, path: "p").map { "\($0.name)=\($0.value)" }
    #expect(found == ["depth=7", "wait=2 s", "width=1 << 3"])
  }
}
