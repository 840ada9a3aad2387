// `mqvi backup`: a copy of the database, also while the server runs.

import Chronology
import Glibc
import Reactor
import Settings
import Store

enum BackupCommand {
  static func run(_ arguments: [String]) -> ExitStatus {
    do {
      var options = Options(arguments)
      let settings = try options.settings()
      let file = options.operand()
      try options.finish()
      let start = Clock.now()
      let backup = try make(settings, file)
      report(backup, settings, Clock.now() - start)
      return .success
    } catch let error as OptionError {
      Terminal.error("\(error)\n      `mqvi help backup` tells how it is used.")
      return .usage
    } catch {
      Terminal.error("\(error)")
      return .failure
    }
  }

  private static func make(_ settings: Settings, _ file: String?) throws -> Backup {
    let source = DataDirectory.database(settings)
    let progress = Progress()
    defer { progress.end() }
    if let file { return try Backups.make(of: source, at: file, progress: progress.show) }
    return try Backups.make(
      of: source, in: DataDirectory.backups(settings), at: Clock.wallTime(), progress: progress.show)
  }

  private static func report(_ backup: Backup, _ settings: Settings, _ time: Interval) {
    let took = time < .seconds(10) ? "\(time.milliseconds) ms" : "\(time.milliseconds / 1000) s"
    Terminal.print(
      """
      saved       \(backup.path)
                  \(size(backup.bytes)), schema \(backup.version), found whole, \(took)
      to restore  stop the server; mqvi restore \(backup.path)
      not in it   uploaded files and the API key: they lie beside the database in \(settings.dataDirectory)
      """)
  }

  /// With one digit behind the point: `166.1 MB`.
  static func size(_ bytes: Int) -> String {
    for (unit, name) in [(1_000_000_000, "GB"), (1_000_000, "MB")] where bytes >= unit {
      return "\(Double(bytes / (unit / 10)) / 10) \(name)"
    }
    return "\((bytes + 999) / 1000) kB"
  }
}

/// How far a copy is, for a person who looks on.
private struct Progress {
  private let isShown = isatty(2) == 1

  func show(_ copied: Int, _ total: Int) -> Bool {
    if isShown, total > 0 { Process.write("\r\(copied * 100 / total) %", toStandardError: true) }
    return true
  }

  /// Takes the line away.
  func end() { if isShown { Process.write("\r      \r", toStandardError: true) } }
}

extension Options {
  /// The settings of the environment, with the data directory of `--data`.
  mutating func settings() throws -> Settings {
    let flags = try value("data").map { ["--data", $0] } ?? []
    return try Settings(environment: Process.environment(), arguments: flags)
  }
}
