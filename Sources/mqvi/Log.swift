// Log records to standard error, one line each.

import Reactor
import Telemetry

/// Writes records of a level and above.
struct Log: Sendable {
  let level: LogLevel

  func record(_ level: LogLevel, _ event: String, _ fields: [(String, String)] = []) {
    guard level >= self.level else { return }
    let line = LogRecord(level, event, fields).line(at: Clock.wallTime())
    Process.write(line + "\n", toStandardError: true)
  }
}
