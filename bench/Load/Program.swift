// Puts the server under load and says what a forwarded packet costs.
//
//   Load SCENARIO --server BINARY [--floor BINARY] [--seconds N] [--rounds N] [--shards N] [--dtx] [--json FILE]
//   Load memory --server BINARY [--people N] [--json FILE]

import Chronology
import Glibc
import JSON
import MediaCodecs
import Reactor

struct Options {
  var scenario = ""
  var server = ""
  var floor: String?
  var seconds = 8
  var rounds = 3
  var shards = 1
  var usesDTX = false
  /// Participants of `memory`.
  var people = 100
  var json: String?

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    scenario = rest.popFirst() ?? ""
    while let argument = rest.popFirst() {
      if argument == "--dtx" {
        usesDTX = true
        continue
      }
      guard let value = rest.popFirst() else { throw LaunchError(description: "\(argument) needs a value") }
      switch argument {
      case "--server": server = value
      case "--floor": floor = value
      case "--json": json = value
      case "--people": people = max(2, Int(value) ?? people)
      case "--seconds": seconds = Int(value) ?? seconds
      case "--rounds": rounds = max(1, Int(value) ?? rounds)
      case "--shards": shards = Int(value) ?? shards
      default: throw LaunchError(description: "\(argument) is not an option")
      }
    }
  }
}

@main struct Program {
  static func main() {
    do {
      let options = try Options(Array(CommandLine.arguments.dropFirst()))
      if options.scenario == "memory" {
        try Memory.run(options)
        return
      }
      guard var scenario = Scenario.named(options.scenario) else {
        throw LaunchError(
          description: "no scenario '\(options.scenario)'; there are \(Scenario.names.joined(separator: ", "))")
      }
      if options.usesDTX { scenario.usesDTX = true }
      let report = try run(scenario, options)
      print(report.text)
      if let path = options.json { try write(report.json, to: path) }
      exit(report.failures == 0 ? 0 : 1)
    } catch {
      Process.write("load: \(error)\n", toStandardError: true)
      exit(1)
    }
  }

  static func progress(_ text: String) { Process.write("load: \(text)\n", toStandardError: true) }

  private static func run(_ scenario: Scenario, _ options: Options) throws -> Report {
    Process.raiseOpenFileLimit()
    let roles = scenario.rooms.flatMap(\.roles)
    progress("encoding")
    let layers =
      roles.contains(where: \.sharesScreen)
      ? try MediaLibrary.screen(bitrates: scenario.shareLayers, frameCount: 60) : []
    let voices =
      roles.contains(where: \.speaks)
      ? try (0..<4).map { try MediaLibrary.voice(seed: UInt64($0 + 1), usesDTX: scenario.usesDTX) } : []
    let server = try ServerProcess(options.server, shards: options.shards)
    defer { server.stop() }
    let engine = try Engine(scenario, layers: layers, voices: voices)
    engine.run(for: .milliseconds(300))
    let idle = server.read()
    try joinAll(scenario, engine)
    engine.startChurn()
    progress("\(engine.readyCount) of \(roles.count) participants are connected; warming up")
    engine.run(for: .seconds(scenario.joinsPerSecond > 0 ? 8 : 3))
    var report = Report(
      scenario: scenario.name, participants: engine.population, subscribers: engine.subscriberCount,
      idleKilobytes: idle.residentKilobytes, loadedKilobytes: server.read().residentKilobytes, windows: [],
      failures: 0)
    for round in 1...options.rounds {
      report.windows.append(measure(scenario, engine, server, options))
      progress("round \(round) of \(options.rounds): \(report.windows[round - 1].packets) packets")
    }
    report.loadedKilobytes = server.read().residentKilobytes
    report.failures = engine.failures
    return report
  }

  /// Everybody of the rooms joins, some at a time, and connects.
  static func joinAll(_ scenario: Scenario, _ engine: Engine) throws {
    var count = 0
    for room in scenario.rooms {
      for (index, role) in room.roles.enumerated() {
        try engine.join(role, room: room.name, as: "\(room.name)-\(index)")
        count += 1
        engine.run(for: .milliseconds(count % 10 == 0 ? 40 : 4))
      }
    }
    engine.run(for: .seconds(30)) { engine.readyCount == count }
    guard engine.readyCount == count else {
      throw LaunchError(description: "only \(engine.readyCount) of \(count) participants could connect")
    }
  }

  private static func measure(
    _ scenario: Scenario, _ engine: Engine, _ server: ServerProcess, _ options: Options
  ) -> Window {
    engine.isPaused = true
    let floor = options.floor.flatMap {
      FloorReading.measure($0, scenario.floor) { engine.run(for: .milliseconds(50)) }
    }
    engine.isPaused = false
    // What the pause has piled up is none of the server's business.
    engine.run(for: .seconds(1))
    let lost = engine.lost(at: Clock.now())
    engine.resetObservations()
    let before = server.read()
    let start = Clock.now()
    engine.run(for: .seconds(Int64(options.seconds)))
    let elapsed = Clock.now() - start
    let used = server.read() - before
    let observed = engine.observed
    let lostNow = engine.lost(at: Clock.now())
    return Window(
      seconds: elapsed.seconds, packets: observed.packets, bytes: observed.bytes, cpu: used,
      outOfOrder: observed.outOfOrder, lost: lostNow > lost ? lostNow - lost : 0, delays: observed.delays, floor: floor)
  }

  static func write(_ document: JSONValue, to path: String) throws {
    guard let file = fopen(path, "w") else { throw LaunchError(description: "cannot write \(path)") }
    fputs(document.description + "\n", file)
    fclose(file)
  }
}
