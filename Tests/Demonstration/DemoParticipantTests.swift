// The demo's participants against the real control plane: what they say, and what they make of its answers.

import AccessTokens
import Chronology
import Connectivity
import LiveKitProtocol
import MediaContract
import Peer
import Randomness
import Rooms
import SessionDescriptions
import Testing
import Wire

@testable import Demonstration

/// One participant in a room of the control plane, without a process around them.
private final class Scene {
  static let key = APIKey(id: "devkey", secret: "a secret of more than thirty-two bytes")
  static let connection = ConnectionID(rawValue: 1)
  static let ensemble = ["ada", "deniz"]

  var control: ControlNode
  var participant: DemoParticipant
  var plan: MediaPlan?
  var demands: [Demand] = []
  var isGone = false
  var publications: [PublicationParameters] = []
  private var nextGuest: UInt64 = 100
  private var moment = Moment(instant: .origin, wall: WallTime(milliseconds: 1_800_000_000_000))

  init(sharesScreen: Bool = true) {
    var random = Random(seed: 4)
    let configuration = ControlConfiguration(
      keys: [Self.key], shards: [ShardDescription(addresses: ["192.0.2.1"], udpPort: 7882, tcpPort: 7881)],
      certificateDigest: [UInt8](repeating: 0xAB, count: 32), randomBits: { random.next() },
      inflate: { _, _ in nil })
    control = ControlNode(configuration, at: moment)
    participant = DemoParticipant(
      identity: "ada", sharesScreen: sharesScreen, ensemble: Self.ensemble,
      fingerprint: Fingerprint(algorithm: "sha-256", digest: [UInt8](repeating: 0xCD, count: 32)),
      random: Random(seed: 7))
    enter(Self.connection, "ada", mayListen: false)
  }

  func enter(_ connection: ConnectionID, _ identity: String, mayListen: Bool = true) {
    var claims = AccessTokenClaims(joining: "demo", as: identity)
    claims.video?.canSubscribe = mayListen
    claims.setValidity(from: moment.wall, for: .seconds(3600))
    let request = SignalUpgradeRequest(
      path: "/rtc", query: [("access_token", claims.signed(with: Self.key)), ("protocol", "16")])
    guard case .accept(let ticket) = control.admit(request, at: moment) else { return }
    control.opened(connection, ticket, at: moment)
    settle()
  }

  /// A guest comes; the number is for `leave`.
  func guest(_ identity: String) -> ConnectionID {
    nextGuest += 1
    enter(ConnectionID(rawValue: nextGuest), identity)
    // News of participants are gathered for a moment.
    pass(.seconds(5))
    return ConnectionID(rawValue: nextGuest)
  }

  func leave(_ connection: ConnectionID) {
    control.closed(connection, at: moment)
    pass(.seconds(2))
  }

  func pass(_ interval: Interval) {
    moment.instant += interval
    control.advance(to: moment)
    settle()
  }

  /// Carries messages to and fro until nobody has anything to say.
  func settle() {
    while true {
      let effects = control.drainEffects()
      if effects.isEmpty { return }
      for effect in effects {
        switch effect {
        case .send(Self.connection, .binary(let bytes)):
          if let message = (try? SignalResponse(protobuf: bytes))?.message { deliver(message) }
        case .command(_, .setPublication(let parameters)): publications.append(parameters)
        default: break
        }
      }
    }
  }

  func deliver(_ message: SignalResponse.Message) {
    for action in participant.receive(message) {
      switch action {
      case .send(let message):
        var request = SignalRequest()
        request.message = message
        control.received(Self.connection, .binary(request.protobuf), at: moment)
      case .connect(let plan): self.plan = plan
      case .demand(let demand): demands.append(demand)
      case .gone: isGone = true
      }
    }
  }

  func remove() throws {
    var request = RoomParticipantIdentity()
    request.room = "demo"
    request.identity = "ada"
    try control.removeParticipant(request, at: moment)
    settle()
  }

