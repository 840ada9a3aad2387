// Media on its way out: header, extensions, history, seal; and the answers to NACKs.

import Bytes
import Chronology
import Congestion
import Connectivity
import MediaContract
import Randomness
import Streams
import Wire

extension MediaPeer {
  /// Adds a stream. Nil beyond `Limit.outgoingStreams`.
  public mutating func publish(_ parameters: OutgoingParameters) -> Handle<OutgoingStream>? {
    let first = UInt16.random(in: 0...0x7FFF, using: &random)
    let firstRetransmission = UInt16.random(in: 0...0x7FFF, using: &random)
    return outgoing.insert(
      OutgoingStream(parameters, firstSequence: first, firstRetransmission: firstRetransmission))
  }

  public mutating func unpublish(_ handle: Handle<OutgoingStream>) { _ = outgoing.remove(handle) }

  /// What became of a stream so far; nil for a stale handle.
  public func statistics(of handle: Handle<OutgoingStream>) -> OutgoingStatistics? {
    outgoing.contains(handle) ? outgoing[handle].statistics : nil
  }

  /// Sends one packet. False when it did not go: not connected, a stale handle, a payload above `Limit.payloadBytes`, or
  /// no room.
  ///
  /// - Parameters:
  ///   - timestamp: in ticks of the stream's clock.
  ///   - marker: the last packet of a video frame, or the first after silence (RFC 3551 §4.1).
  @discardableResult
  public mutating func send(
    _ payload: RawSpan, on handle: Handle<OutgoingStream>, timestamp: UInt32, marker: Bool,
    audioLevel: AudioLevel? = nil, at time: Instant
  ) -> Bool {
    now = max(now, time)
    guard let path = transport.selectedPath, transport.isSecure, outgoing.contains(handle),
      payload.byteCount <= Limit.payloadBytes
    else { return false }
    guard departures.makeRoom() else {
      counters.departuresDropped &+= 1
      return false
    }
    let sequence = outgoing[handle].nextSequence
    let parameters = outgoing[handle].parameters
    var elements = stamped(outgoing[handle].extensions, byteCount: payload.byteCount, at: time)
    elements.audioLevel = audioLevel
    let fields = RTPFields(
      marker: marker, payloadType: parameters.payloadType, sequenceNumber: UInt16(truncatingIfNeeded: sequence),
      timestamp: timestamp, ssrc: parameters.ssrc)
    let sealed = Self.write(
      payload, fields, elements, extensions, stream: &outgoing[handle], into: &departures, by: &transport, at: time)
    departures.commit(sealed, to: path)
    return sealed > 0
  }

  /// Header, payload, history, seal. A function of its parts: a span into the departures borrows no more than them.
  private static func write(
    _ payload: RawSpan, _ fields: RTPFields, _ elements: RTPExtensions, _ ids: HeaderExtensionIDs,
    stream: inout OutgoingStream, into departures: inout DepartureQueue, by transport: inout SecureTransport,
    at time: Instant
  ) -> Int {
    let sequence = stream.nextSequence
    var packet = departures.next()
    guard let layout = try? RTPHeaderWriter.write(fields, elements, ids: ids, into: &packet) else { return 0 }
    packet.copy(payload, to: layout.headerByteCount)
    let count = layout.headerByteCount + payload.byteCount
    stream.note(packet.bytes.slice(0, count), payloadByteCount: payload.byteCount, fields.timestamp, at: time)
    return transport.seal(
      &packet, headerByteCount: layout.headerByteCount, byteCount: count, ssrc: fields.ssrc,
      index: UInt64(truncatingIfNeeded: sequence))
  }

  /// The extensions that say when and as which a packet leaves.
  private mutating func stamped(_ extensions: RTPExtensions, byteCount: Int, at time: Instant) -> RTPExtensions {
    var extensions = extensions
    if self.extensions.transportSequence != 0 {
      extensions.transportSequence = sequencer.stamp(byteCount: byteCount, at: time)
      estimate.sent(byteCount, at: time)
    }
    if self.extensions.absoluteSendTime != 0 {
      extensions.absoluteSendTime = RTPExtensions.absoluteSendTime(microseconds: time.nanoseconds / 1_000)
    }
    return extensions
  }

  /// Answers a NACK for one packet.
  mutating func resend(_ number: UInt16, on handle: Handle<OutgoingStream>, at time: Instant) {
    guard let path = transport.selectedPath, let record = outgoing[handle].record(of: number) else { return }
    guard departures.makeRoom() else {
      counters.departuresDropped &+= 1
      return
    }
    let sealed: Int
    if let target = outgoing[handle].parameters.retransmission {
      let elements = stamped(
        outgoing[handle].retransmissionExtensions, byteCount: Int(record.payloadByteCount), at: time)
      sealed = Self.retransmit(
        record, to: target, elements, extensions, stream: &outgoing[handle], into: &departures, by: &transport)
    } else {
      sealed = Self.repeatPacket(record, stream: &outgoing[handle], into: &departures, by: &transport)
    }
    guard sealed > 0 else { return }
    outgoing[handle].statistics.retransmitted &+= 1
    departures.commit(sealed, to: path)
  }

  /// The packet as it was, byte for byte: it has the same index under the same key.
  private static func repeatPacket(
    _ record: PacketRecord<UInt8>, stream: inout OutgoingStream, into departures: inout DepartureQueue,
    by transport: inout SecureTransport
  ) -> Int {
    var packet = departures.next()
    packet.copy(stream.packet(record), to: 0)
    return transport.seal(
      &packet, headerByteCount: Int(record.headerByteCount), byteCount: Int(record.byteCount),
      ssrc: stream.parameters.ssrc, index: UInt64(truncatingIfNeeded: record.extendedSequence))
  }

  /// RFC 4588 §4: the payload behind its original number, in a stream of its own.
  private static func retransmit(
    _ record: PacketRecord<UInt8>, to target: (ssrc: UInt32, payloadType: UInt8), _ elements: RTPExtensions,
    _ ids: HeaderExtensionIDs, stream: inout OutgoingStream, into departures: inout DepartureQueue,
    by transport: inout SecureTransport
  ) -> Int {
    let sequence = stream.nextRetransmission
    let fields = RTPFields(
      marker: record.marker, payloadType: target.payloadType, sequenceNumber: UInt16(truncatingIfNeeded: sequence),
      timestamp: record.timestamp, ssrc: target.ssrc)
    var packet = departures.next()
    guard let layout = try? RTPHeaderWriter.write(fields, elements, ids: ids, into: &packet) else { return 0 }
    let start = layout.headerByteCount + RetransmissionPayload.headByteCount
    RetransmissionPayload.write(
      UInt16(truncatingIfNeeded: record.extendedSequence), into: &packet, at: layout.headerByteCount)
    let payloadByteCount = Int(record.payloadByteCount)
    packet.copy(stream.packet(record).slice(Int(record.headerByteCount), payloadByteCount), to: start)
    stream.nextRetransmission += 1
    return transport.seal(
      &packet, headerByteCount: layout.headerByteCount, byteCount: start + payloadByteCount, ssrc: target.ssrc,
      index: UInt64(truncatingIfNeeded: sequence))
  }
}
