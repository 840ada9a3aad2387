// Descriptions that the client offers: its publisher connection (v0), or the one connection that there is (v1). Each offer
// is answered at once, with its own number (§4.2, §4.3, §4.6).

import Chronology
import LiveKitProtocol
import MediaContract
import SessionDescriptions

extension ControlNode {
  /// An offer from the client, for the connection that it publishes on.
  mutating func receive(offer message: SessionDescription, from participant: Participant) {
    let offer: SDP
    do throws(SDPError) {
      offer = try SDP(parsing: message.sdp)
    } catch {
      requireFullReconnect(of: participant)
      return
    }
    guard offer.media.count <= RoomLimit.sections, offer.effectiveTransport.usernameFragment != nil else {
      requireFullReconnect(of: participant)
      return
    }
    let transport = participant.publisher
    open(transport, of: participant)
    restartIfNeeded(transport, of: participant, fragment: offer.effectiveTransport.usernameFragment ?? "")
    let receivable = transport.sections.count(where: \.isReceivable)
    takeSections(of: offer, into: transport, of: participant)
    let bound = bindSections(of: transport, participant: participant)
    if participant.isSinglePeerConnection { assignSections(of: transport, to: participant) }

    var extensions = HeaderExtensionIDs()
    let sections = offer.media.indices.map { index in
      answer(to: offer.media[index], section: index, of: transport, extensions: &extensions)
    }
    let role: DTLSRole = offer.answeredSetup == .active ? .client : .server
    if let remote = Negotiation.remote(offer, role: role, extensions: extensions) {
      command(.setRemote(transport.id, remote), in: participant.room)
    }
    for index in transport.sections.indices { configure(section: index, of: transport) }
    sendAnswer(to: offer, sections, id: message.id, transport: transport, of: participant)
    for entry in bound { announce(entry.track) }
    if participant.isSinglePeerConnection {
      let added = transport.sections.count(where: \.isReceivable) - receivable
      finishRequirement(of: participant, wasMet: added > 0)
    }
  }

  /// The offer that we may have asked for came. What it had no room for is asked for again; slower where the client
  /// gave none of what was asked, because some never will.
  private mutating func finishRequirement(of participant: Participant, wasMet: Bool) {
    let transport = participant.publisher
    let wasAsked = transport.negotiation.requestedAudios + transport.negotiation.requestedVideos > 0
    transport.negotiation.requestedAudios = 0
    transport.negotiation.requestedVideos = 0
    transport.negotiation.isOutstanding = false
    transport.negotiation.isNeeded = false
    guard needsSections(participant) else { return }
    let isFruitless = wasAsked && !wasMet
    requestNegotiation(of: participant, notBefore: isFruitless ? now.instant + timings.fruitlessRequirement : nil)
  }

  /// Another fragment than before restarts ICE: our end gets new credentials too (RFC 8839 §4.4.1).
  private mutating func restartIfNeeded(_ transport: Transport, of participant: Participant, fragment: String) {
    if let known = transport.remoteUsernameFragment, known != fragment { restartICE(transport, of: participant) }
    transport.remoteUsernameFragment = fragment
  }

  mutating func restartICE(_ transport: Transport, of participant: Participant) {
    transport.usernameFragment = random.text(8) + String(unique(), radix: 36)
    transport.password = random.text(24)
    command(
      .restartICE(transport.id, usernameFragment: transport.usernameFragment, password: transport.password),
      in: participant.room)
  }

  // MARK: Sections of the offer

  /// Brings our list of sections to the offer's, ending what the client ended.
  private mutating func takeSections(of offer: SDP, into transport: Transport, of participant: Participant) {
    var sections: [Section] = []
    var ended: [Section] = transport.sections.filter { offer.index(ofMid: $0.mid) == nil }
    for offered in offer.media {
      var section =
        transport.section(mid: offered.mid).map { transport.sections[$0] }
        ?? Section(mid: offered.mid, kind: offered.kind.mediaKind)
      let isSending = !offered.isRejected && offered.direction.sends
      let isReceivable = !offered.isRejected && offered.direction.receives
      let trackID = isSending ? offered.effectiveMsid?.track ?? "" : ""
      section.isReceivable = isReceivable && !isSending
      switch section.use {
      case .receiving(let track, _)
      where !isSending || (section.remoteTrackID != trackID && isAwaited(trackID, other: track, of: participant)):
        ended.append(section)
        section.use = isSending ? .unclaimed : .idle
      case .sending where !section.isReceivable:
        ended.append(section)
        section.use = isSending ? .unclaimed : .idle
      case .idle where isSending && section.kind != nil: section.use = .unclaimed
      case .unclaimed where !isSending: section.use = .idle
      case .idle where offered.kind == .application: section.use = .application
      case .idle, .unclaimed, .receiving, .sending, .application: break
      }
      section.remoteTrackID = trackID
      if !isSending { section.endedTrackID = "" }
      section.encodings = isSending ? Negotiation.encodings(of: offered, layers: []) : []
      sections.append(section)
    }
    transport.sections = sections
    for section in ended {
      switch section.use {
      case .receiving(let track, let publication): release(publication, of: track)
      case .sending(let subscription): stopFlow(of: subscription)
      case .idle, .unclaimed, .application: break
      }
    }
  }

