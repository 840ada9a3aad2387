// The estimate against simulated lines: sharp at once on good ones, quickly down and steady on bad ones, back when they
// recover.

import Chronology
import Congestion
import TestSupport
import Testing

struct ClosedLoopTests {
  @Test(arguments: [5_000_000, 10_000_000, 100_000_000] as [Int64])
  func `a line that carries the highest layer shows it from the first frame on`(rate: Int64) {
    forEachSeed(3) { seed, _ in
      var viewer = Viewer(Line(rate: rate), seed: seed)
      viewer.run(for: .seconds(20))
      #expect(viewer.changes.isEmpty, "seed \(seed): \(viewer.changes)")
    }
  }

  @Test(arguments: [(300_000, 0), (1_200_000, 1), (2_000_000, 1)] as [(Int64, Int)])
  func `a narrow line gets the layer that fits within two seconds and keeps it`(rate: Int64, layer: Int) {
    forEachSeed(3) { seed, _ in
      var viewer = Viewer(Line(rate: rate), seed: seed)
      viewer.run(for: .seconds(2))
      #expect(viewer.layer == layer, "seed \(seed)")
      viewer.run(for: .seconds(48))
      #expect(viewer.layer == layer, "seed \(seed)")
      #expect(viewer.mostChangesInTenSeconds(from: .milliseconds(2_000)) <= 1, "seed \(seed): \(viewer.changes)")
    }
  }

  @Test(arguments: [600_000, 2_000_000, 6_000_000] as [Int64])
  func `a stream that takes all it may settles between half and nine tenths of the line`(rate: Int64) {
    forEachSeed(3) { seed, random in
      var bottleneck = Bottleneck(Line(rate: rate), seed: seed)
      var owed = 0.0
      var highest: Int64 = 0
      func run(_ bottleneck: inout Bottleneck, seconds: Int64, watching: Bool) {
        for millisecond in 0..<seconds * 1_000 {
          owed = min(owed + Double(bottleneck.estimate.bitsPerSecond) / 8_000, 100_000)
          if millisecond % 20 == 0 {
            bottleneck.send(frame: Int(owed))
            owed = 0
          }
          bottleneck.tick()
          if watching { highest = max(highest, bottleneck.estimate.bitsPerSecond) }
        }
      }
      run(&bottleneck, seconds: 8, watching: false)
      let before = bottleneck.sentBytes
      _ = bottleneck.takeLongestWait()
      run(&bottleneck, seconds: 15, watching: true)
      #expect(highest <= rate * 9 / 10, "seed \(seed)")
      let used = Int64(bottleneck.sentBytes - before) * 8 / 15
      #expect(used >= rate / 2, "seed \(seed): \(used)")
      #expect(bottleneck.takeLongestWait() < .milliseconds(100), "seed \(seed)")
    }
  }

  @Test func `a large key frame that queues and drains is not taken for overuse`() {
    var bottleneck = Bottleneck(Line(rate: 4_500_000, queue: .seconds(1)), seed: 1)
    for millisecond in 0..<8_000 {
      if millisecond % 33 == 0 {
        // Once in two seconds a frame that takes the line a third of a second.
        bottleneck.send(frame: millisecond % 2_013 == 0 && millisecond > 0 ? 190_000 : 12_000)
      }
      bottleneck.tick()
    }
    #expect(bottleneck.takeLongestWait() > .milliseconds(300))
    #expect(bottleneck.estimate.bitsPerSecond >= SenderEstimate.Rule.initial)
  }

  @Test func `when the line breaks down the layer follows within a second and the queue drains`() {
    forEachSeed(5) { seed, _ in
      var viewer = Viewer(Line(rate: 10_000_000), seed: seed)
      viewer.run(for: .seconds(5))
      #expect(viewer.layer == 2, "seed \(seed)")
      viewer.bottleneck.line.rate = 1_000_000
      viewer.run(for: .milliseconds(1_000))
      #expect(viewer.layer < 2, "seed \(seed)")
      viewer.run(for: .seconds(3))
      _ = viewer.bottleneck.takeLongestWait()
      viewer.run(for: .seconds(3))
      #expect(viewer.bottleneck.takeLongestWait() < .milliseconds(150), "seed \(seed)")
    }
  }

  @Test func `when the line recovers the highest layer is back within fifteen seconds`() {
    forEachSeed(5) { seed, _ in
      var viewer = Viewer(Line(rate: 1_000_000), seed: seed)
      viewer.run(for: .seconds(10))
      #expect(viewer.layer < 2, "seed \(seed)")
      viewer.bottleneck.line.rate = 20_000_000
      viewer.run(for: .seconds(15))
      #expect(viewer.layer == 2, "seed \(seed): \(viewer.bottleneck.estimate.bitsPerSecond), \(viewer.changes)")
    }
  }

