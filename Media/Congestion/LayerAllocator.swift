// Divides what a subscriber's line can take among the subscriptions that share it.

import Chronology

/// A spatial and a temporal layer. Ordered by the spatial one first: size before motion.
public struct LayerChoice: Sendable, Hashable, Comparable {
  /// 0…2.
  public var spatial: UInt8
  /// 0…3.
  public var temporal: UInt8

  @inlinable
  public init(spatial: UInt8, temporal: UInt8) {
    self.spatial = spatial
    self.temporal = temporal
  }

  @inlinable
  public static func < (a: LayerChoice, b: LayerChoice) -> Bool {
    (a.spatial, a.temporal) < (b.spatial, b.temporal)
  }
}

/// What the layers of one publication cost, as measured on their way in.
public struct LayerRates: Sendable {
  public static let spatialLayers = 3
  public static let temporalLayers = 4

  /// Bits per second of each layer alone.
  private var rates = InlineArray<12, Int64>(repeating: 0)
  /// One bit for each spatial layer that the publisher sends, or would send if somebody wanted it.
  private var available: UInt8 = 0
  /// One bit for each temporal layer of each spatial layer.
  private var temporal = InlineArray<3, UInt8>(repeating: 0)
  /// Spatial layers build on each other (SVC) and cost what the lower ones cost too; else each stands alone (simulcast).
  public var isScalable: Bool

  public init(isScalable: Bool = false) { self.isScalable = isScalable }

  /// Says that a layer exists and what it costs. Zero is a cost: a still screen sends next to nothing and is not gone.
  public mutating func set(_ layer: LayerChoice, bitsPerSecond: Int64) {
    guard layer.spatial < 3, layer.temporal < 4 else { return }
    rates[Int(layer.spatial) * 4 + Int(layer.temporal)] = max(0, bitsPerSecond)
    available |= 1 << layer.spatial
    temporal[Int(layer.spatial)] |= 1 << layer.temporal
  }

  public func isAvailable(_ layer: LayerChoice) -> Bool {
    layer.spatial < 3 && layer.temporal < 4 && available & (1 << layer.spatial) != 0
      && temporal[Int(layer.spatial)] & (1 << layer.temporal) != 0
  }

  /// Bits per second that a subscriber gets with `layer` as the highest one.
  public func cost(of layer: LayerChoice) -> Int64 {
    var sum: Int64 = 0
    for spatial in 0...min(layer.spatial, 2) where isScalable || spatial == layer.spatial {
      for temporal in 0...min(layer.temporal, 3) { sum += rates[Int(spatial) * 4 + Int(temporal)] }
    }
    return sum
  }

  /// The highest temporal layer of a spatial layer; nil when the spatial layer is not there.
  public func highestTemporal(of spatial: UInt8) -> UInt8? {
    guard spatial < 3, available & (1 << spatial) != 0 else { return nil }
    return UInt8(7 - temporal[Int(spatial)].leadingZeroBitCount)
  }

  /// The lowest layer of all; nil when the publisher sends nothing.
  public var lowest: LayerChoice? {
    guard available != 0 else { return nil }
    let spatial = UInt8(available.trailingZeroBitCount)
    return LayerChoice(spatial: spatial, temporal: UInt8(temporal[Int(spatial)].trailingZeroBitCount))
  }
}

/// One subscription's part in the division.
public struct LayerDemand: Sendable {
  public var isScreenShare: Bool
  /// 1…255.
  public var priority: UInt8
  /// The most that the subscriber wants.
  public var wanted: LayerChoice
  public var rates: LayerRates
  /// What flows; nil while nothing does.
  public var current: LayerChoice?
  /// The result: what shall flow; nil for nothing.
  public internal(set) var allocated: LayerChoice?

  public init(
    isScreenShare: Bool, priority: UInt8, wanted: LayerChoice, rates: LayerRates, current: LayerChoice?
  ) {
    self.isScreenShare = isScreenShare
    self.priority = priority
    self.wanted = wanted
    self.rates = rates
    self.current = current
  }
}

/// The division itself: a pure function of the estimate and the demands.
///
/// Screen shares come first, then larger priorities. Within a class everybody first gets the lowest layer, then a step
/// up each in turn, so that equals are treated equally. A screen share never falls below its lowest layer, whatever the
/// estimate says: users want it small or slow, never gone. It keeps its size and gives up motion first; a camera keeps its
/// motion and gives up size.
///
/// A layer that flows stays while it costs at most a tenth more than there is; a higher one must leave 15 % of its cost
/// over. Between the two nothing changes: measured rates wander by that much.
public enum LayerAllocator {
  public enum Hysteresis {
    /// Percent of its cost that must be there for a layer that flows, and for one that does not.
    public static let keep: Int64 = 91
    public static let raise: Int64 = 115
  }

