// Channels: opened, used, closed (RFC 8831, RFC 8832).

import Chronology

extension SCTPAssociation {
  /// Opens a channel and returns its stream id. May be called before the association is up; `opened` follows when the
  /// other side has confirmed it. Messages may be sent at once.
  public mutating func open(_ parameters: DataChannelParameters, at time: Instant) throws(DataChannelError) -> UInt16 {
    guard acceptsMessages else { throw .associationEnded }
    guard parameters.label.utf8.count + parameters.subprotocol.utf8.count <= Limit.channelNameBytes else {
      throw .nameTooLong
    }
    guard channels.count < Limit.channels, let stream = freeStream() else { throw .tooManyChannels }
    var channel = Channel(stream: stream, parameters: parameters, state: .opening)
    enqueueEstablishment(.open(parameters), on: &channel)
    channels.append(channel)
    return stream
  }

  /// The lowest id of our parity that no channel has (RFC 8832 §6).
  private func freeStream() -> UInt16? {
    var stream = configuration.isDTLSClient ? 0 : 1
    while channels.contains(where: { Int($0.stream) == stream }) { stream += 2 }
    return stream < streamLimit ? UInt16(exactly: stream) : nil
  }

  /// Queues a message. Throws, and drops it, when the channel is gone, the message too large, or a queue full: a channel
  /// with partial reliability is full early (`Limit.lossyQueuedBytes`).
  public mutating func send(
    _ bytes: [UInt8], isBinary: Bool, on stream: UInt16, at time: Instant
  ) throws(DataChannelError) {
    guard acceptsMessages else { throw .associationEnded }
    guard let index = channelIndex(stream), channels[index].state != .closing else { throw .channelClosed }
    guard bytes.count <= maximumMessageSize else { throw .messageTooLarge(limit: maximumMessageSize) }
    let isFull =
      queuedBytes + bytes.count > Limit.queuedBytes || queuedMessages >= Limit.queuedMessages
      || (channels[index].isLossy && channels[index].bufferedBytes > Limit.lossyQueuedBytes)
    guard !isFull else {
      counters.queueDrops += 1
      throw .queueFull
    }
    var message = QueuedMessage(
      bytes: bytes, payloadProtocol: isBinary ? PayloadProtocol.binary : PayloadProtocol.string,
      expiry: .distantFuture)
    if bytes.isEmpty {
      message.bytes = [0]
      message.payloadProtocol = isBinary ? PayloadProtocol.emptyBinary : PayloadProtocol.emptyString
    }
    if case .maximumLifetime(let milliseconds) = channels[index].parameters.reliability {
      message.expiry = time + .milliseconds(Int64(milliseconds))
    }
    queuedMessages += 1
    queuedBytes += message.bytes.count
    channels[index].enqueue(message)
  }

  /// Largest message that may be sent, bytes.
  public var maximumMessageSize: Int {
    let remote = configuration.remoteMaximumMessageSize
    return remote == 0 ? Limit.messageBytes : min(remote, Limit.messageBytes)
  }

  /// Bytes that wait to be sent on a channel; nil when there is none.
  public func bufferedBytes(on stream: UInt16) -> Int? {
    channelIndex(stream).map { channels[$0].bufferedBytes }
  }

  /// Closes a channel: what is queued is still sent, then both directions of the stream are reset and `closed` follows.
  public mutating func close(_ stream: UInt16, at time: Instant) {
    guard let index = channelIndex(stream), channels[index].state != .closing else { return }
    channels[index].state = .closing
    requestResets(at: time)
  }

  private var acceptsMessages: Bool {
    switch state {
    case .closed, .cookieWait, .cookieEchoed, .established: true
    case .shutdownPending, .shutdownSent, .shutdownReceived, .shutdownAcknowledged, .ended: false
    }
  }

  func channelIndex(_ stream: UInt16) -> Int? { channels.firstIndex { $0.stream == stream } }

  private mutating func enqueueEstablishment(_ message: EstablishmentMessage, on channel: inout Channel) {
    let queued = QueuedMessage(
      bytes: message.bytes, payloadProtocol: PayloadProtocol.establishment, expiry: .distantFuture)
    queuedMessages += 1
    queuedBytes += queued.bytes.count
    channel.enqueue(queued)
  }

  /// Forgets a channel and what it still had to send.
  mutating func removeChannel(at index: Int) {
    let channel = channels.remove(at: index)
    queuedMessages -= channel.outbox.count
    queuedBytes -= channel.bufferedBytes
    if turn > index { turn -= 1 }
    emit(.closed(stream: channel.stream))
  }

  // MARK: Messages that came in

  /// Hands whole messages to their channels.
  mutating func deliverReady(at time: Instant) {
    while let message = inbound.ready.popFirst() {
      switch message.payloadProtocol {
      case PayloadProtocol.establishment: receiveEstablishment(message)
      case PayloadProtocol.binary: deliver(message.bytes, isBinary: true, on: message.stream)
      case PayloadProtocol.string: deliver(message.bytes, isBinary: false, on: message.stream)
      case PayloadProtocol.emptyBinary: deliver([], isBinary: true, on: message.stream)
      case PayloadProtocol.emptyString: deliver([], isBinary: false, on: message.stream)
      default: counters.unclaimed += 1
      }
    }
  }

  private mutating func deliver(_ bytes: [UInt8], isBinary: Bool, on stream: UInt16) {
    guard let index = channelIndex(stream), channels[index].state != .closing else {
      counters.unclaimed += 1
      return
    }
    // An unordered message may overtake the acknowledgement of the channel; that it came says the same.
    confirm(index)
    emit(.message(stream: stream, bytes, isBinary: isBinary))
  }

  private mutating func confirm(_ index: Int) {
    guard channels[index].state == .opening else { return }
    channels[index].state = .open
    emit(.opened(stream: channels[index].stream, channels[index].parameters))
  }

  private mutating func receiveEstablishment(_ message: InboundMessage) {
    switch EstablishmentMessage(message.bytes) {
    case .acknowledgement:
      if let index = channelIndex(message.stream) { confirm(index) }
    case .open(let parameters):
      guard channelIndex(message.stream) == nil else {
        counters.malformed += 1
        return
      }
      guard channels.count < Limit.channels, Int(message.stream) < streamLimit else {
        return refuse(message.stream)
      }
      var channel = Channel(stream: message.stream, parameters: parameters, state: .open)
      enqueueEstablishment(.acknowledgement, on: &channel)
      channels.append(channel)
      emit(.opened(stream: message.stream, parameters))
    case nil:
      counters.malformed += 1
      if channelIndex(message.stream) == nil { refuse(message.stream) }
    }
  }

  /// RFC 8832 §6: a channel that cannot be had is closed by resetting the stream.
  private mutating func refuse(_ stream: UInt16) {
    guard resets.refused.count < Limit.channels, !resets.refused.contains(stream) else { return }
    resets.refused.append(stream)
  }
}
