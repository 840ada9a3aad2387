// Another process that uses a database, which tests talk to by lines and kill.

import Foundation
import Testing

final class VictimProcess {
  private let process = Foundation.Process()
  private let output = Pipe()
  private let input = Pipe()
  private var buffer: [UInt8] = []

  init(_ arguments: [String]) throws {
    // The test runner lies beside the executables of the package.
    let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let candidates = [folder, URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()]
    let binary = candidates.map { $0.appendingPathComponent("StoreVictim") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    let executable: URL = try #require(binary, "StoreVictim is not built")
    process.executableURL = executable
    process.arguments = arguments
    process.standardOutput = output
    process.standardInput = input
    try process.run()
  }

  deinit { if process.isRunning { kill() } }

  /// The next whole line, or nil at the end of the output. Half a line was never said.
  func line() -> String? {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        defer { buffer.removeFirst(end + 1) }
        return String(decoding: buffer[..<end], as: UTF8.self)
      }
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { return nil }
      buffer += data
    }
  }

  /// All lines until the end of the output.
  func lines() -> [String] {
    buffer += output.fileHandleForReading.readDataToEndOfFile()
    return buffer.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// SIGKILL, and waits until it is gone.
  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Ends its standard input and waits until it is gone.
  func finish() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
