// What two ends agreed on in SDP, as values: codecs with their payload types, header extensions, encodings.

public enum MediaKind: UInt8, Sendable, Hashable { case audio, video }

/// The codecs that the data plane tells apart. RTX is not a codec here but a property of a format.
public enum Codec: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
  case opus, red, pcmu, pcma, g722
  case vp8, vp9, h264, h265, av1

  public var kind: MediaKind {
    switch self {
    case .opus, .red, .pcmu, .pcma, .g722: .audio
    case .vp8, .vp9, .h264, .h265, .av1: .video
    }
  }
}

/// One payload type of an m-line and what it stands for.
public struct PayloadFormat: Sendable, Hashable {
  /// 0…127, RFC 3551 §6.
  public var payloadType: UInt8
  public var codec: Codec
  /// RTP clock in Hz (RED takes its primary's).
  public var clockRate: UInt32
  /// The payload type whose `apt` is this one (RFC 4588), if retransmission was negotiated.
  public var rtxPayloadType: UInt8?
  /// The format parameters as negotiated ("packetization-mode=1;profile-level-id=42e01f"), for matching only.
  public var parameters: String

  public init(
    payloadType: UInt8, codec: Codec, clockRate: UInt32, rtxPayloadType: UInt8? = nil, parameters: String = ""
  ) {
    self.payloadType = payloadType
    self.codec = codec
    self.clockRate = clockRate
    self.rtxPayloadType = rtxPayloadType
    self.parameters = parameters
  }
}

/// RTP header extension ids of one m-line (RFC 8285): 1…14 for the one-byte form, up to 255 for the two-byte form;
/// 0 = not negotiated.
public struct HeaderExtensionIDs: Sendable, Hashable {
  public var mid: UInt8 = 0
  public var rid: UInt8 = 0
  public var repairedRid: UInt8 = 0
  public var audioLevel: UInt8 = 0
  public var transportSequence: UInt8 = 0
  public var absoluteSendTime: UInt8 = 0
  public var absoluteCaptureTime: UInt8 = 0
  public var playoutDelay: UInt8 = 0
  public var videoOrientation: UInt8 = 0
  public var dependencyDescriptor: UInt8 = 0

  public init() {}
}

/// One simulcast encoding of a publication, lowest quality first in any list of them.
public struct Encoding: Sendable, Hashable {
  /// RFC 8851 identifier ("q", "h", "f"), or empty where encodings are told apart by SSRC.
  public var rid: String
  /// Known at once for SSRC simulcast (`a=ssrc-group:SIM`) and single streams; learned from the first packet otherwise.
  public var ssrc: UInt32?
  public var rtxSSRC: UInt32?

  public init(rid: String = "", ssrc: UInt32? = nil, rtxSSRC: UInt32? = nil) {
    self.rid = rid
    self.ssrc = ssrc
    self.rtxSSRC = rtxSSRC
  }
}

/// Which feedback a sender of media understands (`a=rtcp-fb`).
public struct FeedbackSupport: Sendable, Hashable {
  public var nack = false
  public var pli = false
  public var fir = false
  public var transportWide = false
  public var remb = false

  public init() {}
}
