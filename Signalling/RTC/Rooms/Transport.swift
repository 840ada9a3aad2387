// One peer connection as the control plane knows it: credentials, state, and what each of its m-lines is used for.

import Chronology
import MediaContract
import SessionDescriptions

/// A peer connection of a participant.
final class Transport {
  let id: TransportID
  var usernameFragment: String
  var password: String
  var state: TransportState?
  /// The media plane knows of it.
  var isOpen = false
  /// Whether ICE ever came up: decides what the loss of the socket means.
  var wasConnected = false
  /// The other side's fragment: another one in a later description is an ICE restart.
  var remoteUsernameFragment: String?
  var sections: [Section] = []
  /// `o=` of our descriptions: one session, a version for each.
  let sessionID: UInt64
  var descriptionVersion: UInt64 = 1
  /// Server offers (v0) and section requirements (v1) that are on their way.
  var negotiation = NegotiationState()

  init(id: TransportID, usernameFragment: String, password: String, sessionID: UInt64) {
    self.id = id
    self.sessionID = sessionID
    self.usernameFragment = usernameFragment
    self.password = password
  }

  func section(mid: String) -> Int? { sections.firstIndex { $0.mid == mid } }

  /// Mid to track sid for everything that we send: clients want the whole map every time.
  var midToTrackID: [String: String] {
    var map: [String: String] = [:]
    for section in sections {
      if case .sending(let subscription) = section.use { map[section.mid] = subscription.track.sid }
    }
    return map
  }
}

/// One m-line.
struct Section {
  /// What it is for.
  enum Use {
    /// Nothing flows. The client may want to receive on it.
    case idle
    /// The client sends, and no announced track fits yet.
    case unclaimed
    case receiving(PublishedTrack, publication: PublicationID)
    case sending(Subscription)
    case application
  }

  var mid: String
  /// nil = application.
  var kind: MediaKind?
  var use: Use = .idle
  /// The client's id of the track that it sends here (second msid token); empty where it names none.
  var remoteTrackID = ""
  /// The client's id of a track that we ended while it was sent here. Until the client stops, what comes is still that
  /// track, and not another one that was announced under another id.
  var endedTrackID = ""
  /// Encodings that it sends here, lowest quality first.
  var encodings: [Encoding] = []
  /// Whether the client would receive here (v1: recvonly in its last offer).
  var isReceivable = false
  /// Whether the client knows a stream of ours here, and whether our last description has one. A client notices a new
  /// stream only on a section that was inactive before (WebRTC 1.0 §4.4.1.5, "process the addition of a remote track"):
  /// until it saw the end of the old stream, the section is not free.
  var isOccupied = false
  var describesStream = false
  /// What we offered last (v0), so that an idle section keeps its payload types.
  var offered: [PayloadFormat] = []
  /// What the two ends agreed on; empty until they did.
  var formats: [PayloadFormat] = []
  var extensions = HeaderExtensionIDs()
  var feedback = FeedbackSupport()

  init(mid: String, kind: MediaKind?) {
    self.mid = mid
    self.kind = kind
  }

  /// Whether a stream of this kind may begin here.
  func isFree(for kind: MediaKind) -> Bool {
    guard case .idle = use else { return false }
    return isReceivable && !isOccupied && self.kind == kind
  }
}

/// The state of the offers that we make, or ask for.
struct NegotiationState {
  /// The last offer's number; they count from 1.
  var offer: UInt32 = 0
  /// An answer (v0) or an offer (v1) is awaited.
  var isOutstanding = false
  /// Something changed since.
  var isNeeded = false
  var isScheduled = false
  var lastStart: Instant?
  /// Sections asked for since the last answer (v1).
  var requestedAudios = 0
  var requestedVideos = 0
}
