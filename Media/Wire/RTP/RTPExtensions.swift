// The header extensions that the data plane understands, read in one pass over a packet or handed to the writer.

import Bytes
import MediaContract

/// Loudness of the packet's audio (RFC 6464).
public struct AudioLevel: Sendable, Hashable {
  /// −dBov: 0 is the loudest, 127 is silence.
  public var level: UInt8
  /// The sender's voice activity detector says speech.
  public var isVoice: Bool

  @inlinable
  public init(level: UInt8, isVoice: Bool) {
    self.level = level
    self.isVoice = isVoice
  }
}

/// When the packet's content was captured (abs-capture-time).
public struct AbsoluteCaptureTime: Sendable, Hashable {
  /// NTP time of capture on the capturer's clock, UQ32.32 seconds.
  public var timestamp: UInt64
  /// Capturer's NTP clock minus the sender's, Q32.32 seconds, where the sender knows it.
  public var clockOffset: Int64?

  @inlinable
  public init(timestamp: UInt64, clockOffset: Int64? = nil) {
    self.timestamp = timestamp
    self.clockOffset = clockOffset
  }
}

/// Bounds on the receiver's jitter buffer (playout-delay), each 0…4095 in units of 10 ms.
public struct PlayoutDelay: Sendable, Hashable {
  public var minimum: UInt16
  public var maximum: UInt16

  @inlinable
  public init(minimum: UInt16, maximum: UInt16) {
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// What a packet's header extensions say. An extension that is absent, not negotiated or of a wrong length is nil (empty
/// for strings and ranges). When one comes twice, the last counts.
public struct RTPExtensions: Sendable, Hashable {
  /// RFC 9143 §15: the m-line.
  public var mid = ShortString()
  /// RFC 8852 §3.1: the simulcast encoding.
  public var rid = ShortString()
  /// RFC 8852 §3.2: the encoding that a retransmission repairs.
  public var repairedRid = ShortString()
  public var audioLevel: AudioLevel?
  /// draft-holmer-rmcat-transport-wide-cc-extensions-01 §2.
  public var transportSequence: UInt16?
  /// 24 bits of seconds since any epoch, 6.18 fixed point.
  public var absoluteSendTime: UInt32?
  public var absoluteCaptureTime: AbsoluteCaptureTime?
  public var playoutDelay: PlayoutDelay?
  /// 3GPP TS 26.114 §7.4.5: camera, flip and rotation bits as they are.
  public var videoOrientation: UInt8?
  /// The AV1 dependency descriptor's data in the packet that was read; the writer takes the bytes apart from this value.
  public var dependencyDescriptor = ByteRange.empty

  @inlinable public init() {}

  /// Reads the extensions of `packet` that `ids` names. Complexity: one pass over the extension, no allocation.
  @inlinable
  public init(reading packet: RawSpan, _ header: RTPHeader, ids: HeaderExtensionIDs) {
    self.init()
    var reader = HeaderExtensionReader(header)
    while let element = reader.next(in: packet) { read(element, of: packet, ids) }
  }

  @inlinable
  mutating func read(_ element: HeaderExtensionElement, of packet: RawSpan, _ ids: HeaderExtensionIDs) {
    // Ids in a packet are never zero, so an extension that was not negotiated (id 0) never matches.
    let id = element.id
    let at = element.data.offset
    let count = element.data.count
    if id == ids.transportSequence {
      if count >= 2 { transportSequence = packet.uint16(at: at) }
    } else if id == ids.absoluteSendTime {
      if count == 3 { absoluteSendTime = packet.uint24(at: at) }
    } else if id == ids.audioLevel {
      if count >= 1 {
        let byte = packet.byte(at: at)
        audioLevel = AudioLevel(level: byte & 0x7F, isVoice: byte & 0x80 != 0)
      }
    } else if id == ids.dependencyDescriptor {
      dependencyDescriptor = element.data
    } else if id == ids.mid {
      mid = ShortString(packet.slice(element.data)) ?? ShortString()
    } else if id == ids.rid {
      rid = ShortString(packet.slice(element.data)) ?? ShortString()
    } else if id == ids.repairedRid {
      repairedRid = ShortString(packet.slice(element.data)) ?? ShortString()
    } else if id == ids.absoluteCaptureTime {
      if count == 8 || count == 16 {
        absoluteCaptureTime = AbsoluteCaptureTime(
          timestamp: packet.uint64(at: at),
          clockOffset: count == 16 ? Int64(bitPattern: packet.uint64(at: at &+ 8)) : nil)
      }
    } else if id == ids.playoutDelay {
      if count == 3 {
        let bits = packet.uint24(at: at)
        playoutDelay = PlayoutDelay(minimum: UInt16(bits >> 12), maximum: UInt16(bits & 0xFFF))
      }
    } else if id == ids.videoOrientation {
      if count == 1 { videoOrientation = packet.byte(at: at) }
    }
  }
}

extension RTPExtensions {
  /// Abs-send-time of a time in microseconds since any epoch: 24 bits of 6.18 fixed point seconds, which wrap each 64 s.
  @inlinable
  public static func absoluteSendTime(microseconds: Int64) -> UInt32 {
    // 2¹⁸ / 10⁶ in lowest terms is 4096 / 15625. The wrap comes first, so that nothing overflows.
    let inCycle = (microseconds % 64_000_000 &+ 64_000_000) % 64_000_000
    return UInt32(truncatingIfNeeded: inCycle &* 4096 / 15625) & 0xFF_FFFF
  }
}
