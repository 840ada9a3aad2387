// Results as text for people and as JSON for machines.

import JSON

/// Columns of text, the first to the left and the others to the right.
public struct Table: Sendable {
  private var rows: [[String]]

  public init(_ header: [String]) { rows = [header] }

  public mutating func add(_ row: [String]) { rows.append(row) }

  public var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  /// Up to four places behind the point for small numbers, none for large ones.
  public static func number(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    let places: Double = abs(value) >= 1_000 ? 1 : abs(value) >= 10 ? 10 : abs(value) >= 1 ? 100 : 10_000
    let rounded = (value * places).rounded() / places
    return rounded == rounded.rounded() ? "\(Int64(rounded))" : "\(rounded)"
  }
}

extension Measurement {
  /// For tools that compare runs.
  public var json: JSONValue {
    var object = JSONObject()
    object["name"] = .string(name)
    object["unit"] = .string(unit)
    object["nanoseconds"] = .decimal(nanoseconds)
    object["allocations"] = .decimal(allocations)
    object["retains"] = .decimal(retains)
    object["releases"] = .decimal(releases)
    if let instructions { object["instructions"] = .decimal(instructions) }
    return .object(object)
  }
}
