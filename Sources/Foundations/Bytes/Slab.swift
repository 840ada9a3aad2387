// Fixed packet memory: one allocation, equal slots, borrowed as spans. No slot is ever freed alone.

/// `slotCount` slots of `stride` bytes in one allocation that lives as long as the slab. The pages are touched only
/// when written, so a large slab costs address space until it is used.
@safe public struct Slab: ~Copyable {
  @usableFromInline let base: UnsafeMutableRawPointer
  /// Bytes in one slot.
  public let stride: Int
  public let slotCount: Int

  public init(slotCount: Int, stride: Int) {
    precondition(slotCount > 0 && stride > 0)
    self.slotCount = slotCount
    self.stride = stride
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: slotCount * stride, alignment: 64)
  }

  deinit { unsafe base.deallocate() }

  /// The first `count` bytes of `slot`.
  @inlinable @inline(__always)
  @_lifetime(borrow self)
  public func bytes(of slot: Int, count: Int) -> RawSpan {
    precondition(slot >= 0 && slot < slotCount && count >= 0 && count <= stride, "slot outside the slab")
    // In bounds by the check; the span cannot outlive the borrow of self, whose deinit frees the memory.
    let span = unsafe RawSpan(_unsafeStart: base + slot &* stride, byteCount: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// All bytes of `slot`, for writing.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func mutableBytes(of slot: Int) -> MutableRawSpan {
    precondition(slot >= 0 && slot < slotCount, "slot outside the slab")
    let span = unsafe MutableRawSpan(_unsafeStart: base + slot &* stride, byteCount: stride)
    return unsafe _overrideLifetime(span, mutating: &self)
  }

  /// `count` bytes that start `offset` bytes into the slab, across slots, for writing.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func mutableRange(_ offset: Int, _ count: Int) -> MutableRawSpan {
    precondition(offset >= 0 && count >= 0 && offset &+ count <= slotCount &* stride, "range outside the slab")
    let span = unsafe MutableRawSpan(_unsafeStart: base + offset, byteCount: count)
    return unsafe _overrideLifetime(span, mutating: &self)
  }

  /// `count` bytes that start `offset` bytes into the slab, across slots.
  @inlinable @inline(__always)
  @_lifetime(borrow self)
  public func range(_ offset: Int, _ count: Int) -> RawSpan {
    precondition(offset >= 0 && count >= 0 && offset &+ count <= slotCount &* stride, "range outside the slab")
    let span = unsafe RawSpan(_unsafeStart: base + offset, byteCount: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// The slab's memory, for a driver that hands it to the kernel.
  public var unsafeBase: UnsafeMutableRawPointer { unsafe base }
}
