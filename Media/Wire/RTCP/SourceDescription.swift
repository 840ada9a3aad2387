// Source description (RFC 3550 §6.5): we send our CNAME, and read none.

import Bytes

/// Writes the one item that every compound must carry.
public enum SourceDescription {
  public enum Limit {
    /// The item's length field is one byte (RFC 3550 §6.5).
    public static let nameByteCount = 255
  }

  /// Writes a description of `ssrc` with its canonical name at `offset` and returns the bytes written.
  ///
  /// - Throws: `.tooMany` for a name of more than 255 bytes.
  public static func write(
    ssrc: UInt32, canonicalName: RawSpan, into span: inout MutableRawSpan, at offset: Int
  ) throws(WireError) -> Int {
    guard canonicalName.byteCount <= Limit.nameByteCount else { throw .tooMany }
    // Header, source, item head, name, and one to four zero bytes that end the list on a word.
    let used = 4 + 4 + 2 + canonicalName.byteCount
    let byteCount = (used + 4) & ~3
    try span.requireRoom(byteCount, at: offset)
    span.storeRTCPHeader(count: 1, type: RTCPType.sourceDescription, byteCount: byteCount, at: offset)
    span.store32(ssrc, at: offset + 4)
    span.store(1, at: offset + 8)
    span.store(UInt8(canonicalName.byteCount), at: offset + 9)
    span.copy(canonicalName, to: offset + 10)
    for at in offset + used..<offset + byteCount { span.store(0, at: at) }
    return byteCount
  }

  /// The canonical name of the first source in `packet`; nil when it has none or is damaged.
  @_lifetime(copy packet)
  public static func canonicalName(_ packet: borrowing RTCPPacket) -> RawSpan? {
    guard packet.kind == .sourceDescription, packet.count > 0 else { return nil }
    let bytes = packet.bytes
    var at = 8
    while at + 2 <= bytes.byteCount, bytes.byte(at: at) != 0 {
      let length = Int(bytes.byte(at: at + 1))
      guard at + 2 + length <= bytes.byteCount else { return nil }
      if bytes.byte(at: at) == 1 { return bytes.slice(at + 2, length) }
      at += 2 + length
    }
    return nil
  }
}
