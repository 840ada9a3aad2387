// Data tracks: named streams of small frames beside the media.

/// A client wants to publish a data track under its own handle.
public struct PublishDataTrackRequest: ProtobufMessage {
  public var pubHandle: UInt32 = 0
  public var name = ""
  public var encryption = Encryption.Kind()
  public var frameEncoding: DataTrackFrameEncoding?
  public var schema: DataTrackSchemaId?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "pub_handle", &pubHandle)
    fields.field(2, "name", &name)
    fields.field(3, "encryption", &encryption)
    fields.field(4, "frame_encoding", &frameEncoding)
    fields.field(5, "schema", &schema)
  }
}

/// The data track that a client asked for now exists.
public struct PublishDataTrackResponse: ProtobufMessage {
  public var info: DataTrackInfo?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "info", &info)
  }
}

/// A client ends its data track.
public struct UnpublishDataTrackRequest: ProtobufMessage {
  public var pubHandle: UInt32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "pub_handle", &pubHandle)
  }
}

/// The data track is gone.
public struct UnpublishDataTrackResponse: ProtobufMessage {
  public var info: DataTrackInfo?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "info", &info)
  }
}

/// A client subscribes to data tracks or gives them up.
public struct UpdateDataSubscription: ProtobufMessage {
  public var updates: [Update] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "updates", &updates)
  }

  /// The change for one data track.
  public struct Update: ProtobufMessage {
    public var trackSid = ""
    public var subscribe = false
    public var options: DataTrackSubscriptionOptions?

    public init() {}

    public mutating func visit(_ fields: inout some FieldVisitor) {
      fields.field(1, "track_sid", &trackSid)
      fields.field(2, "subscribe", &subscribe)
      fields.field(3, "options", &options)
    }
  }
}

/// How a subscriber wants a data track.
public struct DataTrackSubscriptionOptions: ProtobufMessage {
  public var targetFps: UInt32?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "target_fps", &targetFps)
  }
}

/// The handles under which a subscriber receives data tracks; always all of them.
public struct DataTrackSubscriberHandles: ProtobufMessage {
  public var subHandles: [UInt32: DataTrackSubscriberHandles.PublishedDataTrack] = [:]

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "sub_handles", &subHandles)
  }

  /// The track behind a handle.
  public struct PublishedDataTrack: ProtobufMessage {
    public var publisherIdentity = ""
    public var publisherSid = ""
    public var trackSid = ""

    public init() {}

    public mutating func visit(_ fields: inout some FieldVisitor) {
      fields.field(1, "publisher_identity", &publisherIdentity)
      fields.field(2, "publisher_sid", &publisherSid)
      fields.field(3, "track_sid", &trackSid)
    }
  }
}

/// A data track's public state.
public struct DataTrackInfo: ProtobufMessage {
  public var pubHandle: UInt32 = 0
  public var sid = ""
  public var name = ""
  public var encryption = Encryption.Kind()
  public var frameEncoding: DataTrackFrameEncoding?
  public var schema: DataTrackSchemaId?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "pub_handle", &pubHandle)
    fields.field(2, "sid", &sid)
    fields.field(3, "name", &name)
    fields.field(4, "encryption", &encryption)
    fields.field(5, "frame_encoding", &frameEncoding)
    fields.field(6, "schema", &schema)
  }
}

/// How the frames of a data track are encoded.
public struct DataTrackFrameEncoding: ProtobufMessage {
  public var value: Value?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.choice(1, "well_known", &value, Value.wellKnown, \.wellKnown)
    fields.choice(2, "custom", &value, Value.custom, \.custom)
  }

  public enum Value: Sendable, Equatable {
    case wellKnown(WellKnownFrameEncoding)
    case custom(String)

    public var wellKnown: WellKnownFrameEncoding? { if case .wellKnown(let it) = self { it } else { nil } }
    public var custom: String? { if case .custom(let it) = self { it } else { nil } }
  }

  /// The encodings with a number.
  public struct WellKnownFrameEncoding: ProtobufEnum {
    public static let unspecified = Self(rawValue: 0)
    public static let ros1 = Self(rawValue: 1)
    public static let cdr = Self(rawValue: 2)
    public static let protobuf = Self(rawValue: 3)
    public static let flatbuffer = Self(rawValue: 4)
    public static let cbor = Self(rawValue: 5)
    public static let msgpack = Self(rawValue: 6)
    public static let json = Self(rawValue: 7)

    public static let names = [
      "WELL_KNOWN_FRAME_ENCODING_UNSPECIFIED", "WELL_KNOWN_FRAME_ENCODING_ROS1", "WELL_KNOWN_FRAME_ENCODING_CDR",
      "WELL_KNOWN_FRAME_ENCODING_PROTOBUF", "WELL_KNOWN_FRAME_ENCODING_FLATBUFFER", "WELL_KNOWN_FRAME_ENCODING_CBOR",
      "WELL_KNOWN_FRAME_ENCODING_MSGPACK", "WELL_KNOWN_FRAME_ENCODING_JSON",
    ]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}

/// The schema of a data track's frames.
public struct DataTrackSchemaId: ProtobufMessage {
  public var name = ""
  public var encoding: DataTrackSchemaEncoding?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "name", &name)
    fields.field(2, "encoding", &encoding)
  }
}

/// The language of a schema.
public struct DataTrackSchemaEncoding: ProtobufMessage {
  public var value: Value?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.choice(1, "well_known", &value, Value.wellKnown, \.wellKnown)
    fields.choice(2, "custom", &value, Value.custom, \.custom)
  }

  public enum Value: Sendable, Equatable {
    case wellKnown(WellKnownSchemaEncoding)
    case custom(String)

    public var wellKnown: WellKnownSchemaEncoding? { if case .wellKnown(let it) = self { it } else { nil } }
    public var custom: String? { if case .custom(let it) = self { it } else { nil } }
  }

  /// The languages with a number.
  public struct WellKnownSchemaEncoding: ProtobufEnum {
    public static let unspecified = Self(rawValue: 0)
    public static let protobuf = Self(rawValue: 1)
    public static let flatbuffer = Self(rawValue: 2)
    public static let ros1Msg = Self(rawValue: 3)
    public static let ros2Msg = Self(rawValue: 4)
    public static let ros2Idl = Self(rawValue: 5)
    public static let omgIdl = Self(rawValue: 6)
    public static let jsonSchema = Self(rawValue: 7)

    public static let names = [
      "WELL_KNOWN_SCHEMA_ENCODING_UNSPECIFIED", "WELL_KNOWN_SCHEMA_ENCODING_PROTOBUF",
      "WELL_KNOWN_SCHEMA_ENCODING_FLATBUFFER", "WELL_KNOWN_SCHEMA_ENCODING_ROS1_MSG",
      "WELL_KNOWN_SCHEMA_ENCODING_ROS2_MSG", "WELL_KNOWN_SCHEMA_ENCODING_ROS2_IDL",
      "WELL_KNOWN_SCHEMA_ENCODING_OMG_IDL", "WELL_KNOWN_SCHEMA_ENCODING_JSON_SCHEMA",
    ]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}
