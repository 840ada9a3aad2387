// Packets as the fan-out sees them, made up by tests.

import Bytes
import Chronology
import Forwarding
import MediaContract
import Streams
import Wire

/// Makes the records of one encoding, with its sequence numbers and times. A class, for histories cannot be copied.
final class PacketMaker {
  let codec: Codec
  let encoding: UInt8
  var sequence: Int64 = 70_000
  var timestamp: UInt32 = 0
  private var history = PacketHistory<PacketInfo>(.audio)

  init(_ codec: Codec, encoding: UInt8 = 0) {
    self.codec = codec
    self.encoding = encoding
  }

  /// The next packet. `change` says what it is.
  func packet(
    marker: Bool = false, isNewFrame: Bool = true, _ change: (inout PacketInfo) -> Void = { _ in }
  ) -> MediaPacket {
    sequence += 1
    if isNewFrame { timestamp &+= 3_000 }
    return record(sequence, timestamp, marker, change)
  }

  /// A packet that was left out, `back` numbers before the newest one.
  func latePacket(back: Int64, _ change: (inout PacketInfo) -> Void = { _ in }) -> MediaPacket {
    record(sequence - back, timestamp, false) { info in
      info.flags.insert(.late)
      change(&info)
    }
  }

  private func record(
    _ sequence: Int64, _ timestamp: UInt32, _ marker: Bool, _ change: (inout PacketInfo) -> Void
  ) -> MediaPacket {
    var bytes = [UInt8](repeating: 0, count: 200)
    var info = PacketInfo(codec: codec, encoding: encoding)
    change(&info)
    do {
      var span = bytes.mutableRawSpan
      _ = try? RTPHeaderWriter.write(
        RTPFields(
          marker: marker, payloadType: 96, sequenceNumber: UInt16(truncatingIfNeeded: sequence),
          timestamp: timestamp, ssrc: 1), into: &span)
    }
    let serial = history.nextSerial
    guard let header = try? RTPHeader(parsing: bytes.rawSpan) else { preconditionFailure("a header of our own") }
    history.store(bytes.rawSpan, header, extendedSequence: sequence, arrival: .origin, info: info)
    guard let record = history.record(serial: serial) else { preconditionFailure("just stored") }
    return record
  }
}
