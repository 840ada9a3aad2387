// One scenario on our server and, where it is installed, on Janus: both stand at the same time, and get the load in turns.

import Chronology
import Glibc
import MediaCodecs
import Reactor

struct Comparison {
  private let scenario: Scenario
  private let options: Options
  /// What Janus can carry on a core, generously: with more it would lose packets, and nothing be compared.
  private static let janusPacketsPerSecond = 40_000

  init(_ scenario: Scenario, _ options: Options) {
    self.scenario = scenario
    self.options = options
  }

  func run() throws -> Report {
    Program.progress("encoding")
    let media = try Media(for: scenario)
    var servers: [Target: TestedServer] = [:]
    defer { servers.values.forEach { $0.stop() } }
    servers[.mqvi] = try .mqvi(options.server, shards: options.shards)
    let absence = reasonWithoutJanus
    if absence == nil, let binary = options.janus {
      servers[.janus] = try .janus(binary, rooms: scenario.roomCount, eventLoops: options.janusEventLoops)
    }
    let engine = try Engine(
      scenario, servers: servers.mapValues(\.address), layers: media.layers, voices: media.voices)
    engine.run(for: .milliseconds(300))
    var report = Report(scenario: scenario, withoutJanus: absence)
    for (target, server) in servers.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      report.results[target] = try Self.joinAll(scenario, target, server, engine)
    }
    let progress = Progress(engine)
    for round in 1...options.rounds {
      let floor = options.floor.flatMap { binary in
        FloorReading.measure(binary, scenario.floor) { engine.run(for: .milliseconds(50)) }
      }
      for (target, server) in servers.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        progress.title = "\(scenario.name), \(target), round \(round) of \(options.rounds)"
        guard !engine.isInterrupted else { throw LaunchError(description: "interrupted") }
        let window = measure(target, server, engine, progress)
        report.results[target]?.windows.append(window)
      }
      if let floor { report.floors.append(floor) }
    }
    for (target, server) in servers {
      report.results[target]?.loadedKilobytes = server.residentKilobytes
      report.results[target]?.profile = engine.profile(of: target)
    }
    report.failures = engine.failures
    return report
  }

  private var reasonWithoutJanus: String? {
    guard let binary = options.janus else { return "not asked for" }
    guard access(binary, X_OK) == 0 else { return "not installed (scripts/setup --bench)" }
    if scenario.joinsPerSecond > 0 { return "not measured: visitors come and go on our server only" }
    let rate = scenario.floor.packetsPerSecond
    return rate > Self.janusPacketsPerSecond
      ? "not measured: \(rate) packets/s are more than it can carry on one core" : nil
  }

  /// Everybody of the rooms joins, some at a time, and connects.
  ///
  /// - Returns: who is there, and the server's memory before and after.
  static func joinAll(
    _ scenario: Scenario, _ target: Target, _ server: TestedServer, _ engine: Engine, rooms: Range<Int>? = nil
  ) throws -> Report.Result {
    let idle = server.residentKilobytes
    let all = scenario.rooms
    for number in rooms ?? all.indices {
      for index in all[number].roles.indices {
        try engine.join(target, all[number], number: number, index: index)
        engine.run(for: .milliseconds(index % 10 == 9 ? 40 : 4))
      }
    }
    engine.active = target
    engine.startChurn(on: target)
    let count = scenario.roles.count * (rooms?.upperBound ?? all.count)
    engine.run(for: .seconds(60)) { engine.ready(of: target) >= count }
    guard engine.ready(of: target) >= count else {
      throw LaunchError(description: "\(target): only \(engine.ready(of: target)) of \(count) could connect")
    }
    Program.progress("\(target): \(count) participants are connected; warming up")
    engine.run(for: .seconds(scenario.joinsPerSecond > 0 ? 8 : 3))
    engine.active = nil
    return Report.Result(
      participants: engine.population(of: target), subscribers: engine.subscribers(of: target), idleKilobytes: idle,
      loadedKilobytes: server.residentKilobytes)
  }

  private func measure(
    _ target: Target, _ server: TestedServer, _ engine: Engine, _ progress: Progress
  ) -> Window {
    engine.active = target
    // What the pause has piled up is none of the server's business; its page tells of the last second.
    engine.run(for: .seconds(2))
    let metrics = target == .mqvi ? Metrics(of: server.address) : nil
    let lost = engine.lost(of: target, at: Clock.now())
    let own = Clock.processTime()
    engine.resetObservations()
    let before = server.read()
    let start = Clock.now()
    progress.begin(target, server, before, lost: lost, duration: options.duration)
    engine.run(for: .seconds(Int64(options.duration)))
    progress.end()
    let elapsed = Clock.now() - start
    let after = server.read()
    let lostNow = engine.lost(of: target, at: Clock.now())
    var window = Window(
      seconds: elapsed.seconds, observed: engine.observed, cpu: after - before,
      residentKilobytes: after.residentKilobytes, lost: lostNow > lost ? lostNow - lost : 0,
      ownCPU: (Clock.processTime() - own).seconds)
    if let metrics, let now = Metrics(of: server.address) {
      window.serverDelays = [0.5, 0.99, 0.999].map { now.delay($0, since: metrics) }
    }
    // The next one gets the load: what is under way arrives first.
    engine.active = nil
    engine.run(for: .milliseconds(200))
    return window
  }
}

/// What a scenario's participants send.
struct Media {
  var layers: [ScreenLayer] = []
  var voices: [VoiceClip] = []

  init(for scenario: Scenario) throws {
    if scenario.roles.contains(where: \.sharesScreen) {
      layers = try MediaLibrary.screen(bitrates: scenario.shareLayers, frameCount: 60)
    }
    if scenario.roles.contains(where: \.speaks) {
      voices = try (0..<4).map { try MediaLibrary.voice(seed: UInt64($0 + 1), usesDTX: scenario.usesDTX) }
    }
  }
}
