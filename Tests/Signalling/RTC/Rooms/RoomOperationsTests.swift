import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import Testing

@testable import Rooms

/// The operations of the server API.
struct RoomOperationsTests {
  let harness = Harness()

  private func connected(_ identity: String) -> Client {
    let client = harness.join(identity)
    client.answerOffer()
    client.connect()
    return client
  }

  private func who(_ identity: String, in room: String = "hall") -> RoomParticipantIdentity {
    var request = RoomParticipantIdentity()
    request.room = room
    request.identity = identity
    return request
  }

  @Test func `creating a room again changes only what is named`() throws {
    var request = CreateRoomRequest()
    request.name = "hall"
    request.metadata = "one"
    request.maxParticipants = 5
    let first = try harness.node.createRoom(request, at: harness.moment)
    request = CreateRoomRequest()
    request.name = "hall"
    request.emptyTimeout = 60
    let second = try harness.node.createRoom(request, at: harness.moment)
    #expect(second.sid == first.sid)
    #expect(second.metadata == "one")
    #expect(second.maxParticipants == 5)
    #expect(second.emptyTimeout == 60)
  }

  @Test func `a room without a name or with too long a one is refused`() {
    var request = CreateRoomRequest()
    #expect(throws: ServiceError.self) { try harness.node.createRoom(request, at: harness.moment) }
    request.name = String(repeating: "r", count: 257)
    #expect(throws: ServiceError.self) { try harness.node.createRoom(request, at: harness.moment) }
  }

  @Test func `listing filters by name and shows empty rooms`() throws {
    for name in ["b", "a", "c"] {
      var request = CreateRoomRequest()
      request.name = name
      _ = try harness.node.createRoom(request, at: harness.moment)
    }
    #expect(harness.node.listRooms(ListRoomsRequest()).rooms.map(\.name) == ["b", "a", "c"])
    var filter = ListRoomsRequest()
    filter.names = ["c", "x"]
    #expect(harness.node.listRooms(filter).rooms.map(\.name) == ["c"])
  }

