// Messages that the server passes on: it reads and changes some fields, everything else goes through as it came.

/// A message together with the fields of it that this server does not know, which survive decoding and encoding.
public struct Forwarded<Message: ProtobufMessage>: Sendable, Equatable {
  public var message: Message
  /// Unknown fields of the outermost message with their tags, in the order of their arrival.
  private var unknownFields: [UInt8]

  /// A message of our own.
  public init(_ message: Message) {
    self.message = message
    unknownFields = []
  }

  public init(protobuf bytes: [UInt8]) throws(ProtobufError) {
    message = Message()
    var decoder = ProtobufDecoder(bytes, keepsUnknownFields: true)
    decoder.fields(of: &message)
    if let failure = decoder.failure { throw failure }
    unknownFields = decoder.unknownFields
  }

  /// The known fields in order, then the unknown ones.
  public var protobuf: [UInt8] { message.protobuf + unknownFields }
}
