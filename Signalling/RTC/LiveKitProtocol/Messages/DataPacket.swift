// The packets of the reliable and lossy data channels.
//
// The server reads the envelope and forwards the value: `DataPacketEnvelope` does that without decoding it.

/// One message of a data channel.
public struct DataPacket: ProtobufMessage {
  public var kind = Kind()
  public var value: Value?
  public var participantIdentity = ""
  public var destinationIdentities: [String] = []
  public var sequence: UInt32 = 0
  public var participantSid = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "kind", &kind)
    fields.choice(2, "user", &value, Value.user, \.user)
    fields.choice(3, "speaker", &value, Value.speaker, \.speaker)
    fields.field(4, "participant_identity", &participantIdentity)
    fields.field(5, "destination_identities", &destinationIdentities)
    fields.choice(6, "sip_dtmf", &value, Value.sipDtmf, \.sipDtmf)
    fields.choice(7, "transcription", &value, Value.transcription, \.transcription)
    fields.choice(8, "metrics", &value, Value.metrics, \.metrics)
    fields.choice(9, "chat_message", &value, Value.chatMessage, \.chatMessage)
    fields.choice(10, "rpc_request", &value, Value.rpcRequest, \.rpcRequest)
    fields.choice(11, "rpc_ack", &value, Value.rpcAck, \.rpcAck)
    fields.choice(12, "rpc_response", &value, Value.rpcResponse, \.rpcResponse)
    fields.choice(13, "stream_header", &value, Value.streamHeader, \.streamHeader)
    fields.choice(14, "stream_chunk", &value, Value.streamChunk, \.streamChunk)
    fields.choice(15, "stream_trailer", &value, Value.streamTrailer, \.streamTrailer)
    fields.field(16, "sequence", &sequence)
    fields.field(17, "participant_sid", &participantSid)
    fields.choice(18, "encrypted_packet", &value, Value.encryptedPacket, \.encryptedPacket)
  }

  public enum Value: Sendable, Equatable {
    case user(UserPacket)
    case speaker(ActiveSpeakerUpdate)
    case sipDtmf(SipDTMF)
    case transcription(Transcription)
    case metrics(MetricsBatch)
    case chatMessage(ChatMessage)
    case rpcRequest(RpcRequest)
    case rpcAck(RpcAck)
    case rpcResponse(RpcResponse)
    case streamHeader(DataStream.Header)
    case streamChunk(DataStream.Chunk)
    case streamTrailer(DataStream.Trailer)
    case encryptedPacket(EncryptedPacket)

    public var user: UserPacket? { if case .user(let it) = self { it } else { nil } }
    public var speaker: ActiveSpeakerUpdate? { if case .speaker(let it) = self { it } else { nil } }
    public var sipDtmf: SipDTMF? { if case .sipDtmf(let it) = self { it } else { nil } }
    public var transcription: Transcription? { if case .transcription(let it) = self { it } else { nil } }
    public var metrics: MetricsBatch? { if case .metrics(let it) = self { it } else { nil } }
    public var chatMessage: ChatMessage? { if case .chatMessage(let it) = self { it } else { nil } }
    public var rpcRequest: RpcRequest? { if case .rpcRequest(let it) = self { it } else { nil } }
    public var rpcAck: RpcAck? { if case .rpcAck(let it) = self { it } else { nil } }
    public var rpcResponse: RpcResponse? { if case .rpcResponse(let it) = self { it } else { nil } }
    public var streamHeader: DataStream.Header? { if case .streamHeader(let it) = self { it } else { nil } }
    public var streamChunk: DataStream.Chunk? { if case .streamChunk(let it) = self { it } else { nil } }
    public var streamTrailer: DataStream.Trailer? { if case .streamTrailer(let it) = self { it } else { nil } }
    public var encryptedPacket: EncryptedPacket? { if case .encryptedPacket(let it) = self { it } else { nil } }
  }

  /// Which channel a packet uses. Clients fill it in wrongly; the channel itself decides.
  public struct Kind: ProtobufEnum {
    public static let reliable = Self(rawValue: 0)
    public static let lossy = Self(rawValue: 1)

    public static let names = ["RELIABLE", "LOSSY"]

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }
}

/// An application's own message.
public struct UserPacket: ProtobufMessage {
  public var participantSid = ""
  public var payload: [UInt8] = []
  public var destinationSids: [String] = []
  public var topic: String?
  public var participantIdentity = ""
  public var destinationIdentities: [String] = []
  public var id: String?
  public var startTime: UInt64?
  public var endTime: UInt64?
  public var nonce: [UInt8] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "participant_sid", &participantSid)
    fields.field(2, "payload", &payload)
    fields.field(3, "destination_sids", &destinationSids)
    fields.field(4, "topic", &topic)
    fields.field(5, "participant_identity", &participantIdentity)
    fields.field(6, "destination_identities", &destinationIdentities)
    fields.field(8, "id", &id)
    fields.field(9, "start_time", &startTime)
    fields.field(10, "end_time", &endTime)
    fields.field(11, "nonce", &nonce)
  }
}