  @Test func `without probes the highest layer is back when the ceiling has grown old`() {
    var viewer = Viewer(Line(rate: 1_000_000), seed: 1, probes: false)
    viewer.run(for: .seconds(5))
    viewer.bottleneck.line.rate = 20_000_000
    viewer.run(for: .seconds(90))
    #expect(viewer.layer == 2)
  }

  @Test func `jitter as on Wi-Fi is not taken for a queue`() {
    forEachSeed(5) { seed, _ in
      var viewer = Viewer(Line(rate: 20_000_000, jitter: .milliseconds(40)), seed: seed)
      viewer.run(for: .seconds(20))
      #expect(viewer.layer == 2 && viewer.changes.isEmpty, "seed \(seed)")
    }
  }

  @Test func `two percent of random loss cost nothing and a fifth brings the layer down`() {
    forEachSeed(5) { seed, _ in
      var light = Viewer(Line(rate: 20_000_000, loss: 0.02), seed: seed)
      light.run(for: .seconds(15))
      #expect(light.layer == 2, "seed \(seed)")
      var heavy = Viewer(Line(rate: 20_000_000, loss: 0.2), seed: seed)
      heavy.run(for: .seconds(3))
      #expect(heavy.layer < 2, "seed \(seed)")
    }
  }

  @Test func `a short queue that overflows shows as loss and is answered`() {
    forEachSeed(5) { seed, _ in
      var viewer = Viewer(Line(rate: 1_500_000, queue: .milliseconds(40)), seed: seed)
      viewer.run(for: .seconds(3))
      #expect(viewer.layer == 1, "seed \(seed)")
    }
  }
}

struct SenderEstimateTests {
  /// A steady stream of 20 ms packets.
  private func send(_ bitsPerSecond: Int, from: Int64, to: Int64, into estimate: inout SenderEstimate) {
    for time in stride(from: from, to: to, by: 20) {
      estimate.sent(bitsPerSecond / 400, at: .milliseconds(time))
    }
  }

  @Test func `a receiver's estimate below the traffic is a limit, above it none`() {
    var estimate = SenderEstimate()
    send(2_000_000, from: 0, to: 1_000, into: &estimate)
    estimate.receiveEstimate(3_000_000, at: .milliseconds(1_000))
    #expect(estimate.bitsPerSecond == SenderEstimate.Rule.initial)
    estimate.receiveEstimate(1_500_000, at: .milliseconds(1_010))
    #expect(estimate.bitsPerSecond == 1_500_000)
    #expect(estimate.reason == .receiver)
  }

  @Test func `heavy loss in receiver reports brings the estimate below the traffic`() {
    var estimate = SenderEstimate()
    send(2_000_000, from: 0, to: 1_000, into: &estimate)
    estimate.receiveLoss(0.05, of: 100, at: .milliseconds(1_000))
    #expect(estimate.bitsPerSecond == SenderEstimate.Rule.initial)
    estimate.receiveLoss(0.25, of: 100, at: .milliseconds(1_010))
    #expect(estimate.bitsPerSecond < 1_600_000)
    #expect(estimate.reason == .loss)
  }

  @Test func `loss among a handful of packets says nothing`() {
    var estimate = SenderEstimate()
    send(2_000_000, from: 0, to: 1_000, into: &estimate)
    estimate.receiveLoss(0.5, of: 4, at: .milliseconds(1_000))
    #expect(estimate.bitsPerSecond == SenderEstimate.Rule.initial)
  }

  @Test func `the estimate never leaves its range`() {
    var estimate = SenderEstimate()
    for second in Int64(0)..<30 {
      send(50_000, from: second * 1_000, to: second * 1_000 + 1_000, into: &estimate)
      estimate.receiveLoss(0.9, of: 100, at: .milliseconds(second * 1_000 + 999))
      estimate.receiveEstimate(-5, at: .milliseconds(second * 1_000 + 999))
    }
    #expect(estimate.bitsPerSecond == Limit.lowestEstimate)
    estimate.receiveEstimate(.max, at: .milliseconds(40_000))
    #expect(estimate.bitsPerSecond <= Limit.highestEstimate)
  }

  @Test func `probes become rarer while they show nothing and stop when nothing is wanted`() {
    var estimate = SenderEstimate()
    send(2_000_000, from: 0, to: 1_000, into: &estimate)
    estimate.receiveLoss(0.5, of: 100, at: .milliseconds(1_000))
    var due: [Int64] = []
    for time in stride(from: Int64(1_000), to: 120_000, by: 10) {
      if estimate.takeProbe(wanted: 3_000_000, at: .milliseconds(time)) != nil { due.append(time) }
      #expect(estimate.takeProbe(wanted: 1, at: .milliseconds(time)) == nil)
    }
    #expect(due.prefix(4) == [3_000, 5_000, 9_000, 17_000])
    #expect(zip(due.dropFirst(), due).allSatisfy { $0 - $1 <= 30_000 })
  }
}
