// libFuzzer's way into the VP8 parser; what it does with the bytes is in Tests/Fuzz/Entries.

import WireFuzzEntries

/// Called by libFuzzer, once for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func exercise(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  FuzzEntry.vp8.exercise([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
