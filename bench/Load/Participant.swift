// One participant: its signalling, its two peer connections, and the streams on them.

import Bytes
import Chronology
import Connectivity
import Cryptography
import LiveKitProtocol
import MediaContract
import Peer
import Randomness
import Reactor
import SessionDescriptions
import Streams
import Wire

/// One peer connection with its socket.
final class PeerConnection {
  var peer: MediaPeer
  let endpoint: DatagramEndpoint
  let end: LocalEnd
  var isDescribed = false
  var isConnected = false
  /// The last number of each incoming stream.
  var newest: [UInt32: Int64] = [:]
  private var connected: ServerParameters?

  init?(_ name: String, certificate: Certificate, seed: UInt64, at moment: Moment) {
    guard let endpoint = DatagramEndpoint() else { return nil }
    self.endpoint = endpoint
    let credentials = ICECredentials(usernameFragment: name, password: "0123456789abcdefghijklmn")
    end = LocalEnd(credentials: credentials, fingerprint: certificate.fingerprint)
    peer = MediaPeer(local: credentials, start: moment, random: Random(seed: seed))
  }

  /// Connects, or takes over changed extensions.
  func describe(_ server: ServerParameters, context: borrowing DTLSContext, at time: Instant) {
    if let connected, connected.credentials == server.credentials, connected.extensions == server.extensions { return }
    connected = server
    isDescribed = true
    peer.connect(to: server, context: context, at: time)
  }

  func flush() {
    let endpoint = endpoint
    peer.drainDepartures { bytes, path in endpoint.send(bytes, to: path.address) }
  }

  func advance(to time: Instant) {
    guard let deadline = peer.nextDeadline, deadline <= time else { return }
    peer.advance(to: time)
    flush()
  }
}

final class Session {
  let identity: String
  let role: Scenario.Role
  let signal: SignalConnection
  private(set) var publisher: PeerConnection?
  private(set) var subscriber: PeerConnection?
  private(set) var hasJoined = false
  private(set) var leaves: Instant?
  private let certificate: Certificate
  private var random: Random
  private var tracks: [OfferedTrack] = []
  private var published = 0
  private var nextPing: Instant
  let layers: [ScreenLayer]

  /// - Parameter layers: what the participant would share.
  init(
    _ identity: String, _ role: Scenario.Role, server: SocketAddress, token: String, layers: [ScreenLayer],
    certificate: Certificate, seed: UInt64, leaves: Instant?, at time: Instant
  ) throws(SystemError) {
    self.identity = identity
    self.role = role
    self.layers = layers
    self.certificate = certificate
    self.leaves = leaves
    nextPing = time + .seconds(5)
    random = Random(seed: seed)
    signal = try SignalConnection(to: server, token: token)
  }

  var isClosed: Bool { signal.isClosed }

  /// Everything that the role needs stands.
  var isReady: Bool {
    hasJoined && (tracks.isEmpty || publisher?.isConnected == true)
      && (!role.listens || subscriber?.isConnected == true)
  }

  /// A message of the server. True when a peer connection came into being, whose socket must be watched.
  func handle(
    _ message: SignalResponse.Message, context: borrowing DTLSContext, at moment: Moment
  ) -> Bool {
    switch message {
    case .join:
      hasJoined = true
      requestTracks()
      return false
    case .offer(let description):
      return answer(description, context: context, at: moment)
    case .trackPublished:
      published += 1
      return published == tracks.count && offer(at: moment)
    case .answer(let description):
      guard let sdp = try? SDP(parsing: description.sdp), let server = sdp.server else { return false }
      publisher?.describe(server, context: context, at: moment.instant)
      publisher?.flush()
      return false
    case .leave:
      leaves = moment.instant
      return false
    default: return false
    }
  }

  /// The server gives up on who is silent for three of its intervals.
  func pingWhenDue(at moment: Moment) {
    guard hasJoined, moment.instant >= nextPing else { return }
    nextPing = moment.instant + .seconds(5)
    var ping = Ping()
    ping.timestamp = moment.wall.milliseconds
    signal.send(.pingReq(ping))
  }

