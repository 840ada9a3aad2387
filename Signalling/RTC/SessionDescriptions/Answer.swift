// Answers to a client's offer (RFC 9429 §5.3), built section by section from what was decided about each.

import MediaContract

/// Our end of a transport as it stands in a description.
public struct LocalTransport: Sendable, Equatable {
  public var usernameFragment: String
  public var password: String
  public var fingerprint: Fingerprint
  /// Candidate values as after "candidate:", the same for every section.
  public var candidates: [String]

  public init(usernameFragment: String, password: String, fingerprint: Fingerprint, candidates: [String]) {
    self.usernameFragment = usernameFragment
    self.password = password
    self.fingerprint = fingerprint
    self.candidates = candidates
  }

  func description(setup: Setup) -> TransportDescription {
    var description = TransportDescription()
    description.usernameFragment = usernameFragment
    description.password = password
    description.fingerprint = (fingerprint.algorithm, fingerprint.digest)
    description.setup = setup
    return description
  }
}

/// A stream that we send: how it is named towards its receiver.
public struct SentStream: Sendable, Equatable {
  /// First msid token: `PA_…|TR_…`.
  public var stream: String
  /// Second msid token: the track's sid.
  public var track: String
  public var ssrc: UInt32
  public var rtxSSRC: UInt32?
  public var cname: String

  public init(stream: String, track: String, ssrc: UInt32, rtxSSRC: UInt32?, cname: String) {
    self.stream = stream
    self.track = track
    self.ssrc = ssrc
    self.rtxSSRC = rtxSSRC
    self.cname = cname
  }
}

/// Choices for the Opus sections that we receive.
public struct AudioAnswerOptions: Sendable, Equatable {
  public var allowsDTX = true
  public var isStereo = false
  public var prefersRED = true

  public init() {}
}

/// What one section of the offer came to.
public struct NegotiatedSection: Sendable, Equatable {
  /// Accepted formats by the offerer's payload types, the preferred one first.
  public var formats: [PayloadFormat]
  public var extensions: HeaderExtensionIDs
  public var feedback: FeedbackSupport
  /// The section of the answer, still without transport attributes.
  var section: MediaSection
}

extension MediaSection {
  /// Takes what the client wants to send in this section. `preferred` narrows it to that codec (for audio: to Opus with
  /// or without RED); without it every enabled codec is taken in the client's order. Nil when nothing can be taken.
  public func acceptReceiving(enabled: [Codec], preferred: Codec?, audio: AudioAnswerOptions) -> NegotiatedSection? {
    guard let kind = mediaKind else { return nil }
    var chosen = payloadFormats.filter { enabled.contains($0.codec) }
    if let preferred, preferred != .red, chosen.contains(where: { $0.codec == preferred }) {
      chosen = chosen.filter { $0.codec == preferred || ($0.codec == .red && preferred == .opus) }
    }
    chosen = orderedForRED(chosen, prefersRED: audio.prefersRED)
    guard !chosen.isEmpty else { return nil }
    let wanted = HeaderExtension.received(kind)
    var answer = answerSkeleton(direction: .recvonly, chosen, wanted: wanted) { codec in
      switch codec {
      case .red, .pcmu, .pcma, .g722: []
      case .opus: audio.prefersRED ? [] : ["nack"]
      default: ["nack", "nack pli", "ccm fir", "transport-cc"]
      }
    }
    for index in answer.formats.indices {
      switch answer.formats[index].codec {
      case .opus: answer.formats[index].parameters = opusParameters(audio)
      case let codec? where codec.kind == .video: answer.formats[index].startsQuickly()
      default: break
      }
    }
    answer.rids = simulcast.isEmpty ? [] : simulcast.filter { rids.contains($0) }
    answer.simulcast = answer.rids
    return NegotiatedSection(
      formats: chosen, extensions: extensionIDs(wanted), feedback: answer.feedbackSupport, section: answer)
  }

  /// Takes this section for a stream that we send in the publication's format. Nil when the client cannot decode it.
  public func acceptSending(_ publication: [PayloadFormat], stream: SentStream) -> NegotiatedSection? {
    guard let kind = mediaKind else { return nil }
    var chosen: [PayloadFormat] = []
    for format in publication {
      if let match = bestMatch(for: format), !chosen.contains(match) { chosen.append(match) }
    }
    guard chosen.contains(where: { $0.codec != .red }) else { return nil }
    let wanted = HeaderExtension.sent(kind)
    var answer = answerSkeleton(direction: .sendonly, chosen, wanted: wanted, feedback: Self.sentFeedback)
    answer.describe(stream, hasRetransmission: chosen.contains { $0.rtxPayloadType != nil })
    return NegotiatedSection(
      formats: chosen, extensions: extensionIDs(wanted), feedback: answer.feedbackSupport, section: answer)
  }

  /// Keeps the section alive with nothing in it: formats and extensions stand ready for a later stream.
  public func acceptInactive(enabled: [Codec]) -> NegotiatedSection? {
    guard let kind = mediaKind else { return nil }
    let chosen = payloadFormats.filter { enabled.contains($0.codec) }
    guard !chosen.isEmpty else { return nil }
    let wanted = HeaderExtension.sent(kind)
    let answer = answerSkeleton(direction: .inactive, chosen, wanted: wanted, feedback: Self.sentFeedback)
    return NegotiatedSection(
      formats: chosen, extensions: extensionIDs(wanted), feedback: answer.feedbackSupport, section: answer)
  }

