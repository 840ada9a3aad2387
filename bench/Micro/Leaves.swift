// The parts of the packet path by themselves: parsing, sealing, opening, feedback, rewriting.

import Bytes
import Chronology
import Congestion
import Cryptography
import Forwarding
import Harness
import MediaContract
import Streams
import Wire

/// A sealed or clear packet as the leaves below use it: 1,200 bytes with the extensions of a browser.
private enum Sample {
  static let master = SRTPMasterKey(
    key: (0..<16).map { UInt8($0) }, salt: (0..<12).map { UInt8($0 &* 3) })

  static func packet(sequence: UInt16 = 1, byteCount: Int = 1_184) -> (bytes: [UInt8], headerByteCount: Int) {
    var extensions = RTPExtensions()
    extensions.mid = ShortString("1") ?? ShortString()
    extensions.rid = ShortString("f") ?? ShortString()
    extensions.transportSequence = sequence
    extensions.absoluteSendTime = 0x123456
    var bytes = [UInt8](repeating: 0x5A, count: byteCount + 64)
    var start = 0
    do {
      var span = bytes.mutableRawSpan
      let fields = RTPFields(
        marker: false, payloadType: 96, sequenceNumber: sequence, timestamp: 90_000, ssrc: 0x1234_5678)
      start =
        (try? RTPHeaderWriter.write(fields, extensions, ids: SyntheticClient.extensions, into: &span))?
        .headerByteCount ?? 0
    }
    return (Array(bytes.prefix(byteCount)), start)
  }
}

/// RTP header and header extensions.
struct Parse: Operation, ~Copyable {
  static let name = "parse-rtp"
  static let unit = "packet"
  static let turns = 20_000

  private let packet = Sample.packet().bytes
  private var sum: UInt64 = 0

  mutating func prepare(turns: Int) {}

  mutating func run(turns: Int) -> Int {
    for _ in 0..<turns {
      guard let header = try? RTPHeader(parsing: packet.rawSpan) else { return 0 }
      let extensions = RTPExtensions(reading: packet.rawSpan, header, ids: SyntheticClient.extensions)
      sum &+= UInt64(extensions.transportSequence ?? 0) &+ UInt64(header.sequenceNumber)
    }
    return turns
  }
}

/// AES-128-GCM from a history into a departure.
struct Seal: Operation, ~Copyable {
  static let name = "seal"
  static let unit = "packet of 1,200 bytes"
  static let turns = 5_000

  private var sealer = SRTPSealer(profile: .aeadAES128GCM, key: Sample.master)
  private let payload = [UInt8](repeating: 7, count: 1_156)
  private var target = Slab(slotCount: 1, stride: 1_500)
  private var index: UInt64 = 0

  mutating func prepare(turns: Int) {}

  mutating func run(turns: Int) -> Int {
    for _ in 0..<turns {
      index += 1
      Self.seal(payload, into: &target, &sealer, index)
    }
    return turns
  }

  private static func seal(_ payload: [UInt8], into target: inout Slab, _ sealer: inout SRTPSealer, _ index: UInt64) {
    var span = target.mutableBytes(of: 0)
    _ = sealer.seal(&span, headerByteCount: 28, payload: payload.rawSpan, ssrc: 5, index: index)
  }
}

/// The reverse, with the replay window.
struct Open: Operation, ~Copyable {
  static let name = "open"
  static let unit = "packet of 1,200 bytes"
  static let turns = 2_000

  private var sealer = SRTPSealer(profile: .aeadAES128GCM, key: Sample.master)
  private var opener = SRTPOpener(profile: .aeadAES128GCM, key: Sample.master)
  private var packets = Slab(slotCount: Open.turns, stride: 1_536)
  private var length = 0
  private var sequence: UInt64 = 0

  mutating func prepare(turns: Int) {
    for slot in 0..<turns {
      sequence += 1
      length = Self.seal(sequence, into: &packets, slot, &sealer)
    }
  }

  private static func seal(
    _ sequence: UInt64, into packets: inout Slab, _ slot: Int, _ sealer: inout SRTPSealer
  ) -> Int {
    let (bytes, start) = Sample.packet(sequence: UInt16(truncatingIfNeeded: sequence))
    var span = packets.mutableBytes(of: slot)
    span.copy(bytes.rawSpan, to: 0)
    return sealer.seal(&span, headerByteCount: start, byteCount: bytes.count, ssrc: 0x1234_5678, index: sequence)
  }

  mutating func run(turns: Int) -> Int {
    var done = 0
    for slot in 0..<turns where Self.open(&packets, slot, byteCount: length, &opener) { done += 1 }
    return done
  }

