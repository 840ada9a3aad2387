// One call of the server API between the HTTP request and the method: routed, authenticated, decoded, encoded.

import AccessTokens
import LiveKitProtocol

/// A call whose route exists and whose token is genuine. What the token allows is checked against the decoded request.
struct ServiceCall {
  let service: String
  let method: String
  let encoding: ServiceEncoding
  let grant: VideoGrant
  private let body: [UInt8]

  /// - Parameter verify: checks a token.
  init(
    _ request: ServiceRequest, verify: (String) throws(AccessTokenError) -> AccessTokenClaims
  ) throws(ServiceError) {
    (service, method) = try Self.route(request)
    guard let encoding = ServiceEncoding(contentType: request.contentType) else {
      throw Self.badRoute(request, "unexpected Content-Type: \"\(request.contentType)\"")
    }
    self.encoding = encoding
    do throws(AccessTokenError) {
      guard let token = try AccessToken.presented(authorization: request.authorization, query: nil) else {
        throw AccessTokenError.malformed
      }
      grant = try verify(token).video ?? VideoGrant()
    } catch {
      throw request.authorization == nil ? .denied : ServiceError(.unauthenticated, error.text)
    }
    body = request.body
  }

  private static func route(_ request: ServiceRequest) throws(ServiceError) -> (service: String, method: String) {
    guard request.method == "POST" else {
      throw badRoute(request, "unsupported method \"\(request.method)\" (only POST is allowed)")
    }
    let parts = request.path.split(separator: "/")
    let package = "livekit."
    guard parts.count == 3, parts[0] == "twirp", parts[1].hasPrefix(package),
      ServiceDirectory.contains(service: parts[1].dropFirst(package.count), method: parts[2])
    else { throw badRoute(request, "no handler for path \"\(request.path)\"") }
    return (String(parts[1].dropFirst(package.count)), String(parts[2]))
  }

  private static func badRoute(_ request: ServiceRequest, _ message: String) -> ServiceError {
    ServiceError(.badRoute, message, meta: ["twirp_invalid_route": "\(request.method) \(request.path)"])
  }

  func decode<Message: ProtobufMessage>(_ message: Message.Type = Message.self) throws(ServiceError) -> Message {
    switch encoding {
    case .protobuf:
      do { return try Message(protobuf: body) } catch {
        throw ServiceError(.malformed, "the protobuf request could not be decoded")
      }
    case .json:
      do { return try Message(json: body) } catch {
        throw ServiceError(.malformed, "the json request could not be decoded")
      }
    }
  }
}

extension ServiceEncoding {
  func response(_ message: some ProtobufMessage) -> ServiceResponse {
    let body =
      switch self {
      case .protobuf: message.protobuf
      case .json: message.json(.complete)
      }
    return ServiceResponse(status: 200, contentType: contentType, body: body)
  }

  /// The response to a remote procedure call once its outcome is known.
  public func response(toCall outcome: Result<String, ServiceError>) -> ServiceResponse {
    switch outcome {
    case .success(let payload): response(PerformRpcResponse.with { $0.payload = payload })
    case .failure(let error): error.response
    }
  }
}