  @Test func `deleting a room sends everybody away`() throws {
    let ann = connected("ann")
    var request = DeleteRoomRequest()
    request.room = "hall"
    try harness.node.deleteRoom(request, at: harness.moment)
    harness.collect()
    #expect(ann.leaves.last?.reason == .roomDeleted)
    #expect(harness.node.roomCount == 0)
    #expect(throws: ServiceError(.notFound, "requested room does not exist")) {
      try harness.node.deleteRoom(request, at: harness.moment)
    }
  }

  @Test func `participants are listed in their order, hidden ones too`() {
    _ = connected("ann")
    _ = harness.join("ghost") { $0.video?.hidden = true }
    _ = connected("bob")
    #expect(
      harness.node.listParticipants(.room("hall")).participants.map(\.identity) == ["ann", "ghost", "bob"])
    #expect(harness.node.listParticipants(.room("nowhere")).participants.isEmpty)
  }

  @Test func `a participant that is not there is not found`() {
    #expect(throws: ServiceError(.notFound, "participant does not exist")) {
      try harness.node.getParticipant(who("nobody"))
    }
    #expect(throws: ServiceError(.notFound, "participant does not exist")) {
      try harness.node.removeParticipant(who("nobody"), at: harness.moment)
    }
  }

  @Test func `removing a participant tells it why`() throws {
    let ann = connected("ann")
    try harness.node.removeParticipant(who("ann"), at: harness.moment)
    harness.collect()
    #expect(ann.leaves.last?.reason == .participantRemoved)
    #expect(ann.leaves.last?.action == .disconnect)
  }

  @Test func `muting from afar asks the publisher, unmuting is refused`() throws {
    let ann = connected("ann")
    let sid = ann.publish(.microphone, cid: "mic")
    var request = MuteRoomTrackRequest()
    request.room = "hall"
    request.identity = "ann"
    request.trackSid = sid
    request.muted = true
    let response = try harness.node.mutePublishedTrack(request, at: harness.moment)
    harness.collect()
    #expect(response.track?.muted == true)
    #expect(ann.last(\.mute)?.sid == sid)
    #expect(ann.last(\.mute)?.muted == true)
    request.muted = false
    #expect(throws: ServiceError(.failedPrecondition, "remote unmute not enabled")) {
      try harness.node.mutePublishedTrack(request, at: harness.moment)
    }
    request.muted = true
    request.trackSid = "TR_unknown"
    #expect(try harness.node.mutePublishedTrack(request, at: harness.moment).track == nil)
  }

  @Test func `a participant can be renamed from afar`() throws {
    let ann = connected("ann")
    var request = UpdateParticipantRequest()
    request.room = "hall"
    request.identity = "ann"
    request.name = "Ann"
    request.attributes = ["role": "host"]
    let info = try harness.node.updateParticipant(request, at: harness.moment)
    harness.collect()
    #expect(info.name == "Ann")
    #expect(ann.update(of: "ann")?.attributes == ["role": "host"])
    #expect(info.permission?.canPublish == true, "no permission given, none changed")
  }

  @Test func `subscriptions can be changed from afar`() throws {
    let ann = connected("ann")
    let bob = connected("bob")
    let sid = ann.publish(.microphone, cid: "mic")
    harness.advance(.milliseconds(200))
    bob.answerOffer()
    var request = UpdateSubscriptionsRequest()
    request.room = "hall"
    request.identity = "bob"
    request.trackSids = [sid]
    try harness.node.updateSubscriptions(request, at: harness.moment)
    harness.collect()
    #expect(harness.removedSubscriptions == 1)
  }

  private func data(_ text: String) -> SendDataRequest {
    var request = SendDataRequest()
    request.room = "hall"
    request.data = Array(text.utf8)
    request.topic = "news"
    return request
  }

  @Test func `data from afar has no sender, and one nonce is delivered once`() throws {
    let ann = connected("ann")
    _ = connected("bob")
    var request = data("hello")
    request.nonce = [UInt8](repeating: 7, count: 16)
    request.destinationIdentities = ["ann"]
    for _ in 0..<2 { try harness.node.sendData(request, at: harness.moment) }
    harness.collect()
    #expect(harness.sentData.count == 1)
    #expect(harness.sentData.first?.to == [ann.primary])
    let packet = try DataPacket(protobuf: try #require(harness.sentData.first?.bytes))
    #expect(packet.participantIdentity.isEmpty)
    #expect(packet.sequence == 0)
    #expect(packet.value?.user?.topic == "news")
    request.nonce = [1]
    #expect(throws: ServiceError.self) { try harness.node.sendData(request, at: harness.moment) }
  }

  @Test func `data from afar waits for a channel that is not open yet`() throws {
    let ann = harness.join("ann")
    try harness.node.sendData(data("early"), at: harness.moment)
    harness.advance(.seconds(5))
    #expect(harness.sentData.isEmpty)
    ann.connect()
    #expect(harness.sentData.count == 1)
  }

  @Test func `room metadata reaches everybody`() throws {
    let ann = connected("ann")
    var request = UpdateRoomMetadataRequest()
    request.room = "hall"
    request.metadata = "m"
    #expect(try harness.node.updateRoomMetadata(request, at: harness.moment).metadata == "m")
    harness.collect()
    #expect(ann.last(\.roomUpdate)?.room?.metadata == "m")
    request.room = "nowhere"
    #expect(throws: ServiceError.self) { try harness.node.updateRoomMetadata(request, at: harness.moment) }
  }

  @Test func `moving and forwarding are not implemented`() {
    var move = MoveParticipantRequest()
    move.room = "a"
    move.destinationRoom = "b"
    #expect(throws: ServiceError(.unimplemented, "participants cannot change rooms on this server")) {
      try harness.node.moveParticipant(move)
    }
    var forward = ForwardParticipantRequest()
    forward.room = "a"
    forward.destinationRoom = "a"
    #expect(throws: ServiceError.self) { try harness.node.forwardParticipant(forward) }
  }

  // MARK: Calls

  private let token = ServiceToken(rawValue: 9)

  private func call(_ identity: String, timeout: UInt32 = 0) -> PerformRpcRequest {
    var request = PerformRpcRequest()
    request.room = "hall"
    request.destinationIdentity = identity
    request.method = "add"
    request.payload = "1+1"
    request.responseTimeoutMs = timeout
    return request
  }

  private func lastCall() -> RpcRequest? {
    harness.sentData.last.flatMap { try? DataPacket(protobuf: $0.bytes).value?.rpcRequest }
  }

  private func reply(_ value: DataPacket.Value, from client: Client) {
    var packet = DataPacket()
    packet.value = value
    harness.media(.data(client.transports[0], .reliable, packet.protobuf, isBinary: true))
  }

  private func acknowledge(_ id: String, from client: Client) {
    var ack = RpcAck()
    ack.requestId = id
    reply(.rpcAck(ack), from: client)
  }

  private func respond(_ id: String, _ value: RpcResponse.Value, from client: Client) {
    var response = RpcResponse()
    response.requestId = id
    response.value = value
    reply(.rpcResponse(response), from: client)
  }

  @Test func `a call returns the participant's payload`() throws {
    let ann = connected("ann")
    let bob = connected("bob")
    try harness.node.performRpc(call("ann"), reply: token, at: harness.moment)
    harness.collect()
    let request = try #require(lastCall())
    #expect(request.version == 1)
    #expect(request.method == "add")
    acknowledge(request.id, from: ann)
    harness.advance(.seconds(3))
    respond(request.id, .payload("wrong"), from: bob)
    #expect(harness.replies.isEmpty, "somebody else cannot answer")
    respond(request.id, .payload("2"), from: ann)
    #expect(try harness.replies[token]?.get() == "2")
  }

  @Test func `an error of the method is passed on`() throws {
    let ann = connected("ann")
    try harness.node.performRpc(call("ann"), reply: token, at: harness.moment)
    harness.collect()
    var error = RpcError()
    error.code = 1500
    error.message = "broken"
    respond(try #require(lastCall()?.id), .error(error), from: ann)
    guard case .failure(let failure)? = harness.replies[token] else {
      Issue.record("no failure")
      return
    }
    #expect(failure.meta["rpc_code"] == "1500")
    #expect(failure.message == "broken")
  }

  @Test func `a call without an acknowledgement fails after two seconds`() throws {
    _ = connected("ann")
    try harness.node.performRpc(call("ann"), reply: token, at: harness.moment)
    harness.advance(.milliseconds(2_100))
    guard case .failure(let failure)? = harness.replies[token] else {
      Issue.record("no failure")
      return
    }
    #expect(failure.meta["rpc_code"] == "1501")
  }

  @Test func `a call that is never answered times out`() throws {
    let ann = connected("ann")
    try harness.node.performRpc(call("ann", timeout: 4_000), reply: token, at: harness.moment)
    harness.collect()
    acknowledge(try #require(lastCall()?.id), from: ann)
    harness.advance(.milliseconds(3_900))
    #expect(harness.replies.isEmpty)
    harness.advance(.milliseconds(200))
    guard case .failure(let failure)? = harness.replies[token] else {
      Issue.record("no failure")
      return
    }
    #expect(failure.code == .deadlineExceeded)
    #expect(failure.meta["rpc_code"] == "1502")
  }

  @Test func `a callee that leaves fails its calls`() throws {
    let ann = connected("ann")
    try harness.node.performRpc(call("ann"), reply: token, at: harness.moment)
    ann.send(.leave(LeaveRequest()))
    guard case .failure(let failure)? = harness.replies[token] else {
      Issue.record("no failure")
      return
    }
    #expect(failure.meta["rpc_code"] == "1503")
  }

  @Test func `a call to nobody is not found`() {
    #expect(throws: ServiceError.self) {
      try harness.node.performRpc(call("nobody"), reply: token, at: harness.moment)
    }
  }
}
