// A media packet comes in: whose it is, whether it is new, what it is, and where it is kept.

import Bytes
import Chronology
import Congestion
import Forwarding
import MediaContract
import Streams
import Wire

extension MediaNode {
  /// Takes an RTP packet that was authenticated and decrypted.
  ///
  /// - Parameters:
  ///   - datagram: the memory that holds the packet at its start; changed where the packet is a retransmission.
  mutating func receiveMedia(
    _ datagram: inout MutableRawSpan, byteCount: Int, of transport: Handle<Transport>, at time: Instant
  ) {
    let header: RTPHeader
    do throws(WireError) {
      header = try RTPHeader(parsing: datagram.bytes.slice(0, byteCount))
    } catch {
      counters.droppedMalformed &+= 1
      return
    }
    counters.packetsIn &+= 1
    let ids = transports[transport].extensions
    let extensions = RTPExtensions(reading: datagram.bytes.slice(0, byteCount), header, ids: ids)
    if let number = extensions.transportSequence {
      transports[transport].arrivals.record(number, at: arrival)
      if let deadline = transports[transport].arrivals.nextDeadline {
        deadlines.bringForward(Int(transport.index), to: deadline.onGrid)
      }
    }
    guard let binding = source(of: header, extensions, transport, at: time) else {
      counters.droppedUnknownSource &+= 1
      return
    }
    if transports[transport].mediaSSRC == 0 { transports[transport].mediaSSRC = header.ssrc }
    if binding.isRetransmission {
      receiveRetransmission(&datagram, header, extensions, binding.encoding, at: time)
    } else {
      accept(
        datagram.bytes.slice(0, byteCount), header, extensions, binding.encoding, isRetransmission: false, at: time)
    }
  }

  /// Turns a retransmission (RFC 4588) into the packet that it repeats.
  private mutating func receiveRetransmission(
    _ datagram: inout MutableRawSpan, _ header: RTPHeader, _ extensions: RTPExtensions,
    _ encoding: Handle<EncodingStream>, at time: Instant
  ) {
    counters.retransmissionsIn &+= 1
    let publication = encodings[encoding].publication
    guard let ssrc = encodings[encoding].ssrc,
      let format = publications[publication].format(repairedBy: header.payloadType),
      let restored = Retransmission.restore(&datagram, header, ssrc: ssrc, payloadType: format.payloadType)
    else { return }
    let packet = datagram.bytes.slice(restored.offset, restored.byteCount)
    do throws(WireError) {
      let original = try RTPHeader(parsing: packet)
      // The extensions moved with the header; only their places in the packet are new, and RTPExtensions holds one.
      let ids = transports[publications[publication].transport].extensions
      let moved = RTPExtensions(reading: packet, original, ids: ids)
      accept(packet, original, moved, encoding, isRetransmission: true, at: time)
    } catch {
      counters.droppedMalformed &+= 1
    }
  }

  /// Keeps a packet in its encoding's history and puts it on the list of what goes out this turn.
  private mutating func accept(
    _ packet: RawSpan, _ header: RTPHeader, _ extensions: RTPExtensions, _ encoding: Handle<EncodingStream>,
    isRetransmission: Bool, at time: Instant
  ) {
    let publication = encodings[encoding].publication
    guard let format = publications[publication].format(of: header.payloadType) else {
      counters.droppedNoFormat &+= 1
      return
    }
    if encodings[encoding].stream == nil {
      // A retransmission repeats something; it cannot be the first that is heard of a stream.
      guard !isRetransmission else { return }
      startStream(encoding, of: publication, header, format)
    }
    guard
      let (sequence, isLate) = track(
        packet, header, encoding, publication, isRetransmission: isRetransmission, at: time)
    else { return }
    if publications[publication].parameters.isMuted {
      counters.droppedMuted &+= 1
      return
    }
    let ids = transports[publications[publication].transport].extensions
    guard
      let info = PacketReader.describe(
        packet, header, extensions, ids: ids, codec: format.codec, encoding: encodings[encoding].index,
        isLate: isLate, structure: &encodings[encoding].structure)
    else {
      counters.droppedMalformed &+= 1
      return
    }
    guard publications[publication].arrivals.count < Limit.arrivalsPerTurn else {
      counters.droppedTurnFull &+= 1
      return
    }
    let serial = encodings[encoding].history.nextSerial
    guard
      encodings[encoding].history.store(
        packet, header, extendedSequence: sequence, arrival: time, isRetransmission: isRetransmission, info: info)
    else {
      counters.droppedLost &+= 1
      return
    }
    learn(info, header, packet.byteCount, encoding, publication, at: time)
    publications[publication].arrivals.append(
      Arrival(
        serial: serial, timestamp: header.timestamp,
        payloadByteCount: UInt16(truncatingIfNeeded: header.payloadByteCount),
        encoding: info.encoding))
    publications[publication].isMidFrame = !header.marker
    if !publications[publication].isPending {
      publications[publication].isPending = true
      gather(publication, at: time)
    }
  }

