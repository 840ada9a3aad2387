// One participant of the demo room as its signalling sees it: a state machine that speaks what any client speaks, without
// input or output. Frames come in as messages; what is to be done goes out as actions.

import Connectivity
import Cryptography
import LiveKitProtocol
import MediaContract
import Peer
import Randomness
import SessionDescriptions

/// A participant with a microphone and, if it shares one, a screen.
public struct DemoParticipant: Sendable {
  /// What the owner has to do, in order.
  public enum Action: Sendable {
    /// Send this message to the server.
    case send(SignalRequest.Message)
    /// The descriptions are exchanged: connect, and send on these streams.
    case connect(MediaPlan)
    /// What is listened to and looked at now.
    case demand(Demand)
    /// The session is over.
    case gone
  }

  /// Something that it publishes.
  struct Track: Sendable {
    let kind: MediaKind
    let source: TrackSource
    let name: String
    /// The id by which the description and the announcement of the track are one.
    let cid: String
    /// The server's id of the track, once it has one.
    var sid = ""
    var isMuted = false

    init(_ kind: MediaKind, _ source: TrackSource, name: String) {
      self.kind = kind
      self.source = source
      self.name = name
      cid = name
    }
  }

  public let identity: String
  let credentials: ICECredentials
  let fingerprint: Fingerprint
  var tracks: [Track]
  /// SSRCs, numbers of the session.
  var random: Random
  /// Identities that are part of the demo: they are no audience to each other.
  private let ensemble: [String]
  private var audience: Set<String> = []
  /// Layers of the screen that anybody looks at, by quality; the server starts with all of them.
  private var layers = [true, true, true]
  private var told: Demand?

  /// - Parameters:
  ///   - ensemble: identities of all demo participants.
  ///   - fingerprint: of the certificate that its media connection will show.
  ///   - random: for ICE credentials and SSRCs. Seed it from the kernel outside of tests.
  public init(identity: String, sharesScreen: Bool, ensemble: [String], fingerprint: Fingerprint, random: Random) {
    self.identity = identity
    self.ensemble = ensemble
    self.fingerprint = fingerprint
    self.random = random
    tracks = [Track(.audio, .microphone, name: "voice")]
    if sharesScreen { tracks.append(Track(.video, .screenShare, name: "screen")) }
    // RFC 8839 §5.4: at least 4 and 22 characters.
    credentials = ICECredentials(
      usernameFragment: Self.text(8, &self.random), password: Self.text(24, &self.random))
  }

  private static func text(_ count: Int, _ random: inout Random) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    return String((0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
  }

  /// What follows from a message of the server's.
  public mutating func receive(_ message: SignalResponse.Message) -> [Action] {
    switch message {
    case .join(let response): return join(response)
    case .answer(let answer): return plan(from: answer).map { [.connect($0)] + retell() } ?? [.gone]
    case .trackPublished(let response):
      note(sid: response.track?.sid ?? "", of: response.cid)
      return []
    case .update(let update):
      for participant in update.participants { note(participant) }
      return tell()
    case .subscribedQualityUpdate(let update):
      note(update)
      return tell()
    case .mute(let request):
      for index in tracks.indices where tracks[index].sid == request.sid { tracks[index].isMuted = request.muted }
      return tell()
    case .leave: return [.gone]
    default: return []
    }
  }

  // MARK: Publishing

  /// Announces every track, then offers them all at once.
  private mutating func join(_ response: JoinResponse) -> [Action] {
    for participant in response.otherParticipants { note(participant) }
    var offer = SessionDescription()
    offer.type = "offer"
    offer.sdp = makeOffer().text
    offer.id = 1
    return tracks.map { .send(.addTrack(Self.announcement(of: $0))) } + [.send(.offer(offer))]
  }

  private static func announcement(of track: Track) -> AddTrackRequest {
    var request = AddTrackRequest()
    request.cid = track.cid
    request.name = track.name
    request.source = track.source
    request.type = track.kind == .audio ? .audio : .video
    guard track.kind == .video else { return request }
    request.width = UInt32(ScreenRecording.Layout.width)
    request.height = UInt32(ScreenRecording.Layout.height)
    request.layers = ScreenRecording.Layout.bitrates.indices.map { index in
      var layer = VideoLayer()
      let shift = ScreenRecording.Layout.bitrates.count - 1 - index
      layer.quality = VideoQuality(rawValue: Int32(index))
      layer.width = request.width >> shift
      layer.height = request.height >> shift
      layer.bitrate = UInt32(ScreenRecording.Layout.bitrates[index])
      layer.rid = Self.rids[index]
      return layer
    }
    return request
  }

  private mutating func note(sid: String, of cid: String) {
    for index in tracks.indices where tracks[index].cid == cid { tracks[index].sid = sid }
  }

  // MARK: Who listens

  private mutating func note(_ participant: ParticipantInfo) {
    guard !ensemble.contains(participant.identity) else { return }
    if participant.state == .disconnected {
      audience.remove(participant.identity)
    } else if audience.count < Limit.audience {
      audience.insert(participant.identity)
    }
  }

  private mutating func note(_ update: SubscribedQualityUpdate) {
    guard tracks.contains(where: { $0.kind == .video && $0.sid == update.trackSid }) else { return }
    for quality in update.subscribedQualities {
      let index = Int(quality.quality.rawValue)
      if layers.indices.contains(index) { layers[index] = quality.enabled }
    }
  }

  /// The demand, if it is another one than the owner knows.
  private mutating func tell() -> [Action] {
    let isHeard = !audience.isEmpty
    func isMuted(_ kind: MediaKind) -> Bool { tracks.contains { $0.kind == kind && $0.isMuted } }
    let demand = Demand(
      voice: isHeard && !isMuted(.audio), layers: layers.map { $0 && isHeard && !isMuted(.video) })
    guard demand != told else { return [] }
    told = demand
    return [.demand(demand)]
  }

  /// For a connection that knows nothing yet.
  private mutating func retell() -> [Action] {
    told = nil
    return tell()
  }
}

/// What of a participant's media is wanted.
public struct Demand: Sendable, Hashable {
  public var voice = false
  /// Of the screen, lowest quality first.
  public var layers = [false, false, false]

  /// Whether nothing is wanted at all.
  public var isEmpty: Bool { !voice && !layers.contains(true) }
}

/// Everything that the media connection of a participant needs to know.
public struct MediaPlan: Sendable {
  /// Ours, as our description named them.
  public var credentials: ICECredentials
  public var server: ServerParameters
  public var voice: OutgoingParameters?
  /// Layers of the screen, lowest quality first.
  public var screen: [OutgoingParameters]
}

/// Bounds of the demo, each with its reason.
enum Limit {
  /// Listeners that are told apart; whoever is beyond hears all the same.
  static let audience = 4_096
}
