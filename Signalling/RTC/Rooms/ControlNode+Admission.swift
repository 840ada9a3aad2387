// Everything that can refuse a client, before its connection is upgraded (§1.3, §2.3–2.7). The validate endpoints run the
// same code, because clients show their users the text that those answer.

import AccessTokens
import Chronology
import LiveKitProtocol

/// A refusal on its way out of the checks.
struct Refusal: Error {
  var status: Int
  var text: String

  init(_ status: Int, _ text: String) {
    self.status = status
    self.text = text
  }
}

extension ControlNode {
  /// Whether this is a path of the signalling endpoint, and whether it only asks for the verdict.
  public static func route(_ path: String) -> (isSingle: Bool, isValidation: Bool)? {
    switch path.hasPrefix("//") ? String(path.dropFirst()) : path {
    case "/rtc", "/rtc/": (false, false)
    case "/rtc/v1", "/rtc/v1/": (true, false)
    case "/rtc/validate": (false, true)
    case "/rtc/v1/validate": (true, true)
    default: nil
    }
  }

  /// Checks a request to connect. Nothing changes by it: the session begins with `opened`.
  public mutating func admit(_ request: SignalUpgradeRequest, at moment: Moment) -> Admission {
    now = moment
    do throws(Refusal) {
      return .accept(try ticket(for: request))
    } catch {
      return .refuse(status: error.status, text: error.text)
    }
  }

  /// The answer of the validate endpoints: 200 "success", or what the upgrade would be refused with.
  public mutating func validate(_ request: SignalUpgradeRequest, at moment: Moment) -> (status: Int, text: String) {
    switch admit(request, at: moment) {
    case .accept: (200, "success")
    case .refuse(let status, let text): (status, text)
    }
  }

  private func ticket(for request: SignalUpgradeRequest) throws(Refusal) -> AdmissionTicket {
    guard let route = Self.route(request.path) else { throw Refusal(404, "not found") }
    guard let claims = try claims(of: request) else { throw Refusal(401, "no permissions to access the room") }
    guard let grant = claims.video, grant.roomJoin else { throw Refusal(401, "permissions denied") }
    var identity = claims.identity
    if identity.isEmpty { throw Refusal(400, "identity cannot be empty") }
    if identity.utf8.count > RoomLimit.name {
      throw Refusal(400, "identity cannot be longer than \(RoomLimit.name) characters")
    }
    if grant.room.isEmpty { throw Refusal(400, "no room name") }
    if grant.room.utf8.count > RoomLimit.name {
      throw Refusal(400, "room name cannot be longer than \(RoomLimit.name) characters")
    }
    if claims.name.utf8.count > RoomLimit.name {
      throw Refusal(400, "participant name cannot be longer than \(RoomLimit.name) characters")
    }
    var permission = grant.permission
    if claims.kind == .agent { permission.agent = true }
    if let value = request.value("publish"), !value.isEmpty {
      // The old second connection that only publishes.
      identity += "#" + value
      permission.canSubscribe = false
    }
    var ticket = AdmissionTicket(
      roomName: grant.room, identity: identity, claims: claims, kind: claims.kind, permission: permission,
      client: ClientInfo(), settings: ConnectionSettings(), isSinglePeerConnection: false,
      metadata: claims.metadata, attributes: claims.attributes)
    if let text = request.value("join_request"), !text.isEmpty {
      try read(joinRequest: text, into: &ticket)
    } else if route.isSingle {
      throw Refusal(400, "join_request is required")
    } else {
      readQuery(of: request, into: &ticket)
    }
    ticket.client.address = request.address
    ticket.prefersText = request.value("frames") == "json"
    try checkSizes(of: ticket)
    try checkRoom(for: ticket)
    return ticket
  }

  /// Nil where the request carries no token.
  private func claims(of request: SignalUpgradeRequest) throws(Refusal) -> AccessTokenClaims? {
    do throws(AccessTokenError) {
      let token = try AccessToken.presented(
        authorization: request.authorization, query: request.value("access_token"))
      guard let token else { return nil }
      return try AccessTokenClaims(verifying: token, at: now.wall) { id in
        configuration.keys.first { $0.id == id }?.secret
      }
    } catch {
      throw Refusal(401, error.text)
    }
  }

  private func checkSizes(of ticket: AdmissionTicket) throws(Refusal) {
    if ticket.metadata.utf8.count > RoomLimit.metadata { throw Refusal(400, "metadata size exceeds limits") }
    if ticket.attributes.byteCount > RoomLimit.attributes { throw Refusal(400, "attributes size exceeds limits") }
    if ticket.addTrackRequests.count > RoomLimit.pendingTracks { throw Refusal(400, "too many tracks") }
  }

  private func checkRoom(for ticket: AdmissionTicket) throws(Refusal) {
    guard let room = rooms[ticket.roomName] else {
      guard configuration.autoCreate else { throw Refusal(404, "requested room does not exist") }
      if rooms.count >= RoomLimit.rooms { throw Refusal(503, "too many rooms") }
      return
    }
    if isFull(room, for: ticket) { throw Refusal(503, "room has reached its maximum number of participants") }
  }

