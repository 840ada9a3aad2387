// Datagrams on their way in: sorted, decrypted, counted, and the media among them handed back.

import Bytes
import Chronology
import Congestion
import Connectivity
import DataChannels
import MediaContract
import Streams
import Wire

extension MediaPeer {
  /// Announces a stream of the server's. False beyond `Limit.incomingStreams`.
  @discardableResult
  public mutating func expect(_ parameters: IncomingParameters) -> Bool {
    let place: Int
    if let known = sources[parameters.ssrc], !known.isRetransmission {
      place = known.place
    } else if let free = incoming.firstIndex(where: { $0 == nil }) {
      place = free
    } else {
      guard incoming.count < Limit.incomingStreams else { return false }
      place = incoming.count
      incoming.append(nil)
    }
    incoming[place] = IncomingStream(parameters)
    sources.insert(.init(ssrc: parameters.ssrc, place: place, isRetransmission: false))
    if let ssrc = parameters.retransmissionSSRC {
      sources.insert(.init(ssrc: ssrc, place: place, isRetransmission: true))
    }
    return true
  }

  /// The server will not send this stream any more.
  public mutating func ignore(ssrc: UInt32) {
    guard let source = sources[ssrc] else { return }
    incoming[source.place] = nil
    sources.remove(place: source.place)
  }

  /// What came of a stream so far; nil when it was not announced.
  public func statistics(ofIncoming ssrc: UInt32, at time: Instant) -> IncomingStatistics? {
    guard let source = sources[ssrc] else { return nil }
    return incoming[source.place]?.statistics(at: time)
  }

  /// Asks the server for a key frame of an incoming stream, as soon as `Limit.keyFrameInterval` allows.
  public mutating func requestKeyFrame(ssrc: UInt32, at time: Instant) {
    now = max(now, time)
    guard let source = sources[ssrc] else { return }
    incoming[source.place]?.wantsKeyFrame = true
    if transport.isSecure { sendKeyFrameRequests(at: time) }
  }

  /// Takes the datagram in the first `byteCount` bytes of `datagram`; media is decrypted, and a retransmission turned back
  /// into its original, in place.
  public mutating func receive(
    _ datagram: inout MutableRawSpan, byteCount: Int, from path: Path, at time: Instant
  ) -> PeerReceived {
    now = max(now, time)
    let received = transport.receive(&datagram, byteCount: byteCount, from: path, at: time)
    settle(at: time)
    switch received {
    case .nothing: return .nothing
    case .messages:
      while let message = transport.nextMessage() { association?.receive(message.rawSpan, at: time) }
      return .nothing
    case .rtcp(let count):
      receiveControl(datagram.bytes.slice(0, count), at: time)
      return .nothing
    case .rtp(let count):
      return receiveMedia(&datagram, byteCount: count, at: time).map { .media($0) } ?? .nothing
    }
  }

  private mutating func receiveMedia(
    _ datagram: inout MutableRawSpan, byteCount: Int, at time: Instant
  ) -> ReceivedMedia? {
    guard var header = try? RTPHeader(parsing: datagram.bytes.slice(0, byteCount)) else {
      counters.malformed &+= 1
      return nil
    }
    let elements = RTPExtensions(reading: datagram.bytes.slice(0, byteCount), header, ids: extensions)
    // Arrivals are those of the transport: of every stream, known or not.
    if let number = elements.transportSequence { arrivals.record(number, at: time) }
    guard let source = sources[header.ssrc], let parameters = incoming[source.place]?.parameters else {
      counters.unexpected &+= 1
      return nil
    }
    var range = ByteRange(offset: 0, count: byteCount)
    if source.isRetransmission {
      guard
        let restored = Retransmission.restore(
          &datagram, header, ssrc: parameters.ssrc, payloadType: parameters.payloadType),
        let original = try? RTPHeader(parsing: datagram.bytes.slice(restored.offset, restored.byteCount))
      else { return nil }
      header = original
      range = ByteRange(offset: restored.offset, count: restored.byteCount)
    }
    let verdict = incoming[source.place]?.stream.receive(
      header, byteCount: byteCount, isRetransmission: source.isRetransmission, at: time)
    guard let extended = extendedSequence(of: verdict) else { return nil }
    incoming[source.place]?.stream.meter(header, byteCount: byteCount, at: time)
    guard header.payloadByteCount > 0 else { return nil }
    return ReceivedMedia(
      header: header, extensions: elements, extendedSequence: extended, packet: range,
      payload: ByteRange(offset: range.offset + header.payload.offset, count: header.payload.count),
      isRetransmission: source.isRetransmission)
  }

