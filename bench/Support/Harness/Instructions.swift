// Instructions by callgrind: the program runs itself twice under it, for a short and for a long run, and the difference
// is what the additional turns cost. Exact enough to gate a build on: the same binary gives the same count.

import Glibc

public enum Instructions {
  /// Whether valgrind can be run here.
  public static var isAvailable: Bool { output(of: "command -v valgrind") != nil }

  /// Instructions of one unit of the operation `name`; nil when valgrind failed.
  ///
  /// - Parameter turns: of the long run; the short one has a quarter.
  public static func perUnit(of name: String, turns: Int) -> Double? {
    guard let program = stripped(), let short = collect(program, name, turns: max(1, turns / 4)),
      let long = collect(program, name, turns: turns), long.units > short.units
    else { return nil }
    return Double(long.instructions - short.instructions) / Double(long.units - short.units)
  }

  /// A copy of this program without debug information, which valgrind 3.19 cannot read.
  private static func stripped() -> String? {
    guard let program = CommandLine.arguments.first else { return nil }
    let copy = program + "-stripped"
    return output(of: "strip --strip-debug -o '\(copy)' '\(program)'") == nil ? nil : copy
  }

  private static func collect(_ program: String, _ name: String, turns: Int) -> (units: Int, instructions: Int)? {
    let command =
      "valgrind --tool=callgrind --callgrind-out-file=/dev/null '\(program)' --once \(name) --turns \(turns) 2>&1"
    guard let text = output(of: command) else { return nil }
    var units: Int?
    var instructions: Int?
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.first == "units", words.count == 2 { units = Int(words[1]) }
      if words.contains("Collected"), let last = words.last { instructions = Int(last) }
    }
    guard let units, let instructions else { return nil }
    return (units, instructions)
  }

  /// What a shell command wrote; nil when it failed.
  private static func output(of command: String) -> String? {
    // popen's stream is ours until pclose, and every read stays inside the buffer.
    guard let stream = unsafe popen(command, "r") else { return nil }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe fread(&buffer, 1, buffer.count, stream)
      guard count > 0 else { break }
      text += buffer[0..<count]
    }
    return unsafe pclose(stream) == 0 ? String(decoding: text, as: UTF8.self) : nil
  }
}
