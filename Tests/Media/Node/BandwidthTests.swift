// What a line allows: layers that yield, the order in which they do, and that they come back.

import Bytes
import Chronology
import MediaContract
import Node
import TestSupport
import Testing
import Wire

@Suite struct BandwidthTests {
  /// Two encodings of one frame each 33 ms, 40 kbit/s and 1 Mbit/s; a viewer who wants the larger one.
  private func makeStage() -> (stage: Stage, viewer: Client, play: (Int) -> Void) {
    let stage = Stage()
    let publisher = stage.join(1)
    let viewer = stage.join(2)
    var low = VP8Source(ssrc: 101, rid: "q", ids: publisher.ids)
    var high = VP8Source(ssrc: 202, rid: "h", ids: publisher.ids)
    stage.publishVideo(10, from: publisher, rids: ["q", "h"])
    stage.subscribe(20, to: 10, on: viewer, formats: [Formats.vp8], ssrc: 5_000, rtxSSRC: 5_001)
    var requests = 0
    let play = { (count: Int) in
      for picture in 0..<count {
        let seen = publisher.controlCount(.pictureLossIndication)
        let isKey = seen > requests || picture == 0
        requests = seen
        for packet in low.frame(isKey: isKey, packets: 1, byteCount: 150) { stage.send(packet, from: publisher) }
        for packet in high.frame(isKey: isKey, packets: 5, byteCount: 800) { stage.send(packet, from: publisher) }
        stage.run(for: .milliseconds(33))
      }
    }
    return (stage, viewer, play)
  }

  private func lastLayer(_ stage: Stage) -> (spatial: UInt8?, byBandwidth: Bool)? {
    var last: (spatial: UInt8?, byBandwidth: Bool)?
    for event in stage.events {
      if case .subscriptionLayer(_, let spatial, _, let byBandwidth) = event { last = (spatial, byBandwidth) }
    }
    return last
  }

  @Test func `a limit brings the layer down and says that the line is the reason`() {
    let (stage, viewer, play) = makeStage()
    play(60)
    #expect(lastLayer(stage)?.spatial == 1)
    stage.perform(.limitBandwidth(viewer.id, bitsPerSecond: 300_000))
    play(60)
    #expect(lastLayer(stage)?.spatial == 0)
    #expect(lastLayer(stage)?.byBandwidth == true)
  }

  @Test func `when the limit is lifted the layer comes back`() {
    let (stage, viewer, play) = makeStage()
    play(60)
    stage.perform(.limitBandwidth(viewer.id, bitsPerSecond: 300_000))
    play(60)
    stage.perform(.limitBandwidth(viewer.id, bitsPerSecond: nil))
    play(60)
    #expect(lastLayer(stage)?.spatial == 1)
    #expect(lastLayer(stage)?.byBandwidth == false)
  }

  @Test func `less than the lowest layer stops a camera, and audio goes on`() {
    let (stage, viewer, play) = makeStage()
    play(60)
    stage.perform(.limitBandwidth(viewer.id, bitsPerSecond: 10_000))
    play(30)
    let before = viewer.packets.count
    play(30)
    #expect(viewer.packets.count == before)
    #expect(lastLayer(stage)?.spatial == nil)
  }

  @Test func `a small arena sends everything in several turns, in order`() {
    var configuration = Configuration()
    configuration.arenaBytes = 8_192
    let stage = Stage(configuration: configuration)
    let publisher = stage.join(1)
    let viewers = (2...6).map { stage.join(UInt64($0)) }
    var source = VP8Source(ssrc: 101, rid: "", ids: publisher.ids)
    stage.publishVideo(10, from: publisher, rids: [""])
    for viewer in viewers {
      stage.subscribe(
        viewer.id.rawValue + 20, to: 10, on: viewer, formats: [Formats.vp8],
        ssrc: 5_000 + UInt32(viewer.id.rawValue))
    }
    for picture in 0..<20 {
      for packet in source.frame(isKey: picture == 0, packets: 12, byteCount: 1_000) {
        stage.send(packet, from: publisher)
      }
      stage.run(for: .milliseconds(33))
    }
    for viewer in viewers {
      #expect(viewer.packets.count == 20 * 12)
      let numbers = viewer.packets.map { $0.header.sequenceNumber }
      #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
    }
    #expect(stage.node.counters.droppedArenaFull == 0)
  }

  @Test func `every five seconds there is a report of what came and went`() {
    let (stage, _, play) = makeStage()
    play(330)
    let reports = stage.events.compactMap { event -> ShardReport? in
      if case .report(let report) = event { report } else { nil }
    }
    #expect(reports.count == 2)
    let last = reports.last
    #expect(last?.transports.count == 2)
    let encoding = last?.publications.first?.encodings.last
    // 150 frames of five packets in five seconds.
    #expect((700...800).contains(encoding?.packets ?? 0))
    #expect((26.0...33.0).contains(encoding?.framesPerSecond ?? 0))
    #expect(last?.subscriptions.first?.spatialLayer == 1)
    #expect((700...800).contains(last?.subscriptions.first?.packets ?? 0))
  }
}
