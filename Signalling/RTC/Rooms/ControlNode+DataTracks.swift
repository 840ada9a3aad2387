// Data tracks (§4.10): published by a handle of the sender's choice, received by a handle of ours.

import Chronology
import LiveKitProtocol
import MediaContract

extension ControlNode {
  // MARK: Publishing

  mutating func publishDataTrack(_ request: PublishDataTrackRequest, from participant: Participant) {
    if let refusal = refusal(of: request, from: participant) {
      respond(to: participant, refusal, echo: .publishDataTrack(request))
      return
    }
    var info = DataTrackInfo()
    info.pubHandle = request.pubHandle
    info.sid = sid("DTR_")
    info.name = request.name
    info.encryption = request.encryption
    info.frameEncoding = request.frameEncoding
    info.schema = request.schema
    let track = DataTrack(publisher: participant, info: info)
    participant.data.published.append(track)
    participant.room.dataTracks[track.sid] = track
    participant.isPublisher = true
    var response = PublishDataTrackResponse()
    response.info = info
    send(.publishDataTrackResponse(response), to: participant)
    announceChange(of: participant, isUrgent: true)
    scheduleCounters(of: participant.room)
    for other in participant.room.participants { subscribeIfWanted(other, to: track) }
  }

  private func refusal(
    of request: PublishDataTrackRequest, from participant: Participant
  ) -> RequestResponse.Reason? {
    guard participant.permission.canPublishData else { return .notAllowed }
    guard (1...65_535).contains(request.pubHandle) else { return .invalidHandle }
    guard !request.name.isEmpty, request.name.utf8.count <= RoomLimit.dataTrackName else { return .invalidName }
    let others = participant.data.published
    if others.contains(where: { $0.info.pubHandle == request.pubHandle }) { return .duplicateHandle }
    if others.contains(where: { $0.info.name == request.name }) { return .duplicateName }
    let sizes = 1...RoomLimit.dataTrackEncoding
    if case .custom(let text) = request.frameEncoding?.value, !sizes.contains(text.utf8.count) {
      return .invalidRequest
    }
    if case .custom(let text) = request.schema?.encoding?.value, !sizes.contains(text.utf8.count) {
      return .invalidRequest
    }
    if let schema = request.schema, schema.name.utf8.count > RoomLimit.dataTrackName { return .invalidRequest }
    return others.count < RoomLimit.dataTracks ? nil : .limitExceeded
  }

  mutating func unpublishDataTrack(_ request: UnpublishDataTrackRequest, from participant: Participant) {
    guard let track = participant.data.published.first(where: { $0.info.pubHandle == request.pubHandle }) else {
      respond(to: participant, .notFound, echo: .unpublishDataTrack(request))
      return
    }
    unpublish(track, isAnnounced: true)
  }

  /// Ends a data track and tells its publisher. Subscribers' handles of it end too.
  mutating func unpublish(_ track: DataTrack, isAnnounced: Bool) {
    remove(track, isAnnounced: isAnnounced)
    var response = UnpublishDataTrackResponse()
    response.info = track.info
    send(.unpublishDataTrackResponse(response), to: track.publisher)
  }

  mutating func remove(_ track: DataTrack, isAnnounced: Bool) {
    let publisher = track.publisher
    let room = publisher.room
    publisher.data.published.removeAll { $0 === track }
    room.dataTracks[track.sid] = nil
    for key in track.subscribers.keys.sorted() {
      guard let subscriber = participants[key], subscriber !== publisher else { continue }
      subscriber.data.removeHandle(for: track.sid)
      subscriber.data.wishes.remove(track.sid)
      tellDataHandles(to: subscriber)
    }
    track.subscribers = [:]
    if isAnnounced { announceChange(of: publisher, isUrgent: true) }
  }

  // MARK: Subscribing

  mutating func updateDataSubscription(_ request: UpdateDataSubscription, of participant: Participant) {
    for update in request.updates {
      if update.subscribe {
        guard participant.data.wishes.count < RoomLimit.dataTrackSubscriptions else { break }
        participant.data.wishes.insert(update.trackSid)
        if let track = participant.room.dataTracks[update.trackSid] { subscribe(participant, to: track) }
      } else {
        participant.data.wishes.remove(update.trackSid)
        participant.data.removeHandle(for: update.trackSid)
        participant.room.dataTracks[update.trackSid]?.subscribers[participant.key] = nil
      }
    }
    tellDataHandles(to: participant)
  }

  private mutating func subscribeIfWanted(_ participant: Participant, to track: DataTrack) {
    let isAutomatic = participant.settings.autoSubscribeDataTrack ?? false
    guard isAutomatic || participant.data.wishes.contains(track.sid) else { return }
    subscribe(participant, to: track)
    tellDataHandles(to: participant)
  }

  private func subscribe(_ participant: Participant, to track: DataTrack) {
    guard participant !== track.publisher, participant.permission.canSubscribe, !track.publisher.isHidden,
      track.subscribers[participant.key] == nil, let handle = participant.data.addHandle(for: track.sid)
    else { return }
    track.subscribers[participant.key] = handle
  }

  /// Those who asked for every data track get what there is once they are connected.
  mutating func subscribeToDataTracks(_ participant: Participant) {
    guard participant.settings.autoSubscribeDataTrack ?? false else { return }
    for other in participant.room.participants {
      for track in other.data.published { subscribe(participant, to: track) }
    }
    tellDataHandles(to: participant)
  }

  mutating func endDataSubscriptions(of participant: Participant) {
    for sid in participant.data.handleBySid.keys.sorted() {
      participant.room.dataTracks[sid]?.subscribers[participant.key] = nil
    }
  }

  /// Always the whole map. Nothing to somebody who never had any.
  mutating func tellDataHandles(to participant: Participant) {
    guard !participant.data.handles.isEmpty || participant.data.hasToldHandles else { return }
    participant.data.hasToldHandles = true
    var message = DataTrackSubscriberHandles()
    for (handle, sid) in participant.data.handles {
      guard let track = participant.room.dataTracks[sid] else { continue }
      var entry = DataTrackSubscriberHandles.PublishedDataTrack()
      entry.publisherIdentity = track.publisher.identity
      entry.publisherSid = track.publisher.sid
      entry.trackSid = sid
      message.subHandles[UInt32(handle)] = entry
    }
    send(.dataTrackSubscriberHandles(message), to: participant)
  }

  // MARK: Frames

  /// Where a packet of a data track has its handle: bytes 2 and 3 of 12, big-endian.
  private static let frameHeader = 12

  /// Passes a packet on, with each subscriber's own handle in it.
  mutating func forwardFrame(_ bytes: [UInt8], from sender: Participant) {
    guard bytes.count >= Self.frameHeader, sender.permission.canPublishData else { return }
    let handle = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    guard let track = sender.data.published.first(where: { $0.handle == handle }) else { return }
    for key in track.subscribers.keys.sorted() {
      guard let subscriber = participants[key], subscriber.state == .active,
        let own = track.subscribers[key]
      else { continue }
      var packet = bytes
      packet[2] = UInt8(truncatingIfNeeded: own >> 8)
      packet[3] = UInt8(truncatingIfNeeded: own)
      command(.sendData([subscriber.primary.id], .dataTrack, packet, isBinary: true), in: sender.room)
    }
  }
}