  func leave() {
    var request = LeaveRequest()
    request.reason = .clientInitiated
    signal.send(.leave(request))
  }

  // MARK: What the server sends

  private func answer(_ description: SessionDescription, context: borrowing DTLSContext, at moment: Moment) -> Bool {
    guard let offer = try? SDP(parsing: description.sdp), let server = offer.server else { return false }
    var isNew = false
    if subscriber == nil {
      subscriber = PeerConnection("\(identity)s", certificate: certificate, seed: random.next(), at: moment)
      isNew = subscriber != nil
    }
    guard let subscriber else { return false }
    for stream in offer.incoming where subscriber.newest[stream.ssrc] == nil {
      subscriber.newest[stream.ssrc] = -1
      subscriber.peer.expect(stream)
    }
    var reply = SessionDescription()
    reply.type = "answer"
    reply.id = description.id
    reply.sdp = ClientDescriptions.answer(to: offer, subscriber.end).text
    signal.send(.answer(reply))
    subscriber.describe(server, context: context, at: moment.instant)
    subscriber.flush()
    return isNew
  }

  // MARK: What we send

  private func requestTracks() {
    if role.speaks {
      tracks.append(
        OfferedTrack(id: "\(identity)-voice", kind: .audio, rids: [], ssrcs: [ssrc()], repairSSRCs: []))
      var request = AddTrackRequest()
      request.cid = tracks[0].id
      request.type = .audio
      request.source = .microphone
      request.disableRed = true
      signal.send(.addTrack(request))
    }
    if role.sharesScreen {
      let rids = layers.count > 1 ? layers.map(\.rid) : []
      tracks.append(
        OfferedTrack(
          id: "\(identity)-screen", kind: .video, rids: rids, ssrcs: layers.map { _ in ssrc() },
          repairSSRCs: layers.map { _ in ssrc() }))
      signal.send(.addTrack(screenRequest()))
    }
  }

  private func screenRequest() -> AddTrackRequest {
    var request = AddTrackRequest()
    request.cid = "\(identity)-screen"
    request.type = .video
    request.source = .screenShare
    request.width = UInt32(layers.last?.width ?? 0)
    request.height = UInt32(layers.last?.height ?? 0)
    let qualities: [VideoQuality] = layers.count > 1 ? [.low, .medium, .high] : [.high]
    for (layer, quality) in zip(layers, qualities.suffix(layers.count)) {
      var entry = VideoLayer()
      entry.quality = quality
      entry.width = UInt32(layer.width)
      entry.height = UInt32(layer.height)
      entry.bitrate = UInt32(layer.bitrate)
      request.layers.append(entry)
    }
    return request
  }

  private func ssrc() -> UInt32 { UInt32.random(in: 1...UInt32.max, using: &random) }

  private func offer(at moment: Moment) -> Bool {
    guard let connection = PeerConnection("\(identity)p", certificate: certificate, seed: random.next(), at: moment)
    else { return false }
    publisher = connection
    var description = SessionDescription()
    description.type = "offer"
    description.id = 1
    description.sdp = ClientDescriptions.offer(tracks, connection.end).text
    signal.send(.offer(description))
    return true
  }

  /// The outgoing streams of a track, once the connection stands: one for each encoding.
  func streams(_ kind: MediaKind) -> [Handle<OutgoingStream>] {
    guard let publisher, let place = tracks.firstIndex(where: { $0.kind == kind }) else { return [] }
    let track = tracks[place]
    return track.ssrcs.indices.compactMap { index in
      publisher.peer.publish(
        OutgoingParameters(
          ssrc: track.ssrcs[index], kind: kind,
          payloadType: kind == .audio ? ClientDescriptions.opusPayloadType : ClientDescriptions.vp8PayloadType,
          clockRate: kind == .audio ? 48_000 : 90_000, mid: String(place),
          rid: track.rids.isEmpty ? "" : track.rids[index], usesNACK: kind == .video,
          retransmission: kind == .video
            ? (track.repairSSRCs[index], ClientDescriptions.repairPayloadType) : nil))
    }
  }
}
