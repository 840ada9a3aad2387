// How an association begins (RFC 9260 §5) and ends (§9).

import Bytes
import Chronology

extension SCTPAssociation {
  /// Sends INIT. Both sides may do so at the same time (RFC 8831 §6.2 with RFC 9260 §5.2.1); a side that never calls this
  /// still answers.
  public mutating func connect(at time: Instant) {
    guard state == .closed else { return }
    state = .cookieWait
    sendInitiation(at: time)
  }

  mutating func sendInitiation(at time: Instant) {
    enqueuePacket(local.chunk(ChunkType.initiation), tag: 0)
    timers.start(.handshake, at: time + outbound.timeout.current)
  }

  /// A packet with one chunk, to be sent as it is.
  mutating func enqueuePacket(_ chunk: [UInt8], tag: UInt32) {
    guard packets.count < Limit.controlChunks else { return }
    var builder = PacketBuilder(
      from: configuration.localPort, to: configuration.remotePort, verificationTag: tag,
      limit: configuration.packetBytes)
    builder.append(chunk)
    packets.append(builder.finish())
  }

  /// RFC 9260 §5.1 B, §5.2.1, §5.2.2.
  mutating func receiveInitiation(_ body: RawSpan, at time: Instant) {
    guard let received = ReceivedInitiation(body) else {
      counters.malformed += 1
      return
    }
    var answer = local
    var tieTags: (local: UInt32, peer: UInt32) = (0, 0)
    switch state {
    case .closed, .cookieWait: break
    case .cookieEchoed: tieTags = (local.tag, peer?.tag ?? 0)
    case .established, .shutdownPending, .shutdownSent, .shutdownReceived:
      // The other side has begun anew: it must prove so with the cookie before anything here changes.
      answer = Self.makeInitiation(&random)
      tieTags = (local.tag, peer?.tag ?? 0)
    case .shutdownAcknowledged:
      enqueueControl(makeChunk(ChunkType.shutdownAcknowledgement))
      return
    case .ended: return
    }
    let cookie = StateCookie(
      secret: cookieSecret, local: answer, peer: received.initiation, localTieTag: tieTags.local,
      peerTieTag: tieTags.peer)
    let chunk = answer.chunk(
      ChunkType.initiationAcknowledgement, cookie: cookie.bytes, unrecognized: received.unrecognized)
    enqueuePacket(chunk, tag: received.initiation.tag)
  }

  /// RFC 9260 §5.1 C.
  mutating func receiveInitiationAcknowledgement(_ body: RawSpan, at time: Instant) {
    guard state == .cookieWait else { return }
    guard let received = ReceivedInitiation(body), !received.cookie.isEmpty else {
      counters.malformed += 1
      return
    }
    peer = received.initiation
    state = .cookieEchoed
    errorCount = 0
    echoedCookie = received.cookie
    sendCookie(at: time)
  }

  mutating func sendCookie(at time: Instant) {
    enqueueControl(makeChunk(ChunkType.cookieEcho) { $0.append(echoedCookie) })
    timers.start(.handshake, at: time + outbound.timeout.current)
  }

  /// RFC 9260 §5.1 D and the table of §5.2.4.
  mutating func receiveCookie(_ body: RawSpan, tag: UInt32, at time: Instant) {
    guard let cookie = StateCookie(body), cookie.secret == cookieSecret, cookie.localTag == tag else {
      counters.malformed += 1
      return
    }
    let isOurs = cookie.localTag == local.tag
    switch state {
    case .closed, .cookieWait, .cookieEchoed:
      // Actions B and D: the tag is the one that we gave out; a collision may have brought another peer tag.
      guard isOurs else { return }
      establish(with: cookie.peer, at: time)
    case .established, .shutdownPending, .shutdownSent, .shutdownReceived, .shutdownAcknowledged:
      if isOurs {
        guard cookie.peer.tag == peer?.tag else { return }
      } else {
        guard cookie.localTieTag == local.tag, cookie.peerTieTag == peer?.tag, cookie.peer.tag != peer?.tag else {
          return
        }
        restart(with: cookie, at: time)
      }
    case .ended: return
    }
    enqueueControl(makeChunk(ChunkType.cookieAcknowledgement))
  }

  mutating func receiveCookieAcknowledgement(at time: Instant) {
    guard state == .cookieEchoed, let peer else { return }
    establish(with: peer, at: time)
  }

  private mutating func establish(with initiation: Initiation, at time: Instant) {
    peer = initiation
    state = .established
    errorCount = 0
    echoedCookie = []
    timers.stop(.handshake)
    timers.start(.heartbeat, at: time + Limit.heartbeatInterval)
    outbound.peerWindow = Int(initiation.window)
    inbound = InboundData(peerFirstTSN: initiation.firstTSN, messageLimit: configuration.localMaximumMessageSize)
    resets = StreamResets(localFirstTSN: local.firstTSN, peerFirstTSN: initiation.firstTSN)
    emit(.associationUp)
    // Channels opened before the other side had said how many streams it takes.
    for index in channels.indices.reversed() where channels[index].stream >= streamLimit { removeChannel(at: index) }
  }

