// Who gets what of a line.

import Congestion
import Randomness
import TestSupport
import Testing

private func simulcast(_ rates: [Int64]) -> LayerRates {
  var result = LayerRates()
  for (spatial, rate) in rates.enumerated() {
    result.set(LayerChoice(spatial: UInt8(spatial), temporal: 0), bitsPerSecond: rate)
  }
  return result
}

private let usual = simulcast([150_000, 700_000, 3_000_000])

private func demand(
  screen: Bool = false, priority: UInt8 = 1, wanted: UInt8 = 2, rates: LayerRates = usual, current: UInt8? = nil
) -> LayerDemand {
  LayerDemand(
    isScreenShare: screen, priority: priority, wanted: LayerChoice(spatial: wanted, temporal: 3), rates: rates,
    current: current.map { LayerChoice(spatial: $0, temporal: 0) })
}

/// Spatial layers by demand; nil for nothing.
private func allocate(_ rate: Int64, _ demands: [LayerDemand]) -> [UInt8?] {
  var demands = demands
  LayerAllocator.allocate(rate, among: &demands)
  return demands.map { $0.allocated?.spatial }
}

struct LayerAllocatorTests {
  @Test func `everybody gets what is wanted where there is enough`() {
    #expect(allocate(20_000_000, [demand(screen: true), demand(), demand(wanted: 0)]) == [2, 2, 0])
  }

  @Test(
    arguments: [
      (100_000, nil), (180_000, 0), (800_000, 0), (810_000, 1), (3_400_000, 1), (3_500_000, 2),
    ] as [(Int64, UInt8?)])
  func `a higher layer must leave fifteen percent of its cost over`(rate: Int64, layer: UInt8?) {
    #expect(allocate(rate, [demand()]) == [layer])
  }

  @Test(arguments: [(2_740_000, 2), (2_720_000, 1)] as [(Int64, UInt8)])
  func `a layer that flows stays while it costs a tenth too much`(rate: Int64, layer: UInt8) {
    #expect(allocate(rate, [demand(current: 2)]) == [layer])
  }

  @Test(arguments: [0, -5, 10_000] as [Int64])
  func `a screen share is never without its lowest layer`(rate: Int64) {
    #expect(allocate(rate, [demand(), demand(screen: true)]) == [nil, 0])
  }

  @Test func `a screen share comes before cameras of any priority`() {
    #expect(allocate(3_700_000, [demand(priority: 255), demand(screen: true)]) == [0, 2])
  }

  @Test func `the larger priority comes first`() {
    #expect(allocate(3_700_000, [demand(priority: 1), demand(priority: 7)]) == [0, 2])
  }

  @Test func `equals are raised in turn`() {
    #expect(allocate(1_800_000, [demand(), demand()]) == [1, 1])
    #expect(allocate(400_000, [demand(), demand()]) == [0, 0])
  }

  @Test func `a still screen's highest layer is taken though it costs less than nothing extra`() {
    let still = simulcast([150_000, 20_000, 0])
    #expect(allocate(200_000, [demand(screen: true, rates: still)]) == [2])
  }

  @Test func `a layer that is not sent is passed over`() {
    var rates = LayerRates()
    rates.set(LayerChoice(spatial: 0, temporal: 0), bitsPerSecond: 100_000)
    rates.set(LayerChoice(spatial: 2, temporal: 0), bitsPerSecond: 1_000_000)
    #expect(allocate(1_300_000, [demand(rates: rates)]) == [2])
    #expect(allocate(1_000_000, [demand(rates: rates)]) == [0])
  }

  @Test func `a publication that sends nothing gets nothing`() {
    #expect(allocate(1_000_000, [demand(screen: true, rates: LayerRates())]) == [nil])
  }

  @Test func `a screen gives up motion before size and a camera size before motion`() {
    var rates = LayerRates()
    for spatial in UInt8(0)..<2 {
      for temporal in UInt8(0)..<3 {
        rates.set(
          LayerChoice(spatial: spatial, temporal: temporal), bitsPerSecond: spatial == 0 ? 100_000 : 500_000)
      }
    }
    var demands = [demand(screen: true, rates: rates)]
    LayerAllocator.allocate(700_000, among: &demands)
    #expect(demands[0].allocated == LayerChoice(spatial: 1, temporal: 0))
    demands = [demand(rates: rates)]
    LayerAllocator.allocate(700_000, among: &demands)
    #expect(demands[0].allocated == LayerChoice(spatial: 0, temporal: 2))
  }

  @Test func `scalable layers cost what the lower ones cost too`() {
    var rates = LayerRates(isScalable: true)
    for spatial in UInt8(0)..<3 { rates.set(LayerChoice(spatial: spatial, temporal: 0), bitsPerSecond: 100_000) }
    #expect(rates.cost(of: LayerChoice(spatial: 2, temporal: 3)) == 300_000)
    #expect(simulcast([1, 2, 4]).cost(of: LayerChoice(spatial: 2, temporal: 3)) == 4)
  }

  @Test func `it says whether the line is the reason`() {
    var demands = [demand()]
    #expect(LayerAllocator.allocate(1_000_000, among: &demands))
    #expect(!LayerAllocator.allocate(9_000_000, among: &demands))
    #expect(LayerAllocator.wanted(by: demands) == 3_000_000)
  }

  @Test func `what is spent stays within the line but for floors and kept layers`() {
    forEachSeed(300) { seed, random in
      var demands = (0..<(1 + random.next() % 12)).map { _ in randomDemand(&random) }
      let rate = Int64(random.next() % 12_000_000)
      LayerAllocator.allocate(rate, among: &demands)
      var spent: Int64 = 0
      for demand in demands {
        guard let layer = demand.allocated else {
          #expect(!demand.isScreenShare, "seed \(seed)")
          continue
        }
        #expect(layer.spatial <= demand.wanted.spatial, "seed \(seed)")
        #expect(demand.rates.isAvailable(layer), "seed \(seed)")
        spent += demand.rates.cost(of: layer)
      }
      var slack: Int64 = 0
      for demand in demands {
        if demand.isScreenShare, let lowest = demand.rates.lowest { slack += demand.rates.cost(of: lowest) }
        if let current = demand.current { slack += demand.rates.cost(of: current) / 10 }
      }
      #expect(spent <= rate + slack, "seed \(seed)")
    }
  }

  @Test func `an estimate that wanders by five percent moves each layer once at most`() {
    forEachSeed(200) { seed, random in
      var demands = [demand(screen: random.chance(0.5), rates: randomRates(&random))]
      let center = Double(100_000 + random.next() % 6_000_000)
      LayerAllocator.allocate(Int64(center), among: &demands)
      var changes = 0
      for _ in 0..<50 {
        demands[0].current = demands[0].allocated
        LayerAllocator.allocate(Int64(center * (0.95 + 0.1 * random.unit())), among: &demands)
        if demands[0].allocated != demands[0].current { changes += 1 }
      }
      #expect(changes <= 1, "seed \(seed)")
    }
  }

  private func randomRates(_ random: inout Random) -> LayerRates {
    let low = Int64(50_000 + random.next() % 200_000)
    return simulcast([low, low * Int64(2 + random.next() % 4), low * Int64(8 + random.next() % 12)])
  }

  private func randomDemand(_ random: inout Random) -> LayerDemand {
    demand(
      screen: random.chance(0.2), priority: UInt8(1 + random.next() % 3), wanted: UInt8(random.next() % 3),
      rates: randomRates(&random), current: random.chance(0.5) ? UInt8(random.next() % 3) : nil)
  }
}
