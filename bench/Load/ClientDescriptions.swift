// Session descriptions as a client writes them, and what it reads out of the server's.

import Chronology
import Connectivity
import MediaContract
import Peer
import SessionDescriptions
import Wire

/// How one peer connection presents itself.
struct LocalEnd {
  var credentials: ICECredentials
  var fingerprint: Fingerprint
  /// Where it listens on 127.0.0.1.
  var port: UInt16

  /// Its only candidate (RFC 8839 §5.1). Servers that speak ICE-lite learn it from the checks.
  var candidate: String { "1 1 udp 2130706431 127.0.0.1 \(port) typ host" }

  func transport(_ setup: Setup) -> TransportDescription {
    var transport = TransportDescription()
    transport.usernameFragment = credentials.usernameFragment
    transport.password = credentials.password
    transport.fingerprint = (fingerprint.algorithm, fingerprint.digest)
    transport.setup = setup
    return transport
  }
}

/// A track to publish, as its section of the offer describes it.
struct OfferedTrack {
  var id: String
  var kind: MediaKind
  /// Lowest quality first; empty for a single encoding.
  var rids: [String]
  var ssrcs: [UInt32]
  var repairSSRCs: [UInt32]
}

enum ClientDescriptions {
  static let opusPayloadType: UInt8 = 111
  static let vp8PayloadType: UInt8 = 96
  static let repairPayloadType: UInt8 = 97

  /// The offer of a publisher: one section for each track.
  static func offer(_ tracks: [OfferedTrack], _ end: LocalEnd) -> SDP {
    var sdp = SDP()
    sdp.sessionID = 1
    sdp.sessionVersion = 1
    sdp.transport = end.transport(.actpass)
    for (index, track) in tracks.enumerated() {
      var section = track.kind == .audio ? audio() : video()
      section.mid = String(index)
      section.direction = .sendonly
      section.msid = ("-", track.id)
      section.candidates = [end.candidate]
      section.rids = track.rids
      section.simulcast = track.rids
      if track.rids.isEmpty {
        section.sources = track.ssrcs.map { Source(ssrc: $0, cname: track.id) }
        if track.kind == .video {
          section.sources += track.repairSSRCs.map { Source(ssrc: $0, cname: track.id) }
          section.sourceGroups = [("FID", [track.ssrcs[0], track.repairSSRCs[0]])]
        }
      }
      sdp.bundle.append(section.mid)
      sdp.media.append(section)
    }
    return sdp
  }

  /// The answer that takes everything which the server wants to send.
  static func answer(to offer: SDP, _ end: LocalEnd) -> SDP {
    var answer = SDP()
    answer.sessionID = 1
    answer.sessionVersion = offer.sessionVersion
    answer.bundle = offer.bundle
    answer.transport = end.transport(.active)
    for offered in offer.media {
      var section = offered
      section.candidates = [end.candidate]
      section.transport = TransportDescription()
      section.msid = nil
      section.sources = []
      section.sourceGroups = []
      if section.kind != .application { section.direction = offered.direction.sends ? .recvonly : .inactive }
      answer.media.append(section)
    }
    return answer
  }

  private static func audio() -> MediaSection {
    var section = MediaSection(kind: .audio)
    section.formats = [
      Format(
        payloadType: opusPayloadType, name: "opus", clockRate: 48_000, channels: 2,
        parameters: "minptime=10;useinbandfec=1", feedback: ["transport-cc"])
    ]
    section.extensions = [
      Extension(id: 1, uri: HeaderExtension.audioLevel.uri),
      Extension(id: 2, uri: HeaderExtension.absoluteSendTime.uri),
      Extension(id: 3, uri: HeaderExtension.transportSequence.uri), Extension(id: 4, uri: HeaderExtension.mid.uri),
    ]
    return section
  }

  private static func video() -> MediaSection {
    var section = MediaSection(kind: .video)
    let feedback = ["nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"]
    section.formats = [
      Format(payloadType: vp8PayloadType, name: "VP8", clockRate: 90_000, feedback: feedback),
      Format(
        payloadType: repairPayloadType, name: "rtx", clockRate: 90_000, parameters: "apt=\(vp8PayloadType)"),
    ]
    section.extensions = [
      Extension(id: 2, uri: HeaderExtension.absoluteSendTime.uri),
      Extension(id: 3, uri: HeaderExtension.transportSequence.uri), Extension(id: 4, uri: HeaderExtension.mid.uri),
      Extension(id: 10, uri: HeaderExtension.rid.uri), Extension(id: 11, uri: HeaderExtension.repairedRid.uri),
    ]
    return section
  }
}

extension SDP {
  /// The server as a peer connection must know it; nil while the description has no candidate over UDP.
  var server: ServerParameters? {
    let transport = effectiveTransport
    guard let fragment = transport.usernameFragment, let password = transport.password,
      let fingerprint = transport.fingerprint
    else { return nil }
    var ids = HeaderExtensionIDs()
    var candidates: [Path] = []
    for section in media {
      let known = section.knownExtensionIDs
      for path in Self.extensionPaths where known[keyPath: path] != 0 { ids[keyPath: path] = known[keyPath: path] }
      for text in section.candidates {
        // foundation component transport priority address port typ …
        let words = text.split(separator: " ")
        guard words.count > 5, words[2].lowercased() == "udp", let port = UInt16(words[5]),
          let address = SocketAddress(host: words[4], port: port), address.isIPv4
        else { continue }
        if !candidates.contains(Path(address)) { candidates.append(Path(address)) }
      }
    }
    guard !candidates.isEmpty else { return nil }
    return ServerParameters(
      credentials: ICECredentials(usernameFragment: fragment, password: password),
      fingerprint: Fingerprint(algorithm: fingerprint.algorithm, digest: fingerprint.digest),
      // RFC 8842: who answers `active` is the client, and we are the server then.
      role: transport.setup == .active ? .server : .client,
      candidates: candidates, extensions: ids, usesTransportFeedback: ids.transportSequence != 0,
      maximumMessageSize: nil)
  }

  private static var extensionPaths: [WritableKeyPath<HeaderExtensionIDs, UInt8>] {
    [
      \.mid, \.rid, \.repairedRid, \.audioLevel, \.transportSequence, \.absoluteSendTime, \.absoluteCaptureTime,
      \.playoutDelay, \.videoOrientation, \.dependencyDescriptor,
    ]
  }

  /// The streams that the server sends by this description.
  var incoming: [IncomingParameters] {
    media.compactMap { section in
      guard section.direction.sends, !section.isRejected, let ssrc = section.primarySources.first,
        let format = section.formats.first(where: { !$0.isRetransmission })
      else { return nil }
      return IncomingParameters(
        ssrc: ssrc, kind: section.kind == .audio ? .audio : .video, payloadType: format.payloadType,
        clockRate: format.clockRate, usesNACK: section.kind == .video,
        retransmissionSSRC: section.retransmissionSource(of: ssrc))
    }
  }
}
