// Rewrites a dependency descriptor for one subscriber: another frame number, and the decode targets that still flow.

import Bytes

extension DependencyDescriptor {
  /// Writes this descriptor with another frame number and, if given, another mask of active decode targets.
  ///
  /// A receiver learns from the mask which frames it need not wait for. Everything else is copied bit by bit.
  ///
  /// - Parameters:
  ///   - source: the bytes that the descriptor was read from.
  ///   - activeDecodeTargets: nil leaves the mask as it is; else one bit for each target, target 0 in the lowest.
  ///   - structure: the structure that the descriptor was read with.
  /// - Returns: the bytes written; up to five more than `source` has.
  /// - Throws: `.noRoom` when the span is too short, `.tooMany` when the result does not fit an extension.
  public func write(
    copying source: RawSpan, frameNumber: UInt16, activeDecodeTargets: UInt32?,
    _ structure: borrowing DependencyStructure, into span: inout MutableRawSpan, at offset: Int
  ) throws(WireError) -> Int {
    precondition(source.byteCount == layout.byteCount, "not the descriptor that was read")
    guard let activeDecodeTargets else {
      try span.requireRoom(source.byteCount, at: offset)
      span.copy(source, to: offset)
      span.store16(frameNumber, at: offset + 1)
      return source.byteCount
    }
    let structureBits = layout.structureEnd - layout.structureStart
    let definitionBits = layout.definitionEnd - layout.definitionStart
    let byteCount = (29 + structureBits + structure.decodeTargetCount + definitionBits + 7) / 8
    guard byteCount <= Limit.byteCount else { throw .tooMany }
    try span.requireRoom(byteCount, at: offset)
    for at in offset..<offset + byteCount { span.store(0, at: at) }

    let flags = source.byteCount > 3 ? source.byte(at: 3) >> 3 : 0
    var writer = BitWriter(offset: offset)
    writer.write(UInt32(source.byte(at: 0)), count: 8, into: &span)
    writer.write(UInt32(frameNumber), count: 16, into: &span)
    writer.write(UInt32(flags | 0x08), count: 5, into: &span)
    try writer.copy(source, layout.structureStart..<layout.structureEnd, into: &span)
    writer.write(activeDecodeTargets & structure.allDecodeTargets, count: structure.decodeTargetCount, into: &span)
    try writer.copy(source, layout.definitionStart..<layout.definitionEnd, into: &span)
    return byteCount
  }
}

/// Sets bits of bytes that are zero, most significant first. The caller has checked the room.
struct BitWriter {
  private let offset: Int
  /// Bits written so far.
  private(set) var position = 0

  init(offset: Int) { self.offset = offset }

  /// Writes the low `count` bits of `value`, 0…32.
  mutating func write(_ value: UInt32, count: Int, into span: inout MutableRawSpan) {
    for bit in stride(from: count - 1, through: 0, by: -1) {
      if value >> UInt32(bit) & 1 != 0 {
        let at = offset + position >> 3
        span.store(span.byte(at: at) | 0x80 >> UInt8(position & 7), at: at)
      }
      position += 1
    }
  }

  /// Copies a range of bits.
  mutating func copy(_ source: RawSpan, _ range: Range<Int>, into span: inout MutableRawSpan) throws(WireError) {
    var reader = BitReader(source)
    reader.position = range.lowerBound
    while reader.position < range.upperBound {
      let count = min(32, range.upperBound - reader.position)
      write(try reader.bits(count), count: count, into: &span)
    }
  }
}
