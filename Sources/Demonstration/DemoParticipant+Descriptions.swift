// The demo participant's offer, and what it reads out of the answer.

import Connectivity
import LiveKitProtocol
import MediaContract
import Peer
import SessionDescriptions
import Wire

extension DemoParticipant {
  /// RIDs of the layers, lowest quality first, by the names that LiveKit's clients use.
  static let rids = ["q", "h", "f"]

  private enum PayloadType {
    static let opus: UInt8 = 111
    static let vp8: UInt8 = 96
    static let retransmission: UInt8 = 97
  }

  /// Header extensions of each kind of section, with our ids for them.
  private static func extensions(_ kind: MediaKind) -> [Extension] {
    let wanted: [(UInt8, HeaderExtension)] =
      kind == .audio
      ? [(1, .audioLevel), (4, .mid)]
      : [(2, .absoluteSendTime), (3, .transportSequence), (4, .mid), (10, .rid), (11, .repairedRid)]
    return wanted.map { Extension(id: $0.0, uri: $0.1.uri) }
  }

  /// One section for each track, mids counted from 0.
  mutating func makeOffer() -> SDP {
    var offer = SDP()
    offer.sessionID = random.next() >> 2
    offer.sessionVersion = 1
    offer.allowsMixedExtensions = true
    offer.transport.usernameFragment = credentials.usernameFragment
    offer.transport.password = credentials.password
    offer.transport.fingerprint = (fingerprint.algorithm, fingerprint.digest)
    offer.transport.setup = .actpass
    for (index, track) in tracks.enumerated() {
      var section = MediaSection(kind: track.kind == .audio ? .audio : .video)
      section.mid = String(index)
      section.direction = .sendonly
      section.msid = ("-", track.cid)
      section.formats = Self.formats(track.kind)
      section.extensions = Self.extensions(track.kind)
      if track.kind == .video {
        section.rids = Self.rids
        section.simulcast = Self.rids
      }
      offer.bundle.append(section.mid)
      offer.media.append(section)
    }
    return offer
  }

  private static func formats(_ kind: MediaKind) -> [Format] {
    switch kind {
    case .audio:
      [
        Format(
          payloadType: PayloadType.opus, name: "opus", clockRate: 48_000, channels: 2,
          parameters: "minptime=10;useinbandfec=1")
      ]
    case .video:
      [
        Format(
          payloadType: PayloadType.vp8, name: "VP8", clockRate: 90_000,
          feedback: ["nack", "nack pli", "ccm fir", "transport-cc"]),
        Format(
          payloadType: PayloadType.retransmission, name: "rtx", clockRate: 90_000,
          parameters: "apt=\(PayloadType.vp8)"),
      ]
    }
  }

  /// What the answer comes to. Nil when it lacks what a connection cannot do without.
  mutating func plan(from message: SessionDescription) -> MediaPlan? {
    guard let answer = try? SDP(parsing: message.sdp), let server = Self.server(answer) else { return nil }
    var plan = MediaPlan(credentials: credentials, server: server, voice: nil, screen: [])
    for (index, track) in tracks.enumerated() {
      guard let section = answer.media.first(where: { $0.mid == String(index) }), !section.isRejected,
        let format = section.payloadFormats.first
      else { continue }
      switch track.kind {
      case .audio: plan.voice = stream(format, .audio, mid: section.mid)
      case .video: plan.screen = Self.rids.map { stream(format, .video, mid: section.mid, rid: $0) }
      }
    }
    return plan
  }

  private mutating func stream(
    _ format: PayloadFormat, _ kind: MediaKind, mid: String, rid: String = ""
  ) -> OutgoingParameters {
    let ssrc = UInt32.random(in: 1...UInt32.max, using: &random)
    let repair = format.rtxPayloadType.map { type in
      (ssrc: UInt32.random(in: 1...UInt32.max, using: &random), payloadType: type)
    }
    return OutgoingParameters(
      ssrc: ssrc, kind: kind, payloadType: format.payloadType, clockRate: format.clockRate, mid: mid, rid: rid,
      usesNACK: kind == .video, retransmission: repair)
  }

  private static func server(_ answer: SDP) -> ServerParameters? {
    let transport = answer.effectiveTransport
    guard let fragment = transport.usernameFragment, let password = transport.password,
      let fingerprint = transport.fingerprint
    else { return nil }
    var candidates: [Path] = []
    for text in answer.media.first(where: { !$0.isRejected })?.candidates ?? [] {
      if let path = path(candidate: text) { candidates.append(path) }
    }
    var extensions = HeaderExtensionIDs()
    for section in answer.media where !section.isRejected {
      // Bundled sections share one table: each adds what only it has (RFC 9143 §8).
      let ids = section.knownExtensionIDs
      if ids.mid != 0 { extensions.mid = ids.mid }
      if ids.audioLevel != 0 { extensions.audioLevel = ids.audioLevel }
      if ids.absoluteSendTime != 0 { extensions.absoluteSendTime = ids.absoluteSendTime }
      if ids.transportSequence != 0 { extensions.transportSequence = ids.transportSequence }
      if ids.rid != 0 { extensions.rid = ids.rid }
      if ids.repairedRid != 0 { extensions.repairedRid = ids.repairedRid }
    }
    return ServerParameters(
      credentials: ICECredentials(usernameFragment: fragment, password: password),
      fingerprint: Fingerprint(algorithm: fingerprint.algorithm, digest: fingerprint.digest),
      role: transport.setup == .active ? .server : .client, candidates: candidates, extensions: extensions,
      usesTransportFeedback: false, maximumMessageSize: nil)
  }

  /// RFC 8839 §5.1: foundation, component, transport, priority, address, port. UDP only.
  private static func path(candidate text: String) -> Path? {
    let words = text.split(separator: " ")
    guard words.count >= 8, words[2].lowercased() == "udp", let port = UInt16(words[5]),
      let address = SocketAddress(host: words[4], port: port)
    else { return nil }
    return Path(address)
  }
}
