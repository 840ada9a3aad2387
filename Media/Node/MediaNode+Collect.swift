// The end of a turn: every packet that came in goes out to everybody who takes it, sealed straight into the arena.
//
// One subscriber after the other, not one packet after the other: the packets of a frame for one destination then stand
// back to back in the arena and leave as one run.

import Bytes
import Chronology
import Connectivity
import Cryptography
import Forwarding
import MediaContract
import Streams
import Wire

extension MediaNode {
  /// Prepares what there is to send, up to the arena's size.
  ///
  /// - Returns: true while there is something to send. Send it and call again: the departures of the call before are
  ///   then gone. After false everything that came in has been dealt with.
  public mutating func collectDepartures(at time: Instant) -> Bool {
    if isHandedOut {
      departed(at: time)
      departures.removeAll()
      isHandedOut = false
    }
    collectOwnDatagrams(at: time)
    fanOut(at: time)
    guard departures.count > 0 else { return false }
    for index in 0..<departures.count {
      counters.datagramsOut &+= UInt64(departures.record(at: index).segmentCount)
    }
    counters.bytesOut &+= UInt64(departures.byteCount)
    isHandedOut = true
    return true
  }

  /// The departures are with the kernel now: this ends their packets' delay. A driver that does not say so has them
  /// counted by the next `collectDepartures`.
  public mutating func departed(at time: Instant) {
    for run in leaving { delays.add(microseconds: (time - run.arrival).microseconds, packets: run.packets) }
    leaving.removeAll(keepingCapacity: true)
  }

  /// Remembers when a packet that leaves has come.
  private mutating func noteLeaving(_ arrival: Instant) {
    let last = leaving.count &- 1
    if last >= 0, leaving[last].arrival == arrival {
      leaving[last].packets &+= 1
    } else {
      leaving.append(LeavingPackets(arrival: arrival, packets: 1))
    }
  }

  private mutating func fanOut(at time: Instant) {
    releaseGathered(at: time)
    guard fanOutVoices(at: time) else { return }
    while let publication = pending.last {
      guard publications.contains(publication) else {
        nextPublication()
        continue
      }
      guard fanOut(publication, at: time) else { return }
      publications[publication].arrivals.removeAll(keepingCapacity: true)
      publications[publication].isPending = false
      nextPublication()
    }
  }

  private mutating func nextPublication() {
    pending.removeLast()
    cursor = FanOutCursor()
  }

  /// Sends the arrivals of one video publication to all its subscribers. False when the arena is full: the cursor then says
  /// where to go on.
  private mutating func fanOut(_ publication: Handle<Publication>, at time: Instant) -> Bool {
    let arrivalCount = publications[publication].arrivals.count
    if cursor.subscription == 0, cursor.arrival == 0 {
      publications[publication].arrivals.levelFrames()
    }
    while cursor.subscription < publications[publication].subscriptions.count {
      let subscription = publications[publication].subscriptions[cursor.subscription]
      let transport = subscriptions[subscription].transport
      if let path = transports[transport].sendingPath {
        let before = subscriptions[subscription].selector.current
        while cursor.arrival < arrivalCount {
          let arrival = publications[publication].arrivals[cursor.arrival]
          guard forward(arrival, of: publication, to: subscription, transport, path, padding: arrival.padding, at: time)
          else { return false }
          cursor.arrival += 1
        }
        if subscriptions[subscription].selector.current != before { layerChanged(subscription) }
      }
      cursor.subscription += 1
      cursor.arrival = 0
    }
    return true
  }

  /// A switch happened, or the stream began.
  mutating func layerChanged(_ subscription: Handle<Subscription>) {
    if !subscriptions[subscription].state.hasStarted {
      subscriptions[subscription].state.hasStarted = true
      events.append(.subscriptionStarted(subscriptions[subscription].id))
    }
    reportLayer(subscription)
    if let encoding = subscriptions[subscription].selector.encodingInNeedOfKeyFrame {
      wantKeyFrame(ofEncoding: encoding, in: subscriptions[subscription].publication)
    }
  }

