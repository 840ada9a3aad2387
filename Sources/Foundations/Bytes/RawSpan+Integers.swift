// Big-endian integers in spans: network order is the only order on the wire.
//
// Offsets are the caller's promise: an offset outside the span is a programmer's error and traps. Parsers of untrusted
// bytes therefore check `byteCount` first or read through `ByteReader`, which throws.

extension RawSpan {
  /// The byte at `offset`. Complexity: O(1).
  @inlinable @inline(__always)
  public func byte(at offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < byteCount, "byte offset outside the span")
    // The check above is the bounds check that this load leaves out.
    return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
  }

  /// Two bytes at `offset`, network order.
  @inlinable @inline(__always)
  public func uint16(at offset: Int) -> UInt16 {
    precondition(offset >= 0 && offset &+ 2 <= byteCount, "16-bit read outside the span")
    return unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
  }

  /// Three bytes at `offset`, network order.
  @inlinable @inline(__always)
  public func uint24(at offset: Int) -> UInt32 {
    UInt32(byte(at: offset)) << 16 | UInt32(uint16(at: offset + 1))
  }

  /// Four bytes at `offset`, network order.
  @inlinable @inline(__always)
  public func uint32(at offset: Int) -> UInt32 {
    precondition(offset >= 0 && offset &+ 4 <= byteCount, "32-bit read outside the span")
    return unsafe UInt32(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
  }

  /// Eight bytes at `offset`, network order.
  @inlinable @inline(__always)
  public func uint64(at offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset &+ 8 <= byteCount, "64-bit read outside the span")
    return unsafe UInt64(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
  }

  /// The `count` bytes from `offset` on, without copying.
  @inlinable @inline(__always)
  @_lifetime(copy self)
  public func slice(_ offset: Int, _ count: Int) -> RawSpan {
    extracting(offset..<(offset &+ count))
  }

  /// A copy of all bytes. Allocates: not for the packet path.
  public func toArray() -> [UInt8] {
    unsafe withUnsafeBytes { unsafe [UInt8]($0) }
  }

  /// Whether both spans hold the same bytes. Not constant-time: see `Cryptography` for secrets.
  public func isEqual(to other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    for offset in 0..<byteCount where byte(at: offset) != other.byte(at: offset) { return false }
    return true
  }
}

extension MutableRawSpan {
  /// The byte at `offset`.
  @inlinable @inline(__always)
  public func byte(at offset: Int) -> UInt8 { bytes.byte(at: offset) }

  /// Two bytes at `offset`, network order.
  @inlinable @inline(__always)
  public func uint16(at offset: Int) -> UInt16 { bytes.uint16(at: offset) }

  /// Four bytes at `offset`, network order.
  @inlinable @inline(__always)
  public func uint32(at offset: Int) -> UInt32 { bytes.uint32(at: offset) }

  /// Eight bytes at `offset`, network order.
  @inlinable @inline(__always)
  public func uint64(at offset: Int) -> UInt64 { bytes.uint64(at: offset) }

  /// Writes one byte at `offset`.
  @inlinable @inline(__always)
  public mutating func store(_ value: UInt8, at offset: Int) {
    storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
  }

  /// Writes two bytes at `offset`, network order.
  @inlinable @inline(__always)
  public mutating func store16(_ value: UInt16, at offset: Int) {
    storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
  }

  /// Writes the low three bytes of `value` at `offset`, network order.
  @inlinable @inline(__always)
  public mutating func store24(_ value: UInt32, at offset: Int) {
    store(UInt8(truncatingIfNeeded: value >> 16), at: offset)
    store16(UInt16(truncatingIfNeeded: value), at: offset + 1)
  }

  /// Writes four bytes at `offset`, network order.
  @inlinable @inline(__always)
  public mutating func store32(_ value: UInt32, at offset: Int) {
    storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
  }

  /// Writes eight bytes at `offset`, network order.
  @inlinable @inline(__always)
  public mutating func store64(_ value: UInt64, at offset: Int) {
    storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
  }

  /// Copies all of `source` to `offset`. Traps when it does not fit.
  @inlinable @inline(__always)
  public mutating func copy(_ source: RawSpan, to offset: Int) {
    let count = source.byteCount
    precondition(offset >= 0 && offset &+ count <= byteCount, "copy outside the span")
    guard count > 0 else { return }
    // Both ranges were checked; distinct owners cannot overlap because this span is exclusive.
    unsafe withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBytes { bytes in
        unsafe target.baseAddress!.advanced(by: offset).copyMemory(from: bytes.baseAddress!, byteCount: count)
      }
    }
  }

  /// Moves `count` bytes inside the span; the ranges may overlap.
  @inlinable @inline(__always)
  public mutating func move(from source: Int, to destination: Int, count: Int) {
    precondition(source >= 0 && destination >= 0 && count >= 0)
    precondition(source &+ count <= byteCount && destination &+ count <= byteCount, "move outside the span")
    guard count > 0 else { return }
    unsafe withUnsafeMutableBytes { bytes in
      let base = bytes.baseAddress!
      unsafe base.advanced(by: destination).copyMemory(from: base.advanced(by: source), byteCount: count)
    }
  }
}

extension Array where Element == UInt8 {
  /// The array's bytes, borrowed.
  @inlinable
  public var rawSpan: RawSpan {
    @_lifetime(borrow self) borrowing get {
      // A span of bytes seen as raw bytes: same memory, same lifetime.
      let bytes = unsafe self.span.bytes
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }

  /// The array's bytes, borrowed for writing.
  @inlinable
  public var mutableRawSpan: MutableRawSpan {
    @_lifetime(&self) mutating get {
      // The pointer stays good while self is borrowed for writing: nothing else can reallocate the storage.
      let pointer = unsafe self.withUnsafeMutableBytes { unsafe $0 }
      let bytes = unsafe MutableRawSpan(_unsafeBytes: pointer)
      return unsafe _overrideLifetime(bytes, mutating: &self)
    }
  }
}

extension InlineArray where Element == UInt8 {
  /// The array's bytes, borrowed.
  @inlinable
  public var rawSpan: RawSpan {
    @_lifetime(borrow self) borrowing get {
      // As above.
      let bytes = unsafe self.span.bytes
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }
}
