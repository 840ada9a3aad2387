// SRTP against libsrtp, and what must be refused.

import Bytes
import Cryptography
import Randomness
import TestSupport
import Testing

@Suite struct SRTPTests {
  @Test(arguments: SRTPProfile.allCases)
  func `libsrtp opens what we seal`(profile: SRTPProfile) {
    forEachSeed(100) { seed, random in
      let key = RandomPacket.key(profile, &random)
      let sealer = ArraySealer(profile: profile, key: key)
      let oracle = LibSRTP(profile: profile, key: key, sealing: false)
      let ssrc = UInt32.random(in: .min ... .max, using: &random)
      // Close to the roll-over, and over it.
      for index in UInt64(0xFFFC)...0x1_0004 {
        let packet = RandomPacket.media(&random, ssrc: ssrc, sequence: UInt16(truncatingIfNeeded: index))
        let sealed = sealer.seal(
          packet.bytes, headerByteCount: packet.headerByteCount, ssrc: ssrc, index: index)
        #expect(oracle.open(sealed) == packet.bytes, "seed \(seed), index \(index)")
        let report = RandomPacket.control(&random, ssrc: ssrc)
        #expect(oracle.openControl(sealer.sealControl(report)) == report, "seed \(seed)")
      }
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `we open what libsrtp seals`(profile: SRTPProfile) {
    forEachSeed(100) { seed, random in
      let key = RandomPacket.key(profile, &random)
      let opener = ArrayOpener(profile: profile, key: key)
      let oracle = LibSRTP(profile: profile, key: key, sealing: true)
      let ssrc = UInt32.random(in: .min ... .max, using: &random)
      for index in UInt64(0xFFFC)...0x1_0004 {
        let packet = RandomPacket.media(&random, ssrc: ssrc, sequence: UInt16(truncatingIfNeeded: index)).bytes
        let sealed = oracle.seal(packet) ?? []
        #expect(opener.open(sealed) == .success(packet), "seed \(seed), index \(index)")
        let report = RandomPacket.control(&random, ssrc: ssrc)
        #expect(opener.openControl(oracle.sealControl(report) ?? []) == .success(report), "seed \(seed)")
      }
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `sealing from another buffer gives the same bytes as in place`(profile: SRTPProfile) {
    forEachSeed(100) { seed, random in
      let key = RandomPacket.key(profile, &random)
      let sealer = ArraySealer(profile: profile, key: key)
      let (packet, header) = RandomPacket.media(&random, ssrc: 7, sequence: 9)
      let expected = sealer.seal(packet, headerByteCount: header, ssrc: 7, index: 0x5_0009)
      let sealed = sealer.seal(
        header: Array(packet[..<header]), payload: Array(packet[header...]), ssrc: 7, index: 0x5_0009)
      #expect(sealed == expected, "seed \(seed)")
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `any packet passes once, in any order inside the window`(profile: SRTPProfile) {
    forEachSeed(10) { seed, random in
      let key = RandomPacket.key(profile, &random)
      let sealer = ArraySealer(profile: profile, key: key)
      let opener = ArrayOpener(profile: profile, key: key)
      let first = UInt64.random(in: 0...0xFFFF, using: &random)
      var packets = (first..<first + 400).map { index in
        let packet = RandomPacket.media(&random, ssrc: 1, sequence: UInt16(truncatingIfNeeded: index))
        return sealer.seal(packet.bytes, headerByteCount: packet.headerByteCount, ssrc: 1, index: index)
      }
      // The first packet sets the roll-over counter; whatever follows may come in any order.
      #expect((try? opener.open(packets.removeFirst()).get()) != nil)
      packets.shuffle(using: &random)
      for packet in packets { #expect((try? opener.open(packet).get()) != nil, "seed \(seed)") }
      for packet in packets { #expect(opener.open(packet) == .failure(.replayed), "seed \(seed)") }
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `a packet behind the window is refused`(profile: SRTPProfile) {
    var random = Random(seed: 1)
    let key = RandomPacket.key(profile, &random)
    let sealer = ArraySealer(profile: profile, key: key)
    let opener = ArrayOpener(profile: profile, key: key)
    let newest: UInt64 = 2_000
    let inside = packet(newest - UInt64(SRTPOpener.Limit.replayWindow) + 1, sealer)
    let behind = packet(newest - UInt64(SRTPOpener.Limit.replayWindow), sealer)
    #expect((try? opener.open(packet(newest, sealer)).get()) != nil)
    #expect((try? opener.open(inside).get()) != nil)
    #expect(opener.open(behind) == .failure(.replayed))
  }

  @Test(arguments: SRTPProfile.allCases)
  func `one changed bit anywhere is noticed`(profile: SRTPProfile) {
    forEachSeed(100) { seed, random in
      let key = RandomPacket.key(profile, &random)
      let sealer = ArraySealer(profile: profile, key: key)
      let opener = ArrayOpener(profile: profile, key: key)
      let media = RandomPacket.media(&random, ssrc: 3, sequence: 77)
      var sealed = sealer.seal(media.bytes, headerByteCount: media.headerByteCount, ssrc: 3, index: 77)
      sealed[Int.random(in: 0..<sealed.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
      #expect((try? opener.open(sealed).get()) == nil, "seed \(seed)")
      var report = sealer.sealControl(RandomPacket.control(&random, ssrc: 3))
      report[Int.random(in: 0..<report.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
      #expect((try? opener.openControl(report).get()) == nil, "seed \(seed)")
      #expect(opener.sourceCount == 0, "seed \(seed)")
    }
  }

  @Test func `rubbish of any length never traps`() {
    forEachSeed(300) { seed, random in
      let profile = SRTPProfile.allCases[Int(seed) % 3]
      let opener = ArrayOpener(profile: profile, key: RandomPacket.key(profile, &random))
      var bytes = RandomPacket.bytes(Int.random(in: 0...120, using: &random), &random)
      if !bytes.isEmpty { bytes[0] = 0x80 | bytes[0] & 0x3F }
      #expect((try? opener.open(bytes).get()) == nil)
      #expect((try? opener.openControl(bytes).get()) == nil)
    }
  }

  @Test func `a control packet passes once`() {
    var random = Random(seed: 5)
    let key = RandomPacket.key(.aeadAES128GCM, &random)
    let sealer = ArraySealer(profile: .aeadAES128GCM, key: key)
    let opener = ArrayOpener(profile: .aeadAES128GCM, key: key)
    let packets = (0..<50).map { _ in sealer.sealControl(RandomPacket.control(&random, ssrc: 1)) }
    for packet in packets.shuffled(using: &random) { #expect((try? opener.openControl(packet).get()) != nil) }
    for packet in packets { #expect(opener.openControl(packet) == .failure(.replayed)) }
  }

  @Test func `the SSRC that was silent longest makes room for a new one`() {
    var random = Random(seed: 6)
    let key = RandomPacket.key(.aeadAES128GCM, &random)
    let sealer = ArraySealer(profile: .aeadAES128GCM, key: key)
    let opener = ArrayOpener(profile: .aeadAES128GCM, key: key)
    let limit = UInt32(SRTPOpener.Limit.sources)
    for ssrc in 0..<limit { #expect((try? opener.open(packet(1, ssrc: ssrc, sealer)).get()) != nil) }
    #expect((try? opener.open(packet(2, ssrc: 0, sealer)).get()) != nil)
    #expect((try? opener.open(packet(1, ssrc: limit, sealer)).get()) != nil)
    #expect(opener.sourceCount == SRTPOpener.Limit.sources)
    #expect(opener.open(packet(1, ssrc: 0, sealer)) == .failure(.replayed))
    #expect((try? opener.open(packet(1, ssrc: 1, sealer)).get()) != nil)
  }

  private func packet(_ index: UInt64, ssrc: UInt32 = 9, _ sealer: ArraySealer) -> [UInt8] {
    var writer = ByteWriter()
    writer.uint16(0x8060)
    writer.uint16(UInt16(truncatingIfNeeded: index))
    writer.uint32(0)
    writer.uint32(ssrc)
    writer.append([1, 2, 3])
    return sealer.seal(writer.bytes, headerByteCount: 12, ssrc: ssrc, index: index)
  }
}
