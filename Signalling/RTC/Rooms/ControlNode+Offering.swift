// Negotiation that starts with us. On two peer connections we offer what the subscriber one carries; on a single one we
// ask the client to offer, and for more m-lines where it has too few (§4.2, §4.3, §4.8).

import Chronology
import LiveKitProtocol
import MediaContract
import SessionDescriptions

extension ControlNode {
  /// Something about what is sent to the participant changed: renegotiate soon, together with what else changes now.
  mutating func requestNegotiation(of participant: Participant, notBefore: Instant? = nil) {
    guard !participant.isClosed, let transport = participant.downstream else { return }
    transport.negotiation.isNeeded = true
    guard !transport.negotiation.isOutstanding, !transport.negotiation.isScheduled else { return }
    transport.negotiation.isScheduled = true
    let quiet = now.instant + timings.offerQuiet
    let spaced = transport.negotiation.lastStart.map { $0 + timings.offerSpacing } ?? quiet
    timers.schedule(.negotiate(participant: participant.key), at: max(quiet, spaced, notBefore ?? quiet))
  }

  /// The time to negotiate has come.
  mutating func negotiate(_ participant: Participant) {
    guard let transport = participant.downstream else { return }
    transport.negotiation.isScheduled = false
    guard transport.negotiation.isNeeded, !transport.negotiation.isOutstanding, participant.connection != nil else {
      return
    }
    if participant.isSinglePeerConnection { requireSections(of: participant) } else { offerNow(to: participant) }
  }

  // MARK: Two peer connections

  /// Sends an offer for the subscriber connection.
  mutating func offerNow(to participant: Participant) {
    guard let transport = participant.subscriber else { return }
    assignOwnSections(of: transport, to: participant)
    guard !transport.sections.isEmpty else { return }
    var sections: [OfferedSection] = []
    for index in transport.sections.indices { sections.append(offered(section: index, of: transport)) }
    let description = SDP.offer(
      sections: sections, local: local(transport, in: participant.room), sessionID: transport.sessionID,
      version: transport.descriptionVersion)
    transport.descriptionVersion += 1
    begin(&transport.negotiation)
    var message = SessionDescription()
    message.type = "offer"
    message.sdp = description.text
    message.id = transport.negotiation.offer
    message.midToTrackId = transport.midToTrackID
    send(.offer(message), to: participant)
    schedule(
      .negotiationTimeout(participant: participant.key, offer: transport.negotiation.offer),
      after: timings.negotiationTimeout)
  }

  private func begin(_ negotiation: inout NegotiationState) {
    negotiation.offer += 1
    negotiation.isOutstanding = true
    negotiation.isNeeded = false
    negotiation.lastStart = now.instant
  }

  /// Gives every waiting subscription an m-line: one that is free again, or a new one at the end.
  private func assignOwnSections(of transport: Transport, to participant: Participant) {
    if transport.sections.isEmpty, participant.subscriberIsPrimary {
      var section = Section(mid: "0", kind: nil)
      section.use = .application
      transport.sections.append(section)
    }
    // Safari does not survive a new track on an old transceiver; grouped streams would change their members.
    let mayReuse =
      participant.client.browser.lowercased() != "safari" && !Negotiation.usesStreamGroups(participant)
    let waiting = participant.subscriptions.values.filter { $0.mid == nil && !$0.codecErrorWasSent }
    for subscription in waiting.sorted(by: { $0.order < $1.order }) {
      let free = transport.sections.firstIndex { mayReuse && $0.isFree(for: subscription.track.kind) }
      if let free {
        transport.sections[free].use = .sending(subscription)
        subscription.mid = transport.sections[free].mid
      } else if transport.sections.count < RoomLimit.sections {
        var section = Section(mid: String(transport.sections.count), kind: subscription.track.kind)
        section.use = .sending(subscription)
        subscription.mid = section.mid
        transport.sections.append(section)
      }
    }
  }

  private func offered(section index: Int, of transport: Transport) -> OfferedSection {
    let section = transport.sections[index]
    let kind: MediaSection.Kind =
      switch section.kind {
      case .audio: .audio
      case .video: .video
      case nil: .application
      }
    switch section.use {
    case .application:
      return OfferedSection(
        kind: .application, mid: section.mid, content: .application(maximumMessageSize: RoomLimit.dataPacket))
    case .sending(let subscription):
      transport.sections[index].describesStream = true
      transport.sections[index].isOccupied = true
      transport.sections[index].offered = OfferedFormats.formats(for: Negotiation.offerable(subscription.track))
      return OfferedSection(
        kind: kind, mid: section.mid,
        content: .stream(transport.sections[index].offered, Negotiation.stream(of: subscription)))
    case .idle, .unclaimed, .receiving:
      transport.sections[index].describesStream = false
      return OfferedSection(kind: kind, mid: section.mid, content: .idle(section.offered))
    }
  }

