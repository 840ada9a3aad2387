// What a received packet does, chunk by chunk.

import Bytes
import Chronology
import Randomness

extension SCTPAssociation {
  /// Takes in one packet as DTLS delivered it. Whatever is wrong with it is counted and left out.
  public mutating func receive(_ packet: RawSpan, at time: Instant) {
    guard state != .ended else { return }
    counters.packetsReceived += 1
    guard packet.byteCount >= PacketFormat.headerBytes + PacketFormat.chunkHeaderBytes,
      packet.uint16(at: 0) == configuration.remotePort, packet.uint16(at: 2) == configuration.localPort,
      CRC32C.ofPacket(packet) == packet.uint32(at: 8).byteSwapped,
      let first = PacketFormat.chunk(in: packet, at: PacketFormat.headerBytes),
      isTagAccepted(packet.uint32(at: 4), first: first)
    else {
      counters.malformed += 1
      return
    }
    var offset = PacketFormat.headerBytes
    var hasData = false
    while state != .ended, let chunk = PacketFormat.chunk(in: packet, at: offset) {
      let body = packet.slice(chunk.offset, chunk.count)
      if chunk.type == ChunkType.data {
        hasData = true
        receiveData(body, flags: chunk.flags)
      } else if !receiveControl(chunk, body, tag: packet.uint32(at: 4), at: time) {
        break
      }
      offset = min(packet.byteCount, chunk.offset + PacketFormat.padded(chunk.count))
    }
    guard state != .ended else { return }
    deliverReady(at: time)
    performDeferredReset()
    if hasData { noteDataPacket(at: time) }
    requestResets(at: time)
  }

  /// RFC 9260 §8.5: which verification tag a packet must have.
  private func isTagAccepted(_ tag: UInt32, first: Chunk) -> Bool {
    switch first.type {
    case ChunkType.initiation: tag == 0
    // The cookie itself says which of our tags it was made for.
    case ChunkType.cookieEcho: true
    // With the T bit the sender has no association any more and gives back the tag that we used.
    case ChunkType.abort, ChunkType.shutdownComplete:
      tag == (first.flags & 1 == 1 ? peer?.tag ?? local.tag : local.tag)
    default: tag == local.tag
    }
  }

  /// Anything but DATA. False when the rest of the packet must not be looked at.
  private mutating func receiveControl(_ chunk: Chunk, _ body: RawSpan, tag: UInt32, at time: Instant) -> Bool {
    switch chunk.type {
    case ChunkType.initiation:
      if tag == 0 { receiveInitiation(body, at: time) }
      return false
    case ChunkType.initiationAcknowledgement: receiveInitiationAcknowledgement(body, at: time)
    case ChunkType.cookieEcho: receiveCookie(body, tag: tag, at: time)
    case ChunkType.cookieAcknowledgement: receiveCookieAcknowledgement(at: time)
    case ChunkType.selectiveAcknowledgement: receiveAcknowledgement(body, at: time)
    case ChunkType.forwardTSN: receiveForward(body)
    case ChunkType.heartbeat: receiveHeartbeat(body)
    case ChunkType.heartbeatAcknowledgement: receiveHeartbeatAcknowledgement(body, at: time)
    case ChunkType.reconfiguration: receiveReconfiguration(body, at: time)
    case ChunkType.shutdown: receiveShutdown(body, at: time)
    case ChunkType.shutdownAcknowledgement: receiveShutdownAcknowledgement()
    case ChunkType.shutdownComplete: receiveShutdownComplete()
    case ChunkType.abort:
      end(.abortedByPeer(cause: body.byteCount >= 4 ? body.uint16(at: 0) : 0))
      return false
    case ChunkType.error, ChunkType.padding: break
    default: return receiveUnknown(chunk, body)
    }
    return true
  }

  /// RFC 9260 §3.2: the two highest bits of a chunk type say whether the rest is read and whether it is reported.
  private mutating func receiveUnknown(_ chunk: Chunk, _ body: RawSpan) -> Bool {
    if chunk.type & 0x40 != 0, peer != nil, body.byteCount <= Limit.echoedBytes / 2 {
      let value = body.toArray()
      enqueueControl(
        makeChunk(ChunkType.error) { writer in
          // Unrecognized Chunk Type, §3.3.10.6: the chunk follows as it came.
          writer.uint16(6)
          writer.uint16(UInt16(truncatingIfNeeded: 8 + value.count))
          writer.uint8(chunk.type)
          writer.uint8(chunk.flags)
          writer.uint16(UInt16(truncatingIfNeeded: 4 + value.count))
          writer.append(value)
        })
    }
    return chunk.type & 0x80 != 0
  }

  // MARK: Data

  /// States in which the other side may send data (RFC 9260 §6).
  private var acceptsData: Bool {
    switch state {
    case .established, .shutdownPending, .shutdownSent: true
    case .closed, .cookieWait, .cookieEchoed, .shutdownReceived, .shutdownAcknowledged, .ended: false
    }
  }

