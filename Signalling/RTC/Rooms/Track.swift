// A published track from its announcement to its end, with one publication for each codec that it is sent in.

import Chronology
import LiveKitProtocol
import MediaContract

/// A track. Pending until the publisher's peer connection carries it, then announced to the others.
final class PublishedTrack {
  let sid: String
  let publisher: Participant
  let kind: MediaKind
  /// What others see.
  var info: TrackInfo
  /// The first is the primary codec; a second one is the backup for those who cannot decode it.
  var encodings: [TrackEncoding]
  var isAnnounced = false
  /// When the publisher asked for it.
  let requested: Instant
  /// Whether the publisher was told of its first subscriber.
  var subscriptionWasReported = false
  /// By subscriber key.
  var subscriptions: [UInt64: Subscription] = [:]
  var dynacast = Dynacast()
  /// What the media plane last told of it.
  var flow = TrackFlow()

  init(
    sid: String, publisher: Participant, kind: MediaKind, info: TrackInfo, encodings: [TrackEncoding], at now: Instant
  ) {
    self.sid = sid
    self.publisher = publisher
    self.kind = kind
    self.info = info
    self.encodings = encodings
    requested = now
  }

  /// Subscriptions by age of their subscriber.
  var orderedSubscriptions: [Subscription] {
    subscriptions.values.sorted { $0.subscriber.key < $1.subscriber.key }
  }

  /// Publications that media flows in now.
  var live: [TrackEncoding] { encodings.filter { $0.publication != nil } }

  /// The layers that the publisher announced, lowest quality first.
  var layers: [VideoLayer] {
    let codec = info.codecs.first
    return (codec?.layers ?? info.layers).sorted { $0.quality.rawValue < $1.quality.rawValue }
  }

  func encoding(_ publication: PublicationID) -> TrackEncoding? { encodings.first { $0.publication == publication } }

  /// Whether `cid` is one of the ids that the client gave this track.
  func matches(cid: String) -> Bool { !cid.isEmpty && encodings.contains { $0.cid == cid || $0.sdpCid == cid } }
}

/// A track in one codec.
struct TrackEncoding {
  /// The client's id for it, from the announcement.
  var cid: String
  /// The id in its SDP where that is another one.
  var sdpCid = ""
  /// Name as in SDP, lower case ("vp8", "opus"); empty = as negotiated.
  var codecName: String
  /// The m-line, once there is one.
  var mid = ""
  /// Exists while the m-line carries the track.
  var publication: PublicationID?
  /// Codecs that the m-line may carry, the expected one first.
  var formats: [PayloadFormat] = []
  /// How many spatial layers flow: rids, or those of one scalable stream.
  var layerCount = 1
}
