// A session description (RFC 8866) as values: what WebRTC uses of it (RFC 9429), nothing else. Lines that are not
// understood are left out: what we answer is built from values, never by editing text.

/// A whole description.
public struct SDP: Sendable, Equatable {
  /// `o=` session id: stays the same over the life of a peer connection.
  public var sessionID: UInt64 = 0
  /// `o=` version: rises with every description of the session.
  public var sessionVersion: UInt64 = 0
  /// `a=group:BUNDLE`: the mids that share one transport, in order.
  public var bundle: [String] = []
  /// `a=ice-lite`.
  public var isICELite = false
  /// Session-level transport attributes; sections without their own inherit them.
  public var transport = TransportDescription()
  /// `a=extmap-allow-mixed` (RFC 8285 §6).
  public var allowsMixedExtensions = false
  public var media: [MediaSection] = []

  public init() {}

  /// The first section's transport attributes completed by the session's: with BUNDLE there is one transport.
  public var effectiveTransport: TransportDescription {
    let tagged = bundle.first.flatMap { mid in media.first { $0.mid == mid } } ?? media.first { !$0.isRejected }
    return (tagged?.transport ?? TransportDescription()).completed(by: transport)
  }

  /// The position of the section with this mid.
  public func index(ofMid mid: String) -> Int? { media.firstIndex { $0.mid == mid } }
}

/// ICE and DTLS attributes, at session or section level.
public struct TransportDescription: Sendable, Equatable {
  public var usernameFragment: String?
  public var password: String?
  /// `a=fingerprint`: hash function in lower case and digest bytes (RFC 8122).
  public var fingerprint: (algorithm: String, digest: [UInt8])?
  public var setup: Setup?

  public init() {}

  /// These attributes with the gaps filled from `other`.
  public func completed(by other: TransportDescription) -> TransportDescription {
    var result = self
    if result.usernameFragment == nil { result.usernameFragment = other.usernameFragment }
    if result.password == nil { result.password = other.password }
    if result.fingerprint == nil { result.fingerprint = other.fingerprint }
    if result.setup == nil { result.setup = other.setup }
    return result
  }

  public static func == (a: TransportDescription, b: TransportDescription) -> Bool {
    a.usernameFragment == b.usernameFragment && a.password == b.password && a.setup == b.setup
      && a.fingerprint?.algorithm == b.fingerprint?.algorithm && a.fingerprint?.digest == b.fingerprint?.digest
  }
}

/// `a=setup` (RFC 8842 §5.3).
public enum Setup: String, Sendable { case actpass, active, passive, holdconn }

/// Media direction seen from the writer of the description (RFC 8866 §6.7).
public enum Direction: String, Sendable, CaseIterable {
  case sendrecv, sendonly, recvonly, inactive

  /// Whether the writer sends.
  public var sends: Bool { self == .sendrecv || self == .sendonly }
  /// Whether the writer receives.
  public var receives: Bool { self == .sendrecv || self == .recvonly }
}

