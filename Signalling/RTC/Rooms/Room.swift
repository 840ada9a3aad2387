// A room while it lives: who is in it, which tracks there are, and what has to be remembered for those who come later.

import Chronology
import LiveKitProtocol

/// A room. Only `ControlNode` refers to it, so it never leaves the control plane's thread.
final class Room {
  let key: UInt64
  let name: String
  let sid: String
  /// The shard that carries all of its media.
  let shard: Int
  let creation: WallTime
  /// Ends every frame that a server makes, so that end-to-end encryption can tell them apart.
  let sifTrailer: [UInt8]
  /// Seconds.
  var emptyTimeout: UInt32
  var departureTimeout: UInt32
  /// 0 = unlimited.
  var maximumParticipants: UInt32
  var metadata = ""
  /// Tracks that belong together share a stream, so that players keep them in step.
  var synchronisesStreams = false
  private(set) var version = TimedVersion()

  /// In the order of joining.
  private(set) var participants: [Participant] = []
  private var byIdentity: [String: Participant] = [:]
  /// Every track by sid, pending ones included.
  var tracks: [String: PublishedTrack] = [:]
  var dataTracks: [String: DataTrack] = [:]

  /// Since when nobody who counts has been here; nil while somebody is.
  var emptySince: Instant?
  /// Whether somebody who counts ever joined: decides which of the two timeouts runs.
  var wasUsed = false
  /// Counters that were last announced.
  var announced = Counters()
  var countersAreScheduled = false
  /// Participants whose arrival or change waits for the next batch, by key.
  var batched: Set<UInt64> = []
  /// Levels of those who speak, by participant key.
  var speaking: [UInt64: Float] = [:]
  var reliablePackets = ReliableCache()
  var nonces = NonceWindow()
  /// Who left lately, oldest first.
  private(set) var departures: [Departure] = []
  var isClosed = false

  struct Counters: Equatable {
    var participants: UInt32 = 0
    var publishers: UInt32 = 0
    var recording = false
  }

  init(
    key: UInt64, name: String, sid: String, shard: Int, sifTrailer: [UInt8], emptyTimeout: UInt32,
    departureTimeout: UInt32, maximumParticipants: UInt32, at moment: Moment
  ) {
    self.key = key
    self.name = name
    self.sid = sid
    self.shard = shard
    self.sifTrailer = sifTrailer
    self.emptyTimeout = emptyTimeout
    self.departureTimeout = departureTimeout
    self.maximumParticipants = maximumParticipants
    creation = moment.wall
    emptySince = moment.instant
    touch(at: moment)
  }

  func participant(_ identity: String) -> Participant? { byIdentity[identity] }

  func participant(sid: String) -> Participant? { participants.first { $0.sid == sid } }

  func add(_ participant: Participant) {
    participants.append(participant)
    byIdentity[participant.identity] = participant
    if participant.counts {
      wasUsed = true
      emptySince = nil
    }
  }

  func remove(_ participant: Participant, at now: Instant) {
    participants.removeAll { $0 === participant }
    if byIdentity[participant.identity] === participant { byIdentity[participant.identity] = nil }
    batched.remove(participant.key)
    speaking[participant.key] = nil
    if emptySince == nil, !participants.contains(where: \.counts) { emptySince = now }
  }

  func remember(departure: Departure) {
    departures.append(departure)
    if departures.count > RoomLimit.departures { departures.removeFirst() }
  }

  /// Marks a change that receivers order by (`TimedVersion`: time, then ticks within it).
  func touch(at moment: Moment) { version = version.next(at: moment.wall) }

  var counters: Counters {
    var result = Counters()
    for participant in participants where !participant.isHidden {
      if participant.counts { result.participants += 1 }
      if participant.isPublisher { result.publishers += 1 }
    }
    result.recording = participants.contains { $0.isRecorder }
    return result
  }

  /// The room as clients and servers see it.
  func info(codecs: [LiveKitProtocol.Codec]) -> LiveKitProtocol.Room {
    let counters = counters
    var info = LiveKitProtocol.Room()
    info.sid = sid
    info.name = name
    info.emptyTimeout = emptyTimeout
    info.departureTimeout = departureTimeout
    info.maxParticipants = maximumParticipants
    info.creationTime = creation.seconds
    info.creationTimeMs = creation.milliseconds
    info.enabledCodecs = codecs
    info.metadata = metadata
    info.numParticipants = counters.participants
    info.numPublishers = counters.publishers
    info.activeRecording = counters.recording
    info.version = version
    return info
  }

  /// When the room ends if nobody comes; nil while somebody is here.
  var expiry: Instant? {
    guard let emptySince else { return nil }
    return emptySince + .seconds(Int64(wasUsed ? departureTimeout : emptyTimeout))
  }

  /// Every announced track, by publishers in their order of joining and then by age.
  var announcedTracks: [PublishedTrack] { participants.flatMap(\.tracks).filter(\.isAnnounced) }
}

extension TimedVersion {
  /// A version later than this one, also when the clock stands still or steps back.
  func next(at wall: WallTime) -> TimedVersion {
    var result = self
    let micros = wall.milliseconds &* 1_000
    if micros > unixMicro {
      result.unixMicro = micros
      result.ticks = 0
    } else {
      result.ticks &+= 1
    }
    return result
  }
}

/// The nonces of the last packets that came through the API: a retried call is delivered once.
struct NonceWindow {
  private var seen: Set<[UInt8]> = []
  private var order: [[UInt8]] = []

  /// Whether the nonce is new; it is remembered. An empty one always is.
  mutating func admit(_ nonce: [UInt8]) -> Bool {
    if nonce.isEmpty { return true }
    guard seen.insert(nonce).inserted else { return false }
    order.append(nonce)
    if order.count > RoomLimit.nonces { seen.remove(order.removeFirst()) }
    return true
  }
}
