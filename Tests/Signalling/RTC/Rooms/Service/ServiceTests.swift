// The server API over HTTP values: routes, encodings, errors and grants. What the methods do is tested with rooms.

import AccessTokens
import Chronology
import JSON
import LiveKitProtocol
import Testing

@testable import Rooms

@Suite struct ServiceTests {
  private static let protobuf = "application/protobuf"
  private static let json = "application/json"
  private let harness = Harness()

  private func token(_ adjust: (inout VideoGrant) -> Void) -> String {
    var claims = AccessTokenClaims()
    var grant = VideoGrant()
    adjust(&grant)
    claims.video = grant
    claims.setValidity(from: harness.moment.wall, for: .seconds(600))
    return claims.signed(with: Harness.key)
  }

  private func administrator(of room: String) -> String {
    token {
      $0.roomAdmin = true
      $0.room = room
    }
  }

  private func call(
    _ method: String, service: String = "livekit.RoomService", body: [UInt8] = [], type: String = protobuf,
    token: String?, verb: String = "POST"
  ) -> ServiceAnswer {
    let answer = harness.node.serve(
      ServiceRequest(
        method: verb, path: "/twirp/\(service)/\(method)", contentType: type,
        authorization: token.map { "Bearer " + $0 }, body: body), as: ServiceToken(rawValue: 7), at: harness.moment)
    harness.collect()
    return answer
  }

  private func respond(
    _ method: String, _ message: some ProtobufMessage, type: String = protobuf, token: String?
  ) throws -> ServiceResponse {
    let body = type == Self.json ? message.json() : message.protobuf
    return try #require(call(method, body: body, type: type, token: token).response)
  }

  private func create(_ room: String) throws {
    let response = try respond(
      "CreateRoom", CreateRoomRequest.with { $0.name = room }, token: token { $0.roomCreate = true })
    #expect(response.status == 200)
  }

  // MARK: Encodings

  @Test func `a protobuf request is answered in protobuf`() throws {
    let response = try respond(
      "CreateRoom", CreateRoomRequest.with { $0.name = "hall" }, token: token { $0.roomCreate = true })
    #expect(response.status == 200 && response.contentType == Self.protobuf)
    #expect(try LiveKitProtocol.Room(protobuf: response.body).name == "hall")
  }

