// The fuzz entry of RTCP: one for all types, told apart by the packet's own head. The corpus has each type.

import Bytes
import FuzzSupport
import Wire

extension FuzzEntry {
  public static let rtcp = FuzzEntry(name: "RTCP", seeds: rtcpSeeds) { bytes in
    var packets = RTCPPackets(bytes.rawSpan)
    while let packet = try? packets.next() {
      require(packet.bytes.byteCount >= RTCPPacket.headerByteCount)
      walk(packet)
    }
  }

  private static func walk(_ packet: borrowing RTCPPacket) {
    _ = packet.senderSSRC
    let blocks = packet.reportBlocks
    for index in 0..<blocks.count { rewrite(blocks[index]) }
    _ = try? SenderReport(packet)
    _ = SourceDescription.canonicalName(packet)
    _ = ExtendedReport.referenceTime(packet)
    _ = try? PictureLossIndication(packet)
    if let goodbye = try? Goodbye(packet) { for index in 0..<goodbye.count { _ = goodbye[index] } }
    if let request = try? FullIntraRequest(packet) { for index in 0..<request.count { _ = request[index] } }
    if let estimate = try? ReceiverEstimatedBitrate(packet) {
      require(estimate.bitsPerSecond >= 0)
      for index in 0..<estimate.count { _ = estimate[index] }
    }
    if var nack = try? NegativeAcknowledgement(packet) {
      var count = 0
      while nack.next() != nil { count += 1 }
      require(count <= packet.bytes.byteCount / 4 * 17, "a pair names at most 17 packets")
    }
    if var feedback = try? TransportFeedback(packet) {
      var count = 0
      while feedback.next() != nil { count += 1 }
      require(count == feedback.statusCount, "every status that was promised is there")
    }
  }

  private static func rewrite(_ block: ReportBlock) {
    var bytes = [UInt8](repeating: 0, count: 32)
    var span = bytes.mutableRawSpan
    let blocks = [block]
    let count = (try? ReceiverReport.write(senderSSRC: 1, blocks: blocks.span, into: &span, at: 0)) ?? 0
    require(count == 32)
    var packets = RTCPPackets(span.bytes)
    guard let packet = try? packets.next() else { return require(false, "a written report parses") }
    require(packet.reportBlocks[0] == block, "a block must survive the way there and back")
  }

  private static let rtcpSeeds: [String: [UInt8]] = {
    let block = ReportBlock(
      ssrc: 2, fractionLost: 12, cumulativeLost: -3, highestSequenceNumber: 0x1_FFFF, jitter: 90,
      lastSenderReport: 0x8000_0000, delaySinceLastSenderReport: 65536)
    let blocks = [block, block]
    let report = SenderReport(ssrc: 1, ntpTime: 0xE000_0000_8000_0000, rtpTimestamp: 9, packetCount: 3, octetCount: 99)
    // Gaps of one to three packets, and some arrivals that are early enough for negative deltas.
    let arrivals = (0..<40).map { index in
      TransportArrival(sequenceNumber: index * 3 + index * index % 3, microseconds: index * 5000 - index % 5 * 9000)
    }
    let name: [UInt8] = Array("mqvi".utf8)
    let numbers: [UInt16] = [65534, 65535, 0, 16, 40]
    let sources: [UInt32] = [2, 3]
    var seeds: [String: [UInt8]] = [:]
    seeds["sender-report"] = make { try report.write(blocks: blocks.span, into: &$0, at: 0) }
    seeds["receiver-report"] = make {
      try ReceiverReport.write(senderSSRC: 1, blocks: blocks.span, into: &$0, at: 0)
    }
    seeds["source-description"] = make {
      try SourceDescription.write(ssrc: 1, canonicalName: name.rawSpan, into: &$0, at: 0)
    }
    seeds["goodbye"] = make { try Goodbye.write(sources: sources.span, into: &$0, at: 0) }
    seeds["nack"] = make {
      try NegativeAcknowledgement.write(
        senderSSRC: 1, mediaSSRC: 2, numbers: numbers.span, into: &$0, at: 0
      ).byteCount
    }
    seeds["picture-loss"] = make { try PictureLossIndication(senderSSRC: 1, mediaSSRC: 2).write(into: &$0, at: 0) }
    seeds["full-intra"] = make {
      try FullIntraRequest.write(
        senderSSRC: 1, FullIntraRequest.Entry(mediaSSRC: 2, sequenceNumber: 7), into: &$0, at: 0)
    }
    seeds["remb"] = make {
      try ReceiverEstimatedBitrate.write(
        senderSSRC: 1, bitsPerSecond: 2_500_000, sources: sources.span, into: &$0, at: 0)
    }
    seeds["transport-feedback"] = make {
      try TransportFeedback.write(
        senderSSRC: 1, mediaSSRC: 2, base: 0, arrivals: arrivals.span, feedbackCount: 255, into: &$0, at: 0
      ).byteCount
    }
    seeds["extended-report"] = make {
      try ExtendedReport.write(
        senderSSRC: 1, LastReceiverReport(ssrc: 2, lastReferenceTime: 3, delay: 4), into: &$0, at: 0)
    }
    seeds["reference-time"] = [0x80, 207, 0, 4, 0, 0, 0, 1, 4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]
    seeds["compound"] = (seeds["sender-report"] ?? []) + (seeds["source-description"] ?? []) + (seeds["nack"] ?? [])
    seeds["padding"] = [0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4]
    return seeds
  }()

  private static func make(_ write: (inout MutableRawSpan) throws -> Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1200)
    var span = bytes.mutableRawSpan
    let count = (try? write(&span)) ?? 0
    return span.bytes.slice(0, count).toArray()
  }
}
