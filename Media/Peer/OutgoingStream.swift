// One encoding that the client sends: its numbers, its clock, and the packets that may be asked for again.

import Bytes
import Chronology
import MediaContract
import Streams
import Wire

/// A stream on its way to the server. Named by the handle that `MediaPeer.publish` gave out.
public struct OutgoingStream: ~Copyable {
  let parameters: OutgoingParameters
  /// MID and RID, as every packet has them.
  let extensions: RTPExtensions
  /// As above for retransmissions: the repaired RID in place of RID (RFC 8852 §3.2).
  let retransmissionExtensions: RTPExtensions
  /// Of the next packet, with its roll-overs: the index of SRTP.
  var nextSequence: Int64
  var nextRetransmission: Int64
  var statistics = OutgoingStatistics()
  private(set) var lastSent: (timestamp: UInt32, at: Instant)?
  /// The middle of the NTP time of the last sender report, and when it left.
  var lastReport: (middle: UInt32, at: Instant)?
  private var history: PacketHistory<UInt8>

  /// Sequence numbers start in the lower half, so that the first packet cannot be lost across a roll-over (RFC 3711
  /// §3.3.1).
  init(_ parameters: OutgoingParameters, firstSequence: UInt16, firstRetransmission: UInt16) {
    self.parameters = parameters
    var extensions = RTPExtensions()
    extensions.mid = parameters.mid
    var repaired = extensions
    extensions.rid = parameters.rid
    repaired.repairedRid = parameters.rid
    self.extensions = extensions
    retransmissionExtensions = repaired
    nextSequence = Int64(firstSequence & 0x7FFF)
    nextRetransmission = Int64(firstRetransmission & 0x7FFF)
    history = PacketHistory(parameters.kind == .audio ? .audio : .video)
  }

  /// Keeps a packet that was just written, and counts it.
  mutating func note(_ packet: RawSpan, payloadByteCount: Int, _ timestamp: UInt32, at time: Instant) {
    statistics.packets &+= 1
    statistics.bytes &+= UInt64(payloadByteCount)
    lastSent = (timestamp, time)
    if parameters.usesNACK, let header = try? RTPHeader(parsing: packet) {
      history.store(packet, header, extendedSequence: nextSequence, arrival: time, info: 0)
    }
    nextSequence += 1
  }

  /// The packet that a NACK names; nil when it is gone.
  func record(of number: UInt16) -> PacketRecord<UInt8>? {
    let newest = nextSequence - 1
    let distance = SequenceNumber.distance(from: UInt16(truncatingIfNeeded: newest), to: number)
    guard distance <= 0, let record = history.record(extendedSequence: newest + Int64(distance)), record.byteCount > 0
    else { return nil }
    return record
  }

  @_lifetime(borrow self)
  func packet(_ record: PacketRecord<UInt8>) -> RawSpan { history.packet(record) }

  /// The stream's clock now: what the last packet said, and the time since.
  func timestamp(at time: Instant) -> UInt32? {
    guard let lastSent else { return nil }
    let elapsed = (time - lastSent.at).nanoseconds
    let ticks = elapsed / 1_000 * Int64(parameters.clockRate) / 1_000_000
    return lastSent.timestamp &+ UInt32(truncatingIfNeeded: ticks)
  }
}