  /// Sets `allocated` of every demand.
  ///
  /// - Parameters:
  ///   - bitsPerSecond: the estimate without what other media (audio, retransmissions) takes.
  /// - Returns: whether the line is the reason that somebody gets less than wanted.
  @discardableResult
  public static func allocate(_ bitsPerSecond: Int64, among demands: inout [LayerDemand]) -> Bool {
    var budget = bitsPerSecond
    for index in demands.indices {
      demands[index].allocated = demands[index].isScreenShare ? floor(of: demands[index]) : nil
      if let layer = demands[index].allocated { budget -= demands[index].rates.cost(of: layer) }
    }
    var last = Int.max
    while let rank = highestRank(of: demands, below: last) {
      last = rank
      divide(&budget, among: &demands, rank: rank)
    }
    return demands.contains { demand in
      guard let best = best(of: demand) else { return false }
      return demand.allocated.map { $0 < best } ?? true
    }
  }

  /// What all demands together would take if the line were no limit.
  public static func wanted(by demands: [LayerDemand]) -> Int64 {
    var sum: Int64 = 0
    for demand in demands { if let best = best(of: demand) { sum += demand.rates.cost(of: best) } }
    return sum
  }
}

extension LayerAllocator {
  private static func rank(of demand: LayerDemand) -> Int { (demand.isScreenShare ? 256 : 0) + Int(demand.priority) }

  private static func highestRank(of demands: [LayerDemand], below limit: Int) -> Int? {
    var highest: Int?
    for demand in demands {
      let rank = rank(of: demand)
      if rank < limit, rank > highest ?? -1 { highest = rank }
    }
    return highest
  }

  /// Rounds of one step each, until nobody of the class can be raised.
  private static func divide(_ budget: inout Int64, among demands: inout [LayerDemand], rank: Int) {
    var hasRaised = true
    while hasRaised {
      hasRaised = false
      for index in demands.indices where self.rank(of: demands[index]) == rank {
        guard let step = affordableStep(for: demands[index], budget: budget) else { continue }
        budget -= step.price
        demands[index].allocated = step.layer
        hasRaised = true
      }
    }
  }

  /// The lowest layer above what is allocated that the budget allows. Cheaper ones that do not fit do not hide dearer
  /// ones that do: a still HIGH may cost less than a moving LOW.
  private static func affordableStep(
    for demand: LayerDemand, budget: Int64
  ) -> (layer: LayerChoice, price: Int64)? {
    let paid = demand.allocated.map { demand.rates.cost(of: $0) } ?? 0
    for spatial in UInt8(0)..<3 {
      for temporal in UInt8(0)..<4 {
        let layer = LayerChoice(spatial: spatial, temporal: temporal)
        guard isCandidate(layer, of: demand), demand.allocated.map({ layer > $0 }) ?? true else { continue }
        let cost = demand.rates.cost(of: layer)
        let isKept = demand.current.map { layer <= $0 } ?? false
        let needed = cost * (isKept ? Hysteresis.keep : Hysteresis.raise) / 100
        if needed - paid <= budget { return (layer, cost - paid) }
      }
    }
    return nil
  }

  /// Cameras climb by size at full motion, above the lowest size; screens take any mixture.
  private static func isCandidate(_ layer: LayerChoice, of demand: LayerDemand) -> Bool {
    guard demand.rates.isAvailable(layer), layer.spatial <= demand.wanted.spatial,
      layer.temporal <= demand.wanted.temporal
    else { return isFloor(layer, of: demand) }
    guard !demand.isScreenShare, let lowest = demand.rates.lowest, layer.spatial > lowest.spatial,
      let highest = demand.rates.highestTemporal(of: layer.spatial)
    else { return true }
    return layer.temporal == min(highest, demand.wanted.temporal)
  }

  /// The lowest layer, which is a candidate even where it is more than wanted: there is nothing less.
  private static func isFloor(_ layer: LayerChoice, of demand: LayerDemand) -> Bool {
    demand.rates.lowest == layer
  }

  private static func floor(of demand: LayerDemand) -> LayerChoice? { demand.rates.lowest }

  /// The most that the demand can get.
  private static func best(of demand: LayerDemand) -> LayerChoice? {
    var best: LayerChoice?
    for spatial in UInt8(0)..<3 {
      for temporal in UInt8(0)..<4 {
        let layer = LayerChoice(spatial: spatial, temporal: temporal)
        if isCandidate(layer, of: demand) { best = layer }
      }
    }
    return best
  }
}
