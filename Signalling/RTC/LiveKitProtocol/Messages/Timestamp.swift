// The one well-known protobuf type that LiveKit's messages use.

/// A point in time: seconds since 1970 and nanoseconds.
public struct Timestamp: ProtobufMessage {
  public var seconds: Int64 = 0
  public var nanos: Int32 = 0

  public init() {}

  public mutating func visit(_ fields: inout some FieldVisitor) {
    fields.field(1, "seconds", &seconds)
    fields.field(2, "nanos", &nanos)
  }
}
