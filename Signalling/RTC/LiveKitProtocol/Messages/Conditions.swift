// What the server observes in a room and tells its participants: speakers, quality, paused streams.

/// Participants who started, stopped or changed speaking.
public struct SpeakersChanged: ProtobufMessage {
  public var speakers: [SpeakerInfo] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "speakers", &speakers)
  }
}

/// How loud a participant speaks: 0 to 1.
public struct SpeakerInfo: ProtobufMessage {
  public var sid = ""
  public var level: Float = 0
  public var active = false

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "sid", &sid)
    fields.field(2, "level", &level)
    fields.field(3, "active", &active)
  }
}

/// The connections of participants got better or worse.
public struct ConnectionQualityUpdate: ProtobufMessage {
  public var updates: [ConnectionQualityInfo] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "updates", &updates)
  }
}

/// One participant's connection. The score is a mean opinion score, 1 to 4.5.
public struct ConnectionQualityInfo: ProtobufMessage {
  public var participantSid = ""
  public var quality = ConnectionQuality()
  public var score: Float = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "participant_sid", &participantSid)
    fields.field(2, "quality", &quality)
    fields.field(3, "score", &score)
  }
}

/// How good a connection is. The numbers are not in order of quality.
public struct ConnectionQuality: ProtobufEnum {
  public static let poor = Self(rawValue: 0)
  public static let good = Self(rawValue: 1)
  public static let excellent = Self(rawValue: 2)
  public static let lost = Self(rawValue: 3)

  public static let names = ["POOR", "GOOD", "EXCELLENT", "LOST"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// The server paused or resumed subscribed streams.
public struct StreamStateUpdate: ProtobufMessage {
  public var streamStates: [StreamStateInfo] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "stream_states", &streamStates)
  }
}

/// One subscribed stream.
public struct StreamStateInfo: ProtobufMessage {
  public var participantSid = ""
  public var trackSid = ""
  public var state = StreamState()

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "participant_sid", &participantSid)
    fields.field(2, "track_sid", &trackSid)
    fields.field(3, "state", &state)
  }
}

/// Whether a subscribed stream flows.
public struct StreamState: ProtobufEnum {
  public static let active = Self(rawValue: 0)
  public static let paused = Self(rawValue: 1)

  public static let names = ["ACTIVE", "PAUSED"]

  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}
