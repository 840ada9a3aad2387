// What the media plane reports, sorted to those who deal with it.

import Chronology
import LiveKitProtocol
import MediaContract
import SessionDescriptions

extension ControlNode {
  /// An event of a shard. Events about what has gone meanwhile are ignored.
  public mutating func media(_ event: MediaEvent, shard: Int, at moment: Moment) {
    now = moment
    switch event {
    case .transport(let id, let state, _): transportChanged(id, state)
    case .publicationStarted(let id, let codec): publicationStarted(id, codec)
    case .subscriptionStarted: break
    case .subscriptionLayer(let id, let spatial, _, let byBandwidth):
      streamChanged(id, isPaused: spatial == nil && byBandwidth)
    case .speakers(let levels): speakersChanged(levels)
    case .dataChannelOpened(let id, let label): channelOpened(label, on: id)
    case .data(let id, let label, let bytes, _): dataArrived(bytes, label, on: id)
    case .dataDropped: break
    case .report(let report):
      noteFlows(report)
      updateQuality(report)
    }
  }

  // MARK: Transports

  private mutating func transportChanged(_ id: TransportID, _ state: TransportState) {
    guard let participant = transports[id],
      let transport = participant.transports.first(where: { $0.id == id })
    else { return }
    transport.state = state
    switch state {
    case .connecting: break
    case .connected:
      transport.wasConnected = true
      if participant.isAwaitingResume, !participant.transports.contains(where: { $0.state == .failed }) {
        participant.isAwaitingResume = false
      }
      if id == participant.primary.id { activate(participant) }
    case .disconnected: participant.quality.isLost = true
    case .failed: connectionFailed(of: participant)
    }
    if state == .connected { participant.quality.isLost = false }
  }

  /// The primary connection stands: the participant is fully there.
  private mutating func activate(_ participant: Participant) {
    guard participant.state != .active else { return }
    participant.state = .active
    participant.wasActive = true
    announceChange(of: participant, isUrgent: false)
    effects.append(.event(.participantJoined(participant.room.info(codecs: codecs), participant.info)))
    reconcileSubscriptions(of: participant)
    tellSpeakers(to: participant)
    subscribeToDataTracks(participant)
  }

  /// Media is lost for good unless the client comes back and restarts ICE within a few seconds.
  ///
  /// It is asked to after a moment only: a client that leaves closes its peer connection first, and its `leave` must
  /// still find the socket open.
  private mutating func connectionFailed(of participant: Participant) {
    participant.failures += 1
    participant.isAwaitingResume = true
    schedule(.askForResume(participant: participant.key, attempt: participant.failures), after: timings.failureGrace)
    schedule(
      .resumeTimeout(participant: participant.key, attempt: participant.failures), after: timings.resumeTimeout)
  }

  mutating func askForResume(_ participant: Participant, attempt: UInt32) {
    guard participant.isAwaitingResume, participant.failures == attempt else { return }
    sendLeave(to: participant, reason: .connectionTimeout, action: .resume)
    dropConnection(of: participant)
  }

  // MARK: Streams

  /// The codec that really flows, where several were negotiated.
  private mutating func publicationStarted(_ id: PublicationID, _ codec: MediaContract.Codec) {
    guard let track = publications[id], let index = track.encodings.firstIndex(where: { $0.publication == id }),
      track.encodings[index].codecName != codec.bareName
    else { return }
    track.encodings[index].codecName = codec.bareName
    if track.info.codecs.indices.contains(index) { track.info.codecs[index].mimeType = codec.mime }
    if index == 0 { track.info.mimeType = codec.mime }
    announceChange(of: track.publisher, isUrgent: true, includesSelf: true)
    updateDynacast(of: track)
  }

  /// Congestion control took a video away, or gave it back.
  private mutating func streamChanged(_ id: SubscriptionID, isPaused: Bool) {
    guard let subscription = subscriptions[id], subscription.isStreamPaused != isPaused else { return }
    subscription.isStreamPaused = isPaused
    var state = StreamStateInfo()
    state.participantSid = subscription.track.publisher.sid
    state.trackSid = subscription.track.sid
    state.state = isPaused ? .paused : .active
    var update = StreamStateUpdate()
    update.streamStates = [state]
    send(.streamStateUpdate(update), to: subscription.subscriber)
  }
}
