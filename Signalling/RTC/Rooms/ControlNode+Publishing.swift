// Tracks from their announcement to their end (§4.6, §4.7): the sid is given at once, the m-line comes before or after it.

import Chronology
import LiveKitProtocol
import MediaContract
import SessionDescriptions

extension ControlNode {
  // MARK: Announcement

  /// `add_track`: makes a pending track, or adds the backup codec to one that exists.
  mutating func addTrack(_ request: AddTrackRequest, from participant: Participant) {
    func refuse(_ reason: RequestResponse.Reason, _ message: String) {
      respond(to: participant, reason, message: message, echo: .addTrack(request))
    }
    guard participant.mayPublish(request.source) else {
      return refuse(.notAllowed, "does not have permission to publish this source")
    }
    guard let kind = request.type.mediaKind else { return refuse(.unsupportedType, "not a media track") }
    guard request.simulcastCodecs.count <= RoomLimit.codecsPerTrack, request.protobuf.count <= RoomLimit.trackRequest
    else {
      // Without the request itself: it is too long to be sent back.
      return respond(to: participant, .limitExceeded, message: "track request too large")
    }
    if !request.sid.isEmpty {
      guard let track = participant.track(request.sid) else { return refuse(.notFound, "no such track") }
      addBackupCodec(request, to: track)
      return
    }
    let cids = [request.cid] + request.simulcastCodecs.map(\.cid)
    if let track = participant.tracks.first(where: { track in cids.contains { track.matches(cid: $0) } }) {
      if !track.isAnnounced {
        reply(to: request, with: track)
      } else if participant.queuedRequests.count >= RoomLimit.queuedRequests
        || participant.queuedRequests.count(where: { $0.cid == request.cid }) >= RoomLimit.queuedTracks
      {
        refuse(.limitExceeded, "too many requests for this track id")
      } else {
        participant.queuedRequests.append(request)
        refuse(.queued, "the track id is in use")
      }
      return
    }
    guard admitsScreen(request.source, in: participant.room) else {
      return refuse(.limitExceeded, "STREAM_LIMIT: too many screens are shared in this room")
    }
    let pending = participant.tracks.count { !$0.isAnnounced }
    guard pending < RoomLimit.pendingTracks, participant.tracks.count < RoomLimit.tracks else {
      return refuse(.limitExceeded, "too many tracks")
    }
    let track = makeTrack(request, kind, from: participant)
    participant.tracks.append(track)
    participant.room.tracks[track.sid] = track
    reply(to: request, with: track)
    claimSections(of: participant)
  }

  /// Whether one more screen may be shared. What was asked for and did not come within the wait for a negotiation gives
  /// its place up.
  private func admitsScreen(_ source: TrackSource, in room: Room, besides other: PublishedTrack? = nil) -> Bool {
    guard source == .screenShare, let limit = configuration.screenShareLimit(room.name) else { return true }
    let shared = room.tracks.values.count { track in
      track !== other && track.info.source == .screenShare
        && (track.isAnnounced || now.instant - track.requested < timings.negotiationTimeout)
    }
    return shared < limit
  }

  private mutating func reply(to request: AddTrackRequest, with track: PublishedTrack) {
    var response = TrackPublishedResponse()
    response.cid = request.cid
    response.track = track.info
    send(.trackPublished(response), to: track.publisher)
  }

  private mutating func makeTrack(
    _ request: AddTrackRequest, _ kind: MediaKind, from participant: Participant
  ) -> PublishedTrack {
    let letters = (kind == .video ? "V" : "A") + request.source.sidLetter
    var info = TrackInfo(request)
    info.sid = "TR_" + letters + random.text(10)
    info.version = TimedVersion().next(at: now.wall)
    var encodings = request.simulcastCodecs.map { codec in
      TrackEncoding(cid: codec.cid.isEmpty ? "" : codec.cid, codecName: codec.codec.lowercased())
    }
    if encodings.isEmpty { encodings = [TrackEncoding(cid: request.cid, codecName: "")] }
    if encodings[0].cid.isEmpty { encodings[0].cid = request.cid }
    for index in encodings.indices { useEnabledCodec(&encodings[index], kind, isPrimary: index == 0) }
    info.codecs = encodings.enumerated().map { index, encoding in
      SimulcastCodecInfo(encoding, layers: layers(of: request, codec: index), request: request, index: index)
    }
    info.mimeType = info.codecs.first?.mimeType ?? ""
    return PublishedTrack(
      sid: info.sid, publisher: participant, kind: kind, info: info, encodings: encodings, at: now.instant)
  }

  /// A codec that is switched off gives way to the first of its kind, and TrackInfo says so.
  private func useEnabledCodec(_ encoding: inout TrackEncoding, _ kind: MediaKind, isPrimary: Bool) {
    guard !encoding.codecName.isEmpty else { return }
    let enabled = enabledCodecs(kind)
    if let codec = MediaContract.Codec(mime: encoding.codecName), enabled.contains(codec) { return }
    encoding.codecName = isPrimary ? enabled.first?.bareName ?? "" : encoding.codecName
  }

