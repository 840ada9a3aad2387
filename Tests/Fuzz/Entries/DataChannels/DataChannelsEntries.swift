// The fuzz entry of data channels: a peer that DTLS has authenticated and that says what it likes.

import Bytes
import Chronology
import DataChannels
import FuzzSupport
import Randomness

extension FuzzEntry {
  /// Every parser of the module. A new entry is added here, in Package.swift and as folders in Tests/Fuzz.
  public static let dataChannels: [FuzzEntry] = [.sctp]

  /// The first byte says who is spoken to: a new association (even) or one with channels and data under way (odd). Then
  /// packets follow, each as two bytes of length and its chunks; ports, tag and checksum are put in front, for without
  /// them nothing would get far.
  public static let sctp = FuzzEntry(name: "SCTP", seeds: Session.seeds) { bytes in
    guard let choice = bytes.first else { return }
    var (association, tag) =
      choice & 1 == 0 ? (Session.fresh(1, isClient: true), UInt32(0)) : (Session.standing.left, Session.standing.tag)
    var time = Instant.origin + .seconds(60)
    var rest = bytes.dropFirst()
    while rest.count > 2, let high = rest.popFirst(), let low = rest.popFirst() {
      let chunks = Array(rest.prefix(Int(high) << 8 | Int(low)))
      rest = rest.dropFirst(chunks.count)
      // An INIT travels under tag 0 (RFC 9260 §8.5.1).
      association.receive(Session.packet(chunks.first == 1 ? 0 : tag, chunks).rawSpan, at: time)
      Session.drain(&association, at: time)
      time += .milliseconds(150)
      association.advance(to: time)
      Session.drain(&association, at: time)
    }
  }
}

/// Two associations of our own, from which states and seeds are taken.
private enum Session {
  static func fresh(_ seed: UInt64, isClient: Bool) -> SCTPAssociation {
    SCTPAssociation(.init(isDTLSClient: isClient), random: Random(seed: seed))
  }

  /// The left end of a session with a reliable and a lossy channel and data that is not acknowledged, and its tag.
  static let standing: (left: SCTPAssociation, tag: UInt32) = {
    let session = run()
    return (session.left, session.tag)
  }()

  static let seeds: [String: [UInt8]] = {
    let session = run()
    var seeds: [String: [UInt8]] = [:]
    seeds["handshake"] = session.toLeft.prefix(3).reduce([0]) { $0 + framed($1) }
    seeds["session"] = session.toLeft.dropFirst(3).reduce([1]) { $0 + framed($1) }
    // SACK with a gap, FORWARD TSN, RE-CONFIG with a request and a response, SHUTDOWN, in one packet.
    let control: [UInt8] =
      [3, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 3]
      + [192, 0, 0, 12, 0, 0, 0, 9, 0, 1, 0, 4]
      + [130, 0, 0, 34, 0, 13, 0, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 0, 0]
      + [0, 16, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1] + [7, 0, 0, 8, 0, 0, 0, 9]
    seeds["control"] = [1] + framed(packet(0, control))
    return seeds
  }()

  /// What the left end received, packet by packet, until everything stood.
  private static func run() -> (left: SCTPAssociation, tag: UInt32, toLeft: [[UInt8]]) {
    var (left, right) = (fresh(1, isClient: true), fresh(2, isClient: false))
    var toLeft: [[UInt8]] = []
    let time = Instant.origin
    func exchange() {
      var isQuiet = false
      while !isQuiet {
        isQuiet = true
        while let packet = left.nextPacket(at: time) {
          right.receive(packet.rawSpan, at: time)
          isQuiet = false
        }
        while let packet = right.nextPacket(at: time) {
          toLeft.append(packet)
          left.receive(packet.rawSpan, at: time)
          isQuiet = false
        }
      }
    }
    right.connect(at: time)
    exchange()
    let reliable = try? left.open(.init(label: "_reliable"), at: time)
    let lossy = try? right.open(
      .init(label: "_lossy", isOrdered: false, reliability: .maximumRetransmits(0)), at: time)
    exchange()
    if let lossy { try? right.send([1, 2, 3], isBinary: true, on: lossy, at: time) }
    if let reliable { try? right.send([UInt8](repeating: 7, count: 1_500), isBinary: false, on: reliable, at: time) }
    exchange()
    if let lossy { right.close(lossy, at: time) }
    exchange()
    if let reliable { try? left.send([UInt8](repeating: 9, count: 9_000), isBinary: true, on: reliable, at: time) }
    while left.nextPacket(at: time) != nil {}
    while left.nextEvent() != nil {}
    let tag = toLeft.last.map { $0.rawSpan.uint32(at: 4) } ?? 0
    return (left, tag, toLeft)
  }

  private static func framed(_ packet: [UInt8]) -> [UInt8] {
    let chunks = packet.dropFirst(12)
    return [UInt8(chunks.count >> 8), UInt8(truncatingIfNeeded: chunks.count)] + chunks
  }

  static func packet(_ tag: UInt32, _ chunks: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.uint16(5000)
    writer.uint16(5000)
    writer.uint32(tag)
    writer.uint32(0)
    writer.append(chunks)
    var packet = writer.bytes
    var value = ~UInt32(0)
    for byte in packet {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
    }
    for index in 0..<4 { packet[8 + index] = UInt8(truncatingIfNeeded: ~value >> UInt32(8 * index)) }
    return packet
  }

  /// One packet from outside must not make us talk for ever, nor in packets that DTLS refuses.
  static func drain(_ association: inout SCTPAssociation, at time: Instant) {
    var count = 0
    while let packet = association.nextPacket(at: time) {
      count += 1
      require(packet.count <= 1_280, "a packet that DTLS refuses")
      require(count < 100, "an answer without end")
    }
    while let event = association.nextEvent() {
      if case .message(_, let bytes, _) = event { require(bytes.count <= Limit.messageBytes) }
    }
  }
}
