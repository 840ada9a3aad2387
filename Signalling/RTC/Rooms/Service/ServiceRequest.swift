// The server API as values: an HTTP request goes in, a response comes out, and no socket is near.

/// A request below `/twirp/`.
public struct ServiceRequest: Sendable {
  /// "POST".
  public var method: String
  /// Without the query: "/twirp/livekit.RoomService/CreateRoom".
  public var path: String
  /// The `Content-Type` header, as it came.
  public var contentType: String
  /// The `Authorization` header, as it came.
  public var authorization: String?
  public var body: [UInt8]

  public init(method: String, path: String, contentType: String, authorization: String?, body: [UInt8]) {
    self.method = method
    self.path = path
    self.contentType = contentType
    self.authorization = authorization
    self.body = body
  }
}

/// What to answer.
public struct ServiceResponse: Sendable, Equatable {
  public var status: Int
  public var contentType: String
  public var body: [UInt8]
}

/// A response, or the promise of one.
public enum ServiceAnswer: Sendable {
  case now(ServiceResponse)
  /// The response comes with `Effect.serviceReply` for the token of the request: give its result to
  /// `ServiceEncoding.response(toCall:)`.
  case later(ServiceEncoding)
}

/// How the messages of a call are encoded; responses use the encoding of their request.
public enum ServiceEncoding: Sendable, Equatable {
  case protobuf
  case json

  /// From a `Content-Type` header, whose parameters do not matter.
  init?(contentType: String) {
    switch contentType.prefix(while: { $0 != ";" && $0 != " " }).lowercased() {
    case "application/protobuf": self = .protobuf
    case "application/json": self = .json
    default: return nil
    }
  }

  var contentType: String {
    switch self {
    case .protobuf: "application/protobuf"
    case .json: "application/json"
    }
  }
}

/// What a caller may make the server hold.
public enum ServiceLimit {
  /// Bytes of a request's body. Room metadata and 64 kB packets are the largest honest contents; clients of this protocol
  /// are used to 10 MiB.
  public static let body = 10 * 1024 * 1024
}
