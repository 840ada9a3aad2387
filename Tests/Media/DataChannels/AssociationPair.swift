// Two associations and the network between them, driven from deadline to deadline.

import Bytes
import Chronology
import DataChannels
import Randomness
import TestSupport

/// Which end of a pair.
enum End { case left, right }

struct AssociationPair {
  var left: SCTPAssociation
  var right: SCTPAssociation
  var toRight: LossyLink
  var toLeft: LossyLink
  var now = Instant.origin
  var leftEvents: [DataChannelEvent] = []
  var rightEvents: [DataChannelEvent] = []
  /// Every packet that left an end, when `records` is set.
  var records = false
  var recorded: [(from: End, packet: [UInt8])] = []

  init(
    _ conditions: LossyLink.Conditions = .init(), seed: UInt64 = 1,
    left: SCTPAssociation.Configuration = .init(isDTLSClient: true),
    right: SCTPAssociation.Configuration = .init(isDTLSClient: false)
  ) {
    self.left = SCTPAssociation(left, random: Random(seed: seed &* 4))
    self.right = SCTPAssociation(right, random: Random(seed: seed &* 4 &+ 1))
    toRight = LossyLink(conditions, random: Random(seed: seed &* 4 &+ 2))
    toLeft = LossyLink(conditions, random: Random(seed: seed &* 4 &+ 3))
  }

  /// A pair whose association is up.
  static func connected(
    _ conditions: LossyLink.Conditions = .init(), seed: UInt64 = 1,
    left: SCTPAssociation.Configuration = .init(isDTLSClient: true),
    right: SCTPAssociation.Configuration = .init(isDTLSClient: false)
  ) -> AssociationPair {
    var pair = AssociationPair(conditions, seed: seed, left: left, right: right)
    pair.left.connect(at: pair.now)
    pair.right.connect(at: pair.now)
    pair.run(for: .seconds(20)) { $0.left.isEstablished && $0.right.isEstablished }
    pair.run(for: .milliseconds(100))
    return pair
  }

  /// Opens a channel from the left and waits until both ends know it.
  mutating func openChannel(_ parameters: DataChannelParameters) throws -> UInt16 {
    let stream = try left.open(parameters, at: now)
    run(for: .seconds(20)) { $0.leftEvents.contains(.opened(stream: stream, parameters)) }
    return stream
  }

  /// Runs until `isDone`, at most for `duration` of virtual time.
  mutating func run(for duration: Interval, until isDone: (AssociationPair) -> Bool = { _ in false }) {
    let end = now + duration
    settle()
    while !isDone(self) {
      let next = [left.nextDeadline, right.nextDeadline, toRight.nextArrival, toLeft.nextArrival].compactMap { $0 }
        .min()
      guard let next, next <= end else {
        now = end
        return
      }
      now = max(now, next)
      settle()
    }
  }

  /// Everything that is due now.
  private mutating func settle() {
    while let packet = toRight.receive(at: now) { right.receive(packet.rawSpan, at: now) }
    while let packet = toLeft.receive(at: now) { left.receive(packet.rawSpan, at: now) }
    left.advance(to: now)
    right.advance(to: now)
    while let event = left.nextEvent() { leftEvents.append(event) }
    while let event = right.nextEvent() { rightEvents.append(event) }
    while let packet = left.nextPacket(at: now) {
      if records { recorded.append((.left, packet)) }
      toRight.send(packet, at: now)
    }
    while let packet = right.nextPacket(at: now) {
      if records { recorded.append((.right, packet)) }
      toLeft.send(packet, at: now)
    }
  }

  /// Why the left end does not take a message; nil when it does.
  mutating func sendFailure(_ bytes: [UInt8], on stream: UInt16) -> DataChannelError? {
    do throws(DataChannelError) {
      try left.send(bytes, isBinary: true, on: stream, at: now)
      return nil
    } catch {
      return error
    }
  }

  /// Messages that the right end got on a stream, in order.
  func received(on stream: UInt16) -> [[UInt8]] { Self.messages(rightEvents, stream) }

  static func messages(_ events: [DataChannelEvent], _ stream: UInt16) -> [[UInt8]] {
    events.compactMap { event in
      if case .message(stream, let bytes, _) = event { bytes } else { nil }
    }
  }
}

/// Why an association does not open a channel; nil when it does.
func openFailure(_ association: inout SCTPAssociation, _ parameters: DataChannelParameters) -> DataChannelError? {
  do throws(DataChannelError) {
    _ = try association.open(parameters, at: .origin)
    return nil
  } catch {
    return error
  }
}

extension DataChannelParameters {
  static let reliable = DataChannelParameters(label: "_reliable")
  static let lossy = DataChannelParameters(label: "_lossy", isOrdered: false, reliability: .maximumRetransmits(0))
}

/// A message whose content tells its number and reveals a wrong byte.
func numberedMessage(_ number: Int, count: Int) -> [UInt8] {
  var bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number &* 13) }
  for index in 0..<min(4, count) { bytes[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
  return bytes
}

/// CRC-32C bit by bit: slow, and written without looking at the tables that it checks.
func bitwiseCRC32C(_ bytes: [UInt8]) -> UInt32 {
  var value = ~UInt32(0)
  for byte in bytes {
    value ^= UInt32(byte)
    for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
  }
  return ~value
}

/// The packet with the checksum that its bytes ought to have.
func withChecksum(_ packet: [UInt8]) -> [UInt8] {
  guard packet.count >= 12 else { return packet }
  var packet = packet
  packet.replaceSubrange(8..<12, with: [0, 0, 0, 0])
  let checksum = bitwiseCRC32C(packet)
  for index in 0..<4 { packet[8 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
  return packet
}

/// A whole packet of chunks given as bytes.
func packet(tag: UInt32, from: UInt16 = 5000, to: UInt16 = 5000, _ chunks: [UInt8]...) -> [UInt8] {
  var writer = ByteWriter()
  writer.uint16(from)
  writer.uint16(to)
  writer.uint32(tag)
  writer.uint32(0)
  for chunk in chunks {
    writer.append(chunk)
    writer.pad(to: 4)
  }
  return withChecksum(writer.bytes)
}