  private mutating func receiveData(_ body: RawSpan, flags: UInt8) {
    guard acceptsData else { return }
    // A DATA chunk without payload is an error (§3.3.1): empty messages have their own identifiers (RFC 8831 §6.6).
    guard body.byteCount > 12 else {
      counters.malformed += 1
      return
    }
    guard events.count < Limit.pendingEvents else {
      counters.refused += 1
      isAcknowledgementDue = true
      return
    }
    let header = DataHeader(
      tsn: TSN(body.uint32(at: 0)), stream: body.uint16(at: 4), sequence: SSN(body.uint16(at: 6)),
      payloadProtocol: body.uint32(at: 8), flags: flags)
    let payload = body.slice(12, body.byteCount - 12)
    switch inbound.receive(header, payload, pendingBytes: eventBytes) {
    case .accepted:
      if flags & DataHeader.immediate != 0 || inbound.hasGaps { isAcknowledgementDue = true }
    case .duplicate:
      counters.duplicates += 1
      isAcknowledgementDue = true
    case .refused:
      counters.refused += 1
      isAcknowledgementDue = true
    case .tooLarge:
      // The message cannot be delivered, and leaving it out would break the promise of a reliable channel.
      abort(cause: 13, reason: .protocolViolation)
    }
  }

  /// RFC 9260 §6.2: every second packet is acknowledged, at the latest after a delay; a gap at once.
  ///
  /// The SACK is made here and not when the owner takes packets: an owner that hands over ten packets at a time must
  /// still answer with five SACKs, because the sender's window grows, and its losses are noticed, by their number.
  private mutating func noteDataPacket(at time: Instant) {
    unacknowledgedPackets += 1
    if unacknowledgedPackets >= 2 || state == .shutdownSent { isAcknowledgementDue = true }
    if isAcknowledgementDue, let peer, packets.count < Limit.controlChunks / 2 {
      enqueuePacket(takeAcknowledgement(room: configuration.packetBytes - PacketFormat.headerBytes), tag: peer.tag)
    } else if !timers.isRunning(.acknowledgement) {
      timers.start(.acknowledgement, at: time + Limit.acknowledgementDelay)
    }
  }

  private mutating func receiveForward(_ body: RawSpan) {
    guard acceptsData else { return }
    guard body.byteCount >= 4 else {
      counters.malformed += 1
      return
    }
    var skipped: [(stream: UInt16, sequence: SSN)] = []
    for offset in stride(from: 4, through: body.byteCount - 4, by: 4) {
      skipped.append((body.uint16(at: offset), SSN(body.uint16(at: offset + 2))))
    }
    inbound.forward(to: TSN(body.uint32(at: 0)), skipping: skipped)
    isAcknowledgementDue = true
  }

  private mutating func receiveAcknowledgement(_ body: RawSpan, at time: Instant) {
    switch state {
    case .established, .shutdownPending, .shutdownReceived: break
    case .closed, .cookieWait, .cookieEchoed, .shutdownSent, .shutdownAcknowledged, .ended: return
    }
    guard let sack = SelectiveAcknowledgement(body) else {
      counters.malformed += 1
      return
    }
    guard let progress = outbound.acknowledge(sack, at: time) else { return }
    noteProgress(progress, at: time)
    continueShutdown(at: time)
  }

  /// RFC 9260 §6.3.2 for the timer, §8.1 for the count of errors.
  mutating func noteProgress(_ progress: OutboundData.Progress, at time: Instant) {
    // An answer that only says that the window is closed is a sign of life too (§6.1 A).
    if progress.isNews || outbound.peerWindow < configuration.packetBytes { errorCount = 0 }
    dropInterrupted()
    if outbound.isEmpty {
      timers.stop(.retransmission)
    } else if progress.isAdvanced {
      timers.start(.retransmission, at: time + outbound.timeout.current)
    }
  }

  // MARK: Heartbeats

  /// RFC 9260 §8.3: the information comes back as it was.
  private mutating func receiveHeartbeat(_ body: RawSpan) {
    guard peer != nil, body.byteCount <= Limit.echoedBytes else { return }
    let information = body.toArray()
    enqueueControl(makeChunk(ChunkType.heartbeatAcknowledgement) { $0.append(information) })
  }

  private mutating func receiveHeartbeatAcknowledgement(_ body: RawSpan, at time: Instant) {
    guard let sent = heartbeat, body.byteCount >= 12, body.uint64(at: 4) == sent.nonce else { return }
    heartbeat = nil
    errorCount = 0
    outbound.measure(time - sent.sentAt)
  }

  mutating func sendHeartbeat(at time: Instant) {
    if heartbeat != nil { errorCount += 1 }
    guard errorCount <= Limit.retransmissions else { return end(.unreachable) }
    let nonce = random.next()
    heartbeat = (nonce, time)
    enqueueControl(
      makeChunk(ChunkType.heartbeat) { writer in
        // Heartbeat Info, §3.3.5.
        writer.uint16(1)
        writer.uint16(12)
        writer.uint64(nonce)
      })
    timers.start(.heartbeat, at: time + Limit.heartbeatInterval)
  }
}
