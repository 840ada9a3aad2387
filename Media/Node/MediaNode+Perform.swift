// Commands of the control plane: the only place where the names that it uses are looked up.

import Bytes
import Chronology
import Forwarding
import MediaContract
import Streams
import Wire

extension MediaNode {
  /// Carries out one command. A command about something that has gone is ignored; one that finds its table full is
  /// counted and has no effect.
  public mutating func perform(_ command: MediaCommand, at time: Instant) {
    switch command {
    case .openTransport(let parameters): openTransport(parameters, at: time)
    case .setRemote(let id, let parameters): setRemote(id, parameters, at: time)
    case .restartICE(let id, let fragment, let password): restartICE(id, fragment, password, at: time)
    case .closeTransport(let id): closeTransport(id, at: time)
    case .setPublication(let parameters): setPublication(parameters, at: time)
    case .setMuted(let id, let isMuted): setMuted(id, isMuted, at: time)
    case .requestKeyFrame(let id): requestKeyFrame(id, at: time)
    case .removePublication(let id): removePublication(id)
    case .setSubscription(let parameters): setSubscription(parameters, at: time)
    case .setTarget(let id, let target): setTarget(id, target, at: time)
    case .removeSubscription(let id): removeSubscription(id)
    case .openDataChannel(let id, let label, let isOrdered, let maximumRetransmits):
      openDataChannel(id, label, isOrdered: isOrdered, maximumRetransmits: maximumRetransmits, at: time)
    case .sendData(let ids, let label, let bytes, let isBinary):
      sendData(ids, label, bytes, isBinary: isBinary, at: time)
    case .limitBandwidth(let id, let bitsPerSecond): limitBandwidth(id, bitsPerSecond, at: time)
    }
  }
}

// MARK: - Publications

extension MediaNode {
  private mutating func setPublication(_ parameters: PublicationParameters, at time: Instant) {
    if let handle = publicationHandles[parameters.id] {
      let wasMuted = publications[handle].parameters.isMuted
      publications[handle].update(parameters)
      bindSignalledSources(handle, at: time)
      if wasMuted != parameters.isMuted { muteChanged(handle, at: time) }
      aimSubscriptions(of: handle, at: time)
      return
    }
    guard let transport = transportHandles[parameters.transport],
      transports[transport].publications.count < Limit.publicationsPerTransport,
      let handle = publications.insert(Publication(parameters, transport: transport))
    else {
      counters.refusedCommands &+= 1
      return
    }
    publicationHandles[parameters.id] = handle
    transports[transport].publications.append(handle)
    bindSignalledSources(handle, at: time)
    // An idle transport is looked at for consent only.
    deadlines.bringForward(Int(transport.index), to: time + Period.allocation)
  }

  /// Gives each encoding of the parameters a stream, and binds the SSRCs that were signalled.
  private mutating func bindSignalledSources(_ publication: Handle<Publication>, at time: Instant) {
    let transport = publications[publication].transport
    let kind = publications[publication].kind
    let wanted = publications[publication].parameters.encodings.prefix(Limit.encodingsPerPublication)
    for (index, encoding) in wanted.enumerated() {
      if index == publications[publication].encodings.count {
        let stream = EncodingStream(publication: publication, index: UInt8(index), kind: kind)
        guard let handle = encodings.insert(stream) else {
          counters.refusedCommands &+= 1
          return
        }
        publications[publication].encodings.append(handle)
      }
      let handle = publications[publication].encodings[index]
      if let ssrc = encoding.ssrc { bindSignalled(ssrc, to: handle, isRetransmission: false, of: transport, at: time) }
      if let ssrc = encoding.rtxSSRC {
        bindSignalled(ssrc, to: handle, isRetransmission: true, of: transport, at: time)
      }
    }
  }

  private mutating func setMuted(_ id: PublicationID, _ isMuted: Bool, at time: Instant) {
    guard let handle = publicationHandles[id], publications[handle].parameters.isMuted != isMuted else { return }
    publications[handle].parameters.isMuted = isMuted
    muteChanged(handle, at: time)
  }

