// Codecs by their SDP names and MIME types, and which payload formats of two ends are the same.

import MediaContract

extension Codec {
  /// The codec that an rtpmap name stands for; nil for "rtx", "ulpfec", "telephone-event" and strangers.
  public init?(encodingName name: some StringProtocol) {
    switch name.lowercased() {
    case "opus": self = .opus
    case "red": self = .red
    case "pcmu": self = .pcmu
    case "pcma": self = .pcma
    case "g722": self = .g722
    case "vp8": self = .vp8
    case "vp9": self = .vp9
    case "h264": self = .h264
    case "h265", "hevc": self = .h265
    case "av1": self = .av1
    default: return nil
    }
  }

  /// A MIME type ("video/VP8") or a bare name ("vp8"), in any case.
  public init?(mime: String) {
    self.init(encodingName: mime.split(separator: "/").last ?? "")
  }

  /// The name as rtpmap writes it.
  public var encodingName: String {
    switch self {
    case .opus: "opus"
    case .red: "red"
    case .pcmu: "PCMU"
    case .pcma: "PCMA"
    case .g722: "G722"
    case .vp8: "VP8"
    case .vp9: "VP9"
    case .h264: "H264"
    case .h265: "H265"
    case .av1: "AV1"
    }
  }

  /// "audio/opus", "video/VP8": the form that LiveKit's messages use.
  public var mime: String { (kind == .audio ? "audio/" : "video/") + encodingName }

  /// Spatial or temporal layers may stand in one stream of this codec.
  public var supportsScalability: Bool { self == .vp9 || self == .av1 }
}

extension Format {
  public var codec: Codec? { Codec(encodingName: name) }
  public var isRetransmission: Bool { name.lowercased() == "rtx" }

  /// H.264 High profile: refused everywhere, because many receivers cannot decode it.
  var isHighProfile: Bool {
    guard codec == .h264, let profile = parameter("profile-level-id") else { return false }
    return profile.lowercased().hasPrefix("64")
  }
}

extension PayloadFormat {
  var format: Format {
    Format(payloadType: payloadType, name: codec.encodingName, clockRate: clockRate, parameters: parameters)
  }

  /// Whether a receiver of `other` can decode this: the codec, and the parameters that choose a bitstream.
  public func isCompatible(with other: PayloadFormat) -> Bool { likeness(to: other) > 0 }

  /// 0: another codec or bitstream; 1: compatible; 2: the same to the letter where it matters.
  func likeness(to other: PayloadFormat) -> Int {
    guard codec == other.codec, clockRate == other.clockRate else { return 0 }
    let mine = format
    let theirs = other.format
    switch codec {
    case .vp9:
      return (mine.parameter("profile-id") ?? "0") == (theirs.parameter("profile-id") ?? "0") ? 2 : 0
    case .av1:
      return (mine.parameter("profile") ?? "0") == (theirs.parameter("profile") ?? "0") ? 2 : 0
    case .h264:
      // RFC 6184 §8.1: mode 0 where absent. Baseline and Constrained Baseline decode each other in practice.
      guard (mine.parameter("packetization-mode") ?? "0") == (theirs.parameter("packetization-mode") ?? "0") else {
        return 0
      }
      let profiles = [mine, theirs].map { ($0.parameter("profile-level-id") ?? "42e01f").lowercased() }
      guard profiles[0].prefix(2) == profiles[1].prefix(2) else { return 0 }
      return profiles[0].prefix(4) == profiles[1].prefix(4) ? 2 : 1
    default: return 2
    }
  }
}

extension MediaSection {
  /// Every format whose codec we know, with its retransmission payload type, in the writer's order of preference.
  public var payloadFormats: [PayloadFormat] {
    // One look at each format: an offer may have a hundred thousand of them.
    var repairs: [UInt8: UInt8] = [:]
    for format in formats where format.isRetransmission {
      guard let primary = format.parameter("apt").flatMap({ UInt8($0) }), repairs[primary] == nil else { continue }
      repairs[primary] = format.payloadType
    }
    return formats.compactMap { format in
      guard let codec = format.codec, !format.isHighProfile else { return nil }
      return PayloadFormat(
        payloadType: format.payloadType, codec: codec, clockRate: format.clockRate,
        rtxPayloadType: repairs[format.payloadType], parameters: format.parameters)
    }
  }

  /// The payload format of this section that carries `wanted` best, by its payload type here.
  public func bestMatch(for wanted: PayloadFormat) -> PayloadFormat? {
    var best: (format: PayloadFormat, likeness: Int)?
    for format in payloadFormats {
      let likeness = format.likeness(to: wanted)
      if likeness > (best?.likeness ?? 0) { best = (format, likeness) }
    }
    return best?.format
  }

  /// What the writer of this section understands as feedback for its video or audio formats.
  public var feedbackSupport: FeedbackSupport {
    var support = FeedbackSupport()
    for format in formats where format.codec != nil {
      for feedback in format.feedback {
        switch feedback {
        case "nack": support.nack = true
        case "nack pli": support.pli = true
        case "ccm fir": support.fir = true
        case "transport-cc": support.transportWide = true
        case "goog-remb": support.remb = true
        default: break
        }
      }
    }
    return support
  }
}
