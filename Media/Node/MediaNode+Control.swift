// RTCP comes in: what subscribers say about what they get, and what publishers say about their clocks.

import Bytes
import Chronology
import Congestion
import Forwarding
import MediaContract
import Streams
import Wire

extension MediaNode {
  /// Takes an RTCP datagram that was authenticated and decrypted. A damaged packet ends the walk.
  mutating func receiveControl(_ datagram: RawSpan, of transport: Handle<Transport>, at time: Instant) {
    var packets = RTCPPackets(datagram)
    do throws(WireError) {
      while let packet = try packets.next() {
        try receive(packet, of: transport, at: time)
      }
    } catch {
      counters.droppedMalformed &+= 1
    }
  }

  private mutating func receive(
    _ packet: borrowing RTCPPacket, of transport: Handle<Transport>, at time: Instant
  ) throws(WireError) {
    switch packet.kind {
    case .senderReport:
      receiveSenderReport(try SenderReport(packet), of: transport, at: time)
      receiveBlocks(packet.reportBlocks, of: transport, at: time)
    case .receiverReport: receiveBlocks(packet.reportBlocks, of: transport, at: time)
    case .nack:
      var request = try NegativeAcknowledgement(packet)
      resend(&request, of: transport, at: time)
    case .pictureLossIndication:
      receiveKeyFrameRequest(for: try PictureLossIndication(packet).mediaSSRC, of: transport)
    case .fullIntraRequest:
      let request = try FullIntraRequest(packet)
      for index in 0..<min(request.count, Limit.requestsPerPacket) {
        receiveKeyFrameRequest(for: request[index].mediaSSRC, of: transport)
      }
    case .transportFeedback:
      var feedback = try TransportFeedback(packet)
      receiveFeedback(&feedback, of: transport, at: time)
    case .applicationFeedback:
      try receiveEstimate(packet, of: transport, at: time)
    case .goodbye: receiveGoodbye(try Goodbye(packet), of: transport, at: time)
    case .extendedReport:
      if let ntp = ExtendedReport.referenceTime(packet) {
        transports[transport].referenceTime = ReferenceTime(
          ssrc: packet.senderSSRC, middle: UInt32(truncatingIfNeeded: ntp >> 16), arrival: time)
      }
    case .sourceDescription, .other: break
    }
  }

  private mutating func receiveEstimate(
    _ packet: borrowing RTCPPacket, of transport: Handle<Transport>, at time: Instant
  ) throws(WireError) {
    let bitsPerSecond: Int64
    do throws(WireError) {
      bitsPerSecond = try ReceiverEstimatedBitrate(packet).bitsPerSecond
    } catch {
      // Application feedback that is not REMB is nothing that we know, and no damage.
      if error == .otherType { return }
      throw error
    }
    // Where packets are acknowledged one by one, the receiver's own guess adds nothing.
    guard !transports[transport].hasTransportFeedback else { return }
    transports[transport].estimate.receiveEstimate(bitsPerSecond, at: time)
    transports[transport].noteEstimate()
  }

  private mutating func receiveSenderReport(_ report: SenderReport, of transport: Handle<Transport>, at time: Instant) {
    guard let binding = transports[transport].sources.find(report.ssrc), !binding.isRetransmission else { return }
    encodings[binding.encoding].stream?.receive(report, at: time)
  }

  private mutating func receiveBlocks(
    _ blocks: borrowing ReportBlocks, of transport: Handle<Transport>, at time: Instant
  ) {
    for index in 0..<blocks.count {
      let block = blocks[index]
      guard let handle = transports[transport].outgoing[block.ssrc], subscriptions.contains(handle) else { continue }
      subscriptions[handle].acknowledge()
      let packets = subscriptions[handle].takePacketsSinceReport()
      subscriptions[handle].stream.receive(block, at: time)
      if let roundTrip = subscriptions[handle].stream.feedback.roundTrip {
        transports[transport].noteRoundTrip(roundTrip)
      }
      guard !transports[transport].hasTransportFeedback else { continue }
      transports[transport].estimate.receiveLoss(Double(block.fractionLost) / 256, of: packets, at: time)
      transports[transport].noteEstimate()
    }
  }

  private mutating func receiveKeyFrameRequest(for ssrc: UInt32, of transport: Handle<Transport>) {
    guard let handle = transports[transport].outgoing[ssrc], subscriptions.contains(handle) else { return }
    counters.keyFrameRequestsIn &+= 1
    let publication = subscriptions[handle].publication
    guard publications.contains(publication), let layers = subscriptions[handle].selector.current else { return }
    wantKeyFrame(ofEncoding: publications[publication].layering == .encodings ? layers.spatial : 0, in: publication)
  }