  func mute(_ kind: MediaKind) throws {
    let track = try #require(participant.tracks.first { $0.kind == kind })
    var request = MuteRoomTrackRequest()
    request.room = "demo"
    request.identity = "ada"
    request.trackSid = track.sid
    request.muted = true
    _ = try control.mutePublishedTrack(request, at: moment)
    settle()
  }

  func info() throws -> ParticipantInfo {
    var request = RoomParticipantIdentity()
    request.room = "demo"
    request.identity = "ada"
    return try control.getParticipant(request)
  }
}

struct DemoParticipantTests {
  @Test func `a voice and a screen in three layers are published`() throws {
    let scene = Scene()
    let tracks = try scene.info().tracks
    #expect(tracks.map(\.source) == [.microphone, .screenShare])
    #expect(tracks.last?.width == 1920)
    #expect(tracks.last?.layers.map(\.width) == [480, 960, 1920])
    let screen = try #require(scene.publications.last { $0.kind == .video })
    #expect(screen.encodings.map(\.rid) == ["q", "h", "f"])
    #expect(screen.isScreenShare)
  }

  @Test func `who shares no screen publishes a voice alone`() throws {
    let scene = Scene(sharesScreen: false)
    #expect(try scene.info().tracks.map(\.source) == [.microphone])
    #expect(scene.plan?.screen.isEmpty == true)
  }

  @Test func `the plan names the server's transport and a stream for each encoding`() throws {
    let scene = Scene()
    let plan = try #require(scene.plan)
    #expect(plan.server.candidates.map(\.address.port) == [7882], "UDP only")
    #expect(plan.server.fingerprint.digest == [UInt8](repeating: 0xAB, count: 32))
    #expect(plan.server.role == .client)
    #expect(plan.server.extensions.mid == 4)
    #expect(plan.server.extensions.rid == 10)
    #expect(plan.server.extensions.audioLevel == 1)
    let streams = plan.screen + [try #require(plan.voice)]
    #expect(Set(streams.map(\.ssrc)).count == 4)
    #expect(plan.screen.allSatisfy { $0.retransmission != nil })
  }

  @Test func `nothing is wanted while the demo is among itself`() {
    let scene = Scene()
    scene.enter(ConnectionID(rawValue: 2), "deniz", mayListen: false)
    scene.pass(.seconds(2))
    #expect(scene.demands.allSatisfy { $0.isEmpty })
  }

  @Test func `a guest is played to until the guest leaves`() {
    let scene = Scene()
    let guest = scene.guest("guest")
    #expect(scene.demands.last?.voice == true)
    scene.leave(guest)
    #expect(scene.demands.last?.isEmpty == true)
  }

  @Test func `layers that nobody looks at are left out`() throws {
    let scene = Scene()
    _ = scene.guest("guest")
    var update = SubscribedQualityUpdate()
    update.trackSid = try #require(scene.participant.tracks.last).sid
    update.subscribedQualities = [VideoQuality.low, .medium, .high].map { quality in
      var entry = SubscribedQuality()
      entry.quality = quality
      entry.enabled = quality == .low
      return entry
    }
    scene.deliver(.subscribedQualityUpdate(update))
    #expect(scene.demands.last?.layers == [true, false, false])
    #expect(scene.demands.last?.voice == true)
  }

  @Test func `a track that a moderator mutes falls silent`() throws {
    let scene = Scene()
    _ = scene.guest("guest")
    try scene.mute(.audio)
    #expect(scene.demands.last?.voice == false)
  }

  @Test func `a demand is told once`() {
    let scene = Scene()
    _ = scene.guest("one")
    _ = scene.guest("two")
    scene.pass(.seconds(2))
    #expect(zip(scene.demands, scene.demands.dropFirst()).allSatisfy { $0 != $1 })
  }

  @Test func `removed from the room, it is gone`() throws {
    let scene = Scene()
    #expect(!scene.isGone)
    try scene.remove()
    #expect(scene.isGone)
  }

  @Test func `an answer that cannot be read ends the session`() {
    let scene = Scene()
    var answer = SessionDescription()
    answer.type = "answer"
    answer.sdp = "nonsense"
    scene.deliver(.answer(answer))
    #expect(scene.isGone)
  }
}
