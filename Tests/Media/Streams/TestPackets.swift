// RTP packets for these tests, written byte by byte so that nothing under test takes part in their making.

import Bytes
import Chronology
import Wire

func packetBytes(
  sequence: UInt16, timestamp: UInt32 = 0, ssrc: UInt32 = 0x1122_3344, payloadType: UInt8 = 96, marker: Bool = false,
  payload: [UInt8], padding: UInt8 = 0
) -> [UInt8] {
  var writer = ByteWriter()
  writer.uint8(padding > 0 ? 0xA0 : 0x80)
  writer.uint8((marker ? 0x80 : 0) | payloadType)
  writer.uint16(sequence)
  writer.uint32(timestamp)
  writer.uint32(ssrc)
  writer.append(payload)
  if padding > 0 {
    writer.append([UInt8](repeating: 0, count: Int(padding) - 1))
    writer.uint8(padding)
  }
  return writer.bytes
}

func header(_ bytes: [UInt8]) throws -> RTPHeader { try RTPHeader(parsing: bytes.rawSpan) }

/// A copy of some bytes of a packet.
func copy(_ range: ByteRange, of bytes: [UInt8]) -> [UInt8] { Array(bytes[range.offset..<range.end]) }

/// A header without a packet, for things that never look at bytes.
func header(
  sequence: UInt16, timestamp: UInt32 = 0, payloadByteCount: Int = 100, marker: Bool = false
) throws -> RTPHeader {
  try header(
    packetBytes(
      sequence: sequence, timestamp: timestamp, marker: marker,
      payload: [UInt8](repeating: 7, count: payloadByteCount), padding: payloadByteCount == 0 ? 4 : 0))
}

extension Instant {
  static func milliseconds(_ value: Int64) -> Instant { .origin + .milliseconds(value) }
}
