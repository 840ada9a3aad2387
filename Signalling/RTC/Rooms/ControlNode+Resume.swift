// A client that lost its connection, or its media, and comes back to the same session (§5.2, §5.3).

import Chronology
import LiveKitProtocol
import MediaContract

extension ControlNode {
  /// A new connection for an old session. Sessions are found by identity; a client that believes in another sid has
  /// missed too much.
  mutating func resume(_ connection: ConnectionID, _ ticket: AdmissionTicket) {
    guard let participant = rooms[ticket.roomName]?.participant(ticket.identity),
      ticket.participantSid.isEmpty || ticket.participantSid == participant.sid
    else {
      refuse(connection, ticket, reason: .stateMismatch, action: .reconnect)
      return
    }
    dropConnection(of: participant)
    participant.connection = connection
    participant.prefersText = ticket.prefersText
    connections[connection] = participant

    var response = ReconnectResponse()
    response.iceServers = configuration.iceServers
    response.clientConfiguration = clientConfiguration(for: participant.client)
    response.serverInfo = serverInfo
    response.lastMessageSeq = participant.data.lastSequence
    send(.reconnect(response), to: participant)
    extendWait(for: participant)
    sendFullState(to: participant)
    participant.lastSignal = now.instant
    refreshToken(of: participant)
    repeatState(to: participant)
    if let state = ticket.syncState { synchronise(state, from: participant) }

    if participant.simulatesDisconnect {
      participant.simulatesDisconnect = false
      dropConnection(of: participant)
      return
    }
    // What was on its way is lost with the old connection. The client restarts ICE of what it offers; we restart ours.
    if let subscriber = participant.subscriber, !subscriber.sections.isEmpty {
      subscriber.negotiation.isOutstanding = false
      restartICE(subscriber, of: participant)
      offerNow(to: participant)
    } else if participant.isSinglePeerConnection {
      participant.publisher.negotiation.isOutstanding = false
      participant.publisher.negotiation.requestedAudios = 0
      participant.publisher.negotiation.requestedVideos = 0
      if let offer = ticket.publisherOffer {
        receive(offer: offer, from: participant)
      } else if needsSections(participant) {
        requestNegotiation(of: participant)
      }
    }
  }

  /// After a failure of its media the client is back; now the media has to follow.
  private mutating func extendWait(for participant: Participant) {
    guard participant.isAwaitingResume else { return }
    participant.failures += 1
    schedule(
      .resumeTimeout(participant: participant.key, attempt: participant.failures), after: timings.negotiationTimeout)
  }

  /// Sent once and possibly lost: what the publisher is to encode, and who speaks.
  private mutating func repeatState(to participant: Participant) {
    for track in participant.tracks where track.kind == .video && track.isAnnounced { tellDynacast(of: track) }
    tellSpeakers(to: participant)
    tellDataHandles(to: participant)
  }

  /// `sync_state`: the client's view of what it publishes and wants. A track that we do not have means that one of us
  /// lives in the past.
  mutating func synchronise(_ state: SyncState, from participant: Participant) {
    for published in state.publishTracks {
      guard let track = published.track, participant.track(track.sid) != nil else {
        requireFullReconnect(of: participant)
        return
      }
    }
    for published in state.publishDataTracks {
      guard let info = published.info, participant.data.published.contains(where: { $0.sid == info.sid }) else {
        requireFullReconnect(of: participant)
        return
      }
    }
    if let subscription = state.subscription { updateSubscription(subscription, of: participant) }
    if !state.trackSidsDisabled.isEmpty { disable(state.trackSidsDisabled, for: participant) }
    if let subscription = state.dataSubscription { updateDataSubscription(subscription, of: participant) }
    replay(state.datachannelReceiveStates, to: participant)
  }

  private mutating func disable(_ sids: [String], for participant: Participant) {
    for sid in sids {
      var settings = participant.trackSettings[sid] ?? UpdateTrackSettings()
      if participant.trackSettings[sid] == nil { settings.quality = .high }
      settings.trackSids = [sid]
      settings.disabled = true
      apply(settings, from: participant)
    }
  }
}
