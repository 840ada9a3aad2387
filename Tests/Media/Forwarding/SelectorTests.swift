// Which packets go through: simulcast encodings, temporal layers, VP9 layers, decode targets.

import Chronology
import Forwarding
import MediaContract
import Randomness
import Streams
import TestSupport
import Testing

@Suite struct SimulcastSelectorTests {
  private let low = PacketMaker(.vp8, encoding: 0)
  private let high = PacketMaker(.vp8, encoding: 2)

  private func key(_ maker: PacketMaker) -> MediaPacket { maker.packet { $0.flags = [.keyFrame, .startsFrame] } }

  @Test func `nothing goes through before a key frame of the wanted encoding`() {
    var selector = SimulcastSelector(needsKeyFrame: true)
    selector.aim(encoding: 2, temporal: 3)
    #expect(selector.select(high.packet()) == .ignore)
    #expect(selector.select(key(low)) == .ignore)
    #expect(selector.encodingInNeedOfKeyFrame == 2)
    #expect(selector.select(key(high)) == .begin)
    #expect(selector.encodingInNeedOfKeyFrame == nil)
    #expect(selector.select(high.packet()) == .forward)
    #expect(selector.select(low.packet()) == .ignore)
  }

  @Test func `a switch waits for the key frame and happens at its first packet`() {
    var selector = SimulcastSelector(needsKeyFrame: true)
    selector.aim(encoding: 2, temporal: 3)
    _ = selector.select(key(high))
    selector.aim(encoding: 0, temporal: 3)
    #expect(selector.select(low.packet()) == .ignore)
    #expect(selector.select(high.packet()) == .forward)
    #expect(selector.select(key(low)) == .begin)
    #expect(selector.select(high.packet()) == .ignore)
    #expect(selector.select(low.packet()) == .forward)
  }

  @Test func `nothing wanted means nothing at once, and coming back needs a key frame`() {
    var selector = SimulcastSelector(needsKeyFrame: true)
    selector.aim(encoding: 0, temporal: 3)
    _ = selector.select(key(low))
    selector.aim(encoding: -1, temporal: 0)
    #expect(selector.select(low.packet()) == .ignore)
    selector.aim(encoding: 0, temporal: 3)
    #expect(selector.select(low.packet()) == .ignore)
    #expect(selector.select(key(low)) == .begin)
  }

  @Test func `audio begins at any packet`() {
    let audio = PacketMaker(.opus)
    var selector = SimulcastSelector(needsKeyFrame: false)
    selector.aim(encoding: 0, temporal: 0)
    #expect(selector.encodingInNeedOfKeyFrame == nil)
    #expect(selector.select(audio.packet()) == .begin)
    #expect(selector.select(audio.packet()) == .forward)
  }

  @Test func `a packet from before the beginning is not let in late`() {
    var selector = SimulcastSelector(needsKeyFrame: true)
    selector.aim(encoding: 0, temporal: 3)
    _ = low.packet()
    _ = selector.select(key(low))
    _ = selector.select(low.packet())
    #expect(selector.select(low.latePacket(back: 2)) == .ignore)
    #expect(selector.select(low.latePacket(back: 0)) == .forward)
  }
}

@Suite struct TemporalFilterTests {
  private let maker = PacketMaker(.vp8)

  private func frame(_ layer: UInt8, isSync: Bool = false) -> MediaPacket {
    maker.packet {
      $0.temporal = layer
      $0.flags = isSync ? [.layered, .startsFrame, .switchingPoint] : [.layered, .startsFrame]
    }
  }

  @Test func `going down is immediate`() {
    var filter = TemporalFilter(wanted: 2)
    filter.restart()
    #expect(filter.admits(frame(2)) == true)
    filter.wanted = 0
    #expect(filter.admits(frame(2)) == false)
    #expect(filter.admits(frame(1)) == false)
    #expect(filter.admits(frame(0)) == true)
  }

