// How a simulated client answers what the server says: the part of an SDK that speaks the signalling protocol.

import Chronology
import DataChannels
import LiveKitProtocol
import MediaContract
import Peer
import SessionDescriptions

extension Simulation {
  func handle(_ message: SignalResponse.Message, for session: Session) {
    switch message {
    case .join(let join): joined(join, session)
    case .reconnect(let response): resumed(response, session)
    case .offer(let offer): answer(offer, session)
    case .answer(let answer): take(answer, session)
    case .trackPublished(let response): published(response, session)
    case .trackUnpublished(let response): withdraw(session.track(sid: response.trackSid), session)
    case .subscribedQualityUpdate(let update): encode(update, session)
    case .mediaSectionsRequirement(let requirement):
      for _ in 0..<requirement.numAudios { session.local.append(.make(.audio, .recvonly)) }
      for _ in 0..<requirement.numVideos { session.local.append(.make(.video, .recvonly)) }
      offer(session)
    case .requestResponse(let response):
      // Refused: the right to publish was gone when the request came.
      guard case .addTrack(let request)? = response.request, response.reason != .ok, response.reason != .queued else {
        return
      }
      session.tracks.removeAll { $0.cid == request.cid && $0.sid == nil }
    case .leave(let leave): left(leave, session)
    default: break
    }
  }

  private func joined(_ join: JoinResponse, _ session: Session) {
    session.sid = join.participant?.sid ?? ""
    if !session.client.isSingle { offer(session) }
    publishMissing(session)
    beat(session, Int.random(in: 0..<40, using: &random))
  }

  private func left(_ leave: LeaveRequest, _ session: Session) {
    record(.signalToClient, "leave \(leave.action) \(leave.reason)", session.client.index)
    switch leave.action {
    case .resume: break  // The socket closes behind it.
    case .reconnect:
      cutSocket(of: session, isUplinkLost: false, serverHearsAfter: .milliseconds(10))
      abandon(session, rejoin: true)
    default:
      cutSocket(of: session, isUplinkLost: false, serverHearsAfter: .milliseconds(10))
      abandon(session, rejoin: true)
    }
  }

  // MARK: Resuming

  private func resumed(_ response: ReconnectResponse, _ session: Session) {
    session.isResuming = false
    session.hasResumed = true
    // What was announced on the old socket may never have been heard.
    session.tracks.removeAll { $0.sid == nil && $0.mid == nil }
    var state = SyncState()
    state.publishTracks = session.tracks.compactMap { track in
      guard let sid = track.sid else { return nil }
      var published = TrackPublishedResponse()
      published.cid = track.cid
      published.track = TrackInfo()
      published.track?.sid = sid
      return published
    }
    state.datachannelReceiveStates = session.lastReceived.sorted { $0.key < $1.key }.map {
      var receive = DataChannelReceiveState()
      receive.publisherSid = $0.key
      receive.lastSeq = $0.value
      return receive
    }
    state.trackSidsDisabled = session.disabled.sorted()
    send(.syncState(state), from: session)
    session.sentData.removeAll { $0.sequence <= response.lastMessageSeq }
    if let stream = session.publisher.reliable {
      for packet in session.sentData { try? session.publisher.peer.sendData(packet.bytes, on: stream, at: now) }
    }
    session.publisher.restartICE()
    session.isOffering = false
    offer(session)
    repeatWishes(session)
    publishMissing(session)
  }

  /// Mutes that went out on a socket that broke are said again.
  private func repeatWishes(_ session: Session) {
    for track in session.tracks {
      guard let sid = track.sid else { continue }
      mute(track, sid, session)
    }
  }

  func mute(_ track: SimulatedTrack, _ sid: String, _ session: Session) {
    var request = MuteTrackRequest()
    request.sid = sid
    request.muted = track.isMuted
    send(.mute(request), from: session, .mute(sid: sid, track.isMuted))
  }

  // MARK: Descriptions

  /// Offers now, or as soon as the offer before was answered.
  func offer(_ session: Session) {
    guard session.connection != nil, !session.isOffering else {
      session.needsOffer = true
      return
    }
    session.isOffering = true
    session.needsOffer = false
    send(.offer(session.makeOffer()), from: session)
  }

  private func take(_ message: SessionDescription, _ session: Session) {
    guard let sdp = try? SDP(parsing: message.sdp) else { return fail("signalling", "an answer that cannot be read") }
    session.isOffering = false
    let end = session.publisher
    end.apply(sdp, midToTrack: message.midToTrackId, at: now)
    if end.reliable == nil {
      end.reliable = try? end.peer.openChannel(DataChannelParameters(label: "_reliable"), at: now)
    }
    for track in session.tracks where track.mid.map({ mid in sdp.media.contains { $0.mid == mid } }) ?? false {
      track.open(on: end)
    }
    if session.needsOffer { offer(session) }
  }

