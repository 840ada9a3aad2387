// The part of a data packet that the server looks at.

/// A `DataPacket` whose value stays the bytes that its sender wrote.
///
/// Forward packets as `Forwarded<DataPacketEnvelope>`: encrypted packets, streams and what later versions of the protocol
/// add then pass byte for byte.
public struct DataPacketEnvelope: ProtobufMessage {
  public var kind = DataPacket.Kind()
  /// Nil when the packet carries nothing, or something that this server does not know.
  public var value: Value?
  public var participantIdentity = ""
  public var destinationIdentities: [String] = []
  public var sequence: UInt32 = 0
  public var participantSid = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "kind", &kind)
    visit(ValueField.user, &fields)
    visit(ValueField.speaker, &fields)
    fields.field(4, "participant_identity", &participantIdentity)
    fields.field(5, "destination_identities", &destinationIdentities)
    for number in ValueField.sipDtmf.rawValue...ValueField.streamTrailer.rawValue {
      visit(ValueField(rawValue: number), &fields)
    }
    fields.field(16, "sequence", &sequence)
    fields.field(17, "participant_sid", &participantSid)
    visit(ValueField.encryptedPacket, &fields)
  }

  private mutating func visit(_ field: ValueField, _ fields: inout some FieldVisitor) {
    fields.choice(
      field.rawValue, "value", &value, { Value(field, $0) }, { $0.field == field ? $0.payload : nil })
  }

  /// The member of the oneof `value` that a packet carries, by its number in `DataPacket`.
  public struct ValueField: RawRepresentable, Hashable, Sendable {
    public static let user = Self(rawValue: 2)
    public static let speaker = Self(rawValue: 3)
    public static let sipDtmf = Self(rawValue: 6)
    public static let transcription = Self(rawValue: 7)
    public static let metrics = Self(rawValue: 8)
    public static let chatMessage = Self(rawValue: 9)
    public static let rpcRequest = Self(rawValue: 10)
    public static let rpcAck = Self(rawValue: 11)
    public static let rpcResponse = Self(rawValue: 12)
    public static let streamHeader = Self(rawValue: 13)
    public static let streamChunk = Self(rawValue: 14)
    public static let streamTrailer = Self(rawValue: 15)
    public static let encryptedPacket = Self(rawValue: 18)

    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
  }

  /// A value as it stands on the wire.
  public struct Value: Sendable, Equatable {
    public var field: ValueField
    /// The protobuf bytes of the member's message.
    public var payload: [UInt8]

    public init(_ field: ValueField, _ payload: [UInt8]) {
      self.field = field
      self.payload = payload
    }

    /// The payload as the message that `field` calls for: a `UserPacket` for `.user` and so on.
    public func decoded<Message: ProtobufMessage>(as message: Message.Type) throws(ProtobufError) -> Message {
      try Message(protobuf: payload)
    }
  }
}