  @Test func `a JSON request is answered in complete JSON with the schema's names`() throws {
    let body = Array(#"{"name":"hall","emptyTimeout":30,"departure_timeout":9,"novelty":[]}"#.utf8)
    let answer = call(
      "CreateRoom", body: body, type: "application/json; charset=utf-8", token: token { $0.roomCreate = true })
    let response = try #require(answer.response)
    #expect(response.status == 200 && response.contentType == Self.json)
    let room = try JSONValue(parsing: response.body)
    #expect(room["empty_timeout"] == 30 && room["departure_timeout"] == 9)
    #expect(room["num_participants"] == 0)
    #expect(room["creation_time"]?.string != nil)
  }

  @Test func `an empty body is a request with defaults`() throws {
    try create("hall")
    let response = try #require(call("ListRooms", token: token { $0.roomList = true }).response)
    #expect(try ListRoomsResponse(protobuf: response.body).rooms.map(\.name) == ["hall"])
  }

  @Test func `a body that cannot be decoded is malformed`() throws {
    let create = token { $0.roomCreate = true }
    for (type, body) in [(Self.protobuf, [0x0A]), (Self.json, [0x7B])] as [(String, [UInt8])] {
      let response = try #require(call("CreateRoom", body: body, type: type, token: create).response)
      #expect(response.status == 400 && response.code == "malformed")
    }
  }

  @Test func `a body beyond the limit is refused before it is read`() throws {
    let body = [UInt8](repeating: 0, count: ServiceLimit.body + 1)
    #expect(try #require(call("CreateRoom", body: body, token: nil).response).status == 413)
  }

  // MARK: Routes

  @Test(arguments: [
    ("POST", "/twirp/livekit.RoomService/Nothing", protobuf), ("POST", "/twirp/livekit.Nothing/CreateRoom", protobuf),
    ("POST", "/twirp/other.RoomService/CreateRoom", protobuf), ("POST", "/twirp/livekit.RoomService", protobuf),
    ("POST", "/twirp", protobuf), ("POST", "/twirp/livekit.RoomService/CreateRoom/x", protobuf),
    ("GET", "/twirp/livekit.RoomService/CreateRoom", protobuf),
    ("POST", "/twirp/livekit.RoomService/CreateRoom", "text/plain"),
    ("POST", "/twirp/livekit.RoomService/CreateRoom", ""),
  ])
  func `a wrong path, verb or content type is a bad route`(verb: String, path: String, type: String) throws {
    let request = ServiceRequest(
      method: verb, path: path, contentType: type, authorization: "Bearer " + token { $0.roomCreate = true }, body: [])
    let answer = harness.node.serve(request, as: ServiceToken(rawValue: 1), at: harness.moment)
    let response = try #require(answer.response)
    #expect(response.status == 404 && response.code == "bad_route" && response.contentType == Self.json)
    #expect(try JSONValue(parsing: response.body)["meta"]?["twirp_invalid_route"]?.string == "\(verb) \(path)")
  }

  @Test(arguments: [
    ("Egress", "StartRoomCompositeEgress"), ("Ingress", "ListIngress"), ("SIP", "CreateSIPParticipant"),
    ("AgentDispatchService", "CreateDispatch"), ("Connector", "DialWhatsAppCall"),
  ])
  func `services without a back end are unimplemented`(service: String, method: String) throws {
    let answer = call(method, service: "livekit." + service, token: token { $0.roomRecord = true })
    let response = try #require(answer.response)
    #expect(response.status == 501 && response.code == "unimplemented")
  }

  @Test func `every error code has the status of the Twirp specification`() {
    let expected: [(ServiceError.Code, Int)] = [
      (.canceled, 408), (.unknown, 500), (.invalidArgument, 400), (.malformed, 400), (.deadlineExceeded, 408),
      (.notFound, 404), (.badRoute, 404), (.alreadyExists, 409), (.permissionDenied, 403), (.unauthenticated, 401),
      (.resourceExhausted, 429), (.failedPrecondition, 412), (.aborted, 409), (.outOfRange, 400),
      (.unimplemented, 501), (.internal, 500), (.unavailable, 503), (.dataloss, 503),
    ]
    for (code, status) in expected { #expect(ServiceError(code, "").status == status, "\(code)") }
  }

  // MARK: Grants

  @Test func `without a token every method is denied`() throws {
    for method in Self.grants.map(\.method) {
      let response = try #require(call(method, token: nil).response)
      #expect(response.status == 401 && response.code == "unauthenticated", "\(method)")
      #expect(try JSONValue(parsing: response.body)["msg"] == "permissions denied")
    }
  }

  @Test func `a token that is not genuine is refused with its reason, in JSON`() throws {
    let forged = AccessTokenClaims(joining: "hall", as: "x").signed(with: APIKey(id: "devkey", secret: "guess"))
    let response = try #require(call("ListRooms", token: forged).response)
    #expect(response.status == 401 && response.code == "unauthenticated" && response.contentType == Self.json)
    #expect(try JSONValue(parsing: response.body)["msg"]?.string == AccessTokenError.badSignature.text)
  }

  private enum Grant { case create, list, administer }

  /// Which grant each method takes.
  private static let grants: [(method: String, grant: Grant)] = [
    ("CreateRoom", .create), ("DeleteRoom", .create), ("ListRooms", .list), ("ListParticipants", .administer),
    ("GetParticipant", .administer), ("RemoveParticipant", .administer), ("MutePublishedTrack", .administer),
    ("UpdateParticipant", .administer), ("UpdateSubscriptions", .administer), ("SendData", .administer),
    ("UpdateRoomMetadata", .administer), ("PerformRpc", .administer),
  ]

  private func token(_ grants: Set<Grant>) -> String {
    token {
      $0.roomCreate = grants.contains(.create)
      $0.roomList = grants.contains(.list)
      $0.roomAdmin = grants.contains(.administer)
      $0.roomJoin = true
      $0.room = "hall"
    }
  }

  @Test func `each method takes its grant and no other`() {
    // The room is the first string field of every request.
    let body = DeleteRoomRequest.with { $0.room = "hall" }.protobuf
    for (method, grant) in Self.grants {
      let others: Set<Grant> = Set([.create, .list, .administer]).subtracting([grant])
      #expect(call(method, body: body, token: token(others)).response?.code == "unauthenticated", "\(method)")
      #expect(call(method, body: body, token: token([grant])).response?.code != "unauthenticated", "\(method)")
    }
  }

  @Test func `administration of one room does not reach another`() throws {
    try create("attic")
    let response = try respond(
      "UpdateRoomMetadata", UpdateRoomMetadataRequest.with { $0.room = "attic" }, token: administrator(of: "hall"))
    #expect(response.code == "unauthenticated")
  }

  @Test func `moving a participant needs the destination in the token too`() throws {
    let request = MoveParticipantRequest.with {
      $0.room = "hall"
      $0.destinationRoom = "attic"
    }
    #expect(try respond("MoveParticipant", request, token: administrator(of: "hall")).code == "unauthenticated")
    let mover = token {
      $0.roomAdmin = true
      $0.room = "hall"
      $0.destinationRoom = "attic"
    }
    #expect(try respond("MoveParticipant", request, token: mover).code == "unimplemented")
  }

  // MARK: Methods

  @Test func `what does not exist is not found`() throws {
    #expect(
      try respond("DeleteRoom", DeleteRoomRequest.with { $0.room = "no" }, token: token { $0.roomCreate = true }).code
        == "not_found")
    let identity = RoomParticipantIdentity.with {
      $0.room = "hall"
      $0.identity = "nobody"
    }
    let response = try respond("GetParticipant", identity, token: administrator(of: "hall"))
    #expect(response.status == 404)
    #expect(try JSONValue(parsing: response.body)["msg"] == "participant does not exist")
  }

  @Test func `an invalid argument is named`() throws {
    let response = try respond("CreateRoom", CreateRoomRequest(), token: token { $0.roomCreate = true })
    #expect(response.code == "invalid_argument")
    #expect(try JSONValue(parsing: response.body)["meta"]?["argument"] == "name")
  }

  @Test func `participants can be listed, changed and removed`() throws {
    let client = harness.join("ann")
    let listed = try respond(
      "ListParticipants", ListParticipantsRequest.with { $0.room = "hall" }, token: administrator(of: "hall"))
    #expect(try ListParticipantsResponse(protobuf: listed.body).participants.map(\.identity) == ["ann"])
    let update = UpdateParticipantRequest.with {
      $0.room = "hall"
      $0.identity = "ann"
      $0.name = "Ann"
    }
    let changed = try respond("UpdateParticipant", update, token: administrator(of: "hall"))
    #expect(try ParticipantInfo(protobuf: changed.body).name == "Ann")
    let identity = RoomParticipantIdentity.with {
      $0.room = "hall"
      $0.identity = "ann"
    }
    #expect(try respond("RemoveParticipant", identity, token: administrator(of: "hall")).status == 200)
    #expect(client.leaves.last?.reason == .participantRemoved)
  }

  @Test func `the answer to a remote call comes later, in the encoding of its request`() throws {
    let client = harness.joinSingle("ann")
    client.connect()
    let request = PerformRpcRequest.with {
      $0.room = "hall"
      $0.destinationIdentity = "ann"
      $0.method = "greet"
    }
    let answer = call(
      "PerformRpc", body: request.json(), type: Self.json, token: administrator(of: "hall"))
    guard case .later(let encoding) = answer else { return #expect(Bool(false), "answered at once: \(answer)") }
    harness.advance(.seconds(60))
    let outcome = try #require(harness.replies[ServiceToken(rawValue: 7)])
    #expect(encoding == .json)
    #expect(encoding.response(toCall: outcome).code == "unavailable")
    #expect(encoding.response(toCall: .success("hi")).body == Array(#"{"payload":"hi"}"#.utf8))
  }
}

extension ServiceAnswer {
  fileprivate var response: ServiceResponse? { if case .now(let response) = self { response } else { nil } }
}

extension ServiceResponse {
  fileprivate var code: String? { (try? JSONValue(parsing: body))?["code"]?.string }
}