  private func answer(_ message: SessionDescription, _ session: Session) {
    guard let end = session.subscriber else { return fail("signalling", "an offer on a single connection") }
    guard let offer = try? SDP(parsing: message.sdp) else { return fail("signalling", "an offer that cannot be read") }
    if end.isRestart(offer) { end.restartICE() }
    var answer = SDP()
    answer.sessionID = 2
    answer.sessionVersion = offer.sessionVersion
    answer.bundle = offer.bundle
    answer.transport = end.transport(.active)
    for offered in offer.media {
      var section = offered
      section.candidates = []
      section.transport = TransportDescription()
      section.msid = nil
      section.sources = []
      section.sourceGroups = []
      if section.kind != .application { section.direction = offered.direction.sends ? .recvonly : .inactive }
      answer.media.append(section)
    }
    end.apply(offer, midToTrack: message.midToTrackId, at: now)
    var description = SessionDescription()
    description.type = "answer"
    description.sdp = answer.text
    description.id = message.id
    send(.answer(description), from: session)
  }

  // MARK: Publishing

  /// Announces what the client wants to publish and does not.
  func publishMissing(_ session: Session) {
    guard session.isJoined, session.policy.canPublish else { return }
    for kind in session.client.publishes where !session.tracks.contains(where: { $0.kind == kind }) {
      trackCount += 1
      let track = SimulatedTrack(number: trackCount, kind: kind, random: &random)
      session.tracks.append(track)
      send(.addTrack(track.request), from: session)
    }
  }

  private func published(_ response: TrackPublishedResponse, _ session: Session) {
    guard let track = session.tracks.first(where: { $0.cid == response.cid }) else { return }
    track.sid = response.track?.sid
    guard track.mid == nil else { return }
    session.local.append(track.section)
    track.mid = session.local.media.last?.mid
    offer(session)
  }

  /// The client stops sending a track: by its own will, or because the server took it.
  func withdraw(_ track: SimulatedTrack?, _ session: Session) {
    guard let track else { return }
    track.close(on: session.publisher)
    session.tracks.removeAll { $0 === track }
    guard let mid = track.mid, let index = session.local.index(ofMid: mid) else { return }
    session.local.media[index].direction = .inactive
    session.local.media[index].msid = nil
    session.local.media[index].sources = []
    session.local.media[index].rids = []
    session.local.media[index].simulcast = []
    offer(session)
  }

  private func encode(_ update: SubscribedQualityUpdate, _ session: Session) {
    guard let track = session.track(sid: update.trackSid) else { return }
    let qualities = update.subscribedCodecs.first?.qualities ?? update.subscribedQualities
    for quality in qualities {
      let index = Int(quality.quality.rawValue)
      guard track.encodings.indices.contains(index) else { continue }
      if quality.enabled, !track.encodings[index].isEnabled { track.encodings[index].wantsKey = true }
      track.encodings[index].isEnabled = quality.enabled
    }
  }

  // MARK: Media

  func handle(_ event: PeerEvent, on end: PeerEnd, of session: Session) {
    switch event {
    case .state(let state):
      record(.transportState, "\(state)", session.client.index, end.isSubscriber ? 1 : 0)
      end.state = state
    case .keyFrameRequested(let ssrc):
      for track in session.tracks {
        for index in track.encodings.indices where track.encodings[index].ssrc == ssrc {
          track.encodings[index].wantsKey = true
        }
      }
    case .data(.message(_, let bytes, _)): checkers.received(bytes, by: session, in: self)
    case .data(.associationDown):
      end.reliable = nil
      guard !session.isEnded else { return }
      cutSocket(of: session, isUplinkLost: false, serverHearsAfter: .milliseconds(10))
      abandon(session, rejoin: true)
    case .data: break
    }
  }

  /// The client's own clock: media, and a look at what goes wrong.
  private func beat(_ session: Session, _ count: Int) {
    guard !session.isEnded else { return }
    for track in session.tracks where track.kind == .audio || count % 3 == 0 {
      track.send(on: session.publisher, at: now)
    }
    session.publisher.isTouched = true
    if count % 5 == 0 { lookAfter(session) }
    schedule(after: .milliseconds(40)) { $0.beat(session, count + 1) }
  }

  /// What an SDK does about failures: key frames for pictures that stand, a resume for connections that fail, and a new
  /// session when that does not help.
  private func lookAfter(_ session: Session) {
    let end = session.receiver
    for (ssrc, track) in end.incoming.sorted(by: { $0.key < $1.key }) where track.kind == .video {
      guard track.decoder.packets > 0, now - (track.decoder.lastProgress ?? .origin) > .milliseconds(300) else {
        continue
      }
      end.peer.requestKeyFrame(ssrc: ssrc, at: now)
      end.isTouched = true
    }
    let isFailing = session.ends.contains { $0.state == .failed }
    guard isFailing else {
      session.failingSince = nil
      return
    }
    let since = session.failingSince ?? now
    session.failingSince = since
    if now - since > .seconds(10) {
      cutSocket(of: session, isUplinkLost: false, serverHearsAfter: .milliseconds(10))
      abandon(session, rejoin: true)
    } else if now - session.lastResume > .seconds(3), session.connection != nil {
      cutSocket(of: session, isUplinkLost: false, serverHearsAfter: .milliseconds(10))
      resumeSoon(session)
    }
  }
}
