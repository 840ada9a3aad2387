// Resident memory of the server: by itself, for a participant with a voice, for a subscriber, for a shared screen.

import Chronology
import Harness
import JSON

enum Memory {
  static func run(_ options: Options) throws {
    let voices = options.people
    let shares = max(1, options.people / 5)
    let talk = try grown(
      Scenario(name: "voices", kind: .voice, roomCount: voices / 2, publishers: 2, subscribers: 2), options)
    let present = try grown(
      Scenario(name: "silent", kind: .share, roomCount: shares, publishers: 0, subscribers: 1), options)
    let sharing = try grown(
      Scenario(name: "shares", kind: .share, roomCount: shares, publishers: 1, subscribers: 0), options)
    let watching = try grown(
      Scenario(name: "watching", kind: .share, roomCount: 1, publishers: 1, subscribers: 500), options)
    let figures: [(name: String, kilobytes: Double)] = [
      ("idle server", Double(talk.idle)),
      ("participant with one audio track, who hears one", Double(talk.loaded - talk.idle) / Double(voices)),
      ("participant who sends nothing", Double(present.loaded - present.idle) / Double(shares)),
      (
        "1080p publication, three layers, with its history",
        Double((sharing.loaded - sharing.idle) - (present.loaded - present.idle)) / Double(shares)
      ), ("subscriber of one share, 500 of them, all told", Double(watching.loaded - watching.idle) / 500),
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

  /// Kilobytes before anybody joins, and when everybody has been there for a while.
  private static func grown(_ scenario: Scenario, _ options: Options) throws -> (idle: Int, loaded: Int) {
    let media = try Media(for: scenario)
    let server = try TestedServer.mqvi(options.server, shards: options.shards)
    defer { server.stop() }
    let engine = try Engine(
      scenario, servers: [.mqvi: server.address], layers: media.layers, voices: media.voices)
    engine.run(for: .milliseconds(500))
    let result = try Comparison.joinAll(scenario, .mqvi, server, engine)
    engine.active = .mqvi
    engine.run(for: .seconds(8))
    return (result.idleKilobytes, server.residentKilobytes)
  }
}
