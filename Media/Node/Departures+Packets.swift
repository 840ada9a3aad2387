// Writes packets into the arena and seals them there, on their way to one transport.
//
// These are operations of the arena, not of the node: a span into the arena and a transport's keys are then two separate
// accesses, which the compiler can tell apart.

import Bytes
import Chronology
import Congestion
import Connectivity
import Forwarding
import Streams
import Wire

/// One media packet for one subscriber: what to write, and under which number to seal it.
struct SealedPacket {
  var outgoing: OutgoingPacket
  var header: OutgoingHeader
  /// As `SequenceMap` counts.
  var sequence: Int64
  /// The most that the packet may take in the arena.
  var room: Int
  /// Bytes of RTP padding behind the payload.
  var padding: UInt8 = 0
}

extension Departures {
  /// Adds a stored packet. Bytes of the datagram; 0, and nothing is added, when it cannot be written or sealed.
  mutating func add(
    _ sealed: SealedPacket, _ packet: MediaPacket, from history: inout PacketHistory<PacketInfo>,
    through transport: inout Transport, to path: Path, at time: Instant
  ) -> Int {
    let stamp = transport.stamp(
      sealed.header.ids, byteCount: sealed.outgoing.payload.count &+ Int(sealed.padding) &+ 32, at: time)
    var byteCount = 0
    do {
      let stored = history.packet(packet)
      var span = space(sealed.room)
      guard
        let start = PacketWriter.writeHeader(
          sealed.outgoing, packet.info, stored: stored, sealed.header, stamp, into: &span)
      else { return 0 }
      if sealed.padding == 0, !sealed.outgoing.changesPayload(of: packet.info) {
        // The usual case: encrypting is the copy out of the history.
        byteCount = transport.seal(
          &span, headerByteCount: start, payload: stored.slice(sealed.outgoing.payload), sealed.header.ssrc,
          sequence: sealed.sequence)
      } else if let end = PacketWriter.writePayload(
        sealed.outgoing, packet.info, stored: stored, into: &span, at: start)
      {
        let padded = PacketWriter.pad(&span, from: end, by: sealed.padding)
        byteCount = transport.seal(
          &span, headerByteCount: start, byteCount: padded, sealed.header.ssrc, sequence: sealed.sequence)
      }
    }
    guard byteCount > 0 else { return 0 }
    append(byteCount, to: path)
    return byteCount
  }

  /// Adds a packet of padding, which fills a number that nothing else will fill.
  mutating func addPadding(
    _ hole: Mapping, timestamp: UInt32, _ header: OutgoingHeader, through transport: inout Transport, to path: Path,
    at time: Instant
  ) -> Bool {
    let stamp = transport.stamp(header.ids, byteCount: 32, at: time)
    var byteCount = 0
    do {
      var span = space(Limit.packetOverhead)
      guard
        let written = PacketWriter.writePadding(
          sequenceNumber: UInt16(truncatingIfNeeded: hole.sequence), timestamp: timestamp, header, stamp, into: &span)
      else { return false }
      byteCount = transport.seal(
        &span, headerByteCount: written - 1, byteCount: written, header.ssrc, sequence: hole.sequence)
    }
    guard byteCount > 0 else { return false }
    append(byteCount, to: path)
    return true
  }

  /// Whether a report can be added.
  var hasRoomForReport: Bool { hasRoom(for: Limit.reportBytes + Self.reportOverhead) }

  /// Bytes that sealing may add to a report: tag and index.
  static var reportOverhead: Int { 64 }

  /// Adds transport-wide feedback about as many arrivals as fit. False, and nothing is added, when there are none.
  mutating func addFeedback(
    _ arrivals: inout ArrivalRecorder, senderSSRC: UInt32, mediaSSRC: UInt32, through transport: inout Transport,
    to path: Path, at time: Instant
  ) -> Bool {
    addReport(through: &transport, to: path) { span throws(WireError) in
      let head = try ReceiverReport.write(senderSSRC: senderSSRC, into: &span, at: 0)
      let written = arrivals.writeFeedback(
        senderSSRC: senderSSRC, mediaSSRC: mediaSSRC, into: &span, at: head, time: time)
      return written > 0 ? head + written : 0
    }
  }

  /// Adds a compound RTCP packet. False, and nothing is added, when `write` wrote nothing or threw.
  ///
  /// - Parameter write: writes the packet into at most `Limit.reportBytes` bytes and returns how many it wrote.
  mutating func addReport(
    through transport: inout Transport, to path: Path,
    _ write: (inout MutableRawSpan) throws(WireError) -> Int
  ) -> Bool {
    guard hasRoomForReport else { return false }
    var byteCount = 0
    do {
      var span = space(Limit.reportBytes)
      do throws(WireError) {
        byteCount = try write(&span)
      } catch {
        return false
      }
    }
    guard byteCount >= 8 else { return false }
    do {
      var span = space(Limit.reportBytes + Self.reportOverhead)
      byteCount = transport.secure.sealControl(&span, byteCount: byteCount)
    }
    guard byteCount > 0 else { return false }
    append(byteCount, to: path)
    return true
  }
}
