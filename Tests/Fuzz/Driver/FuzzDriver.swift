// Hands a fuzz entry to libFuzzer. Linked only into the executables of Tests/Fuzz/Targets.

import FuzzSupport
import Glibc

/// libFuzzer's loop, with its own command line options (https://llvm.org/docs/LibFuzzer.html).
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ exercise: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// What the process exercises: set once, before libFuzzer starts on the same thread.
nonisolated(unsafe) private var exercise: ([UInt8]) -> Void = { _ in }

/// What libFuzzer calls for each input. Its library looks for this name even when the loop is handed a function.
@_cdecl("LLVMFuzzerTestOneInput")
public func exerciseInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  exercise([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}

/// Fuzzes `entry` until a limit of the command line is reached, or an input makes it trap.
public func fuzz(_ entry: FuzzEntry) -> Never {
  exercise = entry.exercise
  var count = CommandLine.argc
  var arguments = CommandLine.unsafeArgv
  exit(runDriver(&count, &arguments, exerciseInput))
}
