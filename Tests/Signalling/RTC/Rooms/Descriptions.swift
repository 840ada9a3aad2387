// Session descriptions as clients write them.

import MediaContract
import SessionDescriptions

enum Descriptions {
  /// The first offer of a client with one peer connection: places to receive on, and data channels.
  static func first(audio: Int = 3, video: Int = 3) -> SDP {
    var sdp = SDP()
    sdp.sessionID = 42
    sdp.sessionVersion = 1
    sdp.transport = transport("cufr")
    var application = MediaSection(kind: .application)
    application.sctpPort = 5_000
    application.maximumMessageSize = 262_144
    sdp.add(application)
    for _ in 0..<audio { sdp.add(.audio(.recvonly)) }
    for _ in 0..<video { sdp.add(.video(.recvonly)) }
    return sdp
  }

  static func transport(_ fragment: String, setup: Setup = .actpass) -> TransportDescription {
    var transport = TransportDescription()
    transport.usernameFragment = fragment
    transport.password = "a-password-of-at-least-22"
    transport.fingerprint = ("sha-256", [UInt8](repeating: 0xCD, count: 32))
    transport.setup = setup
    return transport
  }

  /// The answer of a client that takes every section, without the codecs that it does not know.
  static func answer(to offer: SDP, refusing codecs: [String] = []) -> SDP {
    var answer = SDP()
    answer.sessionID = 43
    answer.sessionVersion = offer.sessionVersion
    answer.bundle = offer.bundle
    answer.transport = transport("sufr", setup: .active)
    for offered in offer.media {
      var section = offered
      section.candidates = []
      section.transport = TransportDescription()
      section.msid = nil
      section.sources = []
      section.sourceGroups = []
      if section.kind != .application { section.direction = offered.direction.sends ? .recvonly : .inactive }
      section.formats.removeAll { codecs.contains($0.name) }
      if section.formats.isEmpty, section.kind != .application {
        section.formats = Array(offered.formats.prefix(1))
        section.port = 0
      }
      answer.media.append(section)
    }
    return answer
  }
}

extension SDP {
  /// Appends a section with the next mid.
  mutating func add(_ section: MediaSection) {
    var section = section
    section.mid = String(media.count)
    bundle.append(section.mid)
    media.append(section)
  }

  /// The same with another ICE user fragment: an ICE restart.
  func restarted() -> SDP {
    var copy = self
    copy.transport.usernameFragment = (transport.usernameFragment ?? "") + "R"
    return copy
  }

  func section(_ mid: String) -> MediaSection? { media.first { $0.mid == mid } }
}

extension MediaSection {
  static func audio(_ direction: Direction) -> MediaSection {
    var section = MediaSection(kind: .audio)
    section.direction = direction
    section.formats = [
      Format(payloadType: 111, name: "opus", clockRate: 48_000, channels: 2, parameters: "minptime=10;useinbandfec=1"),
      Format(payloadType: 63, name: "red", clockRate: 48_000, channels: 2, parameters: "111/111"),
      Format(payloadType: 0, name: "PCMU", clockRate: 8_000),
    ]
    section.extensions = [
      Extension(id: 1, uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
      Extension(id: 4, uri: "urn:ietf:params:rtp-hdrext:sdes:mid"),
    ]
    return section
  }

  static func video(_ direction: Direction) -> MediaSection {
    var section = MediaSection(kind: .video)
    section.direction = direction
    let feedback = ["nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"]
    section.formats = [
      Format(payloadType: 96, name: "VP8", clockRate: 90_000, feedback: feedback),
      Format(payloadType: 97, name: "rtx", clockRate: 90_000, parameters: "apt=96"),
      Format(payloadType: 98, name: "VP9", clockRate: 90_000, parameters: "profile-id=0", feedback: feedback),
      Format(payloadType: 99, name: "rtx", clockRate: 90_000, parameters: "apt=98"),
      Format(
        payloadType: 106, name: "H264", clockRate: 90_000,
        parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", feedback: feedback),
    ]
    section.extensions = [
      Extension(id: 4, uri: "urn:ietf:params:rtp-hdrext:sdes:mid"),
      Extension(id: 10, uri: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
      Extension(id: 11, uri: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"),
      Extension(id: 3, uri: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
    ]
    return section
  }

  static func sendingAudio(cid: String) -> MediaSection {
    var section = audio(.sendonly)
    section.msid = ("-", cid)
    section.sources = [Source(ssrc: UInt32(truncatingIfNeeded: cid.hashValue) | 1, cname: "c")]
    return section
  }

  static func sendingVideo(cid: String, rids: ArraySlice<String>) -> MediaSection {
    var section = video(.sendonly)
    section.msid = ("-", cid)
    if rids.isEmpty {
      section.sources = [Source(ssrc: UInt32(truncatingIfNeeded: cid.hashValue) | 1, cname: "c")]
    } else {
      // Highest first, as some clients write it.
      section.rids = rids.reversed()
      section.simulcast = rids.reversed()
    }
    return section
  }
}