  var mediaKind: MediaKind? {
    switch kind {
    case .audio: .audio
    case .video: .video
    case .application, .other: nil
    }
  }

  static func sentFeedback(_ codec: Codec) -> [String] {
    codec.kind == .video ? ["nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"] : ["nack"]
  }

  /// RED in front of Opus when it is wanted, gone when it is not.
  private func orderedForRED(_ formats: [PayloadFormat], prefersRED: Bool) -> [PayloadFormat] {
    guard formats.contains(where: { $0.codec == .red }), formats.contains(where: { $0.codec == .opus }) else {
      return formats.filter { $0.codec != .red }
    }
    guard prefersRED else { return formats.filter { $0.codec != .red } }
    return formats.filter { $0.codec == .red } + formats.filter { $0.codec != .red }
  }

  private func opusParameters(_ options: AudioAnswerOptions) -> String {
    var parameters = "minptime=10;useinbandfec=1"
    if options.allowsDTX { parameters += ";usedtx=1" }
    if options.isStereo { parameters += ";stereo=1;maxaveragebitrate=510000" }
    return parameters
  }

  /// The accepted formats with their retransmission partners, and that feedback which both sides know.
  private func answerSkeleton(
    direction: Direction, _ chosen: [PayloadFormat], wanted: [HeaderExtension], feedback: (Codec) -> [String]
  ) -> MediaSection {
    var answer = MediaSection(kind: kind)
    answer.mid = mid
    answer.direction = direction
    answer.extensions = answeredExtensions(wanted)
    for accepted in chosen {
      guard var format = formats.first(where: { $0.payloadType == accepted.payloadType }) else { continue }
      let known = feedback(accepted.codec)
      format.feedback = format.feedback.filter { known.contains($0) }
      answer.formats.append(format)
    }
    for accepted in chosen {
      guard let repair = formats.first(where: { $0.payloadType == accepted.rtxPayloadType }) else { continue }
      answer.formats.append(
        Format(
          payloadType: repair.payloadType, name: repair.name, clockRate: repair.clockRate,
          parameters: repair.parameters))
    }
    return answer
  }

  /// Writes msid and SSRC lines for a stream that we send.
  mutating func describe(_ stream: SentStream, hasRetransmission: Bool) {
    msid = (stream.stream, stream.track)
    let label = "\(stream.stream) \(stream.track)"
    sources = [Source(ssrc: stream.ssrc, cname: stream.cname, msid: label)]
    if let repair = stream.rtxSSRC, hasRetransmission {
      sourceGroups = [("FID", [stream.ssrc, repair])]
      sources.append(Source(ssrc: repair, cname: stream.cname, msid: label))
    }
  }
}

extension Format {
  /// Kilobits per second at which libwebrtc begins with this codec, instead of 300.
  static let startBitrate = 2_000

  /// Tells libwebrtc where to begin. Its own probes at the start of a connection are used up by the voice, whose packets
  /// bring no transport-wide feedback; a share that begins later then climbs by 8 % a second, half a minute to 1080p.
  /// From here it probes again, three- and sixfold, and is at its full rate within a second.
  fileprivate mutating func startsQuickly() {
    let hint = "x-google-start-bitrate=\(Self.startBitrate)"
    parameters = parameters.isEmpty ? hint : parameters + ";" + hint
  }
}

/// What the answer says to one section of the offer.
public enum AnswerSection: Sendable, Equatable {
  case rejected
  case media(NegotiatedSection)
  /// Data channels with the largest message that we take, in bytes.
  case application(maximumMessageSize: Int)
}

extension SDP {
  /// The role that an answer takes for itself, given the offer's `a=setup` (RFC 8842 §5.3): passive where we may
  /// choose, because a server that waits for the client's hello has nothing to retransmit.
  public var answeredSetup: Setup { effectiveTransport.setup == .passive ? .active : .passive }

  /// The answer to this offer. `sections` has one entry for each of the offer's sections, in its order.
  public func answer(
    sections answers: [AnswerSection], local: LocalTransport, sessionID: UInt64, version: UInt64
  ) -> SDP {
    var answer = SDP()
    answer.sessionID = sessionID
    answer.sessionVersion = version
    answer.isICELite = true
    answer.allowsMixedExtensions = allowsMixedExtensions
    let transport = local.description(setup: answeredSetup)
    for (index, offered) in media.enumerated() {
      var section: MediaSection
      switch index < answers.count ? answers[index] : .rejected {
      case .media(let negotiated):
        section = negotiated.section
      case .application(let maximumMessageSize) where offered.kind == .application:
        section = MediaSection(kind: .application)
        section.mid = offered.mid
        section.sctpPort = 5_000
        section.maximumMessageSize = maximumMessageSize
      case .application, .rejected:
        answer.media.append(offered.refusal)
        continue
      }
      section.transport = transport
      section.candidates = local.candidates
      if bundle.contains(offered.mid) { answer.bundle.append(offered.mid) }
      answer.media.append(section)
    }
    return answer
  }
}

extension MediaSection {
  /// The section of an answer that refuses this one: port 0 and one format, as RFC 3264 §6 wants it.
  var refusal: MediaSection {
    var section = MediaSection(kind: kind)
    section.port = 0
    section.mid = mid
    section.direction = .inactive
    if let format = formats.first {
      section.formats = [
        Format(
          payloadType: format.payloadType, name: format.name, clockRate: format.clockRate, channels: format.channels)
      ]
    }
    return section
  }
}