  private static func open(
    _ packets: inout Slab, _ slot: Int, byteCount: Int, _ opener: inout SRTPOpener
  ) -> Bool {
    var span = packets.mutableBytes(of: slot)
    return (try? opener.open(&span, byteCount: byteCount)) != nil
  }
}

extension ArrivalRecorder {
  /// Writes one feedback packet at the start of a slot and returns its length.
  fileprivate mutating func write(into memory: inout Slab, slot: Int, at time: Instant) -> Int {
    var span = memory.mutableBytes(of: slot)
    return writeFeedback(senderSSRC: 1, mediaSSRC: 2, into: &span, at: 0, time: time)
  }
}

/// Transport-wide feedback about 50 packets: recording their arrivals and writing it.
struct WriteFeedback: Operation, ~Copyable {
  static let name = "write-feedback"
  static let unit = "packet reported on"
  static let turns = 200
  static let packets = 50

  private var recorder = ArrivalRecorder()
  private var memory = Slab(slotCount: 1, stride: 1_400)
  private var number: UInt16 = 0
  private var now = Instant.origin

  mutating func prepare(turns: Int) {}

  mutating func run(turns: Int) -> Int {
    for _ in 0..<turns {
      for _ in 0..<Self.packets {
        now += .milliseconds(1)
        recorder.record(number, at: now)
        number &+= 1
      }
      while recorder.hasArrivals {
        guard recorder.write(into: &memory, slot: 0, at: now) > 0 else { return 0 }
      }
    }
    return turns * Self.packets
  }
}

/// Transport-wide feedback about 50 packets: numbering them and reading it.
struct ReadFeedback: Operation, ~Copyable {
  static let name = "read-feedback"
  static let unit = "packet reported on"
  static let turns = 200
  static let packets = 50

  private var recorder = ArrivalRecorder()
  private var sequencer = TransportSequencer()
  private var estimate = SenderEstimate()
  private var results: [PacketResult] = []
  private var feedback = Slab(slotCount: ReadFeedback.turns, stride: 512)
  private var lengths: [Int] = []
  private var number: UInt16 = 0
  private var now = Instant.origin

  /// The numbers begin where the sequencer's begin, so that it knows them when they come back.
  mutating func prepare(turns: Int) {
    lengths.removeAll(keepingCapacity: true)
    var time = now
    for slot in 0..<turns {
      for _ in 0..<Self.packets {
        time += .milliseconds(1)
        recorder.record(number, at: time)
        number &+= 1
      }
      lengths.append(recorder.write(into: &feedback, slot: slot, at: time))
    }
  }

  mutating func run(turns: Int) -> Int {
    var done = 0
    for slot in 0..<turns {
      for _ in 0..<Self.packets {
        now += .milliseconds(1)
        _ = sequencer.stamp(byteCount: 1_200, at: now)
      }
      results.removeAll(keepingCapacity: true)
      Self.read(feedback, slot, byteCount: lengths[slot], &sequencer, into: &results, at: now)
      estimate.process(results, at: now)
      done += results.count
    }
    return done
  }

  private static func read(
    _ feedback: borrowing Slab, _ slot: Int, byteCount: Int, _ sequencer: inout TransportSequencer,
    into results: inout [PacketResult], at time: Instant
  ) {
    var packets = RTCPPackets(feedback.bytes(of: slot, count: byteCount))
    do throws(WireError) {
      guard let packet = try packets.next() else { return }
      var report = try TransportFeedback(packet)
      sequencer.process(&report, into: &results, at: time)
    } catch {
      results.removeAll(keepingCapacity: true)
    }
  }
}

/// Picture id, TL0PICIDX and KEYIDX of a VP8 packet after a switch.
struct RewriteVP8: Operation, ~Copyable {
  static let name = "rewrite-vp8"
  static let unit = "packet"
  static let turns = 20_000

  private var rewriter = PictureRewriter()
  private var fields = PictureFields()
  private var packet = Slab(slotCount: 1, stride: 64)

  init() {
    fields.pictureIDOffset = 2
    fields.pictureIDIsLong = true
    fields.layerZeroOffset = 4
    fields.keyIndexOffset = 5
    rewriter.begin(fields)
    fields.pictureID = 500
    rewriter.begin(fields)
  }

  mutating func prepare(turns: Int) {}

  mutating func run(turns: Int) -> Int {
    for _ in 0..<turns {
      fields.pictureID = (fields.pictureID &+ 1) & 0x7FFF
      fields.layerZeroIndex &+= 1
      Self.patch(fields, rewriter.rewrite(fields), into: &packet)
    }
    return turns
  }

  private static func patch(_ fields: PictureFields, _ rewrite: PacketRewrite, into packet: inout Slab) {
    var span = packet.mutableBytes(of: 0)
    fields.patch(rewrite, into: &span, payloadAt: 12)
  }
}
