// Committed bounds for counts, one file for each compiler version: allocations, retains and instructions gate a build,
// time does not.

import JSON

/// What an operation may cost.
public struct Threshold: Sendable {
  public var allocations: Double
  public var retains: Double
  public var instructions: Double?
}

public struct Thresholds: Sendable {
  private var bounds: [(name: String, bound: Threshold)] = []

  /// Reads `{"operations": {NAME: {"allocations": 0, "retains": 0, "instructions": 2500}}}`.
  public init(parsing text: [UInt8]) throws(JSONError) {
    let document = try JSONValue(parsing: text)
    for member in document["operations"]?.object?.members ?? [] {
      bounds.append(
        (
          member.key,
          Threshold(
            allocations: member.value["allocations"]?.double ?? 0, retains: member.value["retains"]?.double ?? 0,
            instructions: member.value["instructions"]?.double)
        ))
    }
  }

  /// Rounds a count for comparison: growth of a table that happens once in 10,000 packets is not a cost per packet.
  static let tolerance = 0.000_1

  /// Every bound that a measurement breaks, in words.
  public func violations(_ measurement: Measurement) -> [String] {
    guard let bound = bounds.first(where: { $0.name == measurement.name })?.bound else {
      return ["\(measurement.name): no threshold is committed for it"]
    }
    var found: [String] = []
    func compare(_ what: String, _ value: Double, _ limit: Double) {
      guard value > limit + Self.tolerance else { return }
      found.append(
        "\(measurement.name): \(Table.number(value)) \(what) per \(measurement.unit), "
          + "at most \(Table.number(limit)) are allowed (+\(Table.number(value - limit)))")
    }
    compare("allocations", measurement.allocations, bound.allocations)
    compare("retains", measurement.retains, bound.retains)
    if let limit = bound.instructions, let value = measurement.instructions { compare("instructions", value, limit) }
    return found
  }
}
