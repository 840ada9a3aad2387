// The result of a run, as a table for people and JSON for machines.

import Harness
import JSON

/// One measured stretch of a run.
struct Window {
  var seconds: Double
  var packets: UInt64
  var bytes: UInt64
  var cpu: ProcessReading
  var outOfOrder: UInt64
  var lost: UInt64
  var delays: DelayDistribution
  var floor: FloorReading?

  /// Microseconds of CPU for each forwarded packet.
  var user: Double { cpu.user * 1e6 / Double(max(1, packets)) }
  var system: Double { cpu.system * 1e6 / Double(max(1, packets)) }
}

struct Report {
  var scenario: String
  var participants: Int
  var subscribers: Int
  var idleKilobytes: Int
  var loadedKilobytes: Int
  var windows: [Window]
  var failures: Int

  static func median(_ values: [Double]) -> Double {
    let sorted = values.filter(\.isFinite).sorted()
    guard !sorted.isEmpty else { return .nan }
    return sorted.count % 2 == 1
      ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
  }

  private func median(_ value: (Window) -> Double) -> Double { Self.median(windows.map(value)) }

  private var figures: [(name: String, unit: String, value: Double)] {
    let total = median { $0.user + $0.system }
    let plain = median { $0.floor?.plain ?? .nan }
    let segmented = median { $0.floor?.segmented ?? .nan }
    return [
      ("CPU per forwarded packet", "µs", total), ("  in user space", "µs", median(\.user)),
      ("  in the kernel", "µs", median(\.system)), ("floor without GSO", "µs", plain),
      ("floor with GSO", "µs", segmented), ("ratio to the floor without GSO", "", total / plain),
      ("ratio to the floor with GSO", "", total / segmented),
      ("packets forwarded", "1/s", median { Double($0.packets) / $0.seconds }),
      ("CPU of the server", "% of a core", median { ($0.cpu.user + $0.cpu.system) / $0.seconds * 100 }),
      ("delay p50", "µs", median { $0.delays.quantile(0.5) }), ("delay p99", "µs", median { $0.delays.quantile(0.99) }),
      ("delay p99.9", "µs", median { $0.delays.quantile(0.999) }),
      ("context switches", "1/s", median { Double($0.cpu.contextSwitches) / $0.seconds }),
      ("packets out of order", "", Double(windows.reduce(0) { $0 + $1.outOfOrder })),
      ("packets lost", "", Double(windows.reduce(0) { $0 + $1.lost })),
      ("resident, idle", "KB", Double(idleKilobytes)), ("resident, loaded", "KB", Double(loadedKilobytes)),
      (
        "resident per subscriber", "KB",
        subscribers == 0 ? .nan : Double(loadedKilobytes - idleKilobytes) / Double(subscribers)
      ), ("sessions that failed", "", Double(failures)),
    ]
  }

  var text: String {
    var table = Table(["\(scenario): \(participants) participants, \(subscribers) of them subscribe", "", ""])
    for figure in figures { table.add([figure.name, Table.number(figure.value), figure.unit]) }
    return table.text
  }

  var json: JSONValue {
    var object = JSONObject()
    object["scenario"] = .string(scenario)
    object["participants"] = .integer(Int64(participants))
    object["subscribers"] = .integer(Int64(subscribers))
    for figure in figures {
      let name = figure.name.split(separator: " ").joined(separator: " ")
      object[name] = figure.value.isFinite ? .decimal(figure.value) : .null
    }
    return .object(object)
  }
}
