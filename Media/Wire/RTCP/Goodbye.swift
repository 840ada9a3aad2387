// Goodbye (RFC 3550 §6.6): sources that leave.

import Bytes

/// The sources that say goodbye. The reason, if there is one, is not read.
public struct Goodbye: ~Escapable {
  @usableFromInline let sources: RawSpan

  /// Throws `.otherType` unless `packet` is a goodbye, `.truncated` when it is too short for its count.
  @inlinable
  @_lifetime(copy packet)
  public init(_ packet: borrowing RTCPPacket) throws(WireError) {
    guard packet.kind == .goodbye else { throw .otherType }
    let byteCount = 4 &* Int(packet.count)
    guard packet.bytes.byteCount >= RTCPPacket.headerByteCount &+ byteCount else { throw .truncated }
    sources = packet.bytes.slice(RTCPPacket.headerByteCount, byteCount)
  }

  @inlinable public var count: Int { sources.byteCount / 4 }

  /// The source at `index`, which must be below `count`.
  @inlinable public subscript(index: Int) -> UInt32 { sources.uint32(at: index &* 4) }

  /// Writes a goodbye of `sources` (at most 31) at `offset` and returns the bytes written.
  @inlinable
  public static func write(
    sources: Span<UInt32>, into span: inout MutableRawSpan, at offset: Int
  ) throws(WireError) -> Int {
    guard sources.count <= 31 else { throw .tooMany }
    let byteCount = RTCPPacket.headerByteCount &+ 4 &* sources.count
    try span.requireRoom(byteCount, at: offset)
    span.storeRTCPHeader(count: UInt8(sources.count), type: RTCPType.goodbye, byteCount: byteCount, at: offset)
    for index in 0..<sources.count { span.store32(sources[index], at: offset &+ 4 &+ 4 &* index) }
    return byteCount
  }
}
