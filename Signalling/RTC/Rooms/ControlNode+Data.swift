// Data packets: from a participant to the others, with the sender's name set by us and the content untouched (§4.4).

import Chronology
import LiveKitProtocol
import MediaContract

extension ControlNode {
  /// A message arrived on a data channel.
  mutating func dataArrived(_ bytes: [UInt8], _ label: DataChannelLabel, on id: TransportID) {
    guard let sender = transports[id], !sender.isClosed, bytes.count <= RoomLimit.dataPacket else { return }
    switch label {
    case .reliable: forward(bytes, isReliable: true, from: sender)
    case .lossy: forward(bytes, isReliable: false, from: sender)
    case .dataTrack: forwardFrame(bytes, from: sender)
    case .other(let name): forwardRaw(bytes, topic: name, from: sender)
    }
  }

  private mutating func forward(_ bytes: [UInt8], isReliable: Bool, from sender: Participant) {
    guard var packet = try? Forwarded<DataPacketEnvelope>(protobuf: bytes), let value = packet.message.value else {
      return
    }
    let sequence = packet.message.sequence
    if isReliable, sequence > 0 {
      // After a resume clients repeat what they cannot know to have arrived.
      guard sequence > sender.data.lastSequence else { return }
      sender.data.lastSequence = sequence
    }
    if takeCallAnswer(value, from: sender) { return }
    guard sender.permission.canPublishData, mayOriginate(value.field, sender) else { return }
    // Clients disagree about this field; the channel decides.
    packet.message.kind = isReliable ? .reliable : .lossy
    let claimed = packet.message.participantIdentity
    packet.message.participantIdentity = sender.isHidden ? "" : sender.identity
    packet.message.participantSid = sender.isHidden ? "" : sender.sid
    var recipients = ReliableCache.Recipients(
      sender: sender.key, identities: Set(packet.message.destinationIdentities))
    switch value.field {
    case .user:
      guard rewriteUser(&packet.message, of: sender, recipients: &recipients) else { return }
    case .chatMessage, .streamHeader:
      speakForAnother(claimed, &packet.message, sender)
    case .metrics:
      recipients.metricsOf = sender.key
    default: break
    }
    deliver(packet.protobuf, isReliable: isReliable, to: recipients, in: sender.room)
  }

  /// Speaker lists are the server's to make, transcriptions an agent's.
  private func mayOriginate(_ field: DataPacketEnvelope.ValueField, _ sender: Participant) -> Bool {
    switch field {
    case .speaker: false
    case .transcription: sender.isAgent
    default: true
    }
  }

  /// The older place of sender and destinations, inside the user packet, says the same as the newer one.
  private mutating func rewriteUser(
    _ packet: inout DataPacketEnvelope, of sender: Participant, recipients: inout ReliableCache.Recipients
  ) -> Bool {
    guard let payload = packet.value?.payload, var user = try? Forwarded<UserPacket>(protobuf: payload) else {
      return false
    }
    guard sender.room.nonces.admit(user.message.nonce) else { return false }
    user.message.participantSid = sender.isHidden ? "" : sender.sid
    user.message.participantIdentity = sender.isHidden ? "" : sender.identity
    if packet.destinationIdentities.isEmpty {
      packet.destinationIdentities = user.message.destinationIdentities
    } else {
      user.message.destinationIdentities = packet.destinationIdentities
    }
    recipients.identities = Set(packet.destinationIdentities)
    recipients.sids = Set(user.message.destinationSids)
    packet.value = DataPacketEnvelope.Value(.user, user.protobuf)
    return true
  }

  /// An agent may write in somebody's name: transcribed or translated chat. Readers see that it was generated.
  private func speakForAnother(_ identity: String, _ packet: inout DataPacketEnvelope, _ sender: Participant) {
    guard sender.isAgent, !identity.isEmpty, identity != sender.identity, let value = packet.value else { return }
    switch value.field {
    case .chatMessage:
      guard var chat = try? Forwarded<ChatMessage>(protobuf: value.payload) else { return }
      chat.message.generated = true
      packet.value = DataPacketEnvelope.Value(.chatMessage, chat.protobuf)
    default:
      guard var header = try? Forwarded<DataStream.Header>(protobuf: value.payload),
        case .textHeader(var text) = header.message.contentHeader
      else { return }
      text.generated = true
      header.message.contentHeader = .textHeader(text)
      packet.value = DataPacketEnvelope.Value(.streamHeader, header.protobuf)
    }
    packet.participantIdentity = identity
  }

