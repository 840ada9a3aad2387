// Who watches what (§6.4): wishes, permissions and tracks come and go independently, and every change of one of them ends
// in `reconcile`, which makes or ends the subscription.

import Chronology
import LiveKitProtocol
import MediaContract
import SessionDescriptions

extension ControlNode {
  // MARK: Wishes

  /// `subscription`: explicit wishes, which hold whatever auto-subscribe says.
  mutating func updateSubscription(_ request: UpdateSubscription, of participant: Participant) {
    let sids = request.trackSids + request.participantTracks.flatMap(\.trackSids)
    for sid in sids {
      guard participant.wishes[sid] != nil || participant.wishes.count < RoomLimit.wishes else { return }
      participant.wishes[sid] = request.subscribe
      participant.subscriptions[sid]?.codecErrorWasSent = false
      if let track = participant.room.tracks[sid] {
        reconcile(participant, track)
      } else if request.subscribe {
        schedule(.unknownTrack(participant: participant.key, track: sid), after: timings.unknownTrack)
      }
    }
  }

  /// The wait for a track that nobody announced is over.
  mutating func reportUnknownTrack(_ sid: String, to participant: Participant) {
    guard participant.wishes[sid] == true, participant.room.tracks[sid]?.isAnnounced != true else { return }
    var response = SubscriptionResponse()
    response.trackSid = sid
    response.err = .trackNotfound
    send(.subscriptionResponse(response), to: participant)
  }

  /// The subscriber cannot decode any codec of the track.
  mutating func refuseCodec(of subscription: Subscription) {
    stopFlow(of: subscription)
    guard !subscription.codecErrorWasSent else { return }
    subscription.codecErrorWasSent = true
    var response = SubscriptionResponse()
    response.trackSid = subscription.track.sid
    response.err = .codecUnsupported
    send(.subscriptionResponse(response), to: subscription.subscriber)
  }

  // MARK: Permission

  /// `subscription_permission`: replaces what the publisher said before.
  mutating func apply(_ permission: SubscriptionPermission, from participant: Participant) {
    guard permission.trackPermissions.count <= RoomLimit.wishes else { return }
    participant.audience = Audience(permission)
    for track in participant.tracks where track.isAnnounced {
      for other in participant.room.participants { reconcile(other, track) }
    }
  }

  // MARK: Reconciliation

  /// Brings one participant's subscription to one track to what is wanted and allowed.
  mutating func reconcile(_ participant: Participant, _ track: PublishedTrack) {
    let publisher = track.publisher
    guard participant !== publisher, !participant.isClosed, track.isAnnounced, !publisher.isHidden else { return }
    let isWished = participant.wishes[track.sid] ?? participant.settings.autoSubscribe
    let isAllowed = participant.isRecorder || publisher.audience.admits(participant, to: track.sid)
    if isWished { tellPermission(isAllowed, of: track, to: participant) }
    // Before protocol 8 clients expect nothing until they are connected.
    let isReady = participant.state == .active || participant.protocolVersion >= 8
    if isWished, isAllowed, isReady, participant.permission.canSubscribe, participant.downstream != nil {
      if participant.subscriptions[track.sid] == nil { subscribe(participant, to: track) }
    } else if let subscription = participant.subscriptions[track.sid] {
      end(subscription)
    }
  }

  mutating func reconcileSubscriptions(of participant: Participant) {
    for track in participant.room.announcedTracks { reconcile(participant, track) }
  }

  private mutating func tellPermission(_ isAllowed: Bool, of track: PublishedTrack, to participant: Participant) {
    guard isAllowed == participant.denied.contains(track.sid) else { return }
    if isAllowed { participant.denied.remove(track.sid) } else { participant.denied.insert(track.sid) }
    var update = SubscriptionPermissionUpdate()
    update.participantSid = track.publisher.sid
    update.trackSid = track.sid
    update.allowed = isAllowed
    send(.subscriptionPermissionUpdate(update), to: participant)
  }

