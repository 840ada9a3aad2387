// The checksum of STUN's FINGERPRINT attribute.

import Bytes

/// CRC-32 as in ITU-T V.42 and zlib: reflected, polynomial 0x04C11DB7.
enum CRC32 {
  /// The remainders of the sixteen values of four bits: small enough to stay in cache beside the packet path's data.
  private static let table: InlineArray<16, UInt32> = InlineArray { index in
    (0..<4).reduce(UInt32(index)) { remainder, _ in remainder & 1 != 0 ? 0xEDB8_8320 ^ remainder >> 1 : remainder >> 1 }
  }

  /// The checksum of `span`.
  static func checksum(_ span: RawSpan) -> UInt32 {
    let table = table
    var crc: UInt32 = 0xFFFF_FFFF
    for offset in 0..<span.byteCount {
      crc ^= UInt32(span.byte(at: offset))
      crc = table[Int(crc & 15)] ^ crc >> 4
      crc = table[Int(crc & 15)] ^ crc >> 4
    }
    return ~crc
  }
}