  /// Action A of RFC 9260 §5.2.4: the other side has lost its state and begun anew. No channel survives.
  private mutating func restart(with cookie: StateCookie, at time: Instant) {
    for index in channels.indices.reversed() { removeChannel(at: index) }
    timers.stopAll()
    control.removeAll()
    isAcknowledgementDue = false
    unacknowledgedPackets = 0
    local.tag = cookie.localTag
    local.firstTSN = cookie.localFirstTSN
    outbound = OutboundData(firstTSN: local.firstTSN, packetBytes: configuration.packetBytes)
    establish(with: cookie.peer, at: time)
  }

  /// Streams that we may send on: what the other side takes.
  var streamLimit: Int { Int(min(peer?.inboundStreams ?? .max, .max - 1)) }

  // MARK: Ending

  /// Ends the association in order: what is queued is still sent (RFC 9260 §9.2).
  public mutating func shutdown(at time: Instant) {
    switch state {
    case .established:
      state = .shutdownPending
      continueShutdown(at: time)
    case .closed, .cookieWait, .cookieEchoed: end(.shutdown)
    case .shutdownPending, .shutdownSent, .shutdownReceived, .shutdownAcknowledged, .ended: return
    }
  }

  /// Ends the association at once and tells the other side (RFC 9260 §9.1).
  public mutating func abort(at time: Instant) {
    abort(cause: 12, reason: .aborted)
  }

  /// `cause` is an error cause code of RFC 9260 §3.3.10.
  mutating func abort(cause: UInt16, reason: AssociationEnd) {
    guard state != .ended else { return }
    if let peer, state != .cookieWait {
      let chunk = makeChunk(ChunkType.abort) { writer in
        writer.uint16(cause)
        writer.uint16(4)
      }
      enqueuePacket(chunk, tag: peer.tag)
    }
    end(reason)
  }

  mutating func end(_ reason: AssociationEnd) {
    guard state != .ended else { return }
    state = .ended
    timers.stopAll()
    control.removeAll()
    channels = []
    queuedBytes = 0
    queuedMessages = 0
    outbound = OutboundData(firstTSN: local.firstTSN, packetBytes: configuration.packetBytes)
    inbound = InboundData(peerFirstTSN: TSN(0), messageLimit: configuration.localMaximumMessageSize)
    isAcknowledgementDue = false
    emit(.associationDown(reason))
  }

  /// Goes on with a shutdown once nothing is left to be sent or acknowledged.
  mutating func continueShutdown(at time: Instant) {
    guard outbound.isEmpty, queuedMessages == 0 else { return }
    switch state {
    case .shutdownPending:
      state = .shutdownSent
      sendShutdown(at: time)
    case .shutdownReceived:
      state = .shutdownAcknowledged
      enqueueControl(makeChunk(ChunkType.shutdownAcknowledgement))
      timers.start(.shutdown, at: time + outbound.timeout.current)
    case .closed, .cookieWait, .cookieEchoed, .established, .shutdownSent, .shutdownAcknowledged, .ended: return
    }
  }

  mutating func sendShutdown(at time: Instant) {
    let cumulative = inbound.cumulative.rawValue
    enqueueControl(makeChunk(ChunkType.shutdown) { $0.uint32(cumulative) })
    timers.start(.shutdown, at: time + outbound.timeout.current)
  }

  mutating func receiveShutdown(_ body: RawSpan, at time: Instant) {
    guard body.byteCount >= 4 else {
      counters.malformed += 1
      return
    }
    switch state {
    case .established, .shutdownPending, .shutdownReceived:
      state = .shutdownReceived
      if let progress = outbound.acknowledge(upTo: TSN(body.uint32(at: 0))) { noteProgress(progress, at: time) }
      continueShutdown(at: time)
    case .shutdownSent:
      // Both sides shut down at the same time (§9.2).
      state = .shutdownAcknowledged
      enqueueControl(makeChunk(ChunkType.shutdownAcknowledgement))
      timers.start(.shutdown, at: time + outbound.timeout.current)
    case .closed, .cookieWait, .cookieEchoed, .shutdownAcknowledged, .ended: return
    }
  }

  mutating func receiveShutdownAcknowledgement() {
    guard let peer else { return }
    switch state {
    case .shutdownSent, .shutdownAcknowledged:
      enqueuePacket(makeChunk(ChunkType.shutdownComplete), tag: peer.tag)
      end(.shutdown)
    case .closed, .cookieWait, .cookieEchoed, .established, .shutdownPending, .shutdownReceived, .ended: return
    }
  }

  mutating func receiveShutdownComplete() {
    if state == .shutdownAcknowledged { end(.shutdown) }
  }
}
