// What a client says over its signalling connection, sorted to those who deal with it (§2.5, §2.8).

import Chronology
import LiveKitProtocol
import MediaContract

extension ControlNode {
  /// A frame arrived on a connection.
  public mutating func received(_ connection: ConnectionID, _ frame: SignalFrame, at moment: Moment) {
    now = moment
    guard let participant = connections[connection] else { return }
    let size: Int
    switch frame {
    case .binary(let bytes):
      size = bytes.count
      participant.prefersText = false
    case .text(let bytes):
      size = bytes.count
      participant.prefersText = true
    }
    // The session outlives its connection: a client that resumes after such a frame goes on where it was.
    if size > RoomLimit.signalMessage {
      dropConnection(of: participant, code: 1009, reason: "message too large")
      return
    }
    guard let request = FrameCoding.request(frame) else {
      dropConnection(of: participant, code: 1007, reason: "malformed message")
      return
    }
    participant.lastSignal = now.instant
    if let message = request.message { handle(message, from: participant) }
  }

  private mutating func handle(_ message: SignalRequest.Message, from participant: Participant) {
    switch message {
    case .offer(let offer): receive(offer: offer, from: participant)
    case .answer(let answer): receive(answer: answer, from: participant)
    // ICE-lite: the client's checks tell the media plane where it is.
    case .trickle: break
    case .addTrack(let request): addTrack(request, from: participant)
    case .mute(let request): mute(request, from: participant)
    case .subscription(let request): updateSubscription(request, of: participant)
    case .trackSetting(let settings): apply(settings, from: participant)
    case .leave(let leave): self.leave(leave, from: participant)
    // Deprecated: dynacast learned to look at subscriptions instead.
    case .updateLayers: break
    case .subscriptionPermission(let permission): apply(permission, from: participant)
    case .syncState(let state): synchronise(state, from: participant)
    case .simulate(let request): simulate(request, from: participant)
    case .ping: send(.pong(now.wall.milliseconds), to: participant)
    case .pingReq(let ping): answer(ping, from: participant)
    case .updateMetadata(let request): updateMetadata(request, from: participant)
    case .updateAudioTrack(let request): updateTrack(request, from: participant)
    case .updateVideoTrack(let request): updateTrack(request, from: participant)
    case .publishDataTrackRequest(let request): publishDataTrack(request, from: participant)
    case .unpublishDataTrackRequest(let request): unpublishDataTrack(request, from: participant)
    case .updateDataSubscription(let request): updateDataSubscription(request, of: participant)
    case .storeDataBlobRequest(let request): refuseBlob(request.requestId, from: participant)
    case .getDataBlobRequest(let request): refuseBlob(request.requestId, from: participant)
    }
  }

  private mutating func answer(_ ping: Ping, from participant: Participant) {
    var pong = Pong()
    pong.lastPingTimestamp = ping.timestamp
    pong.timestamp = now.wall.milliseconds
    send(.pongResp(pong), to: participant)
  }

  /// The client goes. Some reasons are its own to give; anything else is simply that it left.
  private mutating func leave(_ leave: LeaveRequest, from participant: Participant) {
    let own: [DisconnectReason] = [.userUnavailable, .userRejected, .agentError]
    close(participant, reason: own.contains(leave.reason) ? leave.reason : .clientInitiated, isAnnounced: false)
  }

  /// Tells a client what became of its request. `echo` names the request where there is no number for it.
  mutating func respond(
    to participant: Participant, requestID: UInt32 = 0, _ reason: RequestResponse.Reason, message: String = "",
    echo: RequestResponse.Request? = nil
  ) {
    // Older clients take every response for an error.
    if !participant.understandsResponses || (reason == .ok && participant.protocolVersion < 15) { return }
    var response = RequestResponse()
    response.requestId = requestID
    response.reason = reason
    response.message = message
    response.request = echo
    send(.requestResponse(response), to: participant)
  }

  private mutating func refuseBlob(_ requestID: UInt32, from participant: Participant) {
    respond(to: participant, requestID: requestID, .notAllowed, message: "data blobs are not enabled")
  }
}