/// One `m=` line and what belongs to it.
public struct MediaSection: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case audio, video, application
    /// Anything else: answered as rejected.
    case other(String)
  }

  public var kind: Kind
  /// 0 rejects the section, except for bundle-only sections of an offer (RFC 9143 §6).
  public var port: UInt16 = 9
  public var isBundleOnly = false
  public var mid = ""
  public var direction: Direction = .sendrecv
  public var transport = TransportDescription()
  public var formats: [Format] = []
  public var extensions: [Extension] = []
  /// `a=msid` (RFC 8830): stream and track identifiers, both as the writer names them.
  public var msid: (stream: String, track: String)?
  /// `a=rid` lines with direction "send", in order of appearance (RFC 8851).
  public var rids: [String] = []
  /// `a=simulcast:send`: the alternatives in order, a leading "~" (paused) taken off (RFC 8853).
  public var simulcast: [String] = []
  public var sources: [Source] = []
  /// `a=ssrc-group`: semantics ("FID", "SIM") and members (RFC 5576).
  public var sourceGroups: [(semantics: String, sources: [UInt32])] = []
  /// `a=candidate` values without the "candidate:" prefix.
  public var candidates: [String] = []
  /// `a=sctp-port` (RFC 8841).
  public var sctpPort: UInt16?
  /// `a=max-message-size` in bytes (RFC 8841); absent means 64 KiB, 0 means no limit.
  public var maximumMessageSize: Int?

  public init(kind: Kind) { self.kind = kind }

  /// Port zero without `a=bundle-only`: the section is refused or was stopped.
  public var isRejected: Bool { port == 0 && !isBundleOnly }

  /// The retransmission SSRC that an FID group pairs with `primary` (RFC 4588 §8.3).
  public func retransmissionSource(of primary: UInt32) -> UInt32? {
    for group in sourceGroups where group.semantics == "FID" && group.sources.first == primary {
      if group.sources.count > 1 { return group.sources[1] }
    }
    return nil
  }

  /// Primary SSRCs, in the order of a SIM group where there is one, else of their `a=ssrc` lines.
  public var primarySources: [UInt32] {
    if let group = sourceGroups.first(where: { $0.semantics == "SIM" }) { return group.sources }
    let repairs = Set(sourceGroups.filter { $0.semantics == "FID" }.flatMap { $0.sources.dropFirst() })
    return sources.map(\.ssrc).filter { !repairs.contains($0) }
  }

  /// Stream and track identifiers from `a=msid`, else from the first `a=ssrc … msid:` line (Plan-B leftovers).
  public var effectiveMsid: (stream: String, track: String)? {
    if let msid { return msid }
    for source in sources {
      if let text = source.msid {
        let words = text.split(separator: " ", maxSplits: 1)
        if words.count == 2 { return (String(words[0]), String(words[1])) }
      }
    }
    return nil
  }

  public static func == (a: MediaSection, b: MediaSection) -> Bool {
    a.kind == b.kind && a.port == b.port && a.isBundleOnly == b.isBundleOnly && a.mid == b.mid
      && a.direction == b.direction && a.transport == b.transport && a.formats == b.formats
      && a.extensions == b.extensions && a.msid?.stream == b.msid?.stream && a.msid?.track == b.msid?.track
      && a.rids == b.rids && a.simulcast == b.simulcast && a.sources == b.sources
      && a.sourceGroups.map(\.semantics) == b.sourceGroups.map(\.semantics)
      && a.sourceGroups.map(\.sources) == b.sourceGroups.map(\.sources) && a.candidates == b.candidates
      && a.sctpPort == b.sctpPort && a.maximumMessageSize == b.maximumMessageSize
  }
}

/// One payload type of a section (`a=rtpmap`, `a=fmtp`, `a=rtcp-fb`).
public struct Format: Sendable, Equatable {
  public var payloadType: UInt8
  /// Encoding name as written ("opus", "VP8", "rtx").
  public var name: String
  /// Hz.
  public var clockRate: UInt32
  /// Audio channels; 1 where the line names none.
  public var channels: Int
  /// `a=fmtp` value, empty where there is none.
  public var parameters: String
  /// `a=rtcp-fb` values ("nack", "nack pli", "transport-cc").
  public var feedback: [String]

  public init(
    payloadType: UInt8, name: String, clockRate: UInt32, channels: Int = 1, parameters: String = "",
    feedback: [String] = []
  ) {
    self.payloadType = payloadType
    self.name = name
    self.clockRate = clockRate
    self.channels = channels
    self.parameters = parameters
    self.feedback = feedback
  }

  /// The value of one `key=value` parameter.
  public func parameter(_ key: String) -> String? {
    for part in parameters.split(separator: ";") {
      let pair = part.trimmed.split(separator: "=", maxSplits: 1)
      if pair.count == 2, pair[0].lowercased() == key { return String(pair[1]) }
    }
    return nil
  }
}

/// `a=extmap` (RFC 8285 §5). Firefox writes a direction behind the id.
public struct Extension: Sendable, Equatable {
  public var id: UInt8
  public var direction: Direction?
  public var uri: String

  public init(id: UInt8, direction: Direction? = nil, uri: String) {
    self.id = id
    self.direction = direction
    self.uri = uri
  }
}

/// What `a=ssrc` lines say of one source (RFC 5576).
public struct Source: Sendable, Equatable {
  public var ssrc: UInt32
  public var cname: String?
  public var msid: String?

  public init(ssrc: UInt32, cname: String? = nil, msid: String? = nil) {
    self.ssrc = ssrc
    self.cname = cname
    self.msid = msid
  }
}

extension Substring {
  /// Without spaces at either end.
  var trimmed: Substring {
    var result = self
    while result.first == " " { result = result.dropFirst() }
    while result.last == " " { result = result.dropLast() }
    return result
  }
}
