// The result of a run, as a table for people and JSON for machines.

import Cryptography
import Harness
import JSON

/// One measured stretch of a run.
struct Window {
  var seconds: Double
  var observed: Observed
  var cpu: ProcessReading
  var residentKilobytes: Int
  var lost: UInt64
  /// Seconds that the generator itself has run.
  var ownCPU: Double
  /// p50, p99 and p99.9 inside the server, µs, where it tells.
  var serverDelays: [Double] = []

  var packets: UInt64 { observed.packets }
  /// Microseconds of CPU for each forwarded packet.
  var user: Double { cpu.user * 1e6 / Double(max(1, packets)) }
  var system: Double { cpu.system * 1e6 / Double(max(1, packets)) }
}

struct Report {
  /// What came of one server.
  struct Result {
    var participants: Int
    var subscribers: Int
    var idleKilobytes: Int
    var loadedKilobytes: Int
    var windows: [Window] = []
    var profile: SRTPProfile?
  }

  typealias Figure = (name: String, unit: String, value: Double)

  var scenario: Scenario
  /// Why Janus has no column; nil when it has one.
  var withoutJanus: String?
  var results: [Target: Result] = [:]
  var floors: [FloorReading] = []
  var failures = 0

  init(scenario: Scenario, withoutJanus: String?) {
    self.scenario = scenario
    self.withoutJanus = withoutJanus
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.filter(\.isFinite).sorted()
    guard !sorted.isEmpty else { return .nan }
    return sorted.count % 2 == 1
      ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
  }

  private func figures(_ result: Result) -> [Figure] {
    let windows = result.windows
    func median(_ value: (Window) -> Double) -> Double { Self.median(windows.map(value)) }
    let total = median { $0.user + $0.system }
    let plain = Self.median(floors.map(\.plain))
    let segmented = Self.median(floors.map(\.segmented))
    return [
      ("CPU per forwarded packet", "µs", total), ("  in user space", "µs", median(\.user)),
      ("  in the kernel", "µs", median(\.system)), ("floor without GSO", "µs", plain),
      ("floor with GSO", "µs", segmented), ("ratio to the floor without GSO", "", total / plain),
      ("ratio to the floor with GSO", "", total / segmented),
      ("packets forwarded", "1/s", median { Double($0.packets) / $0.seconds }),
      ("CPU of the server", "% of a core", median { ($0.cpu.user + $0.cpu.system) / $0.seconds * 100 }),
      ("CPU of its busiest thread", "% of a core", median { $0.cpu.busiestThread / $0.seconds * 100 }),
      ("CPU of the generator", "% of a core", median { $0.ownCPU / $0.seconds * 100 }),
    ] + delays(windows) + [
      ("context switches, waits", "1/s", median { Double($0.cpu.voluntarySwitches) / $0.seconds }),
      ("context switches, forced", "1/s", median { Double($0.cpu.involuntarySwitches) / $0.seconds }),
      ("packets sent again", "", Double(windows.reduce(0) { $0 + $1.observed.retransmitted })),
      ("packets out of order", "", Double(windows.reduce(0) { $0 + $1.observed.outOfOrder })),
      ("packets lost", "", Double(windows.reduce(0) { $0 + $1.lost })),
      ("resident, idle", "KB", Double(result.idleKilobytes)),
      ("resident, loaded", "KB", Double(result.loadedKilobytes)),
      (
        "resident per subscriber", "KB",
        result.subscribers == 0
          ? .nan : Double(result.loadedKilobytes - result.idleKilobytes) / Double(result.subscribers)
      ), ("resident, change over the rounds", "%", growth(windows)),
    ]
  }

  private func delays(_ windows: [Window]) -> [Figure] {
    let quantiles: [(String, Double, Int)] = [("p50", 0.5, 0), ("p99", 0.99, 1), ("p99.9", 0.999, 2)]
    let inside = quantiles.map { name, _, index in
      (
        "delay in the server \(name)", "µs",
        Self.median(windows.map { $0.serverDelays.isEmpty ? .nan : $0.serverDelays[index] })
      )
    }
    let outside = quantiles.map { name, share, _ in
      ("delay from send to receive \(name)", "µs", Self.median(windows.map { $0.observed.delays.quantile(share) }))
    }
    return inside + outside
  }

  /// Of resident memory, from the end of the first round to the end of the last.
  private func growth(_ windows: [Window]) -> Double {
    guard windows.count > 1, let first = windows.first, let last = windows.last else { return .nan }
    return (Double(last.residentKilobytes) / Double(max(1, first.residentKilobytes)) - 1) * 100
  }

  // MARK: Output

  var text: String {
    let targets = Target.allCases.filter { results[$0] != nil }
    let columns = targets.map { target in results[target].map { figures($0) } ?? [] }
    var table = Table(
      ["\(scenario.name): \(population)"] + targets.map(\.name) + (targets.count > 1 ? ["ratio"] : []) + [""])
    for (row, figure) in (columns.first ?? []).enumerated() {
      let values = columns.map { $0[row].value }
      var cells = [figure.name] + values.map(Table.number)
      if values.count > 1 { cells.append(Table.number(values[1] / values[0])) }
      table.add(cells + [figure.unit])
    }
    return ([table.text] + notes).joined(separator: "\n")
  }

  private var population: String {
    let result = results[.mqvi]
    return "\(result?.participants ?? 0) participants, \(result?.subscribers ?? 0) of them subscribe"
  }

  private var notes: [String] {
    var notes = Target.allCases.compactMap { target in
      results[target]?.profile.map { "\(target.name): media sealed by \($0.name)" }
    }
    if let withoutJanus { notes.append("Janus: \(withoutJanus)") }
    if scenario.loss > 0 {
      notes.append("\(Table.number(scenario.loss * 100)) % of what reached the subscribers was thrown away unseen")
    }
    notes.append("every packet was authenticated, numbered and counted by its receiver")
    if failures > 0 { notes.append("\(failures) participants were cut off") }
    return notes
  }

  var json: JSONValue {
    var object = JSONObject()
    object["scenario"] = .string(scenario.name)
    object["rooms"] = .integer(Int64(scenario.roomCount))
    object["publishers"] = .integer(Int64(scenario.publishers))
    object["subscribers"] = .integer(Int64(scenario.subscribers))
    object["sessions that failed"] = .integer(Int64(failures))
    if let withoutJanus { object["without Janus"] = .string(withoutJanus) }
    for target in Target.allCases {
      guard let result = results[target] else { continue }
      var entry = JSONObject()
      for figure in figures(result) {
        let name = figure.name.split(separator: " ").joined(separator: " ")
        entry[name] = figure.value.isFinite ? .decimal(figure.value) : .null
      }
      if let profile = result.profile { entry["sealed by"] = .string(profile.name) }
      entry["rounds"] = .array(
        result.windows.map { window in
          [
            "seconds": .decimal(window.seconds), "packets": .integer(Int64(clamping: window.packets)),
            "user": .decimal(window.cpu.user), "system": .decimal(window.cpu.system),
            "lost": .integer(Int64(clamping: window.lost)),
            "resident KB": .integer(Int64(window.residentKilobytes)),
          ]
        })
      object[target.name] = .object(entry)
    }
    return .object(object)
  }
}

extension Target {
  var name: String { self == .mqvi ? "mqvi" : "Janus" }
}

extension SRTPProfile {
  var name: String {
    switch self {
    case .aeadAES128GCM: "AES-128-GCM"
    case .aeadAES256GCM: "AES-256-GCM"
    case .aes128CMSHA1: "AES-128-CM, HMAC-SHA1-80"
    }
  }
}
