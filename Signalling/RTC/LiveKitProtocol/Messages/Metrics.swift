// Measurements that clients share, carried in data packets.

/// Measurements; numbers that are indices point into `strData`.
public struct MetricsBatch: ProtobufMessage {
  public var timestampMs: Int64 = 0
  public var normalizedTimestamp: Timestamp?
  public var strData: [String] = []
  public var timeSeries: [TimeSeriesMetric] = []
  public var events: [EventMetric] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "timestamp_ms", &timestampMs)
    fields.field(2, "normalized_timestamp", &normalizedTimestamp)
    fields.field(3, "str_data", &strData)
    fields.field(4, "time_series", &timeSeries)
    fields.field(5, "events", &events)
  }
}

/// One measured quantity over time.
public struct TimeSeriesMetric: ProtobufMessage {
  public var label: UInt32 = 0
  public var participantIdentity: UInt32 = 0
  public var trackSid: UInt32 = 0
  public var samples: [MetricSample] = []
  public var rid: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "label", &label)
    fields.field(2, "participant_identity", &participantIdentity)
    fields.field(3, "track_sid", &trackSid)
    fields.field(4, "samples", &samples)
    fields.field(5, "rid", &rid)
  }
}

/// One measurement.
public struct MetricSample: ProtobufMessage {
  public var timestampMs: Int64 = 0
  public var normalizedTimestamp: Timestamp?
  public var value: Float = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "timestamp_ms", &timestampMs)
    fields.field(2, "normalized_timestamp", &normalizedTimestamp)
    fields.field(3, "value", &value)
  }
}

/// Something that happened during a span of time.
public struct EventMetric: ProtobufMessage {
  public var label: UInt32 = 0
  public var participantIdentity: UInt32 = 0
  public var trackSid: UInt32 = 0
  public var startTimestampMs: Int64 = 0
  public var endTimestampMs: Int64?
  public var normalizedStartTimestamp: Timestamp?
  public var normalizedEndTimestamp: Timestamp?
  public var metadata = ""
  public var rid: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "label", &label)
    fields.field(2, "participant_identity", &participantIdentity)
    fields.field(3, "track_sid", &trackSid)
    fields.field(4, "start_timestamp_ms", &startTimestampMs)
    fields.field(5, "end_timestamp_ms", &endTimestampMs)
    fields.field(6, "normalized_start_timestamp", &normalizedStartTimestamp)
    fields.field(7, "normalized_end_timestamp", &normalizedEndTimestamp)
    fields.field(8, "metadata", &metadata)
    fields.field(9, "rid", &rid)
  }
}