  func enabledCodecs(_ kind: MediaKind) -> [MediaContract.Codec] {
    kind == .audio ? configuration.audioCodecs : configuration.videoCodecs
  }

  private func layers(of request: AddTrackRequest, codec index: Int) -> [VideoLayer] {
    let own = request.simulcastCodecs.indices.contains(index) ? request.simulcastCodecs[index].layers : []
    return (own.isEmpty ? request.layers : own).sorted { $0.quality.rawValue < $1.quality.rawValue }
  }

  /// The second codec of a track, announced when dynacast said that somebody needs it.
  private mutating func addBackupCodec(_ request: AddTrackRequest, to track: PublishedTrack) {
    for (index, codec) in request.simulcastCodecs.enumerated() where !track.matches(cid: codec.cid) {
      let name = codec.codec.lowercased()
      if let known = track.encodings.firstIndex(where: { $0.codecName == name && $0.publication == nil }) {
        track.encodings[known].cid = codec.cid
      } else if track.encodings.count < RoomLimit.codecsPerTrack {
        let encoding = TrackEncoding(cid: codec.cid, codecName: name)
        track.encodings.append(encoding)
        track.info.codecs.append(
          SimulcastCodecInfo(encoding, layers: layers(of: request, codec: index), request: request, index: index))
      }
      if let position = track.info.codecs.firstIndex(where: { MediaContract.Codec(mime: $0.mimeType)?.bareName == name }
      ) {
        track.info.codecs[position].cid = codec.cid
        if !codec.layers.isEmpty { track.info.codecs[position].layers = codec.layers }
      }
    }
    reply(to: request, with: track)
    claimSections(of: track.publisher)
  }

  // MARK: Binding to m-lines

  /// Gives m-lines that the client sends on, and that no track fitted so far, to tracks that were announced since.
  mutating func claimSections(of participant: Participant) {
    let transport = participant.publisher
    let bound = bindSections(of: transport, participant: participant)
    for entry in bound { configurePublication(of: transport, section: entry.section) }
    for entry in bound { announce(entry.track) }
  }

  /// Makes the section the carrier of an encoding. The media plane hears of it once the section is negotiated.
  mutating func bind(section index: Int, of transport: Transport, to track: PublishedTrack, encoding: Int) {
    let publication = PublicationID(rawValue: unique())
    publications[publication] = track
    track.encodings[encoding].publication = publication
    track.encodings[encoding].mid = transport.sections[index].mid
    track.encodings[encoding].sdpCid = transport.sections[index].remoteTrackID
    transport.sections[index].use = .receiving(track, publication: publication)
  }

  /// Tells the media plane what comes on a negotiated section.
  mutating func configurePublication(of transport: Transport, section index: Int) {
    let section = transport.sections[index]
    guard case .receiving(let track, let publication) = section.use, !section.formats.isEmpty,
      let position = track.encodings.firstIndex(where: { $0.publication == publication })
    else { return }
    track.encodings[position].formats = section.formats
    track.encodings[position].layerCount = max(1, section.encodings.count)
    track.complete(encoding: position, with: section)
    command(
      .setPublication(
        PublicationParameters(
          id: publication, transport: transport.id, kind: track.kind,
          isMicrophone: track.info.source == .microphone, isScreenShare: track.info.source == .screenShare,
          mid: section.mid, formats: section.formats, extensions: section.extensions, feedback: section.feedback,
          encodings: section.encodings, isEncrypted: track.info.encryption != .none, isMuted: track.info.muted)),
      in: track.publisher.room)
  }

  /// The track's m-line is negotiated: the others may know, and those who want it get it.
  mutating func announce(_ track: PublishedTrack) {
    let publisher = track.publisher
    guard !publisher.isClosed else { return }
    if track.isAnnounced {
      // Another codec of a known track: whoever could not decode the first may now be served.
      announceChange(of: publisher, isUrgent: true)
      for subscription in track.orderedSubscriptions where subscription.id == nil {
        serve(subscription)
      }
      return
    }
    // Others may have taken the place of one that came late.
    guard admitsScreen(track.info.source, in: publisher.room, besides: track) else {
      return remove(track, isForced: true)
    }
    track.isAnnounced = true
    publisher.isPublisher = true
    announceChange(of: publisher, isUrgent: true, includesSelf: true)
    effects.append(.event(.trackPublished(publisher.room.info(codecs: codecs), publisher.info, track.info)))
    scheduleCounters(of: publisher.room)
    track.dynacast.begin(codecs: track.codecNames)
    for participant in publisher.room.participants { reconcile(participant, track) }
    updateDynacast(of: track)
  }

