// Text and byte streams between participants, carried in data packets.

/// The parts of a stream: one header, chunks, one trailer.
public enum DataStream {
  /// What is special about text.
  public struct TextHeader: ProtobufMessage {
    public var operationType = DataStream.OperationType()
    public var version: Int32 = 0
    public var replyToStreamId = ""
    public var attachedStreamIds: [String] = []
    public var generated = false

    public init() {}

    public mutating func visit(_ fields: inout some FieldVisitor) {
      fields.field(1, "operation_type", &operationType)
      fields.field(2, "version", &version)
      fields.field(3, "reply_to_stream_id", &replyToStreamId)
      fields.field(4, "attached_stream_ids", &attachedStreamIds)
      fields.field(5, "generated", &generated)
    }
  }

  /// What is special about bytes.
  public struct ByteHeader: ProtobufMessage {
    public var name = ""

    public init() {}

    public mutating func visit(_ fields: inout some FieldVisitor) {
      fields.field(1, "name", &name)
    }
  }

  /// Opens a stream.
  public struct Header: ProtobufMessage {
    public var streamId = ""
    public var timestamp: Int64 = 0
    public var topic = ""
    public var mimeType = ""
    public var totalLength: UInt64?
    public var encryptionType = Encryption.Kind()
    public var attributes: [String: String] = [:]
    public var contentHeader: ContentHeader?
    public var inlineContent: [UInt8]?
    public var compression = DataStream.CompressionType()

    public init() {}

    public mutating func visit(_ fields: inout some FieldVisitor) {
      fields.field(1, "stream_id", &streamId)
      fields.field(2, "timestamp", &timestamp)
      fields.field(3, "topic", &topic)
      fields.field(4, "mime_type", &mimeType)
      fields.field(5, "total_length", &totalLength)
      fields.field(7, "encryption_type", &encryptionType)
      fields.field(8, "attributes", &attributes)
      fields.choice(9, "text_header", &contentHeader, ContentHeader.textHeader, \.textHeader)
      fields.choice(10, "byte_header", &contentHeader, ContentHeader.byteHeader, \.byteHeader)
      fields.field(11, "inline_content", &inlineContent)
      fields.field(12, "compression", &compression)
    }

    public enum ContentHeader: Sendable, Equatable {
      case textHeader(DataStream.TextHeader)
      case byteHeader(DataStream.ByteHeader)

      public var textHeader: DataStream.TextHeader? { if case .textHeader(let it) = self { it } else { nil } }
      public var byteHeader: DataStream.ByteHeader? { if case .byteHeader(let it) = self { it } else { nil } }
    }
  }

  /// A piece of a stream's content.
  public struct Chunk: ProtobufMessage {
    public var streamId = ""
    public var chunkIndex: UInt64 = 0
    public var content: [UInt8] = []
    public var version: Int32 = 0
    public var iv: [UInt8]?

    public init() {}

    public mutating func visit(_ fields: inout some FieldVisitor) {
      fields.field(1, "stream_id", &streamId)
      fields.field(2, "chunk_index", &chunkIndex)
      fields.field(3, "content", &content)
      fields.field(4, "version", &version)
      fields.field(5, "iv", &iv)
    }
  }

  /// Closes a stream.
  public struct Trailer: ProtobufMessage {
    public var streamId = ""
    public var reason = ""
    public var attributes: [String: String] = [:]

    public init() {}

    public mutating func visit(_ fields: inout some FieldVisitor) {
      fields.field(1, "stream_id", &streamId)
      fields.field(2, "reason", &reason)
      fields.field(3, "attributes", &attributes)
    }
  }

  /// What a text stream does to an earlier one.
  public struct OperationType: ProtobufEnum {
    public static let create = Self(rawValue: 0)
    public static let update = Self(rawValue: 1)
    public static let delete = Self(rawValue: 2)
    public static let reaction = Self(rawValue: 3)

    public static let names = ["CREATE", "UPDATE", "DELETE", "REACTION"]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }

  /// How a stream's content is compressed.
  public struct CompressionType: ProtobufEnum {
    public static let none = Self(rawValue: 0)
    public static let deflateRaw = Self(rawValue: 1)

    public static let names = ["NONE", "DEFLATE_RAW"]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}
