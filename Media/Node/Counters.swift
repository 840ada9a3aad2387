// What a shard counts: plain numbers that only grow, for /metrics. Nothing is logged for a packet.

import Chronology

/// Totals since the shard began.
public struct Counters: BitwiseCopyable, Sendable {
  // Datagrams on the wire.
  public var datagramsIn: UInt64 = 0
  public var bytesIn: UInt64 = 0
  public var datagramsOut: UInt64 = 0
  public var bytesOut: UInt64 = 0

  // Media.
  public var packetsIn: UInt64 = 0
  public var packetsForwarded: UInt64 = 0
  /// Packets of layers that a subscriber does not take.
  public var packetsNotWanted: UInt64 = 0
  /// Padding that fills a number whose packet was not wanted.
  public var packetsPadding: UInt64 = 0
  /// Bytes of padding in forwarded packets, by which packets of different size leave as one run.
  public var bytesPadding: UInt64 = 0
  public var keyFrames: UInt64 = 0

  // Repair.
  public var nacksIn: UInt64 = 0
  public var nacksOut: UInt64 = 0
  public var retransmissionsIn: UInt64 = 0
  public var retransmissionsOut: UInt64 = 0
  /// Asked for, but no longer in the history or sent too often.
  public var retransmissionsRefused: UInt64 = 0
  /// Bursts that look for more bandwidth.
  public var probes: UInt64 = 0
  public var keyFrameRequestsIn: UInt64 = 0
  public var keyFrameRequestsOut: UInt64 = 0

  // Drops, by reason.
  public var droppedUnknownSource: UInt64 = 0
  public var droppedUnknownPath: UInt64 = 0
  public var droppedMalformed: UInt64 = 0
  public var droppedAuthentication: UInt64 = 0
  public var droppedDuplicate: UInt64 = 0
  public var droppedMuted: UInt64 = 0
  public var droppedNoFormat: UInt64 = 0
  public var droppedTurnFull: UInt64 = 0
  public var droppedArenaFull: UInt64 = 0
  public var droppedLost: UInt64 = 0

  // Data channels.
  public var messagesIn: UInt64 = 0
  public var messagesOut: UInt64 = 0
  public var messagesDropped: UInt64 = 0

  // Commands that could not be carried out because a table stood at its limit.
  public var refusedCommands: UInt64 = 0
  public var eventsDropped: UInt64 = 0

  public init() {}
}

/// Neighbours among the departures that arrived together.
struct LeavingPackets: Sendable {
  var arrival: Instant
  var packets: UInt64
}

/// How long packets stay in the server, from their arrival at the machine to the kernel's having taken them back.
public struct DelayHistogram: Sendable {
  /// Upper bounds of the buckets in microseconds; the last bucket has none.
  public static let bounds: InlineArray<11, Int64> = [
    50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
  ]
  public static let bucketCount = 12

  /// Packets for each bucket, not cumulated.
  public private(set) var buckets = InlineArray<12, UInt64>(repeating: 0)
  /// Sum of all delays.
  public private(set) var totalMicroseconds: UInt64 = 0

  public init() {}

  public mutating func add(microseconds: Int64, packets: UInt64 = 1) {
    let delay = max(0, microseconds)
    totalMicroseconds &+= UInt64(delay) &* packets
    var bucket = 0
    while bucket < Self.bounds.count, delay > Self.bounds[bucket] { bucket += 1 }
    buckets[bucket] &+= packets
  }
}
