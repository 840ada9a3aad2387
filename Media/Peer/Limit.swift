// The bounds of a client, each with its reason.

import Chronology

public enum Limit {
  /// Streams that one client publishes: microphone, camera and screen with three layers each, and screen audio, twice.
  public static let outgoingStreams = 16
  /// Streams that one client receives: what a page shows of a large room.
  public static let incomingStreams = 512
  /// Largest RTP payload, bytes. With header, extensions and SRTP it fits into `packetBytes`.
  public static let payloadBytes = 1_250
  /// Memory that one datagram is written into, bytes.
  public static let packetBytes = 1_460
  /// Largest control packet before it is sealed, bytes.
  static let controlBytes = 1_200
  /// Bytes of datagrams that wait to be drained: a key frame of 1080p and what comes with it.
  public static let departureBytes = 1 << 20
  /// Events that wait to be taken.
  public static let events = 4_096
  /// Time between reports. RFC 8108 and RFC 4585 allow it for the few packets that they are.
  public static let reportInterval = Interval.seconds(1)
  /// Key frames are not asked for more often than this for one stream.
  public static let keyFrameInterval = Interval.milliseconds(500)
  /// SCTP packets that go into DTLS before its datagrams are taken out: half of what DTLS queues.
  static let messagesPerTurn = 32
}
