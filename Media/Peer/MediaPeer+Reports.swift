// What the client tells about what it sends and receives: reports, NACKs, key frame requests, arrival feedback.

import Bytes
import Chronology
import Congestion
import Connectivity
import MediaContract
import Streams
import Wire

extension MediaPeer {
  mutating func sendDueReports(at time: Instant) {
    sendNACKs(at: time)
    sendKeyFrameRequests(at: time)
    if usesTransportFeedback, let deadline = arrivals.nextDeadline, deadline <= time { sendFeedback(at: time) }
    guard let due = nextReport, due <= time else { return }
    nextReport = time + Limit.reportInterval
    sendSenderReports(at: time)
    sendReceiverReports(at: time)
  }

  // MARK: Reports

  /// RFC 3550 §6.4.1: one for each stream that has sent something.
  private mutating func sendSenderReports(at time: Instant) {
    for index in 0..<outgoing.places {
      guard let handle = outgoing.handle(at: index), let timestamp = outgoing[handle].timestamp(at: time) else {
        continue
      }
      let ntp = (NTPTime(start.wall) + (time - start.instant)).fixedPoint
      let report = SenderReport(
        ssrc: outgoing[handle].parameters.ssrc, ntpTime: ntp, rtpTimestamp: timestamp,
        packetCount: UInt32(truncatingIfNeeded: outgoing[handle].statistics.packets),
        octetCount: UInt32(truncatingIfNeeded: outgoing[handle].statistics.bytes))
      guard sendControl(.senderReport(report)) else { return }
      outgoing[handle].lastReport = (report.middleOfNTPTime, time)
    }
  }

  private mutating func sendReceiverReports(at time: Instant) {
    var blocks: [ReportBlock] = []
    for index in incoming.indices {
      guard let block = incoming[index]?.stream.takeReportBlock(at: time) else { continue }
      blocks.append(block)
      // The count field has five bits; fewer blocks fit into one datagram.
      if blocks.count == 31 {
        _ = sendControl(.receiverReport(blocks))
        blocks.removeAll(keepingCapacity: true)
      }
    }
    if !blocks.isEmpty { _ = sendControl(.receiverReport(blocks)) }
  }

  // MARK: Requests

  private mutating func sendNACKs(at time: Instant) {
    for index in incoming.indices {
      guard let due = incoming[index]?.stream.nack?.nextDeadline, due <= time,
        let ssrc = incoming[index]?.parameters.ssrc
      else { continue }
      nackNumbers.removeAll(keepingCapacity: true)
      if let roundTrip = transport.roundTrip { incoming[index]?.stream.nack?.roundTrip = roundTrip }
      let isHopeless = incoming[index]?.stream.nack?.collect(into: &nackNumbers, at: time) ?? false
      incoming[index]?.requested &+= UInt64(nackNumbers.count)
      if isHopeless, incoming[index]?.parameters.kind == .video { incoming[index]?.wantsKeyFrame = true }
      if !nackNumbers.isEmpty { _ = sendControl(.nack(ssrc: ssrc, nackNumbers)) }
    }
  }

  mutating func sendKeyFrameRequests(at time: Instant) {
    for index in incoming.indices {
      guard let due = incoming[index]?.keyFrameDeadline, due <= time, let ssrc = incoming[index]?.parameters.ssrc else {
        continue
      }
      guard sendControl(.pictureLoss(ssrc: ssrc)) else { return }
      incoming[index]?.wantsKeyFrame = false
      incoming[index]?.lastKeyFrameRequest = time
      incoming[index]?.keyFrameRequests &+= 1
    }
  }

  private mutating func sendFeedback(at time: Instant) {
    let mediaSSRC = incoming.lazy.compactMap { $0?.parameters.ssrc }.first ?? 0
    while arrivals.hasArrivals {
      let count = Self.writeFeedback(
        of: &arrivals, from: controlSSRC, about: mediaSSRC, into: &scratch, at: time)
      guard count > 0, sendControl(count) else { return }
    }
  }

  // MARK: Writing

  /// A control packet that is sent on its own (reduced size, RFC 5506).
  private enum Control {
    case senderReport(SenderReport)
    case receiverReport([ReportBlock])
    case nack(ssrc: UInt32, [UInt16])
    case pictureLoss(ssrc: UInt32)
  }

  /// False when there was no room or no path.
  private mutating func sendControl(_ control: Control) -> Bool {
    let count = (try? Self.write(control, from: controlSSRC, into: &scratch)) ?? 0
    return count > 0 && sendControl(count)
  }

  /// Seals and queues what stands in the first `count` bytes of `scratch`.
  private mutating func sendControl(_ count: Int) -> Bool {
    guard let path = transport.selectedPath else { return false }
    guard departures.makeRoom() else {
      counters.departuresDropped &+= 1
      return false
    }
    let sealed = Self.seal(scratch, count, into: &departures, by: &transport)
    departures.commit(sealed, to: path)
    return sealed > 0
  }

  private static func seal(
    _ control: [UInt8], _ count: Int, into departures: inout DepartureQueue, by transport: inout SecureTransport
  ) -> Int {
    var packet = departures.next()
    packet.copy(control.rawSpan.slice(0, count), to: 0)
    return transport.sealControl(&packet, byteCount: count)
  }

  // Functions of their parts: a span into the scratch memory borrows no more than that.

  private static func writeFeedback(
    of arrivals: inout ArrivalRecorder, from ssrc: UInt32, about mediaSSRC: UInt32, into scratch: inout [UInt8],
    at time: Instant
  ) -> Int {
    var packet = scratch.mutableRawSpan
    return arrivals.writeFeedback(senderSSRC: ssrc, mediaSSRC: mediaSSRC, into: &packet, at: 0, time: time)
  }

  private static func write(
    _ control: Control, from ssrc: UInt32, into scratch: inout [UInt8]
  ) throws(WireError) -> Int {
    var packet = scratch.mutableRawSpan
    return switch control {
    case .senderReport(let report): try report.write(into: &packet, at: 0)
    case .receiverReport(let blocks):
      try ReceiverReport.write(senderSSRC: ssrc, blocks: blocks.span, into: &packet, at: 0)
    case .nack(let mediaSSRC, let numbers):
      // All that one stream may miss (256 numbers) fit into one packet.
      try NegativeAcknowledgement.write(
        senderSSRC: ssrc, mediaSSRC: mediaSSRC, numbers: numbers.span, into: &packet, at: 0
      ).byteCount
    case .pictureLoss(let mediaSSRC):
      try PictureLossIndication(senderSSRC: ssrc, mediaSSRC: mediaSSRC).write(into: &packet, at: 0)
    }
  }
}
