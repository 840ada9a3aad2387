// Every bound and period of the control plane, each with its reason. §8 of the protocol reference names the defaults that
// clients of this protocol are used to.

import Chronology

/// Sizes. What a client can make us keep is bounded here.
public enum RoomLimit {
  /// Bytes of a room name, an identity and a participant's name: clients are told so by the server SDKs.
  public static let name = 256
  /// Bytes of metadata of a room or a participant.
  public static let metadata = 512 * 1024
  /// Bytes of all attribute keys and values of a participant.
  public static let attributes = 64 * 1024
  /// Bytes of a signalling message; a larger one closes the connection.
  public static let signalMessage = 2 * 1024 * 1024
  /// Bytes of an inflated join request.
  public static let joinRequest = 1024 * 1024
  /// Announced tracks without media: a client that exceeds it never gets to its offer.
  public static let pendingTracks = 20
  /// Requests waiting for one client-side track id to come free, and for any.
  public static let queuedTracks = 3
  public static let queuedRequests = 20
  /// Bytes of an announcement: what it says of a track goes to everybody in the room. Clients send some hundred.
  public static let trackRequest = 16 * 1024
  /// Features that an audio track may list; there are seven.
  public static let audioFeatures = 32
  /// Tracks of one participant, published and pending. Far beyond cameras and screens; bounds the SDP too.
  public static let tracks = 64
  /// Codecs of one track: the primary one and a backup.
  public static let codecsPerTrack = 3
  /// Wishes for tracks, settings and permissions that a participant may have on record; the largest room has fewer.
  public static let wishes = 4_096
  /// Bytes of a data-track name, and of the free text of an encoding.
  public static let dataTrackName = 256
  public static let dataTrackEncoding = 32
  /// Data tracks of one participant, and subscriptions to them.
  public static let dataTracks = 128
  public static let dataTrackSubscriptions = 1_024
  /// Bytes of one data packet, as announced in SDP.
  public static let dataPacket = 65_536
  /// Bytes that envelope, topic and destinations add to the payload of an API packet at most.
  public static let packetOverhead = 4_096
  /// Bytes of reliable packets kept for participants whose channel is not open yet, per room and per participant.
  public static let reliableCache = 100_000
  /// Nonces of API data that a room remembers.
  public static let nonces = 100
  /// Participants who left that a room remembers for those who resume.
  public static let departures = 256
  /// Payload of a remote call, bytes: what every client takes in one packet.
  public static let rpcPayload = 15_360
  /// Remote calls waiting for an answer in the whole process.
  public static let pendingCalls = 1_024
  /// Bytes of updates about one participant that go out at once, and that it gains per second. Whoever changes more
  /// than that is told of in batches: a microphone that is muted in a loop, by somebody with half a megabyte of metadata,
  /// must not fill the lines of the others.
  public static let updateBurst = 2 * 1024 * 1024
  public static let updateRate = 64 * 1024
  /// Bytes of one ParticipantUpdate; longer lists are split.
  public static let updateBatch = 128 * 1024
  /// m-lines of one peer connection: more than anybody can watch, and an SDP of a megabyte.
  public static let sections = 600
  /// Rooms of the process. Each is small; the bound stops a client with a wildcard token.
  public static let rooms = 100_000
}

/// Periods and waits.
public struct RoomTimings: Sendable {
  /// Sent to clients: how often they ping, and when they give up. Zero would crash some.
  public var pingInterval: Int32 = 5
  public var pingTimeout: Int32 = 15
  /// From join to the first media connection.
  public var joinTimeout = Interval.seconds(60)
  /// From the failure of a peer connection to the end of the participant.
  public var resumeTimeout = Interval.seconds(5)
  /// From the failure of a peer connection to asking for the resume: a `leave` may be on its way behind the end of DTLS.
  public var failureGrace = Interval.milliseconds(250)
  /// From a server offer to its answer.
  public var negotiationTimeout = Interval.seconds(15)
  /// Before an offer after a quiet time, and between offers.
  public var offerQuiet = Interval.milliseconds(10)
  public var offerSpacing = Interval.milliseconds(150)
  /// Before asking again a client that did not add the m-lines that it was asked for.
  public var fruitlessRequirement = Interval.seconds(5)
  public var tokenRefresh = Interval.seconds(300)
  /// Least life of a refreshed token, seconds.
  public var refreshedTokenLife: Int64 = 600
  public var dynacastDecrease = Interval.seconds(5)
  public var settingsDebounce = Interval.milliseconds(100)
  public var subscriberUpdates = Interval.seconds(3)
  public var roomCounters = Interval.seconds(5)
  public var unknownTrack = Interval.seconds(60)
  public var reliableCache = Interval.seconds(2)
  /// Room lifetimes in seconds when neither token nor API says otherwise.
  public var emptyTimeout: UInt32 = 300
  public var departureTimeout: UInt32 = 20
  public var rpcAcknowledgement = Interval.seconds(2)
  public var rpcResponse = Interval.seconds(10)

  public init() {}
}