  /// Starts a subscription that had no codec in common with the track before, on its m-line or on a new one.
  private mutating func serve(_ subscription: Subscription) {
    subscription.codecErrorWasSent = false
    if let mid = subscription.mid, let transport = subscription.subscriber.downstream,
      let index = transport.section(mid: mid), !transport.sections[index].formats.isEmpty
    {
      startFlow(of: subscription, on: transport.sections[index], of: transport)
    } else {
      requestNegotiation(of: subscription.subscriber)
    }
  }

  // MARK: End

  /// An m-line stopped carrying its encoding; the track ends with its last one.
  mutating func release(_ publication: PublicationID, of track: PublishedTrack) {
    guard let index = track.encodings.firstIndex(where: { $0.publication == publication }) else { return }
    publications[publication] = nil
    command(.removePublication(publication), in: track.publisher.room)
    track.encodings[index].publication = nil
    track.encodings[index].mid = ""
    if track.live.isEmpty {
      remove(track)
    } else {
      for subscription in track.orderedSubscriptions where subscription.publication == publication {
        stopFlow(of: subscription)
        requestNegotiation(of: subscription.subscriber)
      }
    }
  }

  /// Ends a track. `isForced`: by the server's will, which the publisher must learn.
  mutating func remove(_ track: PublishedTrack, isAnnounced: Bool = true, isForced: Bool = false) {
    let publisher = track.publisher
    publisher.tracks.removeAll { $0 === track }
    publisher.room.tracks[track.sid] = nil
    for subscription in track.orderedSubscriptions { end(subscription) }
    for participant in publisher.room.participants {
      participant.denied.remove(track.sid)
      participant.wishes[track.sid] = nil
      participant.trackSettings[track.sid] = nil
    }
    for encoding in track.encodings {
      guard let publication = encoding.publication else { continue }
      publications[publication] = nil
      command(.removePublication(publication), in: publisher.room)
    }
    for index in publisher.publisher.sections.indices {
      if case .receiving(let other, _) = publisher.publisher.sections[index].use, other === track {
        publisher.publisher.sections[index].use = .idle
        publisher.publisher.sections[index].endedTrackID = publisher.publisher.sections[index].remoteTrackID
        publisher.publisher.sections[index].remoteTrackID = ""
      }
    }
    if isForced, publisher.protocolVersion >= 7 {
      var message = TrackUnpublishedResponse()
      message.trackSid = track.sid
      send(.trackUnpublished(message), to: publisher)
    }
    guard track.isAnnounced else { return }
    track.isAnnounced = false
    effects.append(.event(.trackUnpublished(publisher.room.info(codecs: codecs), publisher.info, track.info)))
    guard isAnnounced else { return }
    announceChange(of: publisher, isUrgent: true, includesSelf: true)
    takeQueuedRequests(of: publisher)
  }

  private mutating func takeQueuedRequests(of participant: Participant) {
    let requests = participant.queuedRequests
    participant.queuedRequests = []
    for request in requests { addTrack(request, from: participant) }
  }

  // MARK: Changes

  mutating func mute(_ request: MuteTrackRequest, from participant: Participant) {
    guard let track = participant.track(request.sid) else { return }
    setMuted(track, request.muted)
  }

  mutating func setMuted(_ track: PublishedTrack, _ isMuted: Bool) {
    guard track.info.muted != isMuted else { return }
    track.info.muted = isMuted
    touch(track)
    for encoding in track.live {
      guard let publication = encoding.publication else { continue }
      command(.setMuted(publication, isMuted), in: track.publisher.room)
    }
    updateDynacast(of: track)
    guard track.isAnnounced else { return }
    let publisher = track.publisher
    effects.append(.event(.trackMuteChanged(publisher.room.info(codecs: codecs), publisher.info, track.info)))
  }

  mutating func updateTrack(_ request: UpdateLocalAudioTrack, from participant: Participant) {
    guard let track = participant.track(request.trackSid), track.kind == .audio else {
      respond(to: participant, .notFound, message: "no such track", echo: .updateAudioTrack(request))
      return
    }
    guard request.features.count <= RoomLimit.audioFeatures else {
      return respond(to: participant, .limitExceeded, message: "too many features")
    }
    track.info.audioFeatures = request.features
    track.info.stereo = request.features.contains(.stereo)
    track.info.disableDtx = request.features.contains(.noDtx)
    touch(track)
  }

  mutating func updateTrack(_ request: UpdateLocalVideoTrack, from participant: Participant) {
    guard let track = participant.track(request.trackSid), track.kind == .video else {
      respond(to: participant, .notFound, message: "no such track", echo: .updateVideoTrack(request))
      return
    }
    track.info.width = request.width
    track.info.height = request.height
    touch(track)
  }

  /// A new version of the track, told to everybody including its publisher.
  private mutating func touch(_ track: PublishedTrack) {
    track.info.version = (track.info.version ?? TimedVersion()).next(at: now.wall)
    if track.isAnnounced { announceChange(of: track.publisher, isUrgent: true, includesSelf: true) }
  }
}
