// The framing of SCTP: a common header and chunks (RFC 9260 §3), read from a span and written to an array.

import Bytes

/// The chunk types that WebRTC uses.
enum ChunkType {
  static let data: UInt8 = 0
  static let initiation: UInt8 = 1
  static let initiationAcknowledgement: UInt8 = 2
  static let selectiveAcknowledgement: UInt8 = 3
  static let heartbeat: UInt8 = 4
  static let heartbeatAcknowledgement: UInt8 = 5
  static let abort: UInt8 = 6
  static let shutdown: UInt8 = 7
  static let shutdownAcknowledgement: UInt8 = 8
  static let error: UInt8 = 9
  static let cookieEcho: UInt8 = 10
  static let cookieAcknowledgement: UInt8 = 11
  static let shutdownComplete: UInt8 = 14
  /// RFC 6525.
  static let reconfiguration: UInt8 = 130
  /// RFC 4820.
  static let padding: UInt8 = 132
  /// RFC 3758.
  static let forwardTSN: UInt8 = 192
}

/// One chunk of a received packet.
struct Chunk {
  var type: UInt8
  var flags: UInt8
  /// Where its value starts in the packet, and how long it is.
  var offset: Int
  var count: Int
}

enum PacketFormat {
  /// Ports, verification tag, checksum.
  static let headerBytes = 12
  /// Type, flags, length.
  static let chunkHeaderBytes = 4
  /// The chunk header, TSN, stream, SSN and payload protocol identifier.
  static let dataHeaderBytes = 16

  /// The chunk at `offset`, or nil when the rest of the packet holds none: the end, or a length that cannot be.
  static func chunk(in packet: RawSpan, at offset: Int) -> Chunk? {
    guard packet.byteCount - offset >= chunkHeaderBytes else { return nil }
    let length = Int(packet.uint16(at: offset + 2))
    guard length >= chunkHeaderBytes, length <= packet.byteCount - offset else { return nil }
    return Chunk(
      type: packet.byte(at: offset), flags: packet.byte(at: offset + 1), offset: offset + chunkHeaderBytes,
      count: length - chunkHeaderBytes)
  }

  static func padded(_ count: Int) -> Int { (count + 3) & ~3 }
}

/// Puts chunks into one packet.
struct PacketBuilder {
  private var writer: ByteWriter
  /// Most bytes that the packet may have.
  let limit: Int

  init(from localPort: UInt16, to remotePort: UInt16, verificationTag: UInt32, limit: Int) {
    writer = ByteWriter(capacity: limit)
    self.limit = limit
    writer.uint16(localPort)
    writer.uint16(remotePort)
    writer.uint32(verificationTag)
    writer.uint32(0)
  }

  var isEmpty: Bool { writer.count == PacketFormat.headerBytes }
  /// Bytes that are left for another chunk with its header.
  var room: Int { limit - writer.count }

  /// A chunk that is complete in `bytes`, header included; it may exceed the limit when it is the only one.
  mutating func append(_ bytes: [UInt8]) {
    writer.append(bytes)
    writer.pad(to: 4)
  }

  /// A DATA chunk, RFC 9260 §3.3.1.
  mutating func appendData(_ chunk: OutboundChunk, tsn: TSN) {
    writer.uint8(ChunkType.data)
    writer.uint8(chunk.flags)
    writer.uint16(UInt16(truncatingIfNeeded: PacketFormat.dataHeaderBytes + chunk.count))
    writer.uint32(tsn.rawValue)
    writer.uint16(chunk.stream)
    writer.uint16(chunk.sequence.rawValue)
    writer.uint32(chunk.payloadProtocol)
    writer.append(chunk.message[chunk.offset..<chunk.offset + chunk.count])
    writer.pad(to: 4)
  }

  /// The packet with its checksum, which goes out least significant byte first (RFC 9260 Appendix A).
  consuming func finish() -> [UInt8] {
    var bytes = writer.bytes
    let checksum = CRC32C.ofPacket(bytes.rawSpan)
    for index in 0..<4 { bytes[8 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
    return bytes
  }
}

/// Writes one chunk, header included.
func makeChunk(_ type: UInt8, flags: UInt8 = 0, _ body: (inout ByteWriter) -> Void = { _ in }) -> [UInt8] {
  var writer = ByteWriter(capacity: 32)
  writer.uint8(type)
  writer.uint8(flags)
  writer.uint16(0)
  body(&writer)
  writer.patch16(UInt16(truncatingIfNeeded: writer.count), at: 2)
  return writer.bytes
}
