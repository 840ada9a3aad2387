// The command line of the load generator, and its help.

import Chronology
import Glibc

struct Options {
  var scenario = ""
  var server = ""
  var floor: String?
  var janus: String? = "/usr/bin/janus"
  var janusEventLoops: Int?
  var duration = 8
  var rounds = 3
  var shards = 1
  /// Participants of `memory`.
  var people = 100
  var json: String?

  // What a scenario has by itself, changed.
  var publishers: Int?
  var subscribers: Int?
  var rooms: Int?
  var packetsPerSecond: Int?
  var bitrate: Int?
  var loss: Double?
  var joinsPerSecond: Int?
  var stay: Int?
  var usesDTX = false

  /// - Throws: with the option's name, its value and what it takes.
  init(_ arguments: [String]) throws(LaunchError) {
    var rest = arguments[...]
    scenario = rest.popFirst() ?? ""
    while let argument = rest.popFirst() {
      if argument == "--dtx" {
        usesDTX = true
      } else if argument == "--no-janus" {
        janus = nil
      } else {
        guard let flag = Self.flags.first(where: { $0.name == argument }) else {
          throw LaunchError(description: "\(argument) is not an option; --help lists them")
        }
        guard let value = rest.popFirst() else {
          throw LaunchError(description: "\(argument) needs a value: \(flag.value)")
        }
        guard flag.set(&self, value) else {
          throw LaunchError(description: "\(argument) is \"\(value)\", but takes \(flag.value)")
        }
      }
    }
  }

  /// The scenario with what was changed.
  func changed(_ scenario: Scenario) -> Scenario {
    var scenario = scenario
    scenario.publishers = publishers ?? scenario.publishers
    scenario.subscribers = subscribers ?? scenario.subscribers
    scenario.roomCount = rooms ?? scenario.roomCount
    scenario.packetsPerSecond = packetsPerSecond ?? scenario.packetsPerSecond
    scenario.bitrate = bitrate ?? scenario.bitrate
    scenario.loss = loss.map { $0 / 100 } ?? scenario.loss
    scenario.joinsPerSecond = joinsPerSecond ?? scenario.joinsPerSecond
    scenario.stay = stay.map { .seconds(Int64($0)) } ?? scenario.stay
    if usesDTX { scenario.usesDTX = true }
    return scenario
  }

  // MARK: The flags

  private struct Flag {
    var name: String
    /// What it takes, in words.
    var value: String
    var help: String
    /// False for a value that makes no sense.
    var set: (inout Options, String) -> Bool
  }

  private static func number(
    _ name: String, _ range: ClosedRange<Int>, _ help: String, _ path: WritableKeyPath<Options, Int>
  ) -> Flag {
    Flag(name: name, value: "a whole number from \(range.lowerBound) to \(range.upperBound)", help: help) {
      guard let value = Int($1), range.contains(value) else { return false }
      $0[keyPath: path] = value
      return true
    }
  }

  private static func number(
    _ name: String, _ range: ClosedRange<Int>, _ help: String, _ path: WritableKeyPath<Options, Int?>
  ) -> Flag {
    Flag(name: name, value: "a whole number from \(range.lowerBound) to \(range.upperBound)", help: help) {
      guard let value = Int($1), range.contains(value) else { return false }
      $0[keyPath: path] = value
      return true
    }
  }

  private static func path(_ name: String, _ help: String, _ set: @escaping (inout Options, String) -> Void) -> Flag {
    Flag(name: name, value: "a path", help: help) { options, value in
      guard !value.isEmpty, !value.hasPrefix("--") else { return false }
      set(&options, value)
      return true
    }
  }

  private static var flags: [Flag] {
    [
      number("--publishers", 0...1_000, "who sends, in each room", \.publishers),
      number("--subscribers", 0...5_000, "who receives, in each room", \.subscribers),
      number("--rooms", 1...1_000, "rooms", \.rooms),
      number("--packets-per-second", 1...500, "of each voice; 50 is usual", \.packetsPerSecond),
      number("--bitrate", 100_000...20_000_000, "of a share's highest layer, bit/s; 2500000 is usual", \.bitrate),
      Flag(
        name: "--loss", value: "a percentage from 0 to 50",
        help: "of what is sent to subscribers and thrown away unseen"
      ) {
        guard let value = Double($1), (0...50).contains(value) else { return false }
        $0.loss = value
        return true
      },
      number("--joins-per-second", 0...500, "visitors that come, and go again", \.joinsPerSecond),
      number("--stay", 1...600, "seconds that a visitor stays; 4 is usual", \.stay),
      number("--duration", 1...86_400, "seconds of each round; 8 is usual", \.duration),
      number("--rounds", 1...1_000, "rounds, of which the median counts; 3 is usual", \.rounds),
      number("--shards", 1...64, "shards of our server; 1 is usual", \.shards),
      number("--people", 2...5_000, "participants of `memory`; 100 is usual", \.people),
      number("--janus-event-loops", 1...64, "threads of Janus; one for each peer is its default", \.janusEventLoops),
      path("--janus", "its program; /usr/bin/janus is usual") { $0.janus = $1 },
      path("--json", "where the numbers go as JSON") { $0.json = $1 },
      path("--server", "our server's program") { $0.server = $1 },
      path("--floor", "the program that measures the floor; without: no floor") { $0.floor = $1 },
    ]
  }

  static var help: String {
    let lines = flags.map { flag in
      flag.name + String(repeating: " ", count: max(1, 22 - flag.name.count)) + "\(flag.help) (\(flag.value))"
    }
    return """
      Load SCENARIO --server PROGRAM [options]

      Puts our server, and Janus where it is installed, under the same load in turns, and says what a packet costs.

      Scenarios: \((Scenario.all.map(\.name) + Saturation.names).joined(separator: " ")) memory

        \(lines.joined(separator: "\n  "))
        --dtx                 voices pause, and pauses are not sent
        --no-janus            without Janus
      """
  }
}
