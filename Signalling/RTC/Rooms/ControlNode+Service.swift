// The operations of the server API on rooms and participants (§7.2). Who may call them is decided before; their messages
// are the service's own.

import Chronology
import LiveKitProtocol
import MediaContract

extension ControlNode {
  private func room(_ name: String) throws(ServiceError) -> Room {
    guard let room = rooms[name] else { throw ServiceError(.notFound, "requested room does not exist") }
    return room
  }

  private func participant(_ identity: String, in name: String) throws(ServiceError) -> Participant {
    guard let participant = rooms[name]?.participant(identity) else {
      throw ServiceError(.notFound, "participant does not exist")
    }
    return participant
  }

  // MARK: Rooms

  /// Creates a room, or changes the settings that the request names of one that exists.
  public mutating func createRoom(
    _ request: CreateRoomRequest, at moment: Moment
  ) throws(ServiceError) -> LiveKitProtocol.Room {
    now = moment
    if request.name.isEmpty {
      throw ServiceError(.invalidArgument, "room name cannot be empty", meta: ["argument": "name"])
    }
    if request.name.utf8.count > RoomLimit.name {
      throw ServiceError(.invalidArgument, "room name exceeds limits", meta: ["argument": "name"])
    }
    if request.metadata.utf8.count > RoomLimit.metadata {
      throw ServiceError(.invalidArgument, "metadata size exceeds limits", meta: ["argument": "metadata"])
    }
    if rooms[request.name] == nil, rooms.count >= RoomLimit.rooms {
      throw ServiceError(.resourceExhausted, "too many rooms")
    }
    let isNew = rooms[request.name] == nil
    let room = rooms[request.name] ?? createRoom(named: request.name, nil)
    if request.emptyTimeout > 0 { room.emptyTimeout = request.emptyTimeout }
    if request.departureTimeout > 0 { room.departureTimeout = request.departureTimeout }
    if request.maxParticipants > 0 { room.maximumParticipants = request.maxParticipants }
    if request.syncStreams { room.synchronisesStreams = true }
    if !request.metadata.isEmpty, request.metadata != room.metadata {
      room.metadata = request.metadata
      if !isNew { announce(room) }
    }
    scheduleLifetime(of: room)
    return room.info(codecs: codecs)
  }

  /// Rooms by age. An empty list of names means all.
  public func listRooms(_ request: ListRoomsRequest) -> ListRoomsResponse {
    var response = ListRoomsResponse()
    let wanted = Set(request.names)
    response.rooms = rooms.values.filter { wanted.isEmpty || wanted.contains($0.name) }
      .sorted { $0.key < $1.key }.map { $0.info(codecs: codecs) }
    return response
  }

  public mutating func deleteRoom(_ request: DeleteRoomRequest, at moment: Moment) throws(ServiceError) {
    now = moment
    close(try room(request.room), reason: .roomDeleted)
  }

  /// The room with its new metadata; everybody in it was told.
  public mutating func updateRoomMetadata(
    _ request: UpdateRoomMetadataRequest, at moment: Moment
  ) throws(ServiceError) -> LiveKitProtocol.Room {
    now = moment
    let room = try room(request.room)
    if request.metadata.utf8.count > RoomLimit.metadata {
      throw ServiceError(.invalidArgument, "metadata size exceeds limits", meta: ["argument": "metadata"])
    }
    room.metadata = request.metadata
    announce(room)
    return room.info(codecs: codecs)
  }

  // MARK: Participants

  /// In the order of joining, hidden ones included; empty for a room that does not exist.
  public func listParticipants(_ request: ListParticipantsRequest) -> ListParticipantsResponse {
    var response = ListParticipantsResponse()
    response.participants = rooms[request.room]?.participants.map(\.info) ?? []
    return response
  }

  public func getParticipant(_ request: RoomParticipantIdentity) throws(ServiceError) -> ParticipantInfo {
    try participant(request.identity, in: request.room).info
  }

