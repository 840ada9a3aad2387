// Bits of untrusted bytes, most significant first: the dependency descriptor and parameter sets are bit streams.

import Bytes

/// A cursor over bits. Reading past the end throws.
@usableFromInline
struct BitReader: ~Escapable {
  @usableFromInline let span: RawSpan
  /// Bits consumed so far.
  @usableFromInline var position = 0

  @inlinable
  @_lifetime(copy span)
  init(_ span: RawSpan) { self.span = span }

  @inlinable var remaining: Int { 8 &* span.byteCount &- position }

  /// The next bit.
  @inlinable
  mutating func flag() throws(WireError) -> Bool { try bits(1) != 0 }

  /// The next `count` bits, 0…32, as a number.
  @inlinable
  mutating func bits(_ count: Int) throws(WireError) -> UInt32 {
    guard count <= remaining else { throw .truncated }
    var value: UInt64 = 0
    var left = count
    while left > 0 {
      let used = position & 7
      let taken = min(left, 8 &- used)
      let byte = UInt64(span.byte(at: position >> 3))
      value = value << UInt64(taken) | byte >> UInt64(8 &- used &- taken) & (1 << UInt64(taken) &- 1)
      position &+= taken
      left &-= taken
    }
    return UInt32(truncatingIfNeeded: value)
  }

  /// A number below `count` with the fewest bits: `ns(n)` of the AV1 RTP specification, appendix A.4.
  @inlinable
  mutating func nonSymmetric(_ count: UInt32) throws(WireError) -> UInt32 {
    guard count > 1 else { return 0 }
    let width = 32 &- count.leadingZeroBitCount
    let short = UInt32(truncatingIfNeeded: UInt64(1) << UInt64(width)) &- count
    let value = try bits(width &- 1)
    if value < short { return value }
    return value << 1 &- short &+ (try bits(1))
  }
}