  /// A channel with a name of its own: its messages are user packets without the envelope.
  private mutating func forwardRaw(_ bytes: [UInt8], topic: String, from sender: Participant) {
    guard sender.permission.canPublishData else { return }
    var user = UserPacket()
    user.payload = bytes
    user.topic = topic
    user.participantSid = sender.isHidden ? "" : sender.sid
    user.participantIdentity = sender.isHidden ? "" : sender.identity
    var packet = DataPacket()
    packet.value = .user(user)
    packet.participantIdentity = user.participantIdentity
    packet.participantSid = user.participantSid
    deliver(
      packet.protobuf, isReliable: true, to: ReliableCache.Recipients(sender: sender.key), in: sender.room)
  }

  // MARK: Delivery

  private mutating func deliver(
    _ packet: [UInt8], isReliable: Bool, to recipients: ReliableCache.Recipients, in room: Room
  ) {
    let receivers = room.participants.filter { receiver in
      guard recipients.contains(receiver) else { return false }
      if isReliable { return receiver.data.isReliableOpen }
      return receiver.state == .active
    }
    if isReliable {
      room.reliablePackets.append(packet, to: recipients, at: now.instant, life: timings.reliableCache)
    }
    sendData(packet, isReliable ? .reliable : .lossy, to: receivers, in: room)
  }

  private mutating func sendData(
    _ bytes: [UInt8], _ label: DataChannelLabel, to receivers: [Participant], in room: Room
  ) {
    guard !receivers.isEmpty else { return }
    command(.sendData(receivers.map(\.primary.id), label, bytes, isBinary: true), in: room)
  }

  /// A packet of the server's own: no sender, no sequence, and kept for those whose channel is not open yet.
  mutating func sendServerPacket(_ packet: DataPacket, to receivers: [Participant], in room: Room) {
    let bytes = packet.protobuf
    if packet.kind == .lossy {
      sendData(bytes, .lossy, to: receivers.filter { $0.state == .active }, in: room)
      return
    }
    for receiver in receivers where !receiver.data.isReliableOpen { receiver.data.hold(bytes) }
    sendData(bytes, .reliable, to: receivers.filter(\.data.isReliableOpen), in: room)
  }

  /// A channel can be used: the reliable one begins with what was said since the participant joined.
  mutating func channelOpened(_ label: DataChannelLabel, on id: TransportID) {
    guard let participant = transports[id], participant.primary.id == id, label == .reliable,
      !participant.data.isReliableOpen
    else { return }
    participant.data.isReliableOpen = true
    let room = participant.room
    let missed = room.reliablePackets.packets(
      for: participant, from: participant.data.nextReliable, at: now.instant, life: timings.reliableCache)
    for packet in missed + participant.data.releaseHeld() {
      sendData(packet, .reliable, to: [participant], in: room)
    }
  }

  /// Reliable packets that a resuming client says it has not got. Those that it has are dropped by their sequence.
  mutating func replay(_ states: [DataChannelReceiveState], to participant: Participant) {
    guard !states.isEmpty, participant.data.isReliableOpen else { return }
    let room = participant.room
    let packets = room.reliablePackets.packets(
      for: participant, from: participant.data.nextReliable, at: now.instant, life: timings.reliableCache)
    for bytes in packets {
      guard let packet = try? Forwarded<DataPacketEnvelope>(protobuf: bytes).message, packet.sequence > 0,
        let state = states.first(where: { $0.publisherSid == packet.participantSid }),
        packet.sequence > state.lastSeq
      else { continue }
      sendData(bytes, .reliable, to: [participant], in: room)
    }
  }
}