  /// Decides about one packet for one subscriber and writes it. False when the arena has no room for it.
  mutating func forward(
    _ arrival: Arrival, of publication: Handle<Publication>, to subscription: Handle<Subscription>,
    _ transport: Handle<Transport>, _ path: Path, padding: UInt8, at time: Instant
  ) -> Bool {
    guard subscriptions[subscription].selector.concerns(arrival.encoding) else {
      counters.packetsNotWanted &+= 1
      return true
    }
    let encoding = publications[publication].encodings[Int(arrival.encoding)]
    guard let packet = encodings[encoding].history.record(serial: arrival.serial) else {
      counters.droppedLost &+= 1
      return true
    }
    let room = Int(packet.payloadByteCount) &+ Limit.packetOverhead &+ Int(padding)
    guard departures.hasRoom(for: room) else {
      counters.droppedArenaFull &+= departures.count == 0 ? 1 : 0
      return departures.count == 0
    }
    guard let format = format(of: packet.payloadType, of: publication, for: subscription) else {
      counters.droppedNoFormat &+= 1
      return true
    }
    switch verdict(on: packet, encoding, subscription) {
    case .ignore: counters.packetsNotWanted &+= 1
    case .skip: skip(packet, subscription, transport, path, format, at: time)
    case .begin:
      begin(packet, subscription, encoding, publication, at: time)
      // Whatever it was late for: here it is the first.
      var first = packet
      first.info.flags.remove(.late)
      send(first, subscription, encoding, transport, path, room, format, padding: padding, at: time)
      if packet.isLate { replay(after: packet, subscription, encoding, transport, path, format, at: time) }
    case .forward:
      send(packet, subscription, encoding, transport, path, room, format, padding: padding, at: time)
    }
    return true
  }

  private mutating func verdict(
    on packet: MediaPacket, _ encoding: Handle<EncodingStream>, _ subscription: Handle<Subscription>
  ) -> Verdict {
    guard !packet.isPaddingOnly else {
      // It fills a number of the stream that flows, and is nothing to any other.
      let isShown =
        subscriptions[subscription].selector.current != nil
        && subscriptions[subscription].stream.encoding == packet.info.encoding
      return isShown ? .skip : .ignore
    }
    let targets = encodings[encoding].structure.targets
    return subscriptions[subscription].selector.select(packet, targets)
  }

  /// The first packet of a key frame was lost and came late: what came before it and belongs behind it goes out now.
  private mutating func replay(
    after first: MediaPacket, _ subscription: Handle<Subscription>, _ encoding: Handle<EncodingStream>,
    _ transport: Handle<Transport>, _ path: Path, _ format: FormatMapping, at time: Instant
  ) {
    for step in 1...Int64(Limit.replayedPackets) {
      let sequence = first.extendedSequence &+ step
      guard var packet = encodings[encoding].history.record(extendedSequence: sequence) else { continue }
      // Later arrivals of this turn come by themselves, also those whose numbers lie between.
      guard packet.serial < first.serial else { continue }
      let room = Int(packet.payloadByteCount) &+ Limit.packetOverhead
      guard packet.payloadType == first.payloadType, departures.hasRoom(for: room) else { return }
      packet.info.flags.remove(.late)
      switch verdict(on: packet, encoding, subscription) {
      case .ignore: break
      case .skip: skip(packet, subscription, transport, path, format, at: time)
      case .begin, .forward: send(packet, subscription, encoding, transport, path, room, format, at: time)
      }
    }
  }

  /// Joins numbers and clocks where a stream begins.
  private mutating func begin(
    _ packet: MediaPacket, _ subscription: Handle<Subscription>, _ encoding: Handle<EncodingStream>,
    _ publication: Handle<Publication>, at time: Instant
  ) {
    guard let clock = encodings[encoding].stream?.clock else { return }
    var previous: SenderReportClock?
    if let old = subscriptions[subscription].stream.encoding, old != packet.info.encoding,
      Int(old) < publications[publication].encodings.count
    {
      previous = encodings[publications[publication].encodings[Int(old)]].stream?.clock
    }
    subscriptions[subscription].stream.begin(
      encoding: packet.info.encoding, at: packet.extendedSequence, timestamp: packet.timestamp, clock: clock,
      previous: previous, time: packet.arrival)
    subscriptions[subscription].picture.begin(packet.info.picture)
  }

