// Up to 16 bytes of text without a heap: MID and RID values travel in packets and are compared for each one.

import Bytes

/// A string of at most 16 UTF-8 bytes, stored inline. Empty stands for "absent".
public struct ShortString: Hashable, Sendable {
  /// Bytes 0…7 and 8…15, first byte in the highest bits, zero behind the end.
  @usableFromInline let high: UInt64
  @usableFromInline let low: UInt64
  /// Bytes in use, 0…16.
  public let count: Int

  /// The most bytes that fit: the most that an element of RFC 8285's one-byte form can carry (§4.2).
  public static let capacity = 16

  /// The empty string.
  @inlinable
  public init() {
    high = 0
    low = 0
    count = 0
  }

  /// The bytes of `span`; nil for more than 16 or none.
  @inlinable
  public init?(_ span: RawSpan) {
    guard span.byteCount > 0, span.byteCount <= ShortString.capacity else { return nil }
    var words: (high: UInt64, low: UInt64) = (0, 0)
    for offset in 0..<span.byteCount {
      let byte = UInt64(span.byte(at: offset))
      if offset < 8 {
        words.high |= byte << UInt64(56 &- 8 &* offset)
      } else {
        words.low |= byte << UInt64(120 &- 8 &* offset)
      }
    }
    high = words.high
    low = words.low
    count = span.byteCount
  }

  /// The UTF-8 bytes of `text`; nil for more than 16. Empty text is the empty string.
  public init?(_ text: String) {
    let bytes = [UInt8](text.utf8)
    guard !bytes.isEmpty else {
      self.init()
      return
    }
    self.init(bytes.rawSpan)
  }

  @inlinable public var isEmpty: Bool { count == 0 }

  /// The byte at `index`, which must be below `count`.
  @inlinable
  public subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "index outside the string")
    return UInt8(truncatingIfNeeded: index < 8 ? high >> UInt64(56 &- 8 &* index) : low >> UInt64(120 &- 8 &* index))
  }

  /// Copies the bytes to `offset`; traps when they do not fit.
  @inlinable
  public func write(into span: inout MutableRawSpan, at offset: Int) {
    for index in 0..<count { span.store(self[index], at: offset &+ index) }
  }
}

extension ShortString: CustomStringConvertible {
  /// The text, with U+FFFD for bytes that are not UTF-8. Allocates: not for the packet path.
  public var description: String { String(decoding: (0..<count).map { self[$0] }, as: UTF8.self) }
}
