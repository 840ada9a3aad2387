// Our own offers: the subscriber peer connection of the dual-connection protocol, where the server always offers.

import MediaContract

/// One section of an offer of ours.
public struct OfferedSection: Sendable, Equatable {
  public enum Content: Sendable, Equatable {
    /// A stream in the publication's formats, by our own payload types.
    case stream([PayloadFormat], SentStream)
    /// Nothing now; the section waits for the next stream of its kind.
    case idle([PayloadFormat])
    case application(maximumMessageSize: Int)
  }

  public var kind: MediaSection.Kind
  public var mid: String
  public var content: Content

  public init(kind: MediaSection.Kind, mid: String, content: Content) {
    self.kind = kind
    self.mid = mid
    self.content = content
  }
}

/// The payload types of our offers: one number for one bitstream over the whole session, so that a section may be
/// reused for another codec without two meanings of a number inside a bundle (RFC 9143 §10.1.2).
public enum OfferedFormats {
  /// Our formats for what a publisher sends: RED comes with its Opus.
  public static func formats(for publication: [PayloadFormat]) -> [PayloadFormat] {
    var result: [PayloadFormat] = []
    for format in publication {
      guard let own = own(format), !result.contains(where: { $0.payloadType == own.payloadType }) else { continue }
      result.append(own)
    }
    return result
  }

  static func own(_ format: PayloadFormat) -> PayloadFormat? {
    func make(_ payloadType: UInt8, _ rtx: UInt8?, _ parameters: String) -> PayloadFormat {
      PayloadFormat(
        payloadType: payloadType, codec: format.codec, clockRate: format.clockRate, rtxPayloadType: rtx,
        parameters: parameters)
    }
    switch format.codec {
    case .opus: return make(111, nil, "minptime=10;useinbandfec=1")
    case .red: return make(63, nil, "111/111")
    case .pcmu: return make(0, nil, "")
    case .pcma: return make(8, nil, "")
    case .g722: return make(9, nil, "")
    case .vp8: return make(96, 97, "")
    case .av1: return make(45, 46, format.parameters)
    case .h265: return make(116, 117, format.parameters)
    case .vp9:
      switch format.format.parameter("profile-id") ?? "0" {
      case "0": return make(98, 99, "profile-id=0")
      case "1": return make(47, 48, "profile-id=1")
      case "2": return make(100, 101, "profile-id=2")
      case "3": return make(49, 50, "profile-id=3")
      default: return nil
      }
    case .h264:
      let profile = (format.format.parameter("profile-level-id") ?? "42e01f").lowercased()
      let mode = format.format.parameter("packetization-mode") ?? "0"
      let text = "level-asymmetry-allowed=1;packetization-mode=\(mode);profile-level-id=\(profile)"
      switch (profile.prefix(4), mode) {
      case ("42e0", "1"): return make(106, 107, text)
      case ("42e0", "0"): return make(108, 109, text)
      case ("4200", "1"): return make(102, 103, text)
      case ("4200", "0"): return make(104, 105, text)
      case ("4d00", "1"): return make(112, 113, text)
      case ("4d00", "0"): return make(114, 115, text)
      default: return nil
      }
    }
  }
}

extension SDP {
  /// An offer with the sections in their order; mids of former offers must stay where they were (RFC 9429 §5.2.2).
  public static func offer(
    sections: [OfferedSection], local: LocalTransport, sessionID: UInt64, version: UInt64
  ) -> SDP {
    var offer = SDP()
    offer.sessionID = sessionID
    offer.sessionVersion = version
    offer.isICELite = true
    offer.allowsMixedExtensions = true
    let transport = local.description(setup: .actpass)
    for offered in sections {
      var section = MediaSection(kind: offered.kind)
      section.mid = offered.mid
      section.transport = transport
      section.candidates = local.candidates
      switch offered.content {
      case .application(let maximumMessageSize):
        section.sctpPort = 5_000
        section.maximumMessageSize = maximumMessageSize
      case .stream(let formats, let stream):
        section.direction = .sendonly
        section.offer(formats)
        section.describe(stream, hasRetransmission: formats.contains { $0.rtxPayloadType != nil })
      case .idle(let formats):
        section.direction = .inactive
        section.offer(formats)
      }
      offer.bundle.append(offered.mid)
      offer.media.append(section)
    }
    return offer
  }
}

extension MediaSection {
  /// The formats with their retransmission partners and every extension of the kind.
  fileprivate mutating func offer(_ wanted: [PayloadFormat]) {
    guard let kind = mediaKind else { return }
    for format in wanted {
      let channels = format.codec == .opus || format.codec == .red ? 2 : 1
      formats.append(
        Format(
          payloadType: format.payloadType, name: format.codec.encodingName, clockRate: format.clockRate,
          channels: channels, parameters: format.parameters, feedback: Self.sentFeedback(format.codec)))
    }
    for format in wanted {
      guard let repair = format.rtxPayloadType else { continue }
      formats.append(
        Format(
          payloadType: repair, name: "rtx", clockRate: format.clockRate, parameters: "apt=\(format.payloadType)"))
    }
    extensions = HeaderExtension.sent(kind).map { Extension(id: $0.ownID, uri: $0.uri) }
  }

  /// What the client's answer to one of our streams settled: the formats that it takes, and the ids that it kept.
  /// Nil when it refused the section or takes none of the formats.
  public func acceptedStream(offered: [PayloadFormat]) -> NegotiatedSection? {
    guard !isRejected, direction.receives, let kind = mediaKind else { return nil }
    let answered = payloadFormats
    let formats = offered.compactMap { format -> PayloadFormat? in
      guard var match = answered.first(where: { $0.payloadType == format.payloadType && $0.codec == format.codec })
      else { return nil }
      match.parameters = format.parameters
      return match
    }
    guard formats.contains(where: { $0.codec != .red }) else { return nil }
    return NegotiatedSection(
      formats: formats, extensions: extensionIDs(HeaderExtension.sent(kind)), feedback: feedbackSupport, section: self)
  }
}
