// One data channel: its parameters, what waits to be sent on it, and how far its opening or closing has come.

import Chronology

/// A message that waits for its turn.
struct QueuedMessage: Sendable {
  var bytes: [UInt8]
  var payloadProtocol: UInt32
  /// RFC 8832 messages go in order and are never given up.
  var isEstablishment: Bool { payloadProtocol == PayloadProtocol.establishment }
  /// When it is not worth sending any more.
  var expiry: Instant
}

struct Channel: Sendable {
  enum State: Sendable {
    /// We sent OPEN. Until its acknowledgement everything goes in order, so that nothing overtakes it (RFC 8832 §6).
    case opening
    case open
    /// Nothing new is accepted; our direction is reset once what was queued has arrived (RFC 8831 §6.7).
    case closing
  }

  /// How far the reset of our direction has come.
  enum Reset: Sendable { case none, requested, performed }

  let stream: UInt16
  let parameters: DataChannelParameters
  var state: State
  var outbox = Queue<QueuedMessage>()
  /// Bytes of the first message in the outbox that have been sent.
  var sentOfFirst = 0
  /// Whether the message that is partly sent is an ordered one: its pieces must not differ (RFC 9260 §6.9).
  private var isFirstOrdered = true
  var nextSequence = SSN(0)
  /// Payload bytes in the outbox.
  var bufferedBytes = 0
  /// The last TSN that carried something of this stream.
  var lastTSN: TSN?
  var outgoingReset = Reset.none
  /// The other side has reset its direction.
  var isIncomingReset = false

  init(stream: UInt16, parameters: DataChannelParameters, state: State) {
    self.stream = stream
    self.parameters = parameters
    self.state = state
  }

  var isLossy: Bool { parameters.reliability != .reliable }

  /// Bytes of the first message that have not been sent.
  var bufferedOfFirst: Int { (outbox.first?.bytes.count ?? 0) - sentOfFirst }

  mutating func enqueue(_ message: QueuedMessage) {
    outbox.append(message)
    bufferedBytes += message.bytes.count
  }

  /// The first message is sent or given up.
  mutating func finishFirst() {
    guard let message = outbox.popFirst() else { return }
    bufferedBytes -= message.bytes.count
    sentOfFirst = 0
  }

  /// Cuts the next piece of at most `limit` bytes off the first message.
  mutating func nextChunk(limit: Int, isPartiallyReliable: Bool, at time: Instant, tsn: TSN) -> OutboundChunk? {
    guard let message = outbox.first else { return nil }
    let count = min(limit, message.bytes.count - sentOfFirst)
    let isEnd = sentOfFirst + count == message.bytes.count
    if sentOfFirst == 0 { isFirstOrdered = parameters.isOrdered || state == .opening || message.isEstablishment }
    let isOrdered = isFirstOrdered
    var flags: UInt8 = sentOfFirst == 0 ? DataHeader.begin : 0
    if isEnd { flags |= DataHeader.end }
    if !isOrdered { flags |= DataHeader.unordered }
    var transmissions = UInt32.max
    if case .maximumRetransmits(let count) = parameters.reliability, isPartiallyReliable, !message.isEstablishment {
      transmissions = count == .max ? .max : count + 1
    }
    let chunk = OutboundChunk(
      message: message.bytes, offset: sentOfFirst, count: count, stream: stream,
      sequence: isOrdered ? nextSequence : SSN(0), payloadProtocol: message.payloadProtocol, flags: flags,
      maximumTransmissions: transmissions, expiry: isPartiallyReliable ? message.expiry : .distantFuture,
      sentAt: time, reportsCountAfter: tsn)
    lastTSN = tsn
    sentOfFirst += count
    if isEnd {
      if isOrdered { nextSequence = nextSequence.next }
      finishFirst()
    }
    return chunk
  }

  /// The first message was given up after some of it had been sent: the rest does not go, its number is used up.
  mutating func interruptFirst() {
    guard sentOfFirst > 0 else { return }
    if isFirstOrdered { nextSequence = nextSequence.next }
    finishFirst()
  }
}
