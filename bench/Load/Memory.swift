// Resident memory of the server: by itself, for a participant with a voice, for a shared screen with its history.

import Chronology
import Harness
import JSON

enum Memory {
  static func run(_ options: Options) throws {
    Program.progress("encoding")
    let layers = try MediaLibrary.screen(bitrates: [150_000, 500_000, 2_500_000], frameCount: 60)
    let clip = try MediaLibrary.voice(seed: 1, usesDTX: false)
    let voices = options.people
    let shares = max(1, options.people / 5)
    let speaking = Scenario.Role(speaks: true)
    let idle = try grown(rooms(0, []), [], [], options)
    let talk = try grown(rooms(voices / 2, [speaking, speaking]), [], [clip], options)
    let present = try grown(rooms(shares, [Scenario.Role()]), [], [], options)
    let sharing = try grown(rooms(shares, [Scenario.Role(sharesScreen: true)]), layers, [], options)
    let figures: [(name: String, kilobytes: Double)] = [
      ("idle server", Double(idle.idle)),
      ("participant with one audio track, who hears one", Double(talk.loaded - talk.idle) / Double(voices)),
      ("participant who sends nothing", Double(present.loaded - present.idle) / Double(shares)),
      (
        "1080p publication, three layers, with its history",
        Double((sharing.loaded - sharing.idle) - (present.loaded - present.idle)) / Double(shares)
      ),
    ]
    var table = Table(["resident memory", "KB"])
    var object = JSONObject()
    for figure in figures {
      table.add([figure.name, Table.number(figure.kilobytes.rounded())])
      object[figure.name] = .decimal(figure.kilobytes)
    }
    print(table.text)
    if let path = options.json { try Program.write(.object(object), to: path) }
  }

  private static func rooms(_ count: Int, _ roles: [Scenario.Role]) -> Scenario {
    Scenario(
      name: "memory", rooms: (0..<count).map { Scenario.Room(name: "memory-\($0)", roles: roles) },
      floor: (1, 1_200, 1, 1))
  }

  /// Kilobytes before anybody joins, and when everybody has been there for a while.
  private static func grown(
    _ scenario: Scenario, _ layers: [ScreenLayer], _ voices: [VoiceClip], _ options: Options
  ) throws -> (idle: Int, loaded: Int) {
    let server = try ServerProcess(options.server, shards: options.shards)
    defer { server.stop() }
    let engine = try Engine(scenario, layers: layers, voices: voices)
    engine.run(for: .milliseconds(500))
    let before = server.read().residentKilobytes
    try Program.joinAll(scenario, engine)
    engine.run(for: .seconds(scenario.rooms.isEmpty ? 0 : 8))
    return (before, server.read().residentKilobytes)
  }
}
