// The executable: which subcommand was asked for, and nothing else.

import Inspection
import Reactor

@main enum Program {
  static func main() {
    var arguments = CommandLine.arguments.dropFirst()
    let name = arguments.popFirst() ?? "help"
    let rest = Array(arguments)
    if rest.contains("--help") || rest.contains("-h") {
      return finish(Help.run([name]))
    }
    switch name {
    case "serve": finish(Serve.run(rest))
    case "token": finish(TokenCommand.run(rest))
    case "rooms": finish(RoomsCommand.run(rest))
    case "top": finish(TopCommand.run(rest))
    case "doctor": finish(Doctor.run(rest))
    case "backup": finish(BackupCommand.run(rest))
    case "restore": finish(RestoreCommand.run(rest))
    case "import": finish(ImportCommand.run(rest))
    case "settings": finish(SettingsCommand.run(rest))
    // Not for people: the server starts it to have an upload looked at.
    case "inspect": InspectionChild.run(rest)
    case "version", "--version", "-v": finish(Version.run())
    case "help", "--help", "-h": finish(Help.run(rest))
    default:
      Terminal.error("\"\(name)\" is not a command. `mqvi help` lists them.")
      finish(.usage)
    }
  }

  private static func finish(_ status: ExitStatus) { if status != .success { Process.exit(status.rawValue) } }
}

/// What the shell is told.
enum ExitStatus: Int32 {
  case success = 0
  /// It did not work.
  case failure = 1
  /// It was asked for in a way that makes no sense.
  case usage = 2
}

/// What a person at a terminal sees.
enum Terminal {
  static func print(_ text: String) { Process.write(text + "\n", toStandardError: false) }

  static func error(_ text: String) { Process.write("mqvi: \(text)\n", toStandardError: true) }
}