  /// Muting ends what flows to everybody; unmuting starts it anew, with a key frame where one is needed.
  private mutating func muteChanged(_ publication: Handle<Publication>, at time: Instant) {
    publications[publication].level?.reset()
    if publications[publication].parameters.isMuted { publications[publication].activity.reset() }
    for index in 0..<publications[publication].subscriptions.count {
      let subscription = publications[publication].subscriptions[index]
      guard subscriptions.contains(subscription) else { continue }
      subscriptions[subscription].selector.restart()
      reportLayer(subscription)
    }
    aimSubscriptions(of: publication, at: time)
  }

  private mutating func requestKeyFrame(_ id: PublicationID, at time: Instant) {
    guard let handle = publicationHandles[id] else { return }
    var inUse: UInt8 = 0
    for subscription in publications[handle].subscriptions where subscriptions.contains(subscription) {
      if let layers = subscriptions[subscription].selector.current {
        inUse |= 1 << (publications[handle].layering == .encodings ? layers.spatial : 0)
      }
    }
    for index in 0..<publications[handle].encodings.count where inUse & (1 << UInt8(index)) != 0 {
      wantKeyFrame(publications[handle].encodings[index])
    }
  }

  private mutating func removePublication(_ id: PublicationID) {
    guard let handle = publicationHandles[id] else { return }
    remove(handle)
  }

  /// Ends a publication and all subscriptions to it.
  mutating func remove(_ handle: Handle<Publication>) {
    while let subscription = publications[handle].subscriptions.last { remove(subscription) }
    let transport = publications[handle].transport
    for encoding in publications[handle].encodings {
      if transports.contains(transport) { transports[transport].sources.unbind(encoding) }
      _ = encodings.remove(encoding)
    }
    if transports.contains(transport) { transports[transport].publications.removeAll { $0 == handle } }
    publicationHandles[publications[handle].id] = nil
    _ = publications.remove(handle)
  }
}

// MARK: - Subscriptions

extension MediaNode {
  private mutating func setSubscription(_ parameters: SubscriptionParameters, at time: Instant) {
    if let handle = subscriptionHandles[parameters.id] {
      subscriptions[handle].update(parameters)
      aim(handle, at: time)
      return
    }
    guard let publication = publicationHandles[parameters.publication],
      let transport = transportHandles[parameters.transport]
    else { return }
    guard transports[transport].subscriptions.count < Limit.subscriptionsPerTransport,
      transports[transport].outgoing[parameters.ssrc] == nil,
      transports[transport].ended.count < Limit.streamsPerTransport,
      let handle = subscriptions.insert(
        Subscription(
          parameters, publication: publication, transport: transport, kind: publications[publication].kind,
          clockRate: publications[publication].clockRate, layering: publications[publication].layering,
          random: &random))
    else {
      counters.refusedCommands &+= 1
      return
    }
    subscriptionHandles[parameters.id] = handle
    publications[publication].subscriptions.append(handle)
    transports[transport].subscriptions.append(handle)
    transports[transport].outgoing[parameters.ssrc] = handle
    if let end = transports[transport].ended[parameters.ssrc] { subscriptions[handle].resume(end) }
    aim(handle, at: time)
    deadlines.bringForward(Int(transport.index), to: time + Period.allocation)
  }

  private mutating func setTarget(_ id: SubscriptionID, _ target: SubscriptionTarget, at time: Instant) {
    guard let handle = subscriptionHandles[id] else { return }
    subscriptions[handle].target = target
    aim(handle, at: time)
  }

  private mutating func removeSubscription(_ id: SubscriptionID) {
    guard let handle = subscriptionHandles[id] else { return }
    remove(handle)
  }