  public mutating func removeParticipant(
    _ request: RoomParticipantIdentity, at moment: Moment
  ) throws(ServiceError) {
    now = moment
    close(try participant(request.identity, in: request.room), reason: .participantRemoved)
  }

  /// Name, metadata and attributes as a client may change its own; a permission replaces the old one wholly.
  public mutating func updateParticipant(
    _ request: UpdateParticipantRequest, at moment: Moment
  ) throws(ServiceError) -> ParticipantInfo {
    now = moment
    let participant = try participant(request.identity, in: request.room)
    try change(participant, name: request.name, metadata: request.metadata, attributes: request.attributes)
    if let permission = request.permission { setPermission(permission, of: participant) }
    return participant.info
  }

  /// Asks the publisher to stop or start sending, and stops or starts forwarding at once. Unmuting somebody from afar is
  /// refused unless the configuration allows it.
  public mutating func mutePublishedTrack(
    _ request: MuteRoomTrackRequest, at moment: Moment
  ) throws(ServiceError) -> MuteRoomTrackResponse {
    now = moment
    let participant = try participant(request.identity, in: request.room)
    if !request.muted, !configuration.remoteUnmute {
      throw ServiceError(.failedPrecondition, "remote unmute not enabled")
    }
    var response = MuteRoomTrackResponse()
    guard let track = participant.track(request.trackSid) else { return response }
    if track.info.muted != request.muted {
      var message = MuteTrackRequest()
      message.sid = track.sid
      message.muted = request.muted
      send(.mute(message), to: participant)
    }
    setMuted(track, request.muted)
    response.track = track.info
    return response
  }

  public mutating func updateSubscriptions(
    _ request: UpdateSubscriptionsRequest, at moment: Moment
  ) throws(ServiceError) {
    now = moment
    let participant = try participant(request.identity, in: request.room)
    var update = UpdateSubscription()
    update.trackSids = request.trackSids
    update.participantTracks = request.participantTracks
    update.subscribe = request.subscribe
    updateSubscription(update, of: participant)
  }

  // MARK: Data

  /// A user packet without a sender. One nonce is delivered once.
  public mutating func sendData(_ request: SendDataRequest, at moment: Moment) throws(ServiceError) {
    now = moment
    let room = try room(request.room)
    guard request.nonce.isEmpty || request.nonce.count == 16 else {
      throw ServiceError(.invalidArgument, "nonce must be 16 bytes", meta: ["argument": "nonce"])
    }
    guard request.data.count <= RoomLimit.dataPacket - RoomLimit.packetOverhead else {
      throw ServiceError(.invalidArgument, "data size exceeds limits", meta: ["argument": "data"])
    }
    guard room.nonces.admit(request.nonce) else { return }
    var user = UserPacket()
    user.payload = request.data
    user.topic = request.topic
    user.destinationSids = request.destinationSids
    user.destinationIdentities = request.destinationIdentities
    user.nonce = request.nonce
    var packet = DataPacket()
    packet.kind = request.kind
    packet.destinationIdentities = request.destinationIdentities
    packet.value = .user(user)
    let recipients = ReliableCache.Recipients(
      identities: Set(request.destinationIdentities), sids: Set(request.destinationSids))
    sendServerPacket(packet, to: room.participants.filter(recipients.contains), in: room)
  }

  // MARK: What only a cluster could do

  public func forwardParticipant(_ request: ForwardParticipantRequest) throws(ServiceError) {
    try refuseTransfer(from: request.room, to: request.destinationRoom)
  }

  public func moveParticipant(_ request: MoveParticipantRequest) throws(ServiceError) {
    try refuseTransfer(from: request.room, to: request.destinationRoom)
  }

  private func refuseTransfer(from room: String, to destination: String) throws(ServiceError) {
    if room == destination {
      throw ServiceError(
        .invalidArgument, "destination room is the room itself", meta: ["argument": "destination_room"])
    }
    throw ServiceError(.unimplemented, "participants cannot change rooms on this server")
  }
}
