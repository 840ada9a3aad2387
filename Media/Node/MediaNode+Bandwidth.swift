// Divides a subscriber's line among its video subscriptions, and probes for more where less than wanted flows.

import Bytes
import Chronology
import Congestion
import Forwarding
import MediaContract
import Streams

extension MediaNode {
  /// Sets what the line allows each video subscription of a transport.
  mutating func allocate(_ transport: Handle<Transport>, at time: Instant) {
    guard let budget = budget(of: transport) else {
      if transports[transport].isConstrained { liftConstraints(of: transport, at: time) }
      return
    }
    let other = gatherDemands(of: transport, at: time)
    guard !demands.isEmpty else { return }
    let isLimited = LayerAllocator.allocate(max(0, budget - other), among: &demands)
    guard isLimited || transports[transport].isConstrained else { return }
    transports[transport].isConstrained = isLimited
    for index in 0..<demands.count { apply(demands[index], to: demanding[index], isLimited: isLimited, at: time) }
  }

  /// Lists what all video subscriptions of a transport want; returns the bits per second that audio takes.
  private mutating func gatherDemands(of transport: Handle<Transport>, at time: Instant) -> Int64 {
    demands.removeAll(keepingCapacity: true)
    demanding.removeAll(keepingCapacity: true)
    var audio: Int64 = 0
    for place in 0..<transports[transport].subscriptions.count {
      let subscription = transports[transport].subscriptions[place]
      guard subscriptions.contains(subscription) else { continue }
      let publication = subscriptions[subscription].publication
      guard publications.contains(publication) else { continue }
      if publications[publication].kind == .audio {
        audio += audioRate(of: publication, at: time)
      } else if let demand = demand(of: subscription, for: publication) {
        demands.append(demand)
        demanding.append(subscription)
      }
    }
    return audio
  }

  private mutating func liftConstraints(of transport: Handle<Transport>, at time: Instant) {
    transports[transport].isConstrained = false
    for place in 0..<transports[transport].subscriptions.count {
      let subscription = transports[transport].subscriptions[place]
      guard subscriptions.contains(subscription), subscriptions[subscription].allowance != nil else { continue }
      subscriptions[subscription].allowance = nil
      aim(subscription, at: time)
    }
  }

  /// Bits per second that may be sent to a transport; nil while its line has never shown a limit: then nothing is held
  /// back, for an estimate that only grew says what was tried, not what is possible.
  private func budget(of transport: Handle<Transport>) -> Int64? {
    if let limit = transports[transport].bandwidthLimit { return limit }
    return transports[transport].hasShownLimit ? transports[transport].estimate.bitsPerSecond : nil
  }

  private mutating func audioRate(of publication: Handle<Publication>, at time: Instant) -> Int64 {
    guard let encoding = publications[publication].encodings.first else { return 0 }
    return encodings[encoding].bitsPerSecond(at: time)
  }

  /// What a subscription wants, and what its publication's layers cost. Nil while nothing is wanted or sent.
  private func demand(of subscription: Handle<Subscription>, for publication: Handle<Publication>) -> LayerDemand? {
    let target = subscriptions[subscription].target
    guard !target.isPaused, !publications[publication].parameters.isMuted,
      publications[publication].activity.active != 0
    else { return nil }
    return LayerDemand(
      isScreenShare: publications[publication].parameters.isScreenShare, priority: max(1, target.priority),
      wanted: LayerChoice(spatial: target.maximumSpatialLayer, temporal: target.maximumTemporalLayer),
      rates: publications[publication].rates,
      current: subscriptions[subscription].selector.current.map {
        LayerChoice(spatial: $0.spatial, temporal: $0.temporal)
      })
  }

  /// What the active layers of a publication cost now.
  mutating func measuredRates(of publication: Handle<Publication>, at time: Instant) -> LayerRates {
    var rates = LayerRates(isScalable: publications[publication].layering != .encodings)
    for spatial in UInt8(0)..<3 where publications[publication].activity.active & (1 << spatial) != 0 {
      for temporal in 0...publications[publication].activity.temporalLayers(of: spatial) {
        rates.set(
          LayerChoice(spatial: spatial, temporal: temporal),
          bitsPerSecond: rate(of: publication, spatial, temporal, at: time))
      }
    }
    return rates
  }

  private mutating func rate(
    of publication: Handle<Publication>, _ spatial: UInt8, _ temporal: UInt8, at time: Instant
  ) -> Int64 {
    let isSimulcast = publications[publication].layering == .encodings
    let index = isSimulcast ? Int(spatial) : 0
    guard index < publications[publication].encodings.count else { return 0 }
    let encoding = publications[publication].encodings[index]
    let layer = isSimulcast ? Int(temporal) : Int(spatial) * 4 + Int(temporal)
    return encodings[encoding].bitsPerSecond(layer: layer, at: time)
  }

  private mutating func apply(
    _ demand: LayerDemand, to subscription: Handle<Subscription>, isLimited: Bool, at time: Instant
  ) {
    var allowance: Subscription.Allowance?
    if isLimited {
      if let choice = demand.allocated ?? lowest(of: demand, for: subscriptions[subscription].transport) {
        let isLess = choice < demand.wanted && hasMore(demand, above: choice)
        allowance = isLess ? .layers(Layers(spatial: choice.spatial, temporal: choice.temporal)) : nil
      } else {
        allowance = .nothing
      }
    }
    guard allowance != subscriptions[subscription].allowance else { return }
    subscriptions[subscription].allowance = allowance
    aim(subscription, at: time)
  }

  /// What flows where the estimate has room for nothing. It may be wrong, and a line without traffic could not show that
  /// it has recovered; clients do not expect to lose a camera for it either (`allow_pause` is off by default). A limit that
  /// was set is no guess: nil then.
  private func lowest(of demand: LayerDemand, for transport: Handle<Transport>) -> LayerChoice? {
    guard transports[transport].bandwidthLimit == nil else { return nil }
    for spatial in UInt8(0)..<3 {
      let layer = LayerChoice(spatial: spatial, temporal: 0)
      if demand.rates.isAvailable(layer) { return layer }
    }
    return nil
  }

  /// The publication has a wanted layer above `choice`: the line, not the publisher, is what keeps it away.
  private func hasMore(_ demand: LayerDemand, above choice: LayerChoice) -> Bool {
    for spatial in choice.spatial...max(choice.spatial, min(demand.wanted.spatial, 2)) {
      for temporal in UInt8(0)...min(demand.wanted.temporal, 3) {
        let layer = LayerChoice(spatial: spatial, temporal: temporal)
        if layer > choice, demand.rates.isAvailable(layer) { return true }
      }
    }
    return false
  }

  /// Sends recent packets again, in one burst, to learn whether the line takes more than flows now. They come on the
  /// retransmission stream: a receiver that has them already throws them away.
  mutating func probe(_ transport: Handle<Transport>, at time: Instant) {
    guard transports[transport].isConstrained, transports[transport].hasTransportFeedback,
      transports[transport].bandwidthLimit == nil
    else { return }
    let audio = gatherDemands(of: transport, at: time)
    let wanted = LayerAllocator.wanted(by: demands) + audio
    guard let probe = transports[transport].estimate.takeProbe(wanted: wanted, at: time),
      let subscription = demanding.first(where: {
        subscriptions[$0].stream.rtxSSRC != nil && subscriptions[$0].selector.current != nil
      })
    else { return }
    let next = subscriptions[subscription].stream.nextSequenceNumber
    for age in 0..<UInt16(clamping: probe.packetCount) {
      resend(next &- age &- 1, to: subscription, transport, at: time)
    }
    counters.probes &+= 1
  }
}
