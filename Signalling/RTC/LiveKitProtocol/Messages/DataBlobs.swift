// Data blobs: small values that participants store in the room.

/// A value under its key.
public struct DataBlob: ProtobufMessage {
  public var key: DataBlobKey?
  public var contents: [UInt8] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "key", &key)
    fields.field(2, "contents", &contents)
  }
}

/// What a blob is stored under.
public struct DataBlobKey: ProtobufMessage {
  public var key: Key?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.choice(1, "generic", &key, Key.generic, \.generic)
    fields.choice(2, "schema_id", &key, Key.schemaId, \.schemaId)
  }

  public enum Key: Sendable, Equatable {
    case generic(String)
    case schemaId(DataTrackSchemaId)

    public var generic: String? { if case .generic(let it) = self { it } else { nil } }
    public var schemaId: DataTrackSchemaId? { if case .schemaId(let it) = self { it } else { nil } }
  }
}

/// A client stores a blob.
public struct StoreDataBlobRequest: ProtobufMessage {
  public var requestId: UInt32 = 0
  public var blob: DataBlob?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "request_id", &requestId)
    fields.field(2, "blob", &blob)
  }
}

/// The blob is stored.
public struct StoreDataBlobResponse: ProtobufMessage {
  public var requestId: UInt32 = 0
  public var key: DataBlobKey?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "request_id", &requestId)
    fields.field(2, "key", &key)
  }
}

/// A client reads a blob.
public struct GetDataBlobRequest: ProtobufMessage {
  public var requestId: UInt32 = 0
  public var participantIdentity = ""
  public var key: DataBlobKey?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "request_id", &requestId)
    fields.field(2, "participant_identity", &participantIdentity)
    fields.field(3, "key", &key)
  }
}

/// The blob.
public struct GetDataBlobResponse: ProtobufMessage {
  public var requestId: UInt32 = 0
  public var blob: DataBlob?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "request_id", &requestId)
    fields.field(2, "blob", &blob)
  }
}