  /// Whether one more participant would be too many. Replacing or resuming a session is not one more.
  func isFull(_ room: Room, for ticket: AdmissionTicket) -> Bool {
    guard room.maximumParticipants > 0, room.participant(ticket.identity) == nil, !ticket.isReconnect else {
      return false
    }
    let isDependent =
      ticket.kind == .egress || ticket.kind == .agent || ticket.permission.agent || ticket.permission.recorder
    return !isDependent && room.participants.count(where: \.counts) >= Int(room.maximumParticipants)
  }

  // MARK: What the client says of itself

  private func readQuery(of request: SignalUpgradeRequest, into ticket: inout AdmissionTicket) {
    var client = ClientInfo()
    client.sdk = ClientInfo.SDK(queryName: request.value("sdk") ?? "")
    client.version = request.value("version") ?? ""
    client.protocol = Int32(request.value("protocol") ?? "") ?? 0
    client.os = request.value("os") ?? ""
    client.osVersion = request.value("os_version") ?? ""
    client.deviceModel = request.value("device_model") ?? ""
    client.browser = request.value("browser") ?? ""
    client.browserVersion = request.value("browser_version") ?? ""
    client.network = request.value("network") ?? ""
    client.clientProtocol = Int32(request.value("client_protocol") ?? "") ?? 0
    client.capabilities = (request.value("capabilities") ?? "").split(separator: ",").compactMap { name in
      switch name {
      case "CAP_PACKET_TRAILER": .packetTrailer
      case "CAP_COMPRESSION_DEFLATE_RAW": .compressionDeflateRaw
      default: nil
      }
    }
    ticket.client = client
    ticket.settings.autoSubscribe = request.flag("auto_subscribe") ?? true
    ticket.settings.adaptiveStream = request.flag("adaptive_stream") ?? false
    ticket.settings.subscriberAllowPause = request.flag("subscriber_allow_pause")
    ticket.settings.disableIceLite = request.flag("disable_ice_lite") ?? false
    ticket.settings.autoSubscribeDataTrack = request.flag("auto_subscribe_data_track")
    if request.value("publish") != nil { ticket.settings.autoSubscribe = false }
    ticket.isReconnect = request.flag("reconnect") ?? false
    ticket.participantSid = request.value("sid") ?? ""
    if let text = request.value("attributes"), ticket.permission.canUpdateMetadata,
      let bytes = LenientBase64.decode(text), let attributes = FrameCoding.attributes(bytes)
    {
      ticket.attributes.merge(attributes) { $1 }
    }
  }

  private func read(joinRequest text: String, into ticket: inout AdmissionTicket) throws(Refusal) {
    guard let outer = LenientBase64.decode(text), let wrapped = FrameCoding.wrappedJoinRequest(outer) else {
      throw Refusal(400, "cannot read join request")
    }
    var bytes = wrapped.joinRequest
    if wrapped.compression == .gzip {
      guard let inflated = configuration.inflate(bytes, RoomLimit.joinRequest) else {
        throw Refusal(400, "join request too large")
      }
      bytes = inflated
    }
    if bytes.count > RoomLimit.joinRequest { throw Refusal(400, "join request too large") }
    guard let request = FrameCoding.joinRequest(bytes) else { throw Refusal(400, "cannot read join request") }
    ticket.isSinglePeerConnection = true
    ticket.client = request.clientInfo ?? ClientInfo()
    ticket.settings = request.connectionSettings ?? ConnectionSettings()
    ticket.isReconnect = request.reconnect
    ticket.participantSid = request.participantSid
    ticket.addTrackRequests = request.addTrackRequests
    ticket.publisherOffer = request.publisherOffer
    ticket.syncState = request.syncState
    if ticket.permission.canUpdateMetadata {
      if !request.metadata.isEmpty { ticket.metadata = request.metadata }
      ticket.attributes.merge(request.participantAttributes) { $1 }
    }
  }
}

extension ClientInfo.SDK {
  /// The `sdk` query parameter.
  init(queryName: String) {
    switch queryName {
    case "js": self = .js
    case "ios", "swift": self = .swift
    case "android": self = .android
    case "flutter": self = .flutter
    case "go": self = .go
    case "unity": self = .unity
    case "reactnative": self = .reactNative
    case "rust": self = .rust
    case "python": self = .python
    case "cpp": self = .cpp
    case "unityweb": self = .unityWeb
    case "node": self = .node
    case "unreal": self = .unreal
    case "esp32": self = .esp32
    default: self = .unknown
    }
  }
}

extension [String: String] {
  /// UTF-8 bytes of all keys and values.
  var byteCount: Int { reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } }
}

/// Base64 as clients write it into URLs: either alphabet, padding or none, and spaces where a "+" was not escaped.
enum LenientBase64 {
  /// Nil where there is anything else in it, or half a byte.
  static func decode(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count * 3 / 4)
    var bits: UInt32 = 0
    var count = 0
    var isPadded = false
    for byte in text.utf8 {
      if byte == UInt8(ascii: "=") {
        isPadded = true
        continue
      }
      guard !isPadded, let value = value(byte) else { return nil }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        result.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return count == 6 ? nil : result
  }

  private static func value(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - 65)
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - 71)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte + 4)
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: " "): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
