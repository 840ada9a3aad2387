// libFuzzer's way into the protobuf decoder; what it does with the bytes is in Tests/Fuzz/Entries.

import SignallingFuzzEntries
import WireFuzzEntries

/// Called by libFuzzer, once for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func exercise(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  FuzzEntry.protobuf.exercise([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