  private mutating func skip(
    _ packet: MediaPacket, _ subscription: Handle<Subscription>, _ transport: Handle<Transport>, _ path: Path,
    _ format: FormatMapping, at time: Instant
  ) {
    counters.packetsNotWanted &+= 1
    if isAhead(packet, subscription), packet.info.codec == .vp8, !packet.isPaddingOnly {
      subscriptions[subscription].picture.drop(packet.info.picture)
    }
    guard
      let hole = subscriptions[subscription].stream.drop(
        encoding: packet.info.encoding, source: packet.extendedSequence, at: time)
    else { return }
    // A number was kept for it: a packet of padding takes it, or the receiver would ask for it in vain.
    var header = subscriptions[subscription].header
    header.payloadType = format.payloadType
    let timestamp = packet.timestamp &+ hole.timestampOffset
    guard
      departures.addPadding(
        hole, timestamp: timestamp, header, through: &transports[transport], to: path, at: time)
    else { return }
    subscriptions[subscription].stream.sentPadding()
    counters.packetsPadding &+= 1
  }

  private mutating func send(
    _ packet: MediaPacket, _ subscription: Handle<Subscription>, _ encoding: Handle<EncodingStream>,
    _ transport: Handle<Transport>, _ path: Path, _ room: Int, _ format: FormatMapping, padding: UInt8 = 0,
    at time: Instant
  ) {
    guard let payload = payload(of: packet, encoding, format), !payload.isEmpty else { return }
    var rewrite = PacketRewrite()
    if isAhead(packet, subscription) {
      rewrite = subscriptions[subscription].picture.rewrite(packet.info.picture)
      rewrite.setsMarker = !packet.marker && subscriptions[subscription].selector.marker(of: packet)
      rewrite.padding = padding
    }
    guard
      let mapping = subscriptions[subscription].stream.forward(
        encoding: packet.info.encoding, source: packet.extendedSequence, timestamp: packet.timestamp,
        payloadByteCount: payload.count, rewrite: rewrite, at: time)
    else {
      counters.droppedDuplicate &+= 1
      return
    }
    let outgoing = OutgoingPacket(
      sequenceNumber: UInt16(truncatingIfNeeded: mapping.sequence),
      timestamp: packet.timestamp &+ mapping.timestampOffset, marker: packet.marker || mapping.rewrite.setsMarker,
      rewrite: mapping.rewrite, payload: payload)
    var header = subscriptions[subscription].header
    header.payloadType = format.payloadType
    let sealed = SealedPacket(
      outgoing: outgoing, header: header, sequence: mapping.sequence, room: room, padding: mapping.rewrite.padding)
    let byteCount = departures.add(
      sealed, packet, from: &encodings[encoding].history, through: &transports[transport], to: path, at: time)
    guard byteCount > 0 else {
      counters.droppedMalformed &+= 1
      return
    }
    subscriptions[subscription].overhead = UInt16(
      truncatingIfNeeded: byteCount &- payload.count &- Int(mapping.rewrite.padding))
    counters.packetsForwarded &+= 1
    counters.bytesPadding &+= UInt64(mapping.rewrite.padding)
    noteLeaving(packet.arrival)
  }

  /// Whether nothing behind the packet went to this subscriber. Late on its stream is not late for a subscriber who
  /// began, or was interrupted, in the meantime.
  private func isAhead(_ packet: MediaPacket, _ subscription: Handle<Subscription>) -> Bool {
    subscriptions[subscription].stream.isAhead(encoding: packet.info.encoding, source: packet.extendedSequence)
  }

  /// The subscriber's format for a payload type of the publisher; nil when it has none.
  mutating func format(
    of payloadType: UInt8, of publication: Handle<Publication>, for subscription: Handle<Subscription>
  ) -> FormatMapping? {
    if !subscriptions[subscription].knows(payloadType) {
      let formats = publications[publication].parameters.formats
      let isEncrypted = publications[publication].parameters.isEncrypted
      subscriptions[subscription].map(payloadType, of: formats, isEncrypted: isEncrypted)
    }
    return subscriptions[subscription].mapping
  }

  /// What of a packet goes to the subscriber: its payload, or the newest frame inside RED.
  mutating func payload(
    of packet: MediaPacket, _ encoding: Handle<EncodingStream>, _ format: FormatMapping
  ) -> ByteRange? {
    guard format.stripsRedundancy else { return packet.payload }
    do throws(WireError) {
      let blocks = try RedundantAudio(parsing: encodings[encoding].history.packet(packet), packet.payload)
      return blocks.primary.data
    } catch {
      counters.droppedMalformed &+= 1
      return nil
    }
  }
}
