// What is known about a stored packet without touching its bytes.

import Bytes
import Chronology
import Wire

/// One packet of a history: trivial, read by every subscription in turn.
///
/// `Info` is what the forwarding learned from the payload (layers, key frame, picture id). Let it be trivial, so that
/// records are copied without reference counting.
public struct PacketRecord<Info: Sendable>: Sendable {
  /// Order of arrival in the history: 0, 1, 2, …, without holes.
  public var serial: UInt64
  /// The RTP sequence number, unrolled.
  public var extendedSequence: Int64
  /// When the packet came in.
  public var arrival: Instant
  /// Where the bytes start, counted from the first byte that the history ever stored.
  @usableFromInline var place: UInt64
  /// RTP timestamp as sent by the publisher.
  public var timestamp: UInt32
  /// Length of the stored packet in bytes; 0 for packets that carried nothing but padding.
  public var byteCount: UInt16
  /// Length of the RTP header with its extensions in bytes.
  public var headerByteCount: UInt16
  /// Length of the payload in bytes, without padding.
  public var payloadByteCount: UInt16
  public var payloadType: UInt8
  public var marker: Bool
  /// It came as a retransmission (RFC 4588), not as the original.
  public var isRetransmission: Bool
  public var info: Info

  @inlinable
  init(
    serial: UInt64, header: RTPHeader, extendedSequence: Int64, arrival: Instant, place: UInt64, byteCount: Int,
    isRetransmission: Bool, info: Info
  ) {
    self.serial = serial
    self.extendedSequence = extendedSequence
    self.arrival = arrival
    self.place = place
    timestamp = header.timestamp
    self.byteCount = UInt16(truncatingIfNeeded: byteCount)
    headerByteCount = UInt16(truncatingIfNeeded: header.headerByteCount)
    payloadByteCount = UInt16(truncatingIfNeeded: header.payloadByteCount)
    payloadType = header.payloadType
    marker = header.marker
    self.isRetransmission = isRetransmission
    self.info = info
  }

  /// Nothing to forward: the packet only filled a number (probing). Its number must not become a gap for subscribers.
  @inlinable public var isPaddingOnly: Bool { payloadByteCount == 0 }
}

/// How much a history may hold. It starts small and doubles while packets younger than `retention` would have to go.
public struct HistoryCapacity: Sendable, Hashable {
  /// Records at first and at most; powers of two.
  public var initialPackets: Int
  public var packets: Int
  /// Bytes at first and at most; powers of two.
  public var initialBytes: Int
  public var bytes: Int
  /// How long packets should stay, as long as the limits allow.
  public var retention: Interval

  public init(initialPackets: Int, packets: Int, initialBytes: Int, bytes: Int, retention: Interval) {
    self.initialPackets = initialPackets
    self.packets = packets
    self.initialBytes = initialBytes
    self.bytes = bytes
    self.retention = retention
  }

  /// Two seconds of 20 ms packets: no jitter buffer waits longer for a retransmission. About 28 KiB for a voice, which is
  /// most of what its publication takes.
  public static let audio = HistoryCapacity(
    initialPackets: 64, packets: 128, initialBytes: 8_192, bytes: 65_536, retention: .seconds(2))

  /// One second, up to 8 Mbit/s or 2 048 packets for one encoding.
  public static let video = HistoryCapacity(
    initialPackets: 128, packets: 2_048, initialBytes: 32_768, bytes: 1_048_576, retention: .seconds(1))
}