  mutating func remove(_ handle: Handle<Subscription>) {
    let publication = subscriptions[handle].publication
    let transport = subscriptions[handle].transport
    let ssrc = subscriptions[handle].parameters.ssrc
    if publications.contains(publication) { publications[publication].subscriptions.removeAll { $0 == handle } }
    if transports.contains(transport) {
      transports[transport].subscriptions.removeAll { $0 == handle }
      transports[transport].outgoing[ssrc] = nil
      transports[transport].ended[ssrc] = subscriptions[handle].end
    }
    subscriptionHandles[subscriptions[handle].id] = nil
    _ = subscriptions.remove(handle)
  }
}

// MARK: - What flows to whom

extension MediaNode {
  /// Works out anew what every subscriber of a publication should get: its layers came or went, or it was (un)muted.
  mutating func aimSubscriptions(of publication: Handle<Publication>, at time: Instant) {
    for index in 0..<publications[publication].subscriptions.count {
      let subscription = publications[publication].subscriptions[index]
      if subscriptions.contains(subscription) { aim(subscription, at: time) }
    }
  }

  /// Tells a subscription's selector what is wanted and possible now, and asks for the key frame that this may need.
  ///
  /// What is wanted is the highest active layer within the viewer's and the line's bounds. So somebody who comes late or
  /// comes back waits the moment until that layer's key frame is there, and never gets stuck on a lower one.
  mutating func aim(_ handle: Handle<Subscription>, at time: Instant) {
    let publication = subscriptions[handle].publication
    guard publications.contains(publication) else { return }
    let target = subscriptions[handle].target
    var layers: Layers?
    if !target.isPaused, !publications[publication].parameters.isMuted {
      let wanted = Layers(
        spatial: min(target.maximumSpatialLayer, Limit.highestLayer),
        temporal: min(target.maximumTemporalLayer, Limit.highestLayer))
      layers = wanted
      switch subscriptions[handle].allowance {
      case nil: break
      case .nothing: layers = nil
      case .layers(let allowed):
        layers = Layers(
          spatial: min(allowed.spatial, wanted.spatial), temporal: min(allowed.temporal, wanted.temporal))
      }
    }
    if let wanted = layers, publications[publication].layering != .dependencies {
      let highest = UInt8(max(0, publications[publication].encodings.count - 1))
      let bounded = publications[publication].layering == .encodings ? min(wanted.spatial, highest) : wanted.spatial
      layers?.spatial = publications[publication].activity.nearest(to: bounded)
    }
    subscriptions[handle].selector.aim(layers)
    if let encoding = subscriptions[handle].selector.encodingInNeedOfKeyFrame {
      wantKeyFrame(ofEncoding: encoding, in: publication)
    }
    reportLayer(handle)
  }

  mutating func wantKeyFrame(ofEncoding index: UInt8, in publication: Handle<Publication>) {
    guard Int(index) < publications[publication].encodings.count else { return }
    wantKeyFrame(publications[publication].encodings[Int(index)])
  }

  /// Notes that somebody needs a key frame; `advance` sends the request as soon as the throttle allows it.
  mutating func wantKeyFrame(_ encoding: Handle<EncodingStream>) {
    encodings[encoding].requests.want()
    let transport = publications[encodings[encoding].publication].transport
    guard transports.contains(transport) else { return }
    let deadline = encodings[encoding].requests.deadline(roundTrip: transports[transport].roundTrip)
    deadlines.bringForward(Int(transport.index), to: deadline)
  }

  /// Tells the control plane when what flows has changed.
  mutating func reportLayer(_ handle: Handle<Subscription>) {
    let layers = subscriptions[handle].selector.current
    let isLimited = subscriptions[handle].allowance != nil
    let state = subscriptions[handle].state
    guard layers != state.layers || isLimited != state.isLimited else { return }
    subscriptions[handle].state.layers = layers
    subscriptions[handle].state.isLimited = isLimited
    events.append(
      .subscriptionLayer(
        subscriptions[handle].id, spatial: layers?.spatial, temporal: layers?.temporal, byBandwidth: isLimited))
  }
}
