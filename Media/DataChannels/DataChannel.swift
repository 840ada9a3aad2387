// What a data channel looks like from outside: its parameters, what happens on it, and what can go wrong.

/// How long the sender of a channel keeps trying to deliver a message (RFC 8832 §5.1, RFC 3758).
public enum DataChannelReliability: Hashable, Sendable {
  /// Until it arrives.
  case reliable
  /// At most this many retransmissions; 0 = sent once.
  case maximumRetransmits(UInt32)
  /// For this long after it was handed over, milliseconds.
  case maximumLifetime(UInt32)
}

/// A channel as its opener described it (RFC 8832 §5.1 DATA_CHANNEL_OPEN).
public struct DataChannelParameters: Hashable, Sendable {
  public var label: String
  /// Subprotocol name; almost always empty.
  public var subprotocol: String
  public var isOrdered: Bool
  public var reliability: DataChannelReliability

  public init(
    label: String, subprotocol: String = "", isOrdered: Bool = true, reliability: DataChannelReliability = .reliable
  ) {
    self.label = label
    self.subprotocol = subprotocol
    self.isOrdered = isOrdered
    self.reliability = reliability
  }
}

/// Why an association ended.
public enum AssociationEnd: Hashable, Sendable {
  /// Either side shut it down in order (RFC 9260 §9.2).
  case shutdown
  /// We aborted it.
  case aborted
  /// The other side aborted it, with this error cause (RFC 9260 §3.3.10) or 0.
  case abortedByPeer(cause: UInt16)
  /// Nothing that we sent was acknowledged any more (RFC 9260 §8.1).
  case unreachable
  /// The other side broke a rule that leaves no way to go on, for instance a message above our limit.
  case protocolViolation
}

/// What happened on an association, oldest first.
public enum DataChannelEvent: Hashable, Sendable {
  case associationUp
  /// The other side opened the channel, or confirmed one that we opened.
  case opened(stream: UInt16, DataChannelParameters)
  case message(stream: UInt16, [UInt8], isBinary: Bool)
  /// Both directions are reset: the stream id may be used again.
  case closed(stream: UInt16)
  /// The last event. Channels that were open are gone without a `closed` of their own.
  case associationDown(AssociationEnd)
}

/// Why a channel could not be opened or a message not be queued.
public enum DataChannelError: Error, Hashable, Sendable {
  /// The association has ended or is shutting down.
  case associationEnded
  /// No channel has this stream id, or it is closing.
  case channelClosed
  /// The message is larger than the other side accepts (RFC 8841 `a=max-message-size`), bytes.
  case messageTooLarge(limit: Int)
  /// The channel's or the association's queue stands at its limit; the message was dropped.
  case queueFull
  /// The channel table is full, or the other side offers no more streams.
  case tooManyChannels
  /// Label and subprotocol together exceed `Limit.channelNameBytes`.
  case nameTooLong
}