  /// Whether the id belongs to a track that was announced and has no section: then the section changed hands.
  private func isAwaited(_ trackID: String, other track: PublishedTrack, of participant: Participant) -> Bool {
    !track.matches(cid: trackID)
      && participant.tracks.contains { other in
        other !== track && other.encodings.contains { $0.publication == nil && $0.cid == trackID }
      }
  }

  /// Gives sections that the client sends on to the tracks that it announced.
  mutating func bindSections(
    of transport: Transport, participant: Participant
  ) -> [(track: PublishedTrack, section: Int)] {
    var bound: [(track: PublishedTrack, section: Int)] = []
    for pass in SectionMatch.allCases {
      for index in transport.sections.indices {
        let section = transport.sections[index]
        guard case .unclaimed = section.use, let kind = section.kind,
          pass == .trackID || carriesAnotherTrack(section),
          let match = pass.find(in: participant.tracks, kind: kind, trackID: section.remoteTrackID)
        else { continue }
        bind(section: index, of: transport, to: match.track, encoding: match.encoding)
        bound.append((match.track, index))
      }
    }
    return bound
  }

  /// Whether what the client sends here is not the track that we ended.
  private func carriesAnotherTrack(_ section: Section) -> Bool {
    section.endedTrackID.isEmpty || section.remoteTrackID != section.endedTrackID
  }

  /// Gives free sections to subscriptions that wait for one, the oldest first.
  private func assignSections(of transport: Transport, to participant: Participant) {
    let waiting = participant.subscriptions.values.filter { $0.mid == nil && !$0.codecErrorWasSent }
    for subscription in waiting.sorted(by: { $0.order < $1.order }) {
      let free = transport.sections.firstIndex { $0.isFree(for: subscription.track.kind) }
      guard let free else { continue }
      transport.sections[free].use = .sending(subscription)
      subscription.mid = transport.sections[free].mid
    }
  }

  // MARK: The answer

  private mutating func answer(
    to offered: MediaSection, section index: Int, of transport: Transport, extensions: inout HeaderExtensionIDs
  ) -> AnswerSection {
    if offered.isRejected { return .rejected }
    let use = transport.sections[index].use
    if case .application = use { return .application(maximumMessageSize: RoomLimit.dataPacket) }
    guard let kind = transport.sections[index].kind else { return .rejected }
    let enabled = enabledCodecs(kind)
    var negotiated: NegotiatedSection?
    transport.sections[index].isOccupied = false
    switch use {
    case .receiving(let track, let publication):
      let encoding = track.encoding(publication)
      transport.sections[index].encodings = Negotiation.encodings(of: offered, layers: track.layers)
      let preferred = encoding.flatMap { MediaContract.Codec(mime: $0.codecName) }
      negotiated = offered.acceptReceiving(enabled: enabled, preferred: preferred, audio: track.info.audioOptions)
    case .unclaimed:
      negotiated = offered.acceptReceiving(enabled: enabled, preferred: nil, audio: AudioAnswerOptions())
    case .sending(let subscription):
      negotiated = offered.acceptSending(
        Negotiation.offerable(subscription.track), stream: Negotiation.stream(of: subscription))
      if negotiated == nil { refuseCodec(of: subscription) }
      transport.sections[index].isOccupied = negotiated != nil
    case .idle, .application: break
    }
    guard let negotiated = negotiated ?? offered.acceptInactive(enabled: enabled) else { return .rejected }
    extensions.merge(negotiated.extensions)
    transport.sections[index].formats = negotiated.formats
    transport.sections[index].extensions = negotiated.extensions
    transport.sections[index].feedback = negotiated.feedback
    return .media(negotiated)
  }

  /// The media plane learns what a section now carries.
  private mutating func configure(section index: Int, of transport: Transport) {
    switch transport.sections[index].use {
    case .receiving: configurePublication(of: transport, section: index)
    case .sending(let subscription): startFlow(of: subscription, on: transport.sections[index], of: transport)
    case .idle, .unclaimed, .application: break
    }
  }

  private mutating func sendAnswer(
    to offer: SDP, _ sections: [AnswerSection], id: UInt32, transport: Transport, of participant: Participant
  ) {
    let answer = offer.answer(
      sections: sections, local: local(transport, in: participant.room), sessionID: transport.sessionID,
      version: transport.descriptionVersion)
    transport.descriptionVersion += 1
    var message = SessionDescription()
    message.type = "answer"
    message.sdp = answer.text
    message.id = id
    message.midToTrackId = transport.midToTrackID
    send(.answer(message), to: participant)
  }

  /// Our end of a transport, for a description.
  func local(_ transport: Transport, in room: Room) -> LocalTransport {
    let shard = configuration.shards.indices.contains(room.shard) ? configuration.shards[room.shard] : nil
    return LocalTransport(
      usernameFragment: transport.usernameFragment, password: transport.password,
      fingerprint: Fingerprint(algorithm: "sha-256", digest: configuration.certificateDigest),
      candidates: shard.map(Negotiation.candidates(of:)) ?? [])
  }
}
