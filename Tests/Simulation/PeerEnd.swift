// One peer connection of a simulated client: the real client side, where its packets come from, and what came.

import Bytes
import Chronology
import Connectivity
import Cryptography
import DataChannels
import LiveKitProtocol
import MediaContract
import Peer
import Randomness
import SessionDescriptions
import Wire

enum SimulatedCertificates {
  static let wall = WallTime(milliseconds: 1_800_000_000_000)
  static let server = make()
  static let client = make()

  private static func make() -> Certificate {
    guard let certificate = try? Certificate.selfSigned(at: wall) else { fatalError("no certificate") }
    return certificate
  }
}

/// A track that the server sends to the client.
struct IncomingTrack {
  var kind: MediaKind
  var mid: String
  var sid: String
  var decoder = Decoder()
}

final class PeerEnd {
  let isSubscriber: Bool
  var peer: MediaPeer
  /// Where the server sees the client.
  var address: SocketAddress
  private let context = DTLSContext(certificate: SimulatedCertificates.client)
  private(set) var credentials: ICECredentials
  private var serverFragment: String?
  private var generation = 0
  private var random: Random
  var state: TransportState?
  /// The stream of `_reliable` that we opened.
  var reliable: UInt16?
  var incoming: [UInt32: IncomingTrack] = [:]
  /// Something happened to it in this turn.
  var isTouched = true
  /// When it wants to be served without anything happening.
  var deadline = Instant.origin

  init(isSubscriber: Bool, address: SocketAddress, at moment: Moment, random: Random) {
    self.isSubscriber = isSubscriber
    self.address = address
    self.random = random
    credentials = ICECredentials(
      usernameFragment: "c0" + Self.text(8, &self.random), password: Self.text(24, &self.random))
    peer = MediaPeer(local: credentials, start: moment, random: Random(seed: self.random.next()))
  }

  private static func text(_ count: Int, _ random: inout Random) -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    var text = ""
    for _ in 0..<count { text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)]) }
    return text
  }

  /// New credentials: what is described from now on is an ICE restart.
  func restartICE() {
    generation += 1
    credentials = ICECredentials(
      usernameFragment: "c\(generation)" + Self.text(8, &random), password: Self.text(24, &random))
    peer.restartICE(local: credentials)
    isTouched = true
  }

  /// Whether the description is of another ICE generation than the last.
  func isRestart(_ sdp: SDP) -> Bool {
    serverFragment.map { $0 != sdp.effectiveTransport.usernameFragment } ?? false
  }

  func transport(_ setup: Setup) -> TransportDescription {
    var transport = TransportDescription()
    transport.usernameFragment = credentials.usernameFragment
    transport.password = credentials.password
    let fingerprint = SimulatedCertificates.client.fingerprint
    transport.fingerprint = (fingerprint.algorithm, fingerprint.digest)
    transport.setup = setup
    return transport
  }

  /// Takes the server's half of the session, and the streams that it sends.
  func apply(_ sdp: SDP, midToTrack: [String: String], at time: Instant) {
    let transport = sdp.effectiveTransport
    guard let fragment = transport.usernameFragment, let password = transport.password,
      let fingerprint = transport.fingerprint
    else { return }
    serverFragment = fragment
    let application = sdp.media.first { $0.kind == .application }
    peer.connect(
      to: ServerParameters(
        credentials: ICECredentials(usernameFragment: fragment, password: password),
        fingerprint: Fingerprint(algorithm: fingerprint.algorithm, digest: fingerprint.digest),
        role: transport.setup == .active ? .server : .client, candidates: [Simulation.serverPath],
        extensions: sdp.extensionIDs, maximumMessageSize: application?.maximumMessageSize),
      context: context, at: time)
    expectStreams(of: sdp, midToTrack)
    isTouched = true
  }

  private func expectStreams(of sdp: SDP, _ midToTrack: [String: String]) {
    var announced: Set<UInt32> = []
    for section in sdp.media where section.direction.sends && !section.isRejected {
      guard let ssrc = section.primarySources.first, let kind = section.mediaKind,
        let sid = section.effectiveMsid?.track ?? midToTrack[section.mid],
        let format = section.formats.first(where: { $0.codec == .opus || $0.codec == .vp8 })
      else { continue }
      announced.insert(ssrc)
      if let known = incoming[ssrc], known.sid == sid, known.mid == section.mid { continue }
      incoming[ssrc] = IncomingTrack(kind: kind, mid: section.mid, sid: sid)
      peer.expect(
        IncomingParameters(
          ssrc: ssrc, kind: kind, payloadType: format.payloadType, clockRate: format.clockRate,
          retransmissionSSRC: section.retransmissionSource(of: ssrc)))
    }
    for ssrc in incoming.keys.sorted() where !announced.contains(ssrc) {
      incoming[ssrc] = nil
      peer.ignore(ssrc: ssrc)
    }
  }
}

extension SDP {
  /// One table for the transport: bundled sections agree.
  var extensionIDs: HeaderExtensionIDs {
    var ids = HeaderExtensionIDs()
    for section in media where !section.isRejected {
      let own = section.knownExtensionIDs
      if own.mid != 0 { ids.mid = own.mid }
      if own.rid != 0 { ids.rid = own.rid }
      if own.repairedRid != 0 { ids.repairedRid = own.repairedRid }
      if own.audioLevel != 0 { ids.audioLevel = own.audioLevel }
      if own.transportSequence != 0 { ids.transportSequence = own.transportSequence }
      if own.absoluteSendTime != 0 { ids.absoluteSendTime = own.absoluteSendTime }
    }
    return ids
  }

  mutating func append(_ section: MediaSection) {
    var section = section
    section.mid = String(media.count)
    bundle.append(section.mid)
    media.append(section)
  }
}

extension MediaSection {
  var mediaKind: MediaKind? { kind == .audio ? .audio : kind == .video ? .video : nil }

  static var application: MediaSection {
    var section = MediaSection(kind: .application)
    section.sctpPort = 5_000
    section.maximumMessageSize = 65_536
    return section
  }

  static func make(_ kind: MediaKind, _ direction: Direction) -> MediaSection {
    var section = MediaSection(kind: kind == .audio ? .audio : .video)
    section.direction = direction
    section.extensions = [
      Extension(id: 4, uri: "urn:ietf:params:rtp-hdrext:sdes:mid"),
      Extension(id: 3, uri: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
    ]
    switch kind {
    case .audio:
      section.formats = [
        Format(payloadType: 111, name: "opus", clockRate: 48_000, channels: 2, parameters: "minptime=10")
      ]
      section.formats[0].feedback = ["transport-cc"]
      section.extensions.append(Extension(id: 1, uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"))
    case .video:
      section.formats = [
        Format(
          payloadType: 96, name: "VP8", clockRate: 90_000,
          feedback: ["nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"]),
        Format(payloadType: 97, name: "rtx", clockRate: 90_000, parameters: "apt=96"),
      ]
      section.extensions += [
        Extension(id: 10, uri: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
        Extension(id: 11, uri: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"),
      ]
    }
    return section
  }
}