  private mutating func subscribe(_ participant: Participant, to track: PublishedTrack) {
    var settings = UpdateTrackSettings()
    // With adaptive stream the client is about to report the size of its window.
    settings.quality = participant.settings.adaptiveStream ? .low : .high
    let subscription = Subscription(
      subscriber: participant, track: track, order: unique(), ssrc: randomSSRC(), rtxSSRC: randomSSRC(),
      settings: participant.trackSettings[track.sid] ?? settings)
    let wasHeard = participant.subscriptions.values.contains { $0.track.publisher === track.publisher }
    participant.subscriptions[track.sid] = subscription
    track.subscriptions[participant.key] = subscription
    if !wasHeard { tellSpeaker(track.publisher, to: participant) }
    requestNegotiation(of: participant)
    updateDynacast(of: track)
  }

  private mutating func randomSSRC() -> UInt32 {
    // 0 is what some stacks take for "none".
    UInt32.random(in: 1...UInt32.max, using: &random)
  }

  /// Ends a subscription, whatever state it is in.
  mutating func end(_ subscription: Subscription) {
    let participant = subscription.subscriber
    stopFlow(of: subscription)
    participant.subscriptions[subscription.track.sid] = nil
    subscription.track.subscriptions[participant.key] = nil
    guard !participant.isClosed else { return }
    let publisher = subscription.track.publisher
    if !participant.subscriptions.values.contains(where: { $0.track.publisher === publisher }) {
      forgetSpeaker(publisher, for: participant)
    }
    requestNegotiation(of: participant)
    updateDynacast(of: subscription.track)
  }

  mutating func endSubscriptions(of participant: Participant) {
    for subscription in participant.subscriptions.values.sorted(by: { $0.order < $1.order }) { end(subscription) }
  }

  // MARK: Flow

  /// The section is negotiated: media may flow in the first codec of the track that both ends know.
  mutating func startFlow(of subscription: Subscription, on section: Section, of transport: Transport) {
    let track = subscription.track
    let encoding = track.live.first { encoding in
      encoding.formats.contains { format in section.formats.contains { $0.codec == format.codec } }
    }
    guard let encoding, let publication = encoding.publication else {
      // It can take a backup codec that nobody sends yet: dynacast asks for it.
      if subscription.id == nil { updateDynacast(of: track) }
      return
    }
    if subscription.id != nil, subscription.publication == publication { return }
    let id = subscription.id ?? SubscriptionID(rawValue: unique())
    subscription.id = id
    subscription.publication = publication
    subscription.target = subscription.wantedTarget
    subscriptions[id] = subscription
    let hasRetransmission = section.formats.contains { $0.rtxPayloadType != nil }
    command(
      .setSubscription(
        SubscriptionParameters(
          id: id, publication: publication, transport: transport.id, mid: section.mid, ssrc: subscription.ssrc,
          rtxSSRC: hasRetransmission ? subscription.rtxSSRC : nil, formats: section.formats,
          extensions: section.extensions, feedback: section.feedback, target: subscription.target)),
      in: track.publisher.room)
    reportFirstSubscriber(subscription)
    updateDynacast(of: track)
  }

  private mutating func reportFirstSubscriber(_ subscription: Subscription) {
    let track = subscription.track
    guard !track.subscriptionWasReported, !subscription.subscriber.isHidden, track.publisher.understandsResponses
    else { return }
    track.subscriptionWasReported = true
    var message = TrackSubscribed()
    message.trackSid = track.sid
    send(.trackSubscribed(message), to: track.publisher)
  }

  /// Media stops now; the m-line is free for the next of its kind.
  mutating func stopFlow(of subscription: Subscription) {
    if let id = subscription.id {
      subscriptions[id] = nil
      command(.removeSubscription(id), in: subscription.subscriber.room)
    }
    subscription.id = nil
    subscription.publication = nil
    subscription.mid = nil
    guard let transport = subscription.subscriber.downstream else { return }
    for index in transport.sections.indices {
      if case .sending(let other) = transport.sections[index].use, other === subscription {
        transport.sections[index].use = .idle
      }
    }
  }

