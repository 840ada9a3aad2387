// A cursor over untrusted bytes. Every read is checked and throws, so that no length field can trap the process.

/// Fewer bytes were left than the field needs.
public struct Truncated: Error, Equatable, Sendable {
  public init() {}
}

/// Reads network-order fields one after another from a span.
public struct ByteReader: ~Copyable, ~Escapable {
  @usableFromInline let span: RawSpan
  /// Bytes consumed so far.
  public private(set) var offset = 0

  @_lifetime(copy span)
  public init(_ span: RawSpan) { self.span = span }

  /// Bytes that are left to read.
  public var remaining: Int { span.byteCount - offset }

  /// The next byte.
  public mutating func uint8() throws(Truncated) -> UInt8 {
    let at = try take(1)
    return span.byte(at: at)
  }

  /// The next two bytes, network order.
  public mutating func uint16() throws(Truncated) -> UInt16 {
    let at = try take(2)
    return span.uint16(at: at)
  }

  /// The next three bytes, network order.
  public mutating func uint24() throws(Truncated) -> UInt32 {
    let at = try take(3)
    return span.uint24(at: at)
  }

  /// The next four bytes, network order.
  public mutating func uint32() throws(Truncated) -> UInt32 {
    let at = try take(4)
    return span.uint32(at: at)
  }

  /// The next eight bytes, network order.
  public mutating func uint64() throws(Truncated) -> UInt64 {
    let at = try take(8)
    return span.uint64(at: at)
  }

  /// The next `count` bytes as a copy.
  public mutating func array(_ count: Int) throws(Truncated) -> [UInt8] {
    let at = try take(count)
    return span.slice(at, count).toArray()
  }

  /// The next `count` bytes, borrowed.
  @_lifetime(copy self)
  public mutating func bytes(_ count: Int) throws(Truncated) -> RawSpan {
    let at = try take(count)
    return span.slice(at, count)
  }

  /// Passes over `count` bytes.
  public mutating func skip(_ count: Int) throws(Truncated) { _ = try take(count) }

  private mutating func take(_ count: Int) throws(Truncated) -> Int {
    guard count >= 0, count <= span.byteCount - offset else { throw Truncated() }
    defer { offset += count }
    return offset
  }
}
