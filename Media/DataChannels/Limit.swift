// Every bound of this module, with its reason. What comes beyond a bound is refused or dropped and counted.

import Chronology

/// Bounds on what one association may hold, and the protocol's timing constants.
public enum Limit {
  /// Largest message that is put together or sent, bytes: four times what LiveKit clients send (64,000), and what
  /// Chromium and Firefox accept.
  public static let messageBytes = 256 * 1024
  /// Receiver window, bytes: one message of the largest size may wait for a gap while the next one arrives.
  public static let receiveWindow = 2 * messageBytes
  /// Bytes that may wait to be sent on all channels of an association together. A sender on a fast line does not see that
  /// one of its receivers is slow, and what goes beyond is lost to that receiver: files of the size that people pass on in
  /// a call fit whole. Receivers of one message share its bytes.
  public static let queuedBytes = 16 * 1024 * 1024
  /// Bytes that may wait on one channel with partial reliability. What is meant to be timely is worth less the longer
  /// it waits, so such a channel drops early instead of queueing.
  public static let lossyQueuedBytes = 64 * 1024
  /// Messages that may wait to be sent on an association: bounds the records of tiny messages.
  public static let queuedMessages = 8192
  /// Chunks sent and not yet acknowledged: bounds the records, and the work that one SACK may cause.
  public static let chunksInFlight = 4096
  /// Channels of one association. LiveKit opens three from each side.
  public static let channels = 64
  /// Inbound streams whose sequence is followed; more than channels, as streams without a channel are legal too.
  public static let inboundStreams = 256
  /// Bytes of label and subprotocol together that a channel may have.
  public static let channelNameBytes = 1024
  /// Separate runs of received chunks beyond the first gap. A chunk that would need one more is not acknowledged.
  public static let gapBlocks = 512
  /// Duplicate chunks reported in one SACK.
  public static let reportedDuplicates = 16
  /// Incomplete or early messages held at a time: bounds the records of tiny fragments.
  public static let heldMessages = 4096
  /// Events not yet taken by the owner; more data is not accepted before it takes some.
  public static let pendingEvents = 4096
  /// Control chunks waiting for a packet: answers beyond it are dropped, the other side repeats its question.
  public static let controlChunks = 32
  /// Bytes of one cookie, heartbeat or error that are sent back. Ours and the known implementations' are below 512.
  public static let echoedBytes = 1024
  /// Largest congestion window, bytes: 160 Mbit/s over 100 ms.
  public static let congestionWindow = 2 * 1024 * 1024

  /// First retransmission timeout, RFC 9260 §16 RTO.Initial.
  static let initialTimeout = Interval.seconds(1)
  /// Twice the delay by which the other side may hold back its acknowledgement; RFC 9260's 1 s is for batch transfer.
  static let minimumTimeout = Interval.milliseconds(400)
  /// Longest timeout. RFC 9260's 60 s would leave a channel silent for a minute after an outage of one.
  static let maximumTimeout = Interval.seconds(10)
  /// An acknowledgement waits at most this long for a second packet, RFC 9260 §6.2.
  static let acknowledgementDelay = Interval.milliseconds(200)
  /// Time between heartbeats on an idle association, RFC 9260 §16 HB.interval.
  static let heartbeatInterval = Interval.seconds(30)
  /// Timeouts in a row until the association counts as lost, RFC 9260 §16 Association.Max.Retrans.
  static let retransmissions = 10
  /// Reports of a missing chunk until it is sent again, RFC 9260 §7.2.4.
  static let missingReports = 3
  /// First congestion window in packets, as TCP has it (RFC 6928).
  static let initialWindowPackets = 10
}
