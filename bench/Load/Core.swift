// Where the generator runs: our server's first shard lives on the first core, so the generator keeps to the last.

import CLinux
import Reactor

enum Core {
  private static let last = Int32(Process.availableCores() - 1)

  // A machine that does not let us choose leaves us where we are, which is slower and not wrong.
  static func keepToLast() { _ = mqvi_keep_to_cores(last, last) }

  /// What is started in `body` may run everywhere: it would inherit the generator's place otherwise.
  static func everywhere<Result>(_ body: () throws -> Result) rethrows -> Result {
    _ = mqvi_keep_to_cores(0, last)
    defer { keepToLast() }
    return try body()
  }
}
