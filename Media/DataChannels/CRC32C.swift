// The checksum of SCTP packets, RFC 9260 Appendix A: CRC-32C (Castagnoli), eight bytes a step.

import Bytes

enum CRC32C {
  /// Eight tables of 256: table `k` advances a byte over `k` further zero bytes.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
      tables[byte] = value
    }
    for index in 256..<8 * 256 {
      let before = tables[index - 256]
      tables[index] = (before >> 8) ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()

  /// The checksum of a whole packet whose checksum field (bytes 8 to 11) counts as zero.
  static func ofPacket(_ packet: RawSpan) -> UInt32 {
    var value = update(~0, packet.slice(0, 8))
    for _ in 0..<4 { value = (value >> 8) ^ tables[Int(value & 0xFF)] }
    return ~update(value, packet.slice(12, packet.byteCount - 12))
  }

  /// The checksum of plain bytes.
  static func of(_ bytes: RawSpan) -> UInt32 { ~update(~0, bytes) }

  private static func update(_ start: UInt32, _ bytes: RawSpan) -> UInt32 {
    let tables = Self.tables
    var value = start
    var offset = 0
    while offset &+ 8 <= bytes.byteCount {
      let eight = bytes.uint64(at: offset).byteSwapped ^ UInt64(value)
      value = 0
      for byte in 0..<8 {
        value ^= tables[(7 &- byte) << 8 | Int(truncatingIfNeeded: (eight >> UInt64(8 &* byte)) & 0xFF)]
      }
      offset &+= 8
    }
    while offset < bytes.byteCount {
      value = (value >> 8) ^ tables[Int((value ^ UInt32(bytes.byte(at: offset))) & 0xFF)]
      offset &+= 1
    }
    return value
  }
}
