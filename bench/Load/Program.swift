// Puts servers under load and says what a forwarded packet costs. `Load --help` lists scenarios and options.

import Chronology
import Glibc
import JSON
import MediaCodecs
import Reactor

@main struct Program {
  static func main() {
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      guard let first = arguments.first, !arguments.contains("--help"), !arguments.contains("-h") else {
        print(Options.help)
        exit(arguments.isEmpty ? 2 : 0)
      }
      let options = try Options(arguments)
      Process.raiseOpenFileLimit()
      Core.keepToLast()
      if first == "memory" {
        try Memory.run(options)
      } else if Saturation.names.contains(first) {
        try Saturation.run(options)
      } else {
        guard let scenario = Scenario.all.first(where: { $0.name == first }) else {
          let names = Scenario.all.map(\.name) + Saturation.names + ["memory"]
          throw LaunchError(description: "no scenario '\(first)'; there are \(names.joined(separator: ", "))")
        }
        let report = try Comparison(options.changed(scenario), options).run()
        print(report.text)
        if let path = options.json { try write(report.json, to: path) }
        exit(report.failures == 0 ? 0 : 1)
      }
    } catch {
      Process.write("load: \(error)\n", toStandardError: true)
      exit(1)
    }
  }

  static func progress(_ text: String) { Process.write("load: \(text)\n", toStandardError: true) }

  static func write(_ document: JSONValue, to path: String) throws {
    try TestedServer.write(document.description + "\n", to: path)
  }
}
