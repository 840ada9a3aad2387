// Remote procedure calls that the server makes on somebody's behalf (PerformRpc): version 1 of the clients' own protocol,
// as two data packets each way.

import Chronology
import LiveKitProtocol
import MediaContract

/// A call on its way.
struct PendingCall {
  var token: ServiceToken
  /// Key of the participant that was called.
  var callee: UInt64
  var isAcknowledged = false
}

/// The clients' error codes.
enum RpcFailure: UInt32 {
  case recipientNotFound = 1401
  case requestTooLarge = 1402
  case connectionTimeout = 1501
  case responseTimeout = 1502
  case recipientDisconnected = 1503

  func error(_ code: ServiceError.Code, _ message: String) -> ServiceError {
    ServiceError(code, message, meta: ["rpc_code": String(rawValue)])
  }
}

extension ControlNode {
  /// The caller that participants see: some clients ignore calls that name nobody.
  private static let callerIdentity = "server"

  /// Calls a method of a participant. The outcome comes as `Effect.serviceReply`, unless this throws.
  public mutating func performRpc(
    _ request: PerformRpcRequest, reply token: ServiceToken, at moment: Moment
  ) throws(ServiceError) {
    now = moment
    guard let participant = rooms[request.room]?.participant(request.destinationIdentity) else {
      throw RpcFailure.recipientNotFound.error(.notFound, "participant does not exist")
    }
    guard request.payload.utf8.count <= RoomLimit.rpcPayload else {
      throw RpcFailure.requestTooLarge.error(.invalidArgument, "request payload too large")
    }
    guard calls.count < RoomLimit.pendingCalls else {
      throw ServiceError(.resourceExhausted, "too many calls are waiting for their answers")
    }
    let wait =
      request.responseTimeoutMs > 0 ? Interval.milliseconds(Int64(request.responseTimeoutMs)) : timings.rpcResponse
    var call = RpcRequest()
    call.id = "RPC_" + random.text(16)
    call.method = request.method
    call.payload = request.payload
    call.responseTimeoutMs = UInt32(clamping: wait.milliseconds)
    call.version = 1
    var packet = DataPacket()
    packet.participantIdentity = Self.callerIdentity
    packet.destinationIdentities = [participant.identity]
    packet.value = .rpcRequest(call)
    calls[call.id] = PendingCall(token: token, callee: participant.key)
    sendServerPacket(packet, to: [participant], in: participant.room)
    schedule(.rpcAcknowledgement(call: call.id), after: timings.rpcAcknowledgement)
    schedule(.rpcResponse(call: call.id), after: wait)
  }

  /// Whether the packet answers a call of ours; then it is not for anybody else.
  mutating func takeCallAnswer(_ value: DataPacketEnvelope.Value, from participant: Participant) -> Bool {
    switch value.field {
    case .rpcAck:
      guard let ack = try? value.decoded(as: RpcAck.self), calls[ack.requestId]?.callee == participant.key else {
        return false
      }
      calls[ack.requestId]?.isAcknowledged = true
      return true
    case .rpcResponse:
      guard let response = try? value.decoded(as: RpcResponse.self),
        calls[response.requestId]?.callee == participant.key
      else { return false }
      finish(response.requestId, result(of: response))
      return true
    default: return false
    }
  }

  private func result(of response: RpcResponse) -> Result<String, ServiceError> {
    switch response.value {
    case .payload(let payload): .success(payload)
    case .error(let error):
      .failure(ServiceError(.unknown, error.message, meta: ["rpc_code": String(error.code), "rpc_data": error.data]))
    case .compressedPayload, nil: .failure(ServiceError(.internal, "the response cannot be read"))
    }
  }

  mutating func acknowledgementIsDue(_ id: String) {
    guard let call = calls[id], !call.isAcknowledged else { return }
    finish(id, .failure(RpcFailure.connectionTimeout.error(.unavailable, "connection timeout")))
  }

  mutating func responseIsDue(_ id: String) {
    finish(id, .failure(RpcFailure.responseTimeout.error(.deadlineExceeded, "response timeout")))
  }

  /// The participant is gone, and so are its answers.
  mutating func failCalls(to participant: Participant) {
    for id in calls.keys.sorted() where calls[id]?.callee == participant.key {
      finish(id, .failure(RpcFailure.recipientDisconnected.error(.unavailable, "recipient disconnected")))
    }
  }

  private mutating func finish(_ id: String, _ result: Result<String, ServiceError>) {
    guard let call = calls.removeValue(forKey: id) else { return }
    effects.append(.serviceReply(call.token, result))
  }
}
