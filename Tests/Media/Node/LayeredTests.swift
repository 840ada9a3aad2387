// VP9 with its layers in one stream, through the node: what a viewer of each size gets.

import Bytes
import Chronology
import MediaContract
import Node
import TestSupport
import Testing
import Wire

/// Pictures of three spatial layers in the pattern that browsers call L3T1_KEY.
private struct VP9Source {
  let ids: HeaderExtensionIDs
  var sequence: UInt16 = 500
  var timestamp: UInt32 = 0
  var pictureID: UInt16 = 100

  mutating func picture(isKey: Bool, packetsPerLayer: Int = 2) -> [[UInt8]] {
    timestamp &+= 3_000
    pictureID = (pictureID + 1) & 0x7FFF
    var packets: [[UInt8]] = []
    for layer in UInt8(0)..<3 {
      for index in 0..<packetsPerLayer {
        // I, P, L, F and B, E as RFC 9628 §4.2 has them; flexible mode, so that there is no TL0PICIDX.
        var first: UInt8 = 0x80 | 0x20 | 0x10
        if !isKey { first |= 0x40 }
        if index == 0 { first |= 0x08 }
        if index == packetsPerLayer - 1 { first |= 0x04 }
        var payload: [UInt8] = [first, 0x80 | UInt8(pictureID >> 8), UInt8(pictureID & 0xFF), layer << 1]
        if isKey, layer > 0 { payload[3] |= 1 }
        if !isKey { payload.append(1 << 1) }
        payload += [layer, UInt8(index)] + [UInt8](repeating: 0, count: 200)
        var extensions = RTPExtensions()
        extensions.mid = ShortString("1") ?? ShortString()
        packets.append(
          makePacket(
            payloadType: 98, sequence: sequence, timestamp: timestamp, ssrc: 900,
            marker: layer == 2 && index == packetsPerLayer - 1, payload: payload, extensions: extensions, ids: ids))
        sequence &+= 1
      }
    }
    return packets
  }
}

@Suite struct LayeredTests {
  private func watch(_ spatial: UInt8, pictures: Int = 20) -> (stage: Stage, viewer: Client) {
    let stage = Stage()
    let publisher = stage.join(1)
    let viewer = stage.join(2)
    var source = VP9Source(ids: publisher.ids)
    stage.publishVideo(10, from: publisher, rids: [""], formats: [Formats.vp9])
    stage.subscribe(
      20, to: 10, on: viewer, formats: [Formats.vp9], ssrc: 5_000,
      target: SubscriptionTarget(maximumSpatialLayer: spatial))
    for picture in 0..<pictures {
      for packet in source.picture(isKey: picture == 2) { stage.send(packet, from: publisher) }
      stage.run(for: .milliseconds(33))
    }
    stage.run(for: .milliseconds(30))
    return (stage, viewer)
  }

  @Test(arguments: [UInt8(0), 1, 2])
  func `a viewer gets all layers up to his, from the key picture on, without gaps`(spatial: UInt8) {
    let (_, viewer) = watch(spatial)
    #expect(viewer.packets.count == 18 * 2 * Int(spatial + 1))
    let numbers = viewer.packets.map { $0.header.sequenceNumber }
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
    let layers = viewer.packets.compactMap { try? VP9Descriptor(parsing: $0.bytes.rawSpan, $0.header.payload) }
    #expect(layers.allSatisfy { ($0.spatialLayer ?? 9) <= spatial })
  }

  @Test(arguments: [UInt8(0), 1, 2])
  func `the marker stands on the last packet of each picture that the viewer gets`(spatial: UInt8) {
    let (_, viewer) = watch(spatial)
    let perPicture = 2 * Int(spatial + 1)
    for (index, packet) in viewer.packets.enumerated() {
      #expect(packet.header.marker == (index % perPicture == perPicture - 1))
    }
  }

  @Test func `the control plane learns what flows`() {
    let (stage, _) = watch(1)
    let told = stage.events.contains {
      if case .subscriptionLayer(SubscriptionID(rawValue: 20), spatial: 1, temporal: _, byBandwidth: false) = $0 {
        true
      } else {
        false
      }
    }
    #expect(told)
  }
}
