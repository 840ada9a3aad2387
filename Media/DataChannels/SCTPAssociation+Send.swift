// What goes out: packets put together from control chunks, acknowledgements and data, and the timers that repeat them.

import Bytes
import Chronology

extension SCTPAssociation {
  /// The next packet for DTLS; nil when nothing may be sent now.
  public mutating func nextPacket(at time: Instant) -> [UInt8]? {
    if let packet = packets.popFirst() {
      counters.packetsSent += 1
      return packet
    }
    guard let peer, state != .ended, state != .closed, state != .cookieWait else { return nil }
    let isDataReady = mayCarryData && hasSendableData
    guard !control.isEmpty || isAcknowledgementDue || isDataReady || (mayCarryData && outbound.isForwardDue) else {
      return nil
    }
    var builder = PacketBuilder(
      from: configuration.localPort, to: configuration.remotePort, verificationTag: peer.tag,
      limit: configuration.packetBytes)
    while let chunk = control.first, builder.isEmpty || PacketFormat.padded(chunk.count) <= builder.room {
      builder.append(chunk)
      _ = control.popFirst()
    }
    // An acknowledgement that may still wait rides along with data (RFC 9260 §6.2).
    if builder.room >= 64, isAcknowledgementDue || (isDataReady && unacknowledgedPackets > 0) {
      builder.append(takeAcknowledgement(room: builder.room))
    }
    if mayCarryData {
      appendForward(to: &builder, at: time)
      appendData(to: &builder, at: time)
      continueShutdown(at: time)
    }
    guard !builder.isEmpty else { return nil }
    counters.packetsSent += 1
    return builder.finish()
  }

  /// States in which we may send data (RFC 9260 §6).
  private var mayCarryData: Bool {
    switch state {
    case .established, .shutdownPending, .shutdownReceived: true
    case .closed, .cookieWait, .cookieEchoed, .shutdownSent, .shutdownAcknowledged, .ended: false
    }
  }

  private var hasSendableData: Bool {
    if outbound.lostCount > 0 { return outbound.mayResend }
    return queuedMessages > 0 && outbound.maySend(1)
  }

  /// The SACK that is due, of at most `room` bytes.
  mutating func takeAcknowledgement(room: Int) -> [UInt8] {
    announcedWindow = receiveWindow
    isAcknowledgementDue = false
    unacknowledgedPackets = 0
    timers.stop(.acknowledgement)
    return inbound.acknowledgement(window: announcedWindow, room: room)
  }

  private mutating func appendForward(to builder: inout PacketBuilder, at time: Instant) {
    guard outbound.isForwardDue, builder.room >= 8 + 4 * Limit.channels else { return }
    builder.append(outbound.takeForward())
    startRetransmissionTimer(at: time)
  }

  /// Lost chunks first, then new ones (RFC 9260 §6.1 C).
  private mutating func appendData(to builder: inout PacketBuilder, at time: Instant) {
    while let (chunk, tsn) = outbound.resend(room: builder.room, at: time) {
      counters.retransmissions += 1
      builder.appendData(chunk, tsn: tsn)
      startRetransmissionTimer(at: time)
    }
    guard outbound.lostCount == 0 else { return }
    while let index = nextChannel(at: time) {
      let room = builder.room - PacketFormat.dataHeaderBytes
      let waiting = channels[index].bufferedOfFirst
      // A piece smaller than what is left of the message is cut only to fill a packet that is otherwise empty enough.
      guard room >= min(waiting, configuration.packetBytes / 2), outbound.maySend(min(waiting, room)) else { return }
      sendPiece(of: index, limit: room & ~3, in: &builder, at: time)
    }
  }

  private mutating func sendPiece(of index: Int, limit: Int, in builder: inout PacketBuilder, at time: Instant) {
    let before = channels[index].outbox.count
    let buffered = channels[index].bufferedBytes
    let isPartiallyReliable = peer?.supportsPartialReliability ?? false
    guard
      let chunk = channels[index].nextChunk(
        limit: limit, isPartiallyReliable: isPartiallyReliable, at: time, tsn: outbound.nextTSN)
    else { return }
    queuedMessages -= before - channels[index].outbox.count
    queuedBytes -= buffered - channels[index].bufferedBytes
    builder.appendData(chunk, tsn: outbound.send(chunk, at: time))
    startRetransmissionTimer(at: time)
    if chunk.isEnd { turn = index + 1 }
  }

  /// The channel that sends next: the one in the middle of a message, or else the next in turn that has one. Fragments of
  /// different messages must not mix (RFC 9260 §6.9).
  private mutating func nextChannel(at time: Instant) -> Int? {
    guard queuedMessages > 0, !channels.isEmpty else { return nil }
    for step in 0..<channels.count {
      let index = (turn + step) % channels.count
      dropExpired(on: index, at: time)
      guard !channels[index].outbox.isEmpty else { continue }
      turn = index
      return index
    }
    return nil
  }

  /// Messages whose time has passed before any of them was sent (RFC 3758 §4.1, timed reliability).
  private mutating func dropExpired(on index: Int, at time: Instant) {
    while let message = channels[index].outbox.first, message.expiry <= time, channels[index].sentOfFirst == 0 {
      channels[index].finishFirst()
      queuedMessages -= 1
      queuedBytes -= message.bytes.count
    }
  }

  /// What is left of a message that was abandoned when some of it had been sent.
  mutating func dropInterrupted() {
    guard let stream = outbound.takeInterruptedStream(), let index = channelIndex(stream),
      let message = channels[index].outbox.first, channels[index].sentOfFirst > 0
    else { return }
    channels[index].interruptFirst()
    queuedMessages -= 1
    queuedBytes -= message.bytes.count
  }

  private mutating func startRetransmissionTimer(at time: Instant) {
    guard !timers.isRunning(.retransmission) else { return }
    timers.start(.retransmission, at: time + outbound.timeout.current)
  }

  // MARK: Timers

  mutating func fire(_ timer: TimerKind, at time: Instant) {
    switch timer {
    case .acknowledgement: isAcknowledgementDue = true
    case .heartbeat: sendHeartbeat(at: time)
    case .handshake, .shutdown, .retransmission, .reconfiguration:
      errorCount += 1
      guard errorCount <= Limit.retransmissions else {
        return abort(cause: 12, reason: .unreachable)
      }
      retry(timer, at: time)
    }
  }

  private mutating func retry(_ timer: TimerKind, at time: Instant) {
    switch timer {
    case .handshake:
      outbound.backOff()
      if state == .cookieWait { sendInitiation(at: time) } else if state == .cookieEchoed { sendCookie(at: time) }
    case .shutdown:
      outbound.backOff()
      if state == .shutdownSent {
        sendShutdown(at: time)
      } else if state == .shutdownAcknowledged {
        enqueueControl(makeChunk(ChunkType.shutdownAcknowledgement))
        timers.start(.shutdown, at: time + outbound.timeout.current)
      }
    case .retransmission:
      outbound.expire(at: time)
      dropInterrupted()
      timers.start(.retransmission, at: time + outbound.timeout.current)
    case .reconfiguration:
      outbound.backOff()
      repeatReset(at: time)
    case .acknowledgement, .heartbeat: break
    }
  }
}
