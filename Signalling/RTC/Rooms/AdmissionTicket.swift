// What a client asks for when it connects, before and after it was checked.

import AccessTokens
import LiveKitProtocol

/// The HTTP request that wants to become a signalling connection.
public struct SignalUpgradeRequest: Sendable {
  /// Without the query: "/rtc", "/rtc/v1", or either with "/validate".
  public var path: String
  /// Query parameters in order, percent-decoded.
  public var query: [(name: String, value: String)]
  /// The `Authorization` header's value.
  public var authorization: String?
  /// Where the client connects from, for its ClientInfo.
  public var address: String

  public init(
    path: String, query: [(name: String, value: String)], authorization: String? = nil, address: String = ""
  ) {
    self.path = path
    self.query = query
    self.authorization = authorization
    self.address = address
  }

  func value(_ name: String) -> String? { query.first { $0.name == name }?.value }

  /// Exactly "1" and "true" are true.
  func flag(_ name: String) -> Bool? { value(name).map { $0 == "1" || $0 == "true" } }
}

/// The verdict on a request, reached before the upgrade.
public enum Admission: Sendable {
  case accept(AdmissionTicket)
  /// Answer with this status and plain text instead.
  case refuse(status: Int, text: String)
}

/// A checked request: everything that `opened` needs.
public struct AdmissionTicket: Sendable {
  public internal(set) var roomName: String
  public internal(set) var identity: String
  var claims: AccessTokenClaims
  var kind: ParticipantInfo.Kind
  var permission: ParticipantPermission
  var client: ClientInfo
  var settings: ConnectionSettings
  var isSinglePeerConnection: Bool
  var metadata: String
  var attributes: [String: String]
  /// The query asked for JSON with `frames=json`: a page that only writes JSON must be able to read the first frame too,
  /// which comes before it wrote any. Our own addition to the protocol.
  var prefersText = false
  var isReconnect = false
  /// The sid that the client believes to have; empty where it does not say.
  var participantSid = ""
  var addTrackRequests: [AddTrackRequest] = []
  var publisherOffer: SessionDescription?
  var syncState: SyncState?
}
