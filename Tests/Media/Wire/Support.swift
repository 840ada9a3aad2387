// Shared by this suite: bytes from hexadecimal text, and a span to write into.

import Bytes
import Randomness
import Testing
import Wire

/// The bytes of "80 60 ff"; blanks and line breaks are passed over.
func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// What `write` wrote into `capacity` bytes, which are not zero before.
func written(
  _ capacity: Int = 1500, at offset: Int = 0, _ write: (inout MutableRawSpan) throws -> Int
) throws -> [UInt8] {
  var bytes = [UInt8](repeating: 0xEE, count: capacity)
  var span = bytes.mutableRawSpan
  let count = try write(&span)
  return span.bytes.slice(offset, count).toArray()
}

/// The error that `body` throws, or nil.
func wireError(_ body: () throws(WireError) -> Void) -> WireError? {
  do {
    try body()
    return nil
  } catch {
    return error
  }
}

extension Random {
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}
