// Log records as values: a time, a level, an event's name and its facts, on one line.
//
// Facts are about the server, not about people: no names, addresses of clients, tokens or query strings.

public import Chronology

public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  case debug, info, warning, error

  public init?(_ name: String) {
    guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = level
  }

  public var name: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }

  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

public struct LogRecord: Sendable {
  public var level: LogLevel
  /// Fixed words with dots between them ("shard.started"): what to search for.
  public var event: String
  public var fields: [(String, String)]

  public init(_ level: LogLevel, _ event: String, _ fields: [(String, String)] = []) {
    self.level = level
    self.event = event
    self.fields = fields
  }

  /// `2026-11-20T09:30:00.123Z info shard.started shard=0 port=7882`, in the logfmt style: values with anything but
  /// plain characters are quoted.
  public func line(at time: WallTime) -> String {
    let facts = fields.map { " \($0.0)=\(Self.quote($0.1))" }.joined()
    return "\(CivilTime(time).timestamp) \(level.name) \(event)\(facts)"
  }

  private static func quote(_ value: String) -> String {
    let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D }
    guard !isPlain else { return value }
    return "\""
      + value.unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += "?"
        default: result.unicodeScalars.append(scalar)
        }
      } + "\""
  }
}