  // MARK: Settings

  /// `track_setting`: how much of which tracks is wanted. Settings may come before their subscription.
  mutating func apply(_ settings: UpdateTrackSettings, from participant: Participant) {
    for sid in settings.trackSids {
      guard participant.trackSettings[sid] != nil || participant.trackSettings.count < RoomLimit.wishes else { return }
      var own = settings
      own.trackSids = []
      participant.trackSettings[sid] = own
      guard let subscription = participant.subscriptions[sid] else { continue }
      let becomesVisible = subscription.isDisabled && !own.disabled
      if becomesVisible {
        subscription.settings = own
        retarget(subscription)
      } else if !subscription.isSettingsChangeScheduled {
        // Windows are dragged: many sizes within a moment are one change.
        subscription.isSettingsChangeScheduled = true
        schedule(.applySettings(subscription.key), after: timings.settingsDebounce)
      }
    }
  }

  /// The debounce time is over.
  mutating func applySettings(_ key: SubscriptionKey) {
    guard let participant = participants[key.participant], let subscription = participant.subscriptions[key.track]
    else { return }
    subscription.isSettingsChangeScheduled = false
    if let settings = participant.trackSettings[key.track] { subscription.settings = settings }
    retarget(subscription)
  }

  private mutating func retarget(_ subscription: Subscription) {
    let target = subscription.wantedTarget
    if target != subscription.target, let id = subscription.id {
      subscription.target = target
      command(.setTarget(id, target), in: subscription.subscriber.room)
    }
    updateDynacast(of: subscription.track)
  }

  // MARK: Dynacast

  /// Works out what anybody needs of a video track, and tells its publisher when that changed.
  mutating func updateDynacast(of track: PublishedTrack) {
    guard track.kind == .video, track.isAnnounced, !track.publisher.isClosed else { return }
    let outcome = track.dynacast.update(track.demand, at: now.instant, delay: timings.dynacastDecrease)
    if outcome == .tell { tellDynacast(of: track) }
    guard let decrease = track.dynacast.decrease else { return }
    timers.schedule(.dynacast(room: track.publisher.room.key, track: track.sid), at: decrease)
  }

  /// A decrease is due.
  mutating func settleDynacast(of sid: String, in room: UInt64) {
    guard let track = roomsByKey[room]?.tracks[sid], track.dynacast.settle(at: now.instant) else { return }
    tellDynacast(of: track)
  }

  mutating func tellDynacast(of track: PublishedTrack) {
    send(.subscribedQualityUpdate(track.dynacast.message(track: track.sid)), to: track.publisher)
  }
}

extension PublishedTrack {
  /// The highest quality that anybody needs of each codec.
  var demand: [Dynacast.Demand] {
    var best: [String: VideoQuality] = [:]
    for subscription in subscriptions.values {
      let wanted = subscription.wantedQuality
      guard wanted != .off, let codec = codec(for: subscription) else { continue }
      if let known = best[codec], known.rawValue >= wanted.rawValue { continue }
      best[codec] = wanted
    }
    return codecNames.map { Dynacast.Demand(codec: $0, quality: best[$0] ?? .off) }
  }

  /// The codec that a subscriber gets, or would get if it were sent.
  private func codec(for subscription: Subscription) -> String? {
    if let publication = subscription.publication { return encoding(publication)?.codecName }
    guard let mid = subscription.mid, let transport = subscription.subscriber.downstream,
      let index = transport.section(mid: mid), !transport.sections[index].formats.isEmpty
    else { return subscription.codecErrorWasSent ? nil : codecNames.first }
    let formats = transport.sections[index].formats
    return codecNames.first { name in formats.contains { $0.codec.bareName == name } }
  }
}
