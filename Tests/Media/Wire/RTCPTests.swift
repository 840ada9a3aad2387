import Bytes
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct `RTCP packets` {
  /// Kinds of the packets of a datagram, and the error that ended the walk.
  private func kinds(_ bytes: [UInt8]) -> ([RTCPKind], WireError?) {
    var kinds: [RTCPKind] = []
    var packets = RTCPPackets(bytes.rawSpan)
    do {
      while let packet = try packets.next() { kinds.append(packet.kind) }
      return (kinds, nil)
    } catch {
      return (kinds, error)
    }
  }

  /// Hands the only packet of `bytes` to `body`.
  private func withPacket<Result>(
    _ bytes: [UInt8], _ body: (borrowing RTCPPacket) throws -> Result
  ) throws -> Result {
    var packets = RTCPPackets(bytes.rawSpan)
    guard let packet = try packets.next() else { throw WireError.truncated }
    let result = try body(packet)
    guard try packets.next() == nil else { throw WireError.tooMany }
    return result
  }

  private func block(_ random: inout Random) -> ReportBlock {
    ReportBlock(
      ssrc: UInt32(truncatingIfNeeded: random.next()), fractionLost: UInt8(truncatingIfNeeded: random.next()),
      cumulativeLost: Int32(truncatingIfNeeded: random.next()) >> 8,
      highestSequenceNumber: UInt32(truncatingIfNeeded: random.next()),
      jitter: UInt32(truncatingIfNeeded: random.next()), lastSenderReport: UInt32(truncatingIfNeeded: random.next()),
      delaySinceLastSenderReport: UInt32(truncatingIfNeeded: random.next()))
  }

  @Test func `a compound is walked packet by packet`() {
    let (kinds, error) = kinds(
      hex("80c90001 00000001  81ca0002 00000001 01000000  81ce0002 00000001 00000002 80cc0001 00000001"))
    #expect(kinds == [.receiverReport, .sourceDescription, .pictureLossIndication, .other])
    #expect(error == nil)
  }

  @Test func `a reduced-size datagram needs no report in front`() {
    #expect(kinds(hex("81cd0003 00000001 00000002 00010000")).0 == [.nack])
  }

  @Test(arguments: [
    ("80c90001 00000001 80c9", WireError.truncated), ("80c90001 00000001 80c90002 00000001", .truncated),
    ("80c90001 00000001 40c90001 00000001", .version), ("80c90001 00000001 a0c90001 00000000", .malformed),
    ("80c90001 00000001 a0c90001 00000003", .malformed), ("80c90001 00000001 a0c90001 00000008", .malformed),
  ])
  func `what stands in front of damage was good`(text: String, error: WireError) {
    let found = kinds(hex(text))
    #expect(found.0 == [.receiverReport])
    #expect(found.1 == error)
  }

  @Test func `padding is no part of a packet`() throws {
    let count = try withPacket(hex("a1cd0004 00000001 00000002 00010000 00000004")) { $0.bytes.byteCount }
    #expect(count == 16)
  }

  @Test func `sender reports survive with their blocks`() throws {
    try forEachSeed { seed, random in
      let blocks = (0..<Int(random.next() % 32)).map { _ in block(&random) }
      let report = SenderReport(
        ssrc: UInt32(truncatingIfNeeded: random.next()), ntpTime: random.next(),
        rtpTimestamp: UInt32(truncatingIfNeeded: random.next()), packetCount: 5, octetCount: UInt32.max)
      let bytes = try written(at: 3) { try report.write(blocks: blocks.span, into: &$0, at: 3) }
      try withPacket(bytes) { packet in
        let read = try SenderReport(packet)
        #expect(read == report, "seed \(seed)")
        let found = packet.reportBlocks
        #expect((0..<found.count).map { found[$0] } == blocks, "seed \(seed)")
      }
    }
  }

  @Test func `receiver reports survive with their blocks`() throws {
    try forEachSeed { seed, random in
      let blocks = (0..<Int(random.next() % 32)).map { _ in block(&random) }
      let bytes = try written { try ReceiverReport.write(senderSSRC: 9, blocks: blocks.span, into: &$0, at: 0) }
      try withPacket(bytes) { packet in
        #expect(packet.kind == .receiverReport && packet.senderSSRC == 9)
        let found = packet.reportBlocks
        #expect((0..<found.count).map { found[$0] } == blocks, "seed \(seed)")
      }
    }
  }

  @Test func `a report too short for its count has no blocks`() throws {
    let count = try withPacket(hex("82c90007 00000001" + String(repeating: "00", count: 24))) { $0.reportBlocks.count }
    #expect(count == 0)
  }

  @Test func `more losses than 24 bits hold are clamped`() throws {
    var lost = ReportBlock(
      ssrc: 1, fractionLost: 255, cumulativeLost: .max, highestSequenceNumber: 0, jitter: 0, lastSenderReport: 0,
      delaySinceLastSenderReport: 0)
    var found: [Int32] = []
    for value in [Int32.max, .min, -1] {
      lost.cumulativeLost = value
      let blocks = [lost]
      let bytes = try written { try ReceiverReport.write(senderSSRC: 9, blocks: blocks.span, into: &$0, at: 0) }
      found.append(try withPacket(bytes) { $0.reportBlocks[0].cumulativeLost })
    }
    #expect(found == [0x7F_FFFF, -0x80_0000, -1])
  }

  @Test func `more than 31 blocks are refused`() throws {
    var random = Random(seed: 1)
    let blocks = (0..<32).map { _ in block(&random) }
    #expect(throws: WireError.tooMany) {
      _ = try written { try ReceiverReport.write(senderSSRC: 9, blocks: blocks.span, into: &$0, at: 0) }
    }
  }

  private func nackNumbers(_ bytes: [UInt8]) throws -> [UInt16] {
    try withPacket(bytes) { packet in
      var nack = try NegativeAcknowledgement(packet)
      var numbers: [UInt16] = []
      while let number = nack.next() { numbers.append(number) }
      return numbers
    }
  }

  @Test func `a pair of number and mask names up to 17 packets`() throws {
    #expect(try nackNumbers(hex("81cd0003 00000001 00000002 fffe 8005")) == [65534, 65535, 1, 14])
    let all = try nackNumbers(hex("81cd0003 00000001 00000002 0000 ffff"))
    #expect(all == Array(0...16))
  }

  @Test func `missing numbers survive in as few pairs as possible`() throws {
    try forEachSeed { seed, random in
      var number = UInt16(truncatingIfNeeded: random.next())
      let numbers = (0..<1 + Int(random.next() % 60)).map { _ in
        number &+= 1 + UInt16(random.next() % (random.chance(0.2) ? 400 : 4))
        return number
      }
      let bytes = try written {
        try NegativeAcknowledgement.write(
          senderSSRC: 1, mediaSSRC: 2, numbers: numbers.span, into: &$0, at: 0
        ).byteCount
      }
      #expect(try nackNumbers(bytes) == numbers, "seed \(seed)")
      var pairs = 0
      var first: UInt16?
      for number in numbers where first.map({ number &- $0 > 16 }) ?? true {
        pairs += 1
        first = number
      }
      #expect(bytes.count == 12 + 4 * pairs, "seed \(seed)")
    }
  }

  @Test func `numbers that do not fit are left for the next packet`() throws {
    let numbers: [UInt16] = [0, 100, 200]
    var bytes = [UInt8](repeating: 0, count: 20)
    var span = bytes.mutableRawSpan
    let written = try NegativeAcknowledgement.write(
      senderSSRC: 1, mediaSSRC: 2, numbers: numbers.span, into: &span, at: 0)
    #expect(written.byteCount == 20)
    #expect(written.numberCount == 2)
  }

  @Test func `a picture loss indication survives`() throws {
    let request = PictureLossIndication(senderSSRC: 0xAABB_CCDD, mediaSSRC: 0x1122_3344)
    let bytes = try written { try request.write(into: &$0, at: 0) }
    #expect(bytes == hex("81ce0002 aabbccdd 11223344"))
    #expect(try withPacket(bytes) { try PictureLossIndication($0) } == request)
  }

  @Test func `a full intra request names each stream`() throws {
    let request = try withPacket(hex("84ce0006 00000001 00000000 00000002 07000000 00000003 ff000000")) { packet in
      let request = try FullIntraRequest(packet)
      return (0..<request.count).map { request[$0] }
    }
    #expect(
      request == [
        FullIntraRequest.Entry(mediaSSRC: 2, sequenceNumber: 7),
        FullIntraRequest.Entry(mediaSSRC: 3, sequenceNumber: 255),
      ])
    let bytes = try written { try FullIntraRequest.write(senderSSRC: 1, request[0], into: &$0, at: 0) }
    #expect(bytes == hex("84ce0004 00000001 00000000 00000002 07000000"))
  }

  @Test func `an estimate survives to 18 significant bits`() throws {
    try forEachSeed { seed, random in
      let rate = Int64(random.next() >> (1 + random.next() % 63))
      let sources = (0..<Int(random.next() % 4)).map { _ in UInt32(truncatingIfNeeded: random.next()) }
      let bytes = try written {
        try ReceiverEstimatedBitrate.write(
          senderSSRC: 1, bitsPerSecond: rate, sources: sources.span, into: &$0, at: 0)
      }
      try withPacket(bytes) { packet in
        let estimate = try ReceiverEstimatedBitrate(packet)
        #expect((0..<estimate.count).map { estimate[$0] } == sources)
        #expect(estimate.bitsPerSecond <= rate && rate - estimate.bitsPerSecond <= rate >> 17, "seed \(seed)")
      }
    }
  }

  @Test func `an estimate beyond 63 bits is the largest`() throws {
    let rate = try withPacket(hex("8fce0004 00000001 00000000 52454d42 00fc0001")) {
      try ReceiverEstimatedBitrate($0).bitsPerSecond
    }
    #expect(rate == .max)
  }

  @Test func `other application feedback is not an estimate`() throws {
    #expect(throws: WireError.otherType) {
      try withPacket(hex("8fce0004 00000001 00000000 41424344 00000000")) { _ = try ReceiverEstimatedBitrate($0) }
    }
  }

  @Test(arguments: ["", "a", "ab", "abc", "abcd"])
  func `a canonical name ends on a word with a zero byte`(name: String) throws {
    let text = Array(name.utf8)
    let bytes = try written {
      try SourceDescription.write(ssrc: 5, canonicalName: text.rawSpan, into: &$0, at: 0)
    }
    #expect(bytes.count % 4 == 0 && bytes.last == 0)
    let found = try withPacket(bytes) { SourceDescription.canonicalName($0)?.toArray() }
    #expect(found == text)
  }

  @Test func `a goodbye names its sources`() throws {
    let sources: [UInt32] = [1, 2, 3]
    let bytes = try written { try Goodbye.write(sources: sources.span, into: &$0, at: 0) }
    let found = try withPacket(bytes) { packet in
      let goodbye = try Goodbye(packet)
      return (0..<goodbye.count).map { goodbye[$0] }
    }
    #expect(found == sources)
  }

  @Test func `a reference time is answered with a round trip block`() throws {
    let time = try withPacket(hex("80cf0004 00000001 04000002 0102030405060708")) { ExtendedReport.referenceTime($0) }
    #expect(time == 0x0102_0304_0506_0708)
    let answer = LastReceiverReport(ssrc: 1, lastReferenceTime: 0x0304_0506, delay: 65536)
    let bytes = try written { try ExtendedReport.write(senderSSRC: 9, answer, into: &$0, at: 0) }
    #expect(bytes == hex("80cf0005 00000009 05000003 00000001 03040506 00010000"))
  }

  @Test func `writers refuse a span without room`() {
    var bytes = [UInt8](repeating: 0, count: 16)
    var span = bytes.mutableRawSpan
    let request = PictureLossIndication(senderSSRC: 1, mediaSSRC: 2)
    #expect(throws: WireError.noRoom) { _ = try request.write(into: &span, at: 5) }
    #expect(throws: Never.self) { _ = try request.write(into: &span, at: 4) }
  }
}
