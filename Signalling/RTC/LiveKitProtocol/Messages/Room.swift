// A room as others see it.

/// A room's public state. Times without suffix in seconds since 1970, timeouts in seconds.
public struct Room: ProtobufMessage {
  public var sid = ""
  public var name = ""
  public var emptyTimeout: UInt32 = 0
  public var maxParticipants: UInt32 = 0
  public var creationTime: Int64 = 0
  public var turnPassword = ""
  public var enabledCodecs: [Codec] = []
  public var metadata = ""
  public var numParticipants: UInt32 = 0
  public var activeRecording = false
  public var numPublishers: UInt32 = 0
  public var version: TimedVersion?
  public var departureTimeout: UInt32 = 0
  public var creationTimeMs: Int64 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "sid", &sid)
    fields.field(2, "name", &name)
    fields.field(3, "empty_timeout", &emptyTimeout)
    fields.field(4, "max_participants", &maxParticipants)
    fields.field(5, "creation_time", &creationTime)
    fields.field(6, "turn_password", &turnPassword)
    fields.field(7, "enabled_codecs", &enabledCodecs)
    fields.field(8, "metadata", &metadata)
    fields.field(9, "num_participants", &numParticipants)
    fields.field(10, "active_recording", &activeRecording)
    fields.field(11, "num_publishers", &numPublishers)
    fields.field(13, "version", &version)
    fields.field(14, "departure_timeout", &departureTimeout)
    fields.field(15, "creation_time_ms", &creationTimeMs)
  }
}

/// A codec by MIME type, with its format parameters.
public struct Codec: ProtobufMessage {
  public var mime = ""
  public var fmtpLine = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "mime", &mime)
    fields.field(2, "fmtp_line", &fmtpLine)
  }
}

/// A version that orders changes of one object: time in microseconds, then ticks.
public struct TimedVersion: ProtobufMessage {
  public var unixMicro: Int64 = 0
  public var ticks: Int32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "unix_micro", &unixMicro)
    fields.field(2, "ticks", &ticks)
  }
}
