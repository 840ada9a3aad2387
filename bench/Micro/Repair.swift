// Answers to NACKs: a packet of the publication's history on the subscriber's RTX stream.

import Bytes
import Chronology
import Harness
import MediaContract
import Node
import Wire

/// Each viewer of a share asks again for the nine packets of the frame that it just got, in one NACK.
struct AnswerNACK: Operation, ~Copyable {
  static let name = "answer-nack"
  static let unit = "packet sent again"
  static let turns = 50
  static let preparesInTurns = true

  private var share = ForwardShare()

  /// One frame, and a NACK from every viewer for each turn.
  mutating func prepare(turns: Int) {
    share.prepare(turns: 1)
    share.prepareNACKs(viewers: turns)
  }

  mutating func run(turns: Int) -> Int {
    let before = Int(share.room.node.counters.retransmissionsOut)
    share.room.turn(receiving: turns)
    return Int(share.room.node.counters.retransmissionsOut) - before
  }
}

extension ForwardShare {
  /// Seals a NACK of each of the first `viewers` viewers for the last nine packets that it was sent.
  mutating func prepareNACKs(viewers: Int) {
    var newest: [UInt32: UInt16] = [:]
    room.now += .milliseconds(33)
    room.turn(receiving: Self.packetsPerFrame) { datagram in
      guard let header = try? RTPHeader(parsing: datagram, isEncrypted: true) else { return }
      if header.payloadType == 96 { newest[header.ssrc] = header.sequenceNumber }
    }
    room.beginPreparing(viewers)
    for viewer in 1...viewers {
      let ssrc = UInt32(10_000 + viewer)
      guard let last = newest[ssrc] else { continue }
      let numbers = (0..<UInt16(Self.packetsPerFrame)).map { last &- UInt16(Self.packetsPerFrame - 1) &+ $0 }
      room.prepareControl(from: viewer) { span in
        (try? NegativeAcknowledgement.write(
          senderSSRC: 1, mediaSSRC: ssrc, numbers: numbers.span, into: &span, at: 0))?.byteCount ?? 0
      }
    }
  }
}
