// Remote procedure calls between participants, carried in data packets.

/// A call.
public struct RpcRequest: ProtobufMessage {
  public var id = ""
  public var method = ""
  public var payload = ""
  public var responseTimeoutMs: UInt32 = 0
  public var version: UInt32 = 0
  public var compressedPayload: [UInt8] = []

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "id", &id)
    fields.field(2, "method", &method)
    fields.field(3, "payload", &payload)
    fields.field(4, "response_timeout_ms", &responseTimeoutMs)
    fields.field(5, "version", &version)
    fields.field(6, "compressed_payload", &compressedPayload)
  }
}

/// The callee has received the call.
public struct RpcAck: ProtobufMessage {
  public var requestId = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "request_id", &requestId)
  }
}

/// The callee's answer.
public struct RpcResponse: ProtobufMessage {
  public var requestId = ""
  public var value: Value?

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "request_id", &requestId)
    fields.choice(2, "payload", &value, Value.payload, \.payload)
    fields.choice(3, "error", &value, Value.error, \.error)
    fields.choice(4, "compressed_payload", &value, Value.compressedPayload, \.compressedPayload)
  }

  public enum Value: Sendable, Equatable {
    case payload(String)
    case error(RpcError)
    case compressedPayload([UInt8])

    public var payload: String? { if case .payload(let it) = self { it } else { nil } }
    public var error: RpcError? { if case .error(let it) = self { it } else { nil } }
    public var compressedPayload: [UInt8]? { if case .compressedPayload(let it) = self { it } else { nil } }
  }
}

/// Why a call failed.
public struct RpcError: ProtobufMessage {
  public var code: UInt32 = 0
  public var message = ""
  public var data = ""

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "code", &code)
    fields.field(2, "message", &message)
    fields.field(3, "data", &data)
  }
}