  @Test func `going up waits for a frame that needs only the base layer`() {
    var filter = TemporalFilter(wanted: 0)
    filter.restart()
    filter.wanted = 2
    #expect(filter.admits(frame(2)) == false)
    #expect(filter.admits(frame(1)) == false)
    #expect(filter.admits(frame(1, isSync: true)) == true)
    #expect(filter.admits(frame(2)) == false)
    #expect(filter.admits(frame(2, isSync: true)) == true)
    #expect(filter.admits(frame(2)) == true)
  }

  @Test func `all packets of a frame share its fate`() {
    var filter = TemporalFilter(wanted: 2)
    filter.restart()
    #expect(filter.admits(frame(1)) == true)
    filter.wanted = 0
    let second = maker.packet(isNewFrame: false) {
      $0.temporal = 1
      $0.flags = [.layered]
    }
    #expect(filter.admits(second) == true)
    #expect(filter.admits(frame(1)) == false)
  }

  @Test func `a vp9 switching point opens the layers behind it, not its own`() {
    let maker = PacketMaker(.vp9)
    var filter = TemporalFilter(wanted: 0)
    filter.restart()
    filter.wanted = 1
    let higher = maker.packet {
      $0.temporal = 1
      $0.flags = [.layered, .switchingPoint]
    }
    #expect(filter.admits(higher) == false)
    let base = maker.packet { $0.flags = [.layered, .switchingPoint] }
    #expect(filter.admits(base) == true)
    let next = maker.packet {
      $0.temporal = 1
      $0.flags = [.layered]
    }
    #expect(filter.admits(next) == true)
  }
}

@Suite struct SpatialSelectorTests {
  private let maker = PacketMaker(.vp9)

  /// The layer frames of one picture, a packet each, lowest first.
  private func picture(
    isKey: Bool = false, layers: UInt8 = 3, temporal: UInt8 = 0, isSwitch: Bool = false
  ) -> [MediaPacket] {
    (0..<layers).map { layer in
      maker.packet(marker: layer == layers - 1, isNewFrame: layer == 0) {
        $0.spatial = layer
        $0.temporal = temporal
        $0.flags = [.layered, .startsFrame, .endsFrame]
        if isKey && layer == 0 { $0.flags.insert(.keyFrame) }
        // K-SVC: only key pictures predict between layers, and nothing else is free of earlier pictures.
        if !isKey { $0.flags.insert(.interPicture) }
        if isSwitch { $0.flags.insert(.switchingPoint) }
      }
    }
  }

  private func verdicts(_ selector: inout SpatialSelector, _ packets: [MediaPacket]) -> [Verdict] {
    packets.map { selector.select($0) }
  }

  @Test func `layers up to the wanted one go through, with the marker on the last of them`() {
    var selector = SpatialSelector()
    selector.aim(spatial: 1, temporal: 3)
    #expect(verdicts(&selector, picture()) == [.ignore, .ignore, .ignore])
    let key = picture(isKey: true)
    #expect(verdicts(&selector, key) == [.begin, .forward, .skip])
    #expect(key.map { selector.endsPicture($0) } == [false, true, true])
    #expect(verdicts(&selector, picture()) == [.forward, .forward, .skip])
  }

  @Test func `going down happens at the next picture, going up at a key picture`() {
    var selector = SpatialSelector()
    selector.aim(spatial: 2, temporal: 3)
    _ = verdicts(&selector, picture(isKey: true))
    selector.aim(spatial: 0, temporal: 3)
    #expect(verdicts(&selector, picture()) == [.forward, .skip, .skip])
    selector.aim(spatial: 2, temporal: 3)
    #expect(selector.needsKeyFrame)
    #expect(verdicts(&selector, picture()) == [.forward, .skip, .skip])
    #expect(verdicts(&selector, picture(isKey: true)) == [.forward, .forward, .forward])
    #expect(!selector.needsKeyFrame)
  }

  @Test func `temporal layers go up behind a switching point`() {
    var selector = SpatialSelector()
    selector.aim(spatial: 0, temporal: 0)
    _ = verdicts(&selector, picture(isKey: true, layers: 1))
    selector.aim(spatial: 0, temporal: 2)
    #expect(verdicts(&selector, picture(layers: 1, temporal: 2)) == [.skip])
    #expect(verdicts(&selector, picture(layers: 1, temporal: 0, isSwitch: true)) == [.forward])
    #expect(verdicts(&selector, picture(layers: 1, temporal: 2)) == [.forward])
  }
}

