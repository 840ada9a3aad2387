// Claims as JSON, in the names and spellings of the LiveKit SDKs.

import JSON
import LiveKitProtocol

extension AccessTokenClaims {
  /// Claims that a token does not need are left out.
  var json: JSONValue {
    var claims = JSONObject()
    claims.set("name", name)
    if kind != .standard { claims["kind"] = kind.name.map { .string($0.lowercased()) } }
    if !kindDetails.isEmpty {
      claims["kindDetails"] = .array(kindDetails.compactMap(\.name).map { .string($0.lowercased()) })
    }
    claims.set("metadata", metadata)
    claims["video"] = video?.json
    if let sip { claims["sip"] = ["admin": .bool(sip.admin), "call": .bool(sip.call)] }
    if !attributes.isEmpty {
      claims["attributes"] = .object(
        attributes.sorted { $0.key < $1.key }.reduce(into: JSONObject()) {
          $0[$1.key] = .string($1.value)
        })
    }
    claims.set("roomPreset", roomPreset)
    claims["roomConfig"] = roomConfig.flatMap { try? JSONValue(parsing: $0.json()) }
    claims.set("sha256", sha256)
    claims["sub"] = .string(identity)
    claims["iss"] = .string(issuer)
    claims["nbf"] = notBefore.map { .integer($0) }
    claims["exp"] = .integer(expires)
    return .object(claims)
  }

  /// Throws `malformed` when a known claim has a type that it cannot have, `missingExpiry` without `exp`.
  init(json: JSONValue) throws(AccessTokenError) {
    guard let claims = json.object else { throw .malformed }
    let reader = ClaimReader(claims)
    issuer = try reader.text("iss")
    identity = try reader.text("sub")
    if identity.isEmpty { identity = try reader.text("jti") }
    name = try reader.text("name")
    metadata = try reader.text("metadata")
    for member in try reader.object("attributes")?.members ?? [] {
      guard let value = member.value.string else { throw .malformed }
      attributes[member.key] = value
    }
    kind = ParticipantInfo.Kind(lowercaseName: try reader.text("kind")) ?? .standard
    kindDetails = try reader.texts("kindDetails").compactMap(ParticipantInfo.KindDetail.init(lowercaseName:))
    if let grant = try reader.object("video") { video = try VideoGrant(ClaimReader(grant)) }
    if let grant = try reader.object("sip") {
      sip = SIPGrant()
      sip?.admin = try ClaimReader(grant).flag("admin") ?? false
      sip?.call = try ClaimReader(grant).flag("call") ?? false
    }
    if let configuration = try reader.object("roomConfig") {
      do { roomConfig = try RoomConfiguration(json: .object(configuration)) } catch { throw .malformed }
    }
    roomPreset = try reader.text("roomPreset")
    sha256 = try reader.text("sha256")
    notBefore = try reader.date("nbf")
    guard let expires = try reader.date("exp") else { throw .missingExpiry }
    self.expires = expires
  }
}

extension VideoGrant {
  fileprivate var json: JSONValue {
    var grant = JSONObject()
    grant.set("roomCreate", roomCreate)
    grant.set("roomList", roomList)
    grant.set("roomRecord", roomRecord)
    grant.set("roomAdmin", roomAdmin)
    grant.set("roomJoin", roomJoin)
    grant.set("room", room)
    grant.set("destinationRoom", destinationRoom)
    grant["canPublish"] = canPublish.map { .bool($0) }
    grant["canSubscribe"] = canSubscribe.map { .bool($0) }
    grant["canPublishData"] = canPublishData.map { .bool($0) }
    if !canPublishSources.isEmpty {
      grant["canPublishSources"] = .array(canPublishSources.map { .string($0.name?.lowercased() ?? "unknown") })
    }
    grant["canUpdateOwnMetadata"] = canUpdateOwnMetadata.map { .bool($0) }
    grant.set("ingressAdmin", ingressAdmin)
    grant.set("hidden", hidden)
    grant.set("recorder", recorder)
    grant.set("agent", agent)
    grant["canSubscribeMetrics"] = canSubscribeMetrics.map { .bool($0) }
    grant["canManageAgentSession"] = canManageAgentSession.map { .bool($0) }
    return .object(grant)
  }

  fileprivate init(_ reader: ClaimReader) throws(AccessTokenError) {
    roomCreate = try reader.flag("roomCreate") ?? false
    roomList = try reader.flag("roomList") ?? false
    roomRecord = try reader.flag("roomRecord") ?? false
    roomAdmin = try reader.flag("roomAdmin") ?? false
    roomJoin = try reader.flag("roomJoin") ?? false
    room = try reader.text("room")
    destinationRoom = try reader.text("destinationRoom")
    canPublish = try reader.flag("canPublish")
    canSubscribe = try reader.flag("canSubscribe")
    canPublishData = try reader.flag("canPublishData")
    canPublishSources = try reader.texts("canPublishSources").map { TrackSource(lowercaseName: $0) ?? .unknown }
    canUpdateOwnMetadata = try reader.flag("canUpdateOwnMetadata")
    ingressAdmin = try reader.flag("ingressAdmin") ?? false
    hidden = try reader.flag("hidden") ?? false
    recorder = try reader.flag("recorder") ?? false
    agent = try reader.flag("agent") ?? false
    canSubscribeMetrics = try reader.flag("canSubscribeMetrics")
    canManageAgentSession = try reader.flag("canManageAgentSession")
  }
}

/// Typed access to claims: a missing claim and null are the same, a wrong type is an error.
private struct ClaimReader {
  private let claims: JSONObject

  init(_ claims: JSONObject) { self.claims = claims }

  func text(_ name: String) throws(AccessTokenError) -> String { try take(name, \.string) ?? "" }

  func flag(_ name: String) throws(AccessTokenError) -> Bool? { try take(name, \.bool) }

  func object(_ name: String) throws(AccessTokenError) -> JSONObject? { try take(name, \.object) }

  func texts(_ name: String) throws(AccessTokenError) -> [String] {
    var texts: [String] = []
    for element in try take(name, \.array) ?? [] {
      guard let text = element.string else { throw .malformed }
      texts.append(text)
    }
    return texts
  }

  /// A NumericDate, which may have a fraction (RFC 7519 section 2).
  func date(_ name: String) throws(AccessTokenError) -> Int64? {
    guard let seconds = try take(name, \.double) else { return nil }
    return Int64(exactly: seconds.rounded(.down)) ?? (seconds < 0 ? .min : .max)
  }

  private func take<Value>(_ name: String, _ type: (JSONValue) -> Value?) throws(AccessTokenError) -> Value? {
    guard let json = claims[name], !json.isNull else { return nil }
    guard let value = type(json) else { throw .malformed }
    return value
  }
}

extension JSONObject {
  fileprivate mutating func set(_ name: String, _ text: String) {
    if !text.isEmpty { self[name] = .string(text) }
  }

  fileprivate mutating func set(_ name: String, _ flag: Bool) {
    if flag { self[name] = .bool(true) }
  }
}

extension ProtobufEnum {
  fileprivate init?(lowercaseName: String) {
    guard let number = Self.names.firstIndex(where: { !$0.isEmpty && $0.lowercased() == lowercaseName }) else {
      return nil
    }
    self.init(rawValue: Int32(number))
  }
}
