// Opus packets (RFC 6716 §3): what the first byte tells about the audio.

import Bytes

/// The table of contents of an Opus packet.
public struct OpusPayload: Sendable, Hashable {
  /// Samples for each channel at 48 kHz, which is Opus's RTP clock: 120…5760.
  public var sampleCount: Int
  public var isStereo: Bool
  /// Two bytes or fewer: no audio, the encoder is silent (discontinuous transmission, RFC 7587 §3.1.3). End-to-end
  /// encryption adds bytes, so an encrypted packet never shows this.
  public var isSilence: Bool

  /// Reads the payload at `payload` in `packet`.
  ///
  /// - Throws: `.truncated` for an empty payload or one that lacks its frame count, `.malformed` for more than 120 ms.
  @inlinable
  public init(parsing packet: RawSpan, _ payload: ByteRange) throws(WireError) {
    guard payload.offset >= 0, payload.count > 0, payload.end <= packet.byteCount else { throw .truncated }
    let head = packet.byte(at: payload.offset)
    isStereo = head & 4 != 0
    isSilence = payload.count <= 2
    let frames: Int
    switch head & 3 {
    case 0: frames = 1
    case 1, 2: frames = 2
    default:
      guard payload.count > 1 else { throw .truncated }
      frames = Int(packet.byte(at: payload.offset &+ 1) & 0x3F)
    }
    sampleCount = frames &* OpusPayload.samplesPerFrame(configuration: head >> 3)
    // RFC 6716 §3.2.5 [R5].
    guard frames > 0, sampleCount <= 5760 else { throw .malformed }
  }

  /// RFC 6716 table 2: SILK 10, 20, 40, 60 ms; hybrid 10, 20 ms; CELT 2.5, 5, 10, 20 ms.
  @inlinable
  static func samplesPerFrame(configuration: UInt8) -> Int {
    switch configuration {
    case 0...11: configuration & 3 == 3 ? 2880 : 480 << Int(configuration & 3)
    case 12...15: 480 << Int(configuration & 1)
    default: 120 << Int(configuration & 3)
    }
  }
}