  /// The client's answer to our offer.
  mutating func receive(answer message: SessionDescription, from participant: Participant) {
    guard let transport = participant.subscriber, transport.negotiation.isOutstanding else { return }
    // Some clients echo the number, others always say 0.
    guard message.id == 0 || message.id == transport.negotiation.offer else { return }
    let answer: SDP
    do throws(SDPError) {
      answer = try SDP(parsing: message.sdp)
    } catch {
      requireFullReconnect(of: participant)
      return
    }
    transport.negotiation.isOutstanding = false
    var extensions = HeaderExtensionIDs()
    for index in transport.sections.indices {
      take(answered: answer, section: index, of: transport, extensions: &extensions)
    }
    let role: DTLSRole = answer.effectiveTransport.setup == .passive ? .client : .server
    guard let remote = Negotiation.remote(answer, role: role, extensions: extensions) else {
      requireFullReconnect(of: participant)
      return
    }
    transport.remoteUsernameFragment = remote.usernameFragment
    command(.setRemote(transport.id, remote), in: participant.room)
    for section in transport.sections {
      if case .sending(let subscription) = section.use { startFlow(of: subscription, on: section, of: transport) }
    }
    if transport.negotiation.isNeeded { requestNegotiation(of: participant) }
  }

  private mutating func take(
    answered answer: SDP, section index: Int, of transport: Transport, extensions: inout HeaderExtensionIDs
  ) {
    let section = transport.sections[index]
    guard section.kind != nil, let position = answer.index(ofMid: section.mid) else { return }
    // It was negotiated: another stream may take its place later.
    transport.sections[index].isReceivable = true
    transport.sections[index].isOccupied = section.describesStream
    guard case .sending(let subscription) = section.use else { return }
    guard let accepted = answer.media[position].acceptedStream(offered: section.offered) else {
      refuseCodec(of: subscription)
      return
    }
    extensions.merge(accepted.extensions)
    transport.sections[index].formats = accepted.formats
    transport.sections[index].extensions = accepted.extensions
    transport.sections[index].feedback = accepted.feedback
  }

  /// No answer in time: the client lost track of the session. Without a connection the resume will tell.
  mutating func negotiationTimedOut(_ participant: Participant, offer: UInt32) {
    guard let transport = participant.downstream, transport.negotiation.isOutstanding,
      transport.negotiation.offer == offer, participant.connection != nil
    else { return }
    if participant.isSinglePeerConnection {
      // A request, not an offer: nothing is out of step yet, so it is simply made again.
      transport.negotiation.isOutstanding = false
      transport.negotiation.requestedAudios = 0
      transport.negotiation.requestedVideos = 0
      if needsSections(participant) { requestNegotiation(of: participant) }
    } else {
      requireFullReconnect(of: participant)
    }
  }

  // MARK: One peer connection

  /// Whether the client's next offer would bring something: a subscription without its m-line, or an m-line that still
  /// claims to send what has ended.
  func needsSections(_ participant: Participant) -> Bool {
    participant.subscriptions.values.contains { $0.mid == nil && !$0.codecErrorWasSent }
  }

  /// Asks the client for an offer, with as many new m-lines as are missing.
  private mutating func requireSections(of participant: Participant) {
    let transport = participant.publisher
    // Before its first offer the client is about to make one anyway.
    guard transport.remoteUsernameFragment != nil else { return }
    var missing: [MediaKind: Int] = [:]
    for kind in [MediaKind.audio, .video] {
      let waiting = participant.subscriptions.values.count {
        $0.mid == nil && !$0.codecErrorWasSent && $0.track.kind == kind
      }
      let free = transport.sections.count { $0.isFree(for: kind) }
      missing[kind] = max(0, waiting - free)
    }
    let audios = max(0, (missing[.audio] ?? 0) - transport.negotiation.requestedAudios)
    let videos = max(0, (missing[.video] ?? 0) - transport.negotiation.requestedVideos)
    let room = max(0, RoomLimit.sections - transport.sections.count)
    begin(&transport.negotiation)
    transport.negotiation.requestedAudios += audios
    transport.negotiation.requestedVideos += videos
    var requirement = MediaSectionsRequirement()
    requirement.numAudios = UInt32(min(audios, room))
    requirement.numVideos = UInt32(min(videos, max(0, room - audios)))
    send(.mediaSectionsRequirement(requirement), to: participant)
    schedule(
      .negotiationTimeout(participant: participant.key, offer: transport.negotiation.offer),
      after: timings.negotiationTimeout)
  }
}
