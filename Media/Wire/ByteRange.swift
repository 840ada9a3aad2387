// Where something stands in a packet: an offset and a count, so that values about a packet need not borrow it.

import Bytes

/// `count` bytes from `offset` on. An empty range stands for "absent" where a field says so.
public struct ByteRange: Hashable, Sendable {
  public var offset: Int
  public var count: Int

  @inlinable
  public init(offset: Int, count: Int) {
    self.offset = offset
    self.count = count
  }

  /// No bytes, at the start.
  @inlinable public static var empty: ByteRange { ByteRange(offset: 0, count: 0) }

  @inlinable public var isEmpty: Bool { count == 0 }

  /// The first offset behind the range.
  @inlinable public var end: Int { offset &+ count }
}

extension RawSpan {
  /// The bytes of `range`, borrowed. Traps when the range was taken from a longer packet.
  @inlinable @inline(__always)
  @_lifetime(copy self)
  public func slice(_ range: ByteRange) -> RawSpan { slice(range.offset, range.count) }
}
