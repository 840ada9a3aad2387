// A client of the simulation: its access line, its wishes, and its session where it has one.

import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import Randomness
import Rooms
import SessionDescriptions
import Wire

final class SimulatedClient {
  let index: Int
  var identity: String { "client\(index)" }
  /// `/rtc/v1`.
  let isSingle: Bool
  var uplink: Link
  var downlink: Link
  var session: Session?
  /// It is, or tries to be, in the room.
  var isWanted = false
  /// What it publishes when it may.
  var publishes: [MediaKind]

  init(index: Int, isSingle: Bool, uplink: Link, downlink: Link, publishes: [MediaKind]) {
    self.index = index
    self.isSingle = isSingle
    self.uplink = uplink
    self.downlink = downlink
    self.publishes = publishes
  }
}

/// One session of a client: from its join to its end.
final class Session {
  let client: SimulatedClient
  let number: Int
  var connection: ConnectionID?
  var sid = ""
  var isJoined: Bool { !sid.isEmpty }
  /// The client gave it up, or the server did.
  var isEnded = false
  let publisher: PeerEnd
  let subscriber: PeerEnd?
  var ends: [PeerEnd] { subscriber.map { [publisher, $0] } ?? [publisher] }

  /// What the client last described of the connection that it offers.
  var local = SDP()
  var isOffering = false
  var needsOffer = false
  private(set) var offers: UInt32 = 0
  var tracks: [SimulatedTrack] = []
  var isResuming = false
  var hasResumed = false
  /// When media was last seen to work, or a new attempt was made.
  var lastResume = Instant.origin
  var failingSince: Instant?

  // Data.
  var nextSequence: UInt32 = 1
  var sentData: [(sequence: UInt32, bytes: [UInt8])] = []
  /// The last sequence from each sender's sid.
  var lastReceived: [String: UInt32] = [:]

  // What the client wants of others' tracks.
  var disabled: Set<String> = []

  // The server's view, kept by the simulation as messages reach the server.
  var policy = Policy()
  var transports: [TransportID] = []
  var isReliableOpen = false

  init(_ client: SimulatedClient, number: Int, at moment: Moment, random: inout Random) {
    self.client = client
    self.number = number
    let port = UInt16(10_000 + number * 2)
    let host = UInt32(0x0A00_0001 + client.index)
    publisher = PeerEnd(
      isSubscriber: false, address: SocketAddress(v4: host, port: port), at: moment,
      random: Random(seed: random.next()))
    subscriber =
      client.isSingle
      ? nil
      : PeerEnd(
        isSubscriber: true, address: SocketAddress(v4: host, port: port + 1), at: moment,
        random: Random(seed: random.next()))
    local.sessionID = UInt64(number)
    local.append(.application)
    guard client.isSingle else { return }
    for kind in [MediaKind.audio, .video] {
      for _ in 0..<2 { local.append(.make(kind, .recvonly)) }
    }
  }

  /// The end that the server sends media to.
  var receiver: PeerEnd { subscriber ?? publisher }

  /// The next offer.
  func makeOffer() -> SessionDescription {
    offers += 1
    local.sessionVersion += 1
    local.transport = publisher.transport(.actpass)
    var description = SessionDescription()
    description.type = "offer"
    description.sdp = local.text
    description.id = offers
    return description
  }

  func track(sid: String) -> SimulatedTrack? { tracks.first { $0.sid == sid } }
}

/// Who may get what, as the server has been told.
struct Policy {
  var canPublish = true
  var canSubscribe = true
  /// Identities that may subscribe; nil = everybody.
  var audience: Set<String>?
  /// Tracks that it does not want.
  var unwanted: Set<String> = []
}

/// A change of the policy, in force from the moment when its message is read.
enum PolicyChange {
  case audience(Set<String>?)
  case wish(sid: String, isWanted: Bool)
  case mute(sid: String, Bool)
}
