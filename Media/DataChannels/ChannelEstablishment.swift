// The Data Channel Establishment Protocol, RFC 8832: OPEN and ACK on the channel's own stream.

import Bytes

/// What a DATA chunk carries, RFC 8831 §8.
enum PayloadProtocol {
  static let establishment: UInt32 = 50
  static let string: UInt32 = 51
  static let binary: UInt32 = 53
  /// SCTP cannot carry an empty message: one byte goes that does not count.
  static let emptyString: UInt32 = 56
  static let emptyBinary: UInt32 = 57
}

/// A message of RFC 8832 §5.
enum EstablishmentMessage: Hashable, Sendable {
  case open(DataChannelParameters)
  case acknowledgement

  private enum MessageType {
    static let acknowledgement: UInt8 = 2
    static let open: UInt8 = 3
  }

  private enum ChannelType {
    static let reliable: UInt8 = 0
    static let retransmits: UInt8 = 1
    static let lifetime: UInt8 = 2
    static let unordered: UInt8 = 0x80
  }

  /// Nil for a message that is cut short, of an unknown type, or with a name above the limit.
  init?(_ message: [UInt8]) {
    guard let type = message.first else { return nil }
    if type == MessageType.acknowledgement {
      self = .acknowledgement
      return
    }
    guard type == MessageType.open, message.count >= 12 else { return nil }
    let (channelType, reliability, labelCount, protocolCount) = Self.header(message.rawSpan)
    guard labelCount + protocolCount <= Limit.channelNameBytes, message.count >= 12 + labelCount + protocolCount
    else { return nil }
    var parameters = DataChannelParameters(
      label: String(decoding: message[12..<12 + labelCount], as: UTF8.self),
      subprotocol: String(decoding: message[12 + labelCount..<12 + labelCount + protocolCount], as: UTF8.self),
      isOrdered: channelType & ChannelType.unordered == 0)
    switch channelType & ~ChannelType.unordered {
    case ChannelType.reliable: parameters.reliability = .reliable
    case ChannelType.retransmits: parameters.reliability = .maximumRetransmits(reliability)
    case ChannelType.lifetime: parameters.reliability = .maximumLifetime(reliability)
    default: return nil
    }
    self = .open(parameters)
  }

  private static func header(_ bytes: RawSpan) -> (UInt8, UInt32, Int, Int) {
    (bytes.byte(at: 1), bytes.uint32(at: 4), Int(bytes.uint16(at: 8)), Int(bytes.uint16(at: 10)))
  }

  var bytes: [UInt8] {
    var writer = ByteWriter()
    switch self {
    case .acknowledgement:
      writer.uint8(MessageType.acknowledgement)
    case .open(let parameters):
      let label = Array(parameters.label.utf8)
      let subprotocol = Array(parameters.subprotocol.utf8)
      writer.uint8(MessageType.open)
      let order = parameters.isOrdered ? 0 : ChannelType.unordered
      switch parameters.reliability {
      case .reliable: Self.write(ChannelType.reliable | order, 0, to: &writer)
      case .maximumRetransmits(let count): Self.write(ChannelType.retransmits | order, count, to: &writer)
      case .maximumLifetime(let milliseconds): Self.write(ChannelType.lifetime | order, milliseconds, to: &writer)
      }
      writer.uint16(UInt16(truncatingIfNeeded: label.count))
      writer.uint16(UInt16(truncatingIfNeeded: subprotocol.count))
      writer.append(label)
      writer.append(subprotocol)
    }
    return writer.bytes
  }

  /// Channel type, priority (256 = normal, RFC 8831 §6.4) and reliability parameter.
  private static func write(_ type: UInt8, _ reliability: UInt32, to writer: inout ByteWriter) {
    writer.uint8(type)
    writer.uint16(256)
    writer.uint32(reliability)
  }
}
