// A participant's session: identity and rights, its connection, its transports, what it publishes and what it wants to see.

import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract

/// One session of one identity. A new join of the identity is a new session with a new sid.
final class Participant {
  /// Rises with every join: the order in which participants appear everywhere.
  let key: UInt64
  let room: Room
  let identity: String
  let sid: String
  let kind: ParticipantInfo.Kind
  let kindDetails: [ParticipantInfo.KindDetail]
  let joinedAt: WallTime
  let client: ClientInfo
  let settings: ConnectionSettings
  /// `/rtc/v1`: one peer connection, offers only from the client.
  let isSinglePeerConnection: Bool
  /// Which peer connection makes the participant active and carries downstream data. Fixed at join, whatever
  /// permissions do later.
  let subscriberIsPrimary: Bool
  /// What the token said; refreshed tokens start from it.
  let claims: AccessTokenClaims

  var name: String
  var metadata: String
  var attributes: [String: String]
  var permission: ParticipantPermission

  var state: ParticipantInfo.State = .joining
  var version: UInt32 = 0
  var isPublisher = false
  var wasActive = false
  var isClosed = false

  /// The WebSocket; nil between the loss of one and a resume.
  var connection: ConnectionID?
  var prefersText = false
  /// The client's last message came then: what happened since is told again on a resume.
  var lastSignal: Instant
  /// Rises with every failure of a peer connection, so that an old timer does not end a resumed session.
  var failures: UInt32 = 0
  var isAwaitingResume = false

  var publisher: Transport
  var subscriber: Transport?

  /// In the order of their announcement; pending ones included.
  var tracks: [PublishedTrack] = []
  /// Requests whose client-side id is still in use by another track.
  var queuedRequests: [AddTrackRequest] = []

  /// Explicit wishes by track sid; absent means as auto-subscribe says.
  var wishes: [String: Bool] = [:]
  var trackSettings: [String: UpdateTrackSettings] = [:]
  var subscriptions: [String: Subscription] = [:]
  /// Who may subscribe to what this participant publishes.
  var audience = Audience()
  /// Tracks that were refused to this participant, so that it hears when the refusal ends.
  var denied: Set<String> = []

  var updates = UpdateBudget()
  var data = DataState()
  var quality = QualityState()
  var simulatedSpeech: Instant?
  /// A test asked for its next resume to fail.
  var simulatesDisconnect = false

  init(
    key: UInt64, room: Room, sid: String, ticket: AdmissionTicket, subscriberIsPrimary: Bool, publisher: Transport,
    at moment: Moment
  ) {
    self.key = key
    self.room = room
    self.sid = sid
    identity = ticket.identity
    kind = ticket.kind
    kindDetails = ticket.claims.kindDetails
    joinedAt = moment.wall
    client = ticket.client
    settings = ticket.settings
    isSinglePeerConnection = ticket.isSinglePeerConnection
    self.subscriberIsPrimary = subscriberIsPrimary
    claims = ticket.claims
    name = ticket.claims.name
    metadata = ticket.metadata
    attributes = ticket.attributes
    permission = ticket.permission
    lastSignal = moment.instant
    self.publisher = publisher
  }

  /// The signalling protocol that the client speaks (§2.9). Higher than known counts as everything known.
  var protocolVersion: Int32 { client.protocol }

  /// The first Rust clients take these messages for garbage and stop.
  var understandsResponses: Bool { client.sdk != .rust || protocolVersion >= 10 }

  var isHidden: Bool { permission.hidden }
  var isAgent: Bool { kind == .agent || permission.agent }
  var isRecorder: Bool { kind == .egress || permission.recorder }
  /// Egress and agents live off others: they neither fill a room nor keep it open.
  var counts: Bool { kind != .egress && !isAgent && !isRecorder }

  /// Where downstream data goes and what decides about `active`.
  var primary: Transport { subscriberIsPrimary ? (subscriber ?? publisher) : publisher }
  /// Where downstream media goes.
  var downstream: Transport? { isSinglePeerConnection ? publisher : subscriber }
  var transports: [Transport] { subscriber.map { [publisher, $0] } ?? [publisher] }

  func track(_ sid: String) -> PublishedTrack? { tracks.first { $0.sid == sid } }

  func mayPublish(_ source: TrackSource) -> Bool {
    guard permission.canPublish else { return false }
    return permission.canPublishSources.isEmpty || permission.canPublishSources.contains(source)
  }

  /// The participant as others see it, at its current version.
  var info: ParticipantInfo {
    var info = ParticipantInfo()
    info.sid = sid
    info.identity = identity
    info.state = state
    info.tracks = tracks.filter(\.isAnnounced).map(\.info)
    info.metadata = metadata
    info.joinedAt = joinedAt.seconds
    info.joinedAtMs = joinedAt.milliseconds
    info.name = name
    info.version = version
    info.permission = permission
    info.isPublisher = isPublisher
    info.kind = kind
    info.kindDetails = kindDetails
    info.attributes = attributes
    info.dataTracks = data.published.map(\.info)
    info.clientProtocol = client.clientProtocol
    info.capabilities = client.capabilities
    return info
  }
}

/// A publisher's say in who may subscribe (`SubscriptionPermission`).
struct Audience {
  /// nil = everybody.
  private var permissions: [TrackPermission]?

  init() {}

  init(_ message: SubscriptionPermission) {
    permissions = message.allParticipants ? nil : message.trackPermissions
  }

  /// Whether the subscriber may have the track. Nobody who is not named may.
  func admits(_ subscriber: Participant, to track: String) -> Bool {
    guard let permissions else { return true }
    return permissions.contains { entry in
      let names =
        entry.participantIdentity.isEmpty
        ? entry.participantSid == subscriber.sid : entry.participantIdentity == subscriber.identity
      return names && (entry.allTracks || entry.trackSids.contains(track))
    }
  }
}
