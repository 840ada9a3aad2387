// The RoomService API (§7.2 of the protocol reference): each method with the grant that it takes.

import AccessTokens
import Chronology
import LiveKitProtocol

extension ControlNode {
  /// Answers a request of the server API.
  ///
  /// `token` stands for the request if its answer comes later, which only `PerformRpc` does.
  public mutating func serve(_ request: ServiceRequest, as token: ServiceToken, at moment: Moment) -> ServiceAnswer {
    if request.body.count > ServiceLimit.body {
      var response = ServiceError(.malformed, "request body exceeds limits").response
      response.status = 413
      return .now(response)
    }
    do throws(ServiceError) {
      let call = try ServiceCall(request) { text throws(AccessTokenError) in
        try AccessTokenClaims(verifying: text, at: moment.wall) { id in
          configuration.keys.first { $0.id == id }?.secret
        }
      }
      guard call.service == "RoomService" else {
        throw ServiceError(.unimplemented, "this server has no \(call.service) service")
      }
      return try perform(call, as: token, at: moment)
    } catch {
      return .now(error.response)
    }
  }

  private mutating func perform(
    _ call: ServiceCall, as token: ServiceToken, at moment: Moment
  ) throws(ServiceError) -> ServiceAnswer {
    switch call.method {
    case "CreateRoom":
      let request: CreateRoomRequest = try call.request { grant, _ in grant.roomCreate }
      return call.answer(try createRoom(request, at: moment))
    case "ListRooms":
      let request: ListRoomsRequest = try call.request { grant, _ in grant.roomList }
      return call.answer(listRooms(request))
    case "DeleteRoom":
      let request: DeleteRoomRequest = try call.request { grant, _ in grant.roomCreate }
      try deleteRoom(request, at: moment)
      return call.answer(DeleteRoomResponse())
    case "UpdateRoomMetadata":
      let request: UpdateRoomMetadataRequest = try call.request { $0.administers($1.room) }
      return call.answer(try updateRoomMetadata(request, at: moment))
    case "SendData":
      let request: SendDataRequest = try call.request { $0.administers($1.room) }
      try sendData(request, at: moment)
      return call.answer(SendDataResponse())
    case "PerformRpc":
      let request: PerformRpcRequest = try call.request { $0.administers($1.room) }
      try performRpc(request, reply: token, at: moment)
      return .later(call.encoding)
    default:
      return try performOnParticipant(call, at: moment)
    }
  }

  private mutating func performOnParticipant(
    _ call: ServiceCall, at moment: Moment
  ) throws(ServiceError) -> ServiceAnswer {
    switch call.method {
    case "ListParticipants":
      let request: ListParticipantsRequest = try call.request { $0.administers($1.room) }
      return call.answer(listParticipants(request))
    case "GetParticipant":
      let request: RoomParticipantIdentity = try call.request { $0.administers($1.room) }
      return call.answer(try getParticipant(request))
    case "RemoveParticipant":
      let request: RoomParticipantIdentity = try call.request { $0.administers($1.room) }
      try removeParticipant(request, at: moment)
      return call.answer(RemoveParticipantResponse())
    case "MutePublishedTrack":
      let request: MuteRoomTrackRequest = try call.request { $0.administers($1.room) }
      return call.answer(try mutePublishedTrack(request, at: moment))
    case "UpdateParticipant":
      let request: UpdateParticipantRequest = try call.request { $0.administers($1.room) }
      return call.answer(try updateParticipant(request, at: moment))
    case "UpdateSubscriptions":
      let request: UpdateSubscriptionsRequest = try call.request { $0.administers($1.room) }
      try updateSubscriptions(request, at: moment)
      return call.answer(UpdateSubscriptionsResponse())
    case "ForwardParticipant":
      let request: ForwardParticipantRequest = try call.request {
        $0.administers($1.room) && $0.destinationRoom == $1.destinationRoom
      }
      try forwardParticipant(request)
      return call.answer(ForwardParticipantResponse())
    case "MoveParticipant":
      let request: MoveParticipantRequest = try call.request {
        $0.administers($1.room) && $0.destinationRoom == $1.destinationRoom
      }
      try moveParticipant(request)
      return call.answer(MoveParticipantResponse())
    default:
      throw ServiceError(.unimplemented, "this server has no method \(call.method)")
    }
  }
}

extension ServiceCall {
  /// The decoded request, once the grant is found to cover it.
  fileprivate func request<Request: ProtobufMessage>(
    allowed: (VideoGrant, Request) -> Bool
  ) throws(ServiceError) -> Request {
    let request: Request = try decode()
    guard allowed(grant, request) else { throw .denied }
    return request
  }

  fileprivate func answer(_ message: some ProtobufMessage) -> ServiceAnswer { .now(encoding.response(message)) }
}
