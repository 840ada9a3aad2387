// Refusals as Twirp writes them: an HTTP status and a JSON body, whatever the request's encoding was.

import JSON

extension ServiceError {
  /// The HTTP status of the code (Twirp specification version 7, "Error Codes").
  public var status: Int {
    switch code {
    case .canceled, .deadlineExceeded: 408
    case .invalidArgument, .malformed, .outOfRange: 400
    case .unauthenticated: 401
    case .permissionDenied: 403
    case .notFound, .badRoute: 404
    case .alreadyExists, .aborted: 409
    case .failedPrecondition: 412
    case .resourceExhausted: 429
    case .unknown, .internal: 500
    case .unimplemented: 501
    case .unavailable, .dataloss: 503
    }
  }

  /// `{"code":…,"msg":…,"meta":{…}}`.
  public var response: ServiceResponse {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("code")
    writer.string(code.rawValue)
    writer.key("msg")
    writer.string(message)
    if !meta.isEmpty {
      writer.key("meta")
      writer.beginObject()
      for (key, value) in meta.sorted(by: { $0.key < $1.key }) {
        writer.key(key)
        writer.string(value)
      }
      writer.endObject()
    }
    writer.endObject()
    return ServiceResponse(status: status, contentType: "application/json", body: writer.bytes)
  }

  /// The one refusal of every missing or insufficient grant; more would tell strangers what exists.
  static let denied = ServiceError(.unauthenticated, "permissions denied")
}
