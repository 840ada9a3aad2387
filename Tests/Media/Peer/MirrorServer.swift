// A server with one client that sends every stream back under another SSRC, over a network of our choosing.

import Bytes
import Chronology
import Connectivity
import Cryptography
import DataChannels
import MediaContract
import Peer
import Randomness
import Streams
import TestSupport
import Wire

/// Where the two ends live.
let clientPath = Path(SocketAddress(v4: 0xC000_0201, port: 40_000))
let serverPath = Path(SocketAddress(v4: 0xC633_6401, port: 7_882))

struct MirrorServer: ~Copyable {
  static let clientCredentials = ICECredentials(usernameFragment: "client01", password: "client-password-0123456789")
  static let credentials = ICECredentials(usernameFragment: "server01", password: "server-password-0123456789")
  /// Added to the SSRC of what comes back.
  static let offset: UInt32 = 1_000

  var transport: SecureTransport
  var association: SCTPAssociation
  var link: LossyLink
  /// Control packets by kind, as they came.
  var control: [RTCPKind] = []
  /// What NACKs asked for.
  var requested: [UInt16] = []
  var lastSenderReport: SenderReport?
  var lastBlocks: [ReportBlock] = []
  /// Packets by SSRC that were mirrored, clear: answers to NACKs.
  var history: [UInt64: [UInt8]] = [:]
  /// What arrived, by SSRC, with the extensions that it had.
  var received: [(header: RTPHeader, extensions: RTPExtensions, payload: [UInt8])] = []
  var feedbackStatuses = 0
  /// Sequence numbers that are not mirrored at first, so that the client must ask.
  var withheld: Set<UInt16> = []
  /// Retransmissions go as RFC 4588 under this SSRC and payload type; nil = repeated.
  var retransmission: (ssrc: UInt32, payloadType: UInt8)?
  private var nextRetransmission: UInt16 = 1
  let extensions: HeaderExtensionIDs

  init(seed: UInt64, extensions: HeaderExtensionIDs, conditions: LossyLink.Conditions) {
    transport = SecureTransport(role: .controlled, local: Self.credentials, random: Random(seed: seed))
    association = SCTPAssociation(.init(isDTLSClient: false), random: Random(seed: seed &+ 1))
    link = LossyLink(conditions, random: Random(seed: seed &+ 2))
    self.extensions = extensions
  }

  mutating func receive(_ datagram: [UInt8], at time: Instant) {
    var memory = datagram + [UInt8](repeating: 0, count: 64)
    var result = Received.nothing
    do {
      var span = memory.mutableRawSpan
      result = transport.receive(&span, byteCount: datagram.count, from: clientPath, at: time)
    }
    switch result {
    case .nothing: break
    case .messages:
      while let message = transport.nextMessage() { association.receive(message.rawSpan, at: time) }
    case .rtp(let count): mirror(Array(memory.prefix(count)), at: time)
    case .rtcp(let count): note(Array(memory.prefix(count)), at: time)
    }
    while let event = transport.nextEvent() { if event == .state(.connected) { association.connect(at: time) } }
  }

  private mutating func mirror(_ packet: [UInt8], at time: Instant) {
    guard let header = try? RTPHeader(parsing: packet.rawSpan) else { return }
    let elements = RTPExtensions(reading: packet.rawSpan, header, ids: extensions)
    received.append((header, elements, packet.rawSpan.slice(header.payload.offset, header.payload.count).toArray()))
    var copy = packet
    do {
      var span = copy.mutableRawSpan
      RTPPatch.ssrc(header.ssrc &+ Self.offset, in: &span)
    }
    history[UInt64(header.ssrc) << 16 | UInt64(header.sequenceNumber)] = copy
    if withheld.remove(header.sequenceNumber) == nil { send(copy, at: time) }
  }

  /// Seals and sends a clear packet. Sequence numbers of tests stay below a roll-over.
  mutating func send(_ packet: [UInt8], at time: Instant) {
    guard let header = try? RTPHeader(parsing: packet.rawSpan) else { return }
    var memory = packet + [UInt8](repeating: 0, count: 64)
    var count = 0
    do {
      var span = memory.mutableRawSpan
      count = transport.seal(
        &span, headerByteCount: header.headerByteCount, byteCount: packet.count, ssrc: header.ssrc,
        index: UInt64(header.sequenceNumber))
    }
    if count > 0 { link.send(Array(memory.prefix(count)), at: time) }
  }

  mutating func sendControl(at time: Instant, _ write: (inout MutableRawSpan) throws -> Int) rethrows {
    var memory = [UInt8](repeating: 0, count: 1_400)
    var count = 0
    do {
      var span = memory.mutableRawSpan
      let clear = try write(&span)
      count = transport.sealControl(&span, byteCount: clear)
    }
    if count > 0 { link.send(Array(memory.prefix(count)), at: time) }
  }

  private mutating func note(_ datagram: [UInt8], at time: Instant) {
    var numbers: [(UInt32, UInt16)] = []
    var packets = RTCPPackets(datagram.rawSpan)
    while let packet = try? packets.next() {
      control.append(packet.kind)
      if let report = try? SenderReport(packet) { lastSenderReport = report }
      if packet.kind == .receiverReport {
        let blocks = packet.reportBlocks
        lastBlocks = (0..<blocks.count).map { blocks[$0] }
      }
      if var request = try? NegativeAcknowledgement(packet) {
        while let number = request.next() { numbers.append((request.mediaSSRC &- Self.offset, number)) }
      }
      if var feedback = try? TransportFeedback(packet) {
        while let status = feedback.next() { if status.isReceived { feedbackStatuses += 1 } }
      }
    }
    for (ssrc, number) in numbers {
      requested.append(number)
      if let packet = history[UInt64(ssrc) << 16 | UInt64(number)] { resend(packet, at: time) }
    }
  }

  private mutating func resend(_ packet: [UInt8], at time: Instant) {
    guard let retransmission, let header = try? RTPHeader(parsing: packet.rawSpan) else {
      return send(packet, at: time)
    }
    var copy = Array(packet.prefix(header.headerByteCount))
    copy += [UInt8(header.sequenceNumber >> 8), UInt8(truncatingIfNeeded: header.sequenceNumber)]
    copy += packet.dropFirst(header.headerByteCount)
    do {
      var span = copy.mutableRawSpan
      RTPPatch.ssrc(retransmission.ssrc, in: &span)
      RTPPatch.payloadType(retransmission.payloadType, in: &span)
      RTPPatch.sequenceNumber(nextRetransmission, in: &span)
    }
    nextRetransmission += 1
    send(copy, at: time)
  }

  mutating func settle(at time: Instant) {
    transport.advance(to: time)
    association.advance(to: time)
    while let event = association.nextEvent() {
      if case .message(let stream, let bytes, let isBinary) = event {
        try? association.send(bytes, isBinary: isBinary, on: stream, at: time)
      }
    }
    if transport.state == .connected {
      while let packet = association.nextPacket(at: time) { _ = transport.send(packet.rawSpan, at: time) }
    }
    while let departure = transport.nextDeparture() { link.send(departure.bytes, at: time) }
  }

  var nextDeadline: Instant? {
    [transport.nextDeadline, association.nextDeadline].compactMap { $0 }.min()
  }
}