/// Speakers, in the oldest form of the protocol.
public struct ActiveSpeakerUpdate: ProtobufMessage {
  public var speakers: [SpeakerInfo] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "speakers", &speakers)
  }
}

/// A telephone key.
public struct SipDTMF: ProtobufMessage {
  public var code: UInt32 = 0
  public var digit = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(3, "code", &code)
    fields.field(4, "digit", &digit)
  }
}

/// Speech as text.
public struct Transcription: ProtobufMessage {
  public var transcribedParticipantIdentity = ""
  public var trackId = ""
  public var segments: [TranscriptionSegment] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(2, "transcribed_participant_identity", &transcribedParticipantIdentity)
    fields.field(3, "track_id", &trackId)
    fields.field(4, "segments", &segments)
  }
}

/// A piece of a transcription.
public struct TranscriptionSegment: ProtobufMessage {
  public var id = ""
  public var text = ""
  public var startTime: UInt64 = 0
  public var endTime: UInt64 = 0
  public var final = false
  public var language = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "id", &id)
    fields.field(2, "text", &text)
    fields.field(3, "start_time", &startTime)
    fields.field(4, "end_time", &endTime)
    fields.field(5, "final", &final)
    fields.field(6, "language", &language)
  }
}

/// A chat message, possibly an edit of an earlier one.
public struct ChatMessage: ProtobufMessage {
  public var id = ""
  public var timestamp: Int64 = 0
  public var editTimestamp: Int64?
  public var message = ""
  public var deleted = false
  public var generated = false

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "id", &id)
    fields.field(2, "timestamp", &timestamp)
    fields.field(3, "edit_timestamp", &editTimestamp)
    fields.field(4, "message", &message)
    fields.field(5, "deleted", &deleted)
    fields.field(6, "generated", &generated)
  }
}

/// A value that only participants can read.
public struct EncryptedPacket: ProtobufMessage {
  public var encryptionType = Encryption.Kind()
  public var iv: [UInt8] = []
  public var keyIndex: UInt32 = 0
  public var encryptedValue: [UInt8] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "encryption_type", &encryptionType)
    fields.field(2, "iv", &iv)
    fields.field(3, "key_index", &keyIndex)
    fields.field(4, "encrypted_value", &encryptedValue)
  }
}

/// What an `EncryptedPacket` holds once decrypted.
public struct EncryptedPacketPayload: ProtobufMessage {
  public var value: Value?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.choice(1, "user", &value, Value.user, \.user)
    fields.choice(3, "chat_message", &value, Value.chatMessage, \.chatMessage)
    fields.choice(4, "rpc_request", &value, Value.rpcRequest, \.rpcRequest)
    fields.choice(5, "rpc_ack", &value, Value.rpcAck, \.rpcAck)
    fields.choice(6, "rpc_response", &value, Value.rpcResponse, \.rpcResponse)
    fields.choice(7, "stream_header", &value, Value.streamHeader, \.streamHeader)
    fields.choice(8, "stream_chunk", &value, Value.streamChunk, \.streamChunk)
    fields.choice(9, "stream_trailer", &value, Value.streamTrailer, \.streamTrailer)
  }

  public enum Value: Sendable, Equatable {
    case user(UserPacket)
    case chatMessage(ChatMessage)
    case rpcRequest(RpcRequest)
    case rpcAck(RpcAck)
    case rpcResponse(RpcResponse)
    case streamHeader(DataStream.Header)
    case streamChunk(DataStream.Chunk)
    case streamTrailer(DataStream.Trailer)

    public var user: UserPacket? { if case .user(let it) = self { it } else { nil } }
    public var chatMessage: ChatMessage? { if case .chatMessage(let it) = self { it } else { nil } }
    public var rpcRequest: RpcRequest? { if case .rpcRequest(let it) = self { it } else { nil } }
    public var rpcAck: RpcAck? { if case .rpcAck(let it) = self { it } else { nil } }
    public var rpcResponse: RpcResponse? { if case .rpcResponse(let it) = self { it } else { nil } }
    public var streamHeader: DataStream.Header? { if case .streamHeader(let it) = self { it } else { nil } }
    public var streamChunk: DataStream.Chunk? { if case .streamChunk(let it) = self { it } else { nil } }
    public var streamTrailer: DataStream.Trailer? { if case .streamTrailer(let it) = self { it } else { nil } }
  }
}
