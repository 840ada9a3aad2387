// One synthetic participant, whatever server it is on: what it has, what it plays, and the streams that it sends.

import Bytes
import Chronology
import Cryptography
import MediaContract
import Peer
import Randomness
import Reactor
import SessionDescriptions
import Streams
import Wire

/// The servers that are compared.
enum Target: Int, CaseIterable {
  case mqvi
  case janus
}

/// What a participant is made of.
struct ParticipantSetup {
  var identity: String
  var role: Scenario.Role
  var request: WebSocketRequest
  /// What it would share, lowest layer first.
  var layers: [ScreenLayer]
  var certificate: Certificate
  var seed: UInt64
  /// When it goes by itself; nil: it stays.
  var leaves: Instant?
}

/// Signalling is a subclass's business; the media is not.
class Participant {
  let identity: String
  let role: Scenario.Role
  let layers: [ScreenLayer]
  let socket: WebSocketConnection
  let certificate: Certificate
  var publisher: PeerConnection?
  var subscriber: PeerConnection?
  var hasJoined = false
  var leaves: Instant?
  let staysByPlan: Bool
  var random: Random
  private(set) var tracks: [OfferedTrack] = []

  init(_ setup: ParticipantSetup) throws(SystemError) {
    identity = setup.identity
    role = setup.role
    layers = setup.layers
    certificate = setup.certificate
    leaves = setup.leaves
    staysByPlan = setup.leaves == nil
    random = Random(seed: setup.seed)
    socket = try WebSocketConnection(setup.request)
    makeTracks()
  }

  // MARK: What a server's signalling is to it

  /// Reads and answers what came. True when a peer connection came into being, whose socket must be watched.
  func receive(context: borrowing DTLSContext, at moment: Moment) -> Bool { false }

  /// What must be said now and then, such as that it is still there.
  func advance(at moment: Moment) {}

  /// Says goodbye.
  func leave() {}

  /// Everything that the role needs stands.
  var isReady: Bool {
    hasJoined && (tracks.isEmpty || publisher?.isConnected == true)
      && (!role.listens || subscriber?.isConnected == true)
  }

  var isClosed: Bool { socket.isClosed }

  // MARK: What it sends

  private func makeTracks() {
    if role.speaks {
      tracks.append(
        OfferedTrack(id: "\(identity)-voice", kind: .audio, rids: [], ssrcs: [ssrc()], repairSSRCs: []))
    }
    if role.sharesScreen {
      tracks.append(
        OfferedTrack(
          id: "\(identity)-screen", kind: .video, rids: layers.count > 1 ? layers.map(\.rid) : [],
          ssrcs: layers.map { _ in ssrc() }, repairSSRCs: layers.map { _ in ssrc() }))
    }
  }

  private func ssrc() -> UInt32 { UInt32.random(in: 1...UInt32.max, using: &random) }

  /// The peer connection to publish on, and the offer that describes it; nil without a socket.
  func makeOffer(at moment: Moment) -> String? {
    guard let connection = PeerConnection("\(identity)p", certificate: certificate, seed: random.next(), at: moment)
    else { return nil }
    publisher = connection
    return ClientDescriptions.offer(tracks, connection.end).text
  }

  /// The peer connection to listen on, made when it is first needed.
  func makeSubscriber(at moment: Moment) -> PeerConnection? {
    if subscriber == nil {
      subscriber = PeerConnection("\(identity)s", certificate: certificate, seed: random.next(), at: moment)
    }
    return subscriber
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