  private func extendedSequence(of verdict: SequenceVerdict?) -> Int64? {
    switch verdict {
    case .newer(let value, _), .late(let value), .restarted(let value): value
    case .duplicate, .stale, .suspect, nil: nil
    }
  }

  // MARK: Control

  private mutating func receiveControl(_ datagram: RawSpan, at time: Instant) {
    var packets = RTCPPackets(datagram)
    do throws(WireError) {
      while let packet = try packets.next() {
        switch packet.kind {
        case .senderReport:
          let report = try SenderReport(packet)
          if let source = sources[report.ssrc] { incoming[source.place]?.stream.receive(report, at: time) }
          receiveBlocks(of: packet, at: time)
        case .receiverReport: receiveBlocks(of: packet, at: time)
        case .nack: try receiveNACK(packet, at: time)
        case .pictureLossIndication:
          noteKeyFrameRequest(try PictureLossIndication(packet).mediaSSRC)
        case .fullIntraRequest:
          let request = try FullIntraRequest(packet)
          for index in 0..<request.count { noteKeyFrameRequest(request[index].mediaSSRC) }
        case .transportFeedback: try receiveFeedback(packet, at: time)
        case .applicationFeedback, .sourceDescription, .goodbye, .extendedReport, .other: break
        }
      }
    } catch {
      counters.malformed &+= 1
    }
  }

  private func handle(ofOutgoing ssrc: UInt32) -> Handle<OutgoingStream>? {
    for index in 0..<outgoing.places {
      if let handle = outgoing.handle(at: index), outgoing[handle].parameters.ssrc == ssrc { return handle }
    }
    return nil
  }

  private mutating func noteKeyFrameRequest(_ ssrc: UInt32) {
    guard let handle = handle(ofOutgoing: ssrc) else { return }
    outgoing[handle].statistics.keyFrameRequests &+= 1
    raise(.keyFrameRequested(ssrc: ssrc))
  }

  private mutating func receiveNACK(_ packet: borrowing RTCPPacket, at time: Instant) throws(WireError) {
    var request = try NegativeAcknowledgement(packet)
    guard let handle = handle(ofOutgoing: request.mediaSSRC) else { return }
    while let number = request.next() { resend(number, on: handle, at: time) }
  }

  /// RFC 3550 §6.4.1: loss, and the round trip by our last sender report.
  private mutating func receiveBlocks(of packet: borrowing RTCPPacket, at time: Instant) {
    let blocks = packet.reportBlocks
    for index in 0..<blocks.count {
      let block = blocks[index]
      guard let handle = handle(ofOutgoing: block.ssrc) else { continue }
      outgoing[handle].statistics.lossFraction = Double(block.fractionLost) / 256
      guard let report = outgoing[handle].lastReport, report.middle == block.lastSenderReport else { continue }
      let held = Interval(nanoseconds: Int64(block.delaySinceLastSenderReport) * 1_000_000_000 / 65_536)
      outgoing[handle].statistics.roundTrip = max(.zero, time - report.at - held)
    }
  }

  private mutating func receiveFeedback(_ packet: borrowing RTCPPacket, at time: Instant) throws(WireError) {
    var feedback = try TransportFeedback(packet)
    results.removeAll(keepingCapacity: true)
    sequencer.process(&feedback, into: &results, at: time)
    estimate.process(results, at: time)
  }
}