@Suite struct DependencySelectorTests {
  private let maker = PacketMaker(.av1)

  /// L2T2: decode targets 0 = S0T0, 1 = S0T1, 2 = S1T0, 3 = S1T1; a chain for each spatial layer.
  private var targets: DecodeTargets {
    var targets = DecodeTargets()
    targets.append(spatial: 0, temporal: 0, chain: 0)
    targets.append(spatial: 0, temporal: 1, chain: 0)
    targets.append(spatial: 1, temporal: 0, chain: 1)
    targets.append(spatial: 1, temporal: 1, chain: 1)
    return targets
  }

  private func frame(
    _ number: UInt16, spatial: UInt8, temporal: UInt8, isKey: Bool = false, switches: UInt32 = 0, chains: UInt32 = 0
  ) -> MediaPacket {
    maker.packet(marker: spatial == 1, isNewFrame: spatial == 0) {
      $0.spatial = spatial
      $0.temporal = temporal
      $0.flags = isKey ? [.layered, .startsFrame, .endsFrame, .keyFrame] : [.layered, .startsFrame, .endsFrame]
      $0.dependencies.frameNumber = number
      // A frame is part of every target at or above its layers.
      for target in UInt8(0)..<4 where target >> 1 >= spatial && target & 1 >= temporal {
        $0.dependencies.present |= 1 << UInt32(target)
      }
      $0.dependencies.switches = switches
      $0.dependencies.chains = chains
    }
  }

  @Test func `the best decode target within the bounds is found`() {
    #expect(targets.best(spatial: 2, temporal: 3) == 3)
    #expect(targets.best(spatial: 0, temporal: 3) == 1)
    #expect(targets.best(spatial: 1, temporal: 0) == 2)
    var some = targets
    some.active = 0b0011
    #expect(some.best(spatial: 2, temporal: 3) == 1)
    #expect(DecodeTargets().best(spatial: 2, temporal: 3) == nil)
  }

  @Test func `frames outside the decode target are dropped, and the marker moves down`() {
    var selector = DependencySelector()
    selector.aim(spatial: 0, temporal: 1)
    let key = frame(1, spatial: 0, temporal: 0, isKey: true)
    #expect(selector.select(key, targets) == .begin)
    #expect(selector.endsPicture(key))
    #expect(selector.select(frame(2, spatial: 1, temporal: 0), targets) == .skip)
    #expect(selector.select(frame(3, spatial: 0, temporal: 1), targets) == .forward)
    #expect(selector.layers?.spatial == 0)
  }

  @Test func `a frame rate is taken up at a switch whose chain is whole`() {
    var selector = DependencySelector()
    selector.aim(spatial: 0, temporal: 0)
    _ = selector.select(frame(1, spatial: 0, temporal: 0, isKey: true), targets)
    selector.aim(spatial: 0, temporal: 1)
    #expect(selector.select(frame(2, spatial: 0, temporal: 1, chains: 1), targets) == .skip)
    #expect(selector.select(frame(3, spatial: 0, temporal: 1, switches: 0b0010, chains: 2), targets) == .forward)
  }

  @Test func `a size is not taken up where its chain was not forwarded`() {
    var selector = DependencySelector()
    selector.aim(spatial: 0, temporal: 1)
    _ = selector.select(frame(1, spatial: 0, temporal: 0, isKey: true), targets)
    _ = selector.select(frame(2, spatial: 1, temporal: 0), targets)
    selector.aim(spatial: 1, temporal: 1)
    #expect(selector.needsKeyFrame)
    // The chain of the larger size goes back to frame 2, which was dropped.
    let broken = frame(4, spatial: 1, temporal: 0, switches: 0b1000, chains: 2 << 8)
    #expect(selector.select(broken, targets) == .skip)
    #expect(selector.select(frame(5, spatial: 0, temporal: 0, isKey: true), targets) == .forward)
    #expect(selector.select(frame(6, spatial: 1, temporal: 0), targets) == .forward)
    #expect(!selector.needsKeyFrame)
  }
}