  /// Numbers the packet and notes what is missing. Nil for what is to be dropped.
  private mutating func track(
    _ packet: RawSpan, _ header: RTPHeader, _ encoding: Handle<EncodingStream>, _ publication: Handle<Publication>,
    isRetransmission: Bool, at time: Instant
  ) -> (sequence: Int64, isLate: Bool)? {
    encodings[encoding].lastArrival = time
    guard
      let verdict = encodings[encoding].stream?.receive(
        header, byteCount: packet.byteCount, isRetransmission: isRetransmission, at: time)
    else { return nil }
    switch verdict {
    case .newer(let sequence, let skipped):
      if skipped > 0 { scheduleRepair(encoding, publication) }
      return (sequence, false)
    case .late(let sequence): return (sequence, true)
    case .restarted(let sequence):
      encodings[encoding].history.removeAll()
      encodings[encoding].structure = DependencyState()
      restartSubscriptions(of: publication, encoding: encodings[encoding].index, at: time)
      return (sequence, false)
    case .duplicate, .stale, .suspect:
      counters.droppedDuplicate &+= 1
      return nil
    }
  }

  private mutating func scheduleRepair(_ encoding: Handle<EncodingStream>, _ publication: Handle<Publication>) {
    guard let deadline = encodings[encoding].stream?.nack?.nextDeadline else { return }
    deadlines.bringForward(Int(publications[publication].transport.index), to: deadline)
  }

  private mutating func startStream(
    _ encoding: Handle<EncodingStream>, of publication: Handle<Publication>, _ header: RTPHeader, _ format: FormatEntry
  ) {
    let isAudio = publications[publication].kind == .audio
    let isScalable = publications[publication].encodings.count == 1
    // NACK is of no use for RED, which repairs itself.
    let usesNACK = publications[publication].parameters.feedback.nack && format.codec != .red
    encodings[encoding].ssrc = header.ssrc
    encodings[encoding].stream = ReceiveStream(
      ssrc: header.ssrc, clockRate: format.clockRate, usesNACK: usesNACK,
      layers: isAudio ? 1 : isScalable ? 12 : 4)
  }

  /// What a new packet changes for its publication: codec, layers, key frames, rates, loudness.
  private mutating func learn(
    _ info: PacketInfo, _ header: RTPHeader, _ byteCount: Int, _ encoding: Handle<EncodingStream>,
    _ publication: Handle<Publication>, at time: Instant
  ) {
    encodings[encoding].stream?.meter(
      header, byteCount: byteCount, layer: Int(info.spatial) &* 4 &+ Int(info.temporal), at: time)
    if publications[publication].codec != info.codec, header.payloadByteCount > 0 {
      codecChanged(info, publication, at: time)
    }
    guard publications[publication].kind == .video else {
      if info.extensions.audioLevel != ForwardedExtensions.absent, !info.flags.contains(.late) {
        publications[publication].level?.observe(
          level: UInt8(info.extensions.audioLevel & 0x7F), timestamp: header.timestamp, at: time)
      }
      return
    }
    guard header.payloadByteCount > 0 else { return }
    if info.flags.isSuperset(of: [.keyFrame, .startsFrame]) {
      counters.keyFrames &+= 1
      encodings[encoding].requests.keyFrameArrived()
    }
    let layer = publications[publication].layering == .encodings ? info.encoding : info.spatial
    if publications[publication].activity.note(layer, temporal: info.temporal, at: time) {
      aimSubscriptions(of: publication, at: time)
    }
  }

  /// The first packet, or the first of another codec: says how the layers are told apart from now on.
  private mutating func codecChanged(
    _ info: PacketInfo, _ publication: Handle<Publication>, at time: Instant
  ) {
    let isFirst = publications[publication].codec == nil
    publications[publication].codec = info.codec
    if isFirst { events.append(.publicationStarted(publications[publication].id, info.codec)) }
    var layering = Layering.encodings
    if publications[publication].kind == .video, publications[publication].encodings.count == 1 {
      if info.codec == .vp9 { layering = .spatial }
      if info.dependencies.descriptorByteCount > 0 { layering = .dependencies }
    }
    guard layering != publications[publication].layering else { return }
    publications[publication].layering = layering
    let kind = publications[publication].kind
    for index in 0..<publications[publication].subscriptions.count {
      let subscription = publications[publication].subscriptions[index]
      guard subscriptions.contains(subscription) else { continue }
      subscriptions[subscription].selector = Subscription.selector(layering, kind)
    }
    aimSubscriptions(of: publication, at: time)
  }

  /// The source of an encoding began anew: whoever was shown it needs a new beginning too.
  mutating func restartSubscriptions(of publication: Handle<Publication>, encoding: UInt8, at time: Instant) {
    for index in 0..<publications[publication].subscriptions.count {
      let subscription = publications[publication].subscriptions[index]
      guard subscriptions.contains(subscription) else { continue }
      let isShown =
        publications[publication].layering != .encodings
        || subscriptions[subscription].selector.current?.spatial == encoding
      guard isShown else { continue }
      subscriptions[subscription].selector.restart()
      aim(subscription, at: time)
    }
  }
}