  private mutating func receiveFeedback(
    _ feedback: inout TransportFeedback, of transport: Handle<Transport>, at time: Instant
  ) {
    feedbackResults.removeAll(keepingCapacity: true)
    transports[transport].sequencer.process(&feedback, into: &feedbackResults, at: time)
    transports[transport].hasTransportFeedback = true
    transports[transport].estimate.process(feedbackResults, at: time)
    transports[transport].noteEstimate()
    if let delay = transports[transport].sequencer.feedbackDelay { transports[transport].noteRoundTrip(delay) }
  }

  /// A source stops for now. Its SSRC stays bound: browsers say goodbye whenever they pause an encoding, and go on later
  /// without naming it again.
  private mutating func receiveGoodbye(
    _ goodbye: borrowing Goodbye, of transport: Handle<Transport>, at time: Instant
  ) {
    for index in 0..<goodbye.count {
      guard let binding = transports[transport].sources.find(goodbye[index]), !binding.isRetransmission else {
        continue
      }
      let publication = encodings[binding.encoding].publication
      guard publications[publication].layering == .encodings, publications[publication].kind == .video else { continue }
      // One packet can name hundreds of sources: only a layer that flowed is news to all subscribers.
      guard publications[publication].activity.stop(encodings[binding.encoding].index) else { continue }
      aimSubscriptions(of: publication, at: time)
    }
  }
}

// MARK: - Retransmission to subscribers

extension MediaNode {
  /// Answers a NACK from the histories of the publication's encodings.
  private mutating func resend(
    _ request: inout NegativeAcknowledgement, of transport: Handle<Transport>, at time: Instant
  ) {
    guard let handle = transports[transport].outgoing[request.mediaSSRC], subscriptions.contains(handle) else { return }
    var count = 0
    while let number = request.next(), count < Limit.requestsPerPacket {
      count += 1
      counters.nacksIn &+= 1
      resend(number, to: handle, transport, at: time)
    }
  }

  /// Sends the packet again that had `number` for the subscriber.
  mutating func resend(
    _ number: UInt16, to handle: Handle<Subscription>, _ transport: Handle<Transport>, at time: Instant
  ) {
    switch subscriptions[handle].stream.resend(number, at: time) {
    case .send(let resend): send(resend, to: handle, transport, at: time)
    case .tooSoon, .exhausted, .unknown: counters.retransmissionsRefused &+= 1
    // The publisher is being asked for it already; what comes late goes out by itself.
    case .missing: break
    }
  }

  private mutating func send(
    _ resend: Resend, to handle: Handle<Subscription>, _ transport: Handle<Transport>, at time: Instant
  ) {
    let publication = subscriptions[handle].publication
    guard let path = transports[transport].sendingPath, publications.contains(publication),
      Int(resend.encoding) < publications[publication].encodings.count
    else { return }
    let encoding = publications[publication].encodings[Int(resend.encoding)]
    guard let packet = encodings[encoding].history.record(extendedSequence: resend.source), !packet.isPaddingOnly,
      let format = format(of: packet.payloadType, of: publication, for: handle),
      let payload = payload(of: packet, encoding, format), !payload.isEmpty
    else {
      counters.retransmissionsRefused &+= 1
      return
    }
    let room = payload.count + Limit.packetOverhead + Int(UInt8.max)
    guard departures.hasRoom(for: room) else {
      counters.droppedArenaFull &+= 1
      return
    }
    var outgoing = OutgoingPacket(
      sequenceNumber: resend.sequenceNumber, timestamp: packet.timestamp &+ resend.timestampOffset,
      marker: packet.marker || resend.rewrite.setsMarker, rewrite: resend.rewrite, payload: payload)
    var header = subscriptions[handle].header
    let sequence: Int64
    var padding: UInt8 = 0
    if let ssrc = subscriptions[handle].stream.rtxSSRC, let payloadType = format.rtxPayloadType {
      header.ssrc = ssrc
      header.payloadType = payloadType
      sequence = subscriptions[handle].takeRetransmissionSequence(payloadByteCount: payload.count)
      outgoing.originalSequenceNumber = resend.sequenceNumber
      outgoing.sequenceNumber = UInt16(truncatingIfNeeded: sequence)
    } else {
      guard let same = subscriptions[handle].repeatableSequence(resend.sequenceNumber) else {
        counters.retransmissionsRefused &+= 1
        return
      }
      header.payloadType = format.payloadType
      sequence = same
      padding = resend.rewrite.padding
      subscriptions[handle].stream.countRetransmission(payloadByteCount: payload.count)
    }
    let sealed = SealedPacket(outgoing: outgoing, header: header, sequence: sequence, room: room, padding: padding)
    let byteCount = departures.add(
      sealed, packet, from: &encodings[encoding].history, through: &transports[transport], to: path, at: time)
    if byteCount > 0 {
      counters.retransmissionsOut &+= 1
    }
  }
}
