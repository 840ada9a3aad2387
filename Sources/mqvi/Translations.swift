// The same things by the names of two modules: web edge and rooms know nothing of each other.

import AccessTokens
import Compression
import Cryptography
import LiveKitProtocol
import MediaContract
import Rooms
import Settings
import WebEdge
import Wire

extension Rooms.ConnectionID {
  init(_ connection: WebEdge.ConnectionID) { self.init(rawValue: connection.rawValue) }
}

extension WebEdge.ConnectionID {
  init(_ connection: Rooms.ConnectionID) { self.init(rawValue: connection.rawValue) }
}

extension SignalUpgradeRequest {
  init(_ request: HTTPRequest) {
    self.init(
      path: request.path, query: QueryString.parse(request.query), authorization: request.headers["authorization"],
      address: request.clientAddress.host)
  }
}

extension ServiceRequest {
  init(_ request: HTTPRequest) {
    self.init(
      method: request.method.rawValue, path: request.path, contentType: request.headers["content-type"] ?? "",
      authorization: request.headers["authorization"], body: request.body)
  }
}

extension HTTPResponse {
  init(_ response: ServiceResponse) {
    self.init(status: response.status, headers: ["Content-Type": response.contentType], body: response.body)
  }
}

extension ControlConfiguration {
  init(_ settings: Settings, key: APIKey, shards: [ShardDescription], certificate: Certificate) throws {
    self.init(
      keys: [key], shards: shards, certificateDigest: certificate.fingerprint.digest, randomBits: SecureRandom.uint64,
      inflate: { try? Compression.inflate($0, .gzip, limit: $1) })
    autoCreate = settings.autoCreateRooms
    timings.emptyTimeout = UInt32(clamping: settings.roomEmptyTimeout)
    timings.departureTimeout = UInt32(clamping: settings.roomDepartureTimeout)
    iceServers = settings.iceServers.map { url in
      var server = ICEServer()
      server.urls = [url]
      return server
    }
  }
}
