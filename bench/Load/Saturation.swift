// How much one core can carry: the load grows step by step until packets are lost or late.

import Chronology
import Harness
import JSON
import Reactor

enum Saturation {
  static let names = ["saturate-share", "saturate-voice"]

  private enum Limit {
    /// Delay in the server, p50 in µs, above which a step does not count: a queue that grows shows there, and what else
    /// the machine does shows in p99.
    static let delay = 20_000.0
    /// Share of a core above which the generator, not the server, may be what loses packets.
    static let generator = 97.0
    static let steps = 60
  }

  /// One step of the ladder.
  private struct Step {
    var subscribers: Int
    var packetsPerSecond: Double
    /// % of a core.
    var server: Double
    var generator: Double
    /// µs
    var cost: Double
    var medianDelay: Double
    var delay: Double
    var lost: UInt64

    var isGood: Bool { lost == 0 && !(medianDelay > Limit.delay) }
  }

  static func run(_ options: Options) throws {
    let isShare = options.scenario == names[0]
    // A step is a room of twenty voices, or another hundred viewers of one share.
    let scenario = options.changed(
      isShare
        ? Scenario(name: names[0], kind: .share, roomCount: 1, publishers: 1, subscribers: 100)
        : Scenario(name: names[1], kind: .voice, roomCount: Limit.steps, publishers: 20, subscribers: 20))
    Program.progress("encoding")
    let media = try Media(for: scenario)
    let server = try TestedServer.mqvi(options.server, shards: 1)
    defer { server.stop() }
    let engine = try Engine(
      scenario, servers: [.mqvi: server.address], layers: media.layers, voices: media.voices)
    engine.active = .mqvi
    var steps: [Step] = []
    while steps.count < Limit.steps {
      guard !engine.isInterrupted else { throw LaunchError(description: "interrupted") }
      try grow(scenario, steps.count, isShare, engine)
      let step = measure(server, engine, options)
      steps.append(step)
      Program.progress(
        "\(step.subscribers) subscribers · \(Int(step.packetsPerSecond)) packets/s · \(step.lost) lost · server "
          + "\(Int(step.server)) % · generator \(Int(step.generator)) % · p50 "
          + "\(Table.number(step.medianDelay)) µs · p99 \(Table.number(step.delay)) µs")
      if !step.isGood { break }
    }
    show(steps, options)
    if let path = options.json { try Program.write(json(steps), to: path) }
  }

  private static func grow(_ scenario: Scenario, _ number: Int, _ isShare: Bool, _ engine: Engine) throws {
    if isShare {
      var room = scenario.rooms[0]
      if number > 0 { room.roles.removeAll { $0.sharesScreen } }
      for index in room.roles.indices {
        try engine.join(.mqvi, room, number: 0, index: index, as: "\(number)-\(index)")
        engine.run(for: .milliseconds(index % 10 == 9 ? 30 : 3))
      }
    } else {
      let room = scenario.rooms[number]
      for index in room.roles.indices {
        try engine.join(.mqvi, room, number: number, index: index)
        engine.run(for: .milliseconds(10))
      }
    }
    let population = engine.population(of: .mqvi)
    engine.run(for: .seconds(20)) { engine.ready(of: .mqvi) == population }
    engine.run(for: .seconds(2))
  }

  private static func measure(_ server: TestedServer, _ engine: Engine, _ options: Options) -> Step {
    let metrics = Metrics(of: server.address)
    let lost = engine.lost(of: .mqvi, at: Clock.now())
    let own = Clock.processTime()
    engine.resetObservations()
    let before = server.read()
    let start = Clock.now()
    engine.run(for: .seconds(Int64(options.duration)))
    let seconds = (Clock.now() - start).seconds
    let used = server.read() - before
    let packets = Double(engine.observed.packets)
    let generator = (Clock.processTime() - own).seconds / seconds * 100
    // A packet is given up a moment after it should have come.
    engine.run(for: .seconds(1))
    let lostNow = engine.lost(of: .mqvi, at: Clock.now())
    let now = Metrics(of: server.address)
    return Step(
      subscribers: engine.subscribers(of: .mqvi), packetsPerSecond: packets / seconds,
      server: used.busiestThread / seconds * 100, generator: generator,
      cost: (used.user + used.system) * 1e6 / max(1, packets),
      medianDelay: metrics.flatMap { earlier in now?.delay(0.5, since: earlier) } ?? .nan,
      delay: metrics.flatMap { earlier in now?.delay(0.99, since: earlier) } ?? .nan,
      lost: lostNow > lost ? lostNow - lost : 0)
  }

  private static func show(_ steps: [Step], _ options: Options) {
    var table = Table([
      "subscribers", "packets/s", "lost", "µs a packet", "p50 µs", "p99 µs", "server %", "generator %",
    ])
    for step in steps {
      table.add([
        "\(step.subscribers)", Table.number(step.packetsPerSecond.rounded()), "\(step.lost)", Table.number(step.cost),
        Table.number(step.medianDelay), Table.number(step.delay), Table.number(step.server),
        Table.number(step.generator),
      ])
    }
    print(table.text)
    if let best = steps.last(where: \.isGood) {
      print(
        "highest rate without loss: \(Int(best.packetsPerSecond)) packets/s to \(best.subscribers) subscribers, with "
          + "the shard's thread at \(Int(best.server)) % of its core")
    }
    if let last = steps.last, !last.isGood, last.generator > Limit.generator {
      print("the generator had no time left when packets were lost: the server may carry more")
    }
  }

  private static func json(_ steps: [Step]) -> JSONValue {
    .array(
      steps.map { step in
        [
          "subscribers": .integer(Int64(step.subscribers)), "packets/s": .decimal(step.packetsPerSecond),
          "lost": .integer(Int64(clamping: step.lost)), "µs a packet": .decimal(step.cost),
          "delay in the server p50": step.medianDelay.isFinite ? .decimal(step.medianDelay) : .null,
          "delay in the server p99": step.delay.isFinite ? .decimal(step.delay) : .null,
          "CPU of the shard's thread": .decimal(step.server), "CPU of the generator": .decimal(step.generator),
        ]
      })
  }
}
