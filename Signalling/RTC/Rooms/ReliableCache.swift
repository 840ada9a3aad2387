// What a room keeps of reliable data for those who are still connecting: two seconds and 100 kB of it (§4.4).

import Chronology
import LiveKitProtocol

/// Recent reliable packets, oldest first.
struct ReliableCache {
  struct Entry {
    var at: Instant
    /// Position in the room's order of reliable packets.
    var position: UInt64
    var packet: [UInt8]
    var recipients: Recipients
  }

  /// Who a packet is for.
  struct Recipients {
    /// Key of the participant that must not get it.
    var sender: UInt64?
    /// Empty = everybody. Sets, because one packet may name ten thousand and each is looked for by everybody in the room.
    var identities: Set<String> = []
    var sids: Set<String> = []
    /// Metrics of this participant: only for those who may see them and watch it.
    var metricsOf: UInt64?

    func contains(_ participant: Participant) -> Bool {
      if participant.key == sender { return false }
      if let metricsOf {
        guard participant.permission.canSubscribeMetrics,
          participant.subscriptions.values.contains(where: { $0.track.publisher.key == metricsOf })
        else { return false }
      }
      if identities.isEmpty, sids.isEmpty { return true }
      return identities.contains(participant.identity) || sids.contains(participant.sid)
    }
  }

  private var entries: [Entry] = []
  private var bytes = 0
  /// The position of the next packet.
  private(set) var next: UInt64 = 1

  mutating func append(_ packet: [UInt8], to recipients: Recipients, at now: Instant, life: Interval) {
    entries.append(Entry(at: now, position: next, packet: packet, recipients: recipients))
    next += 1
    bytes += packet.count
    var expired = 0
    while expired < entries.count, entries[expired].at + life < now || bytes > RoomLimit.reliableCache {
      bytes -= entries[expired].packet.count
      expired += 1
    }
    entries.removeFirst(expired)
  }

  /// Packets for `participant` from `position` on that are no older than `life`.
  func packets(for participant: Participant, from position: UInt64, at now: Instant, life: Interval) -> [[UInt8]] {
    entries.filter { $0.position >= position && $0.at + life >= now && $0.recipients.contains(participant) }
      .map(\.packet)
  }
}
