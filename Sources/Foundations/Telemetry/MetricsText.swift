// Metrics in Prometheus' text form (exposition format 0.0.4).

/// Writes one page of metrics.
public struct MetricsText: Sendable {
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// Each family's lines, HELP and TYPE first. The format wants them together, whatever the order in which they come.
  private var families: [String] = []
  private var places: [String: Int] = [:]

  public init() {}

  public var text: String { families.joined() }

  /// A number that only grows. By convention `name` ends in `_total`.
  public mutating func counter(_ name: String, _ help: String, _ value: UInt64, labels: [(String, String)] = []) {
    let place = describe(name, help, "counter")
    families[place] += "\(name)\(Self.braces(labels)) \(value)\n"
  }

  /// A time that only grows. By convention `name` ends in `_seconds_total`.
  public mutating func counter(
    _ name: String, _ help: String, seconds value: Double, labels: [(String, String)] = []
  ) {
    let place = describe(name, help, "counter")
    families[place] += "\(name)\(Self.braces(labels)) \(Self.shown(value))\n"
  }

  /// A number that goes up and down.
  public mutating func gauge(_ name: String, _ help: String, _ value: Double, labels: [(String, String)] = []) {
    let place = describe(name, help, "gauge")
    families[place] += "\(name)\(Self.braces(labels)) \(Self.shown(value))\n"
  }

  private static func shown(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }

  /// A histogram; bucket counts are cumulative in this format.
  public mutating func histogram(_ name: String, _ help: String, _ value: Histogram, labels: [(String, String)] = []) {
    let place = describe(name, help, "histogram")
    var seen: UInt64 = 0
    for (bound, count) in zip(value.bounds, value.counts) {
      seen += count
      families[place] += "\(name)_bucket\(Self.braces(labels + [("le", String(bound))])) \(seen)\n"
    }
    families[place] += "\(name)_bucket\(Self.braces(labels + [("le", "+Inf")])) \(value.count)\n"
    families[place] += "\(name)_sum\(Self.braces(labels)) \(value.sum)\n"
    families[place] += "\(name)_count\(Self.braces(labels)) \(value.count)\n"
  }

  /// Where the family's lines are.
  private mutating func describe(_ name: String, _ help: String, _ type: String) -> Int {
    if let place = places[name] { return place }
    places[name] = families.count
    families.append("# HELP \(name) \(help)\n# TYPE \(name) \(type)\n")
    return families.count - 1
  }

  private static func braces(_ labels: [(String, String)]) -> String {
    guard !labels.isEmpty else { return "" }
    return "{" + labels.map { "\($0.0)=\"\(escape($0.1))\"" }.joined(separator: ",") + "}"
  }

  private static func escape(_ value: String) -> String {
    value.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
  }
}
