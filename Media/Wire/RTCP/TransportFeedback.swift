// Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1): when each packet of a transport
// arrived. This file reads; TransportFeedbackWriter.swift writes.

import Bytes

/// What became of one packet.
public struct TransportArrivalStatus: Sendable, Hashable {
  /// The packet's transport-wide sequence number.
  public var sequenceNumber: UInt16
  public var isReceived: Bool
  /// Time since the packet reported before it (since the reference time for the first), in 250 µs; 0 when lost.
  public var delta: Int32
  /// When it arrived on the receiver's clock, microseconds from the clock's origin, modulo 2²⁴ · 64 ms; the same as
  /// that of the last received packet when it was lost.
  public var microseconds: Int64

  @inlinable
  public init(sequenceNumber: UInt16, isReceived: Bool, delta: Int32, microseconds: Int64) {
    self.sequenceNumber = sequenceNumber
    self.isReceived = isReceived
    self.delta = delta
    self.microseconds = microseconds
  }
}

/// One feedback packet, and a cursor over the statuses in it.
public struct TransportFeedback: ~Escapable {
  public let senderSSRC: UInt32
  public let mediaSSRC: UInt32
  /// The first packet that is reported.
  public let baseSequenceNumber: UInt16
  /// How many packets are reported, received and lost together.
  public let statusCount: Int
  /// In units of 64 ms on the receiver's clock, −2²³…2²³−1: it wraps after 12 days.
  public let referenceTime: Int32
  /// Counts the feedback packets of one receiver, so that their loss shows.
  public let feedbackCount: UInt8

  /// Chunks and deltas.
  @usableFromInline let body: RawSpan
  @usableFromInline var chunkOffset = 0
  @usableFromInline var deltaOffset: Int
  /// The symbols of the chunk being read that are still to come.
  @usableFromInline var chunk = StatusChunk()
  @usableFromInline var handedOut = 0
  @usableFromInline var microseconds: Int64

  /// Bytes in front of the chunks.
  public static let headByteCount = 20

  /// Reads the head and checks that all chunks and deltas are there, so that the walk cannot fail.
  ///
  /// - Throws: `.otherType` unless `packet` is transport-wide feedback, `.truncated` when chunks or deltas are missing,
  ///   `.malformed` for the reserved symbol.
  @inlinable
  @_lifetime(copy packet)
  public init(_ packet: borrowing RTCPPacket) throws(WireError) {
    guard packet.kind == .transportFeedback else { throw .otherType }
    let bytes = packet.bytes
    let head = TransportFeedback.headByteCount
    guard bytes.byteCount >= head else { throw .truncated }
    senderSSRC = bytes.uint32(at: 4)
    mediaSSRC = bytes.uint32(at: 8)
    baseSequenceNumber = bytes.uint16(at: 12)
    statusCount = Int(bytes.uint16(at: 14))
    referenceTime = Int32(bitPattern: bytes.uint24(at: 16) << 8) >> 8
    feedbackCount = bytes.byte(at: 19)
    body = bytes.slice(head, bytes.byteCount &- head)
    microseconds = Int64(referenceTime) &* 64_000
    deltaOffset = try TransportFeedback.deltaOffset(in: body, statusCount: statusCount)
  }

  /// Where the deltas start: behind as many chunks as the statuses need.
  @inlinable
  static func deltaOffset(in body: RawSpan, statusCount: Int) throws(WireError) -> Int {
    var statuses = 0
    var deltaBytes = 0
    var offset = 0
    while statuses < statusCount {
      guard offset &+ 2 <= body.byteCount else { throw .truncated }
      var chunk = StatusChunk(body.uint16(at: offset))
      offset &+= 2
      // A run is weighed at once: the work is bounded by the packet's length, not by the counts that it claims.
      if chunk.isRun {
        let count = min(chunk.remaining, statusCount &- statuses)
        guard chunk.runSymbol != 3 else { throw .malformed }
        deltaBytes &+= count &* chunk.runSymbol
        statuses &+= count
        continue
      }
      while statuses < statusCount, let symbol = chunk.next() {
        guard symbol != 3 else { throw .malformed }
        deltaBytes &+= symbol
        statuses &+= 1
      }
    }
    guard offset &+ deltaBytes <= body.byteCount else { throw .truncated }
    return offset
  }

  /// The next packet's status; nil after the last.
  @inlinable
  public mutating func next() -> TransportArrivalStatus? {
    guard handedOut < statusCount else { return nil }
    let symbol = nextSymbol()
    var delta: Int32 = 0
    if symbol == 1 {
      delta = Int32(body.byte(at: deltaOffset))
    } else if symbol == 2 {
      delta = Int32(Int16(bitPattern: body.uint16(at: deltaOffset)))
    }
    // The symbol is the number of delta bytes: 0 lost, 1 small delta, 2 large or negative delta.
    deltaOffset &+= symbol
    microseconds &+= Int64(delta) &* 250
    let number = baseSequenceNumber &+ UInt16(truncatingIfNeeded: handedOut)
    handedOut &+= 1
    return TransportArrivalStatus(
      sequenceNumber: number, isReceived: symbol != 0, delta: delta, microseconds: microseconds)
  }

  @inlinable
  mutating func nextSymbol() -> Int {
    while true {
      if let symbol = chunk.next() { return symbol }
      chunk = StatusChunk(body.uint16(at: chunkOffset))
      chunkOffset &+= 2
    }
  }

  /// Steps of 64 ms from one packet's reference time to another's, over the wrap.
  @inlinable
  public static func referenceDistance(from start: Int32, to end: Int32) -> Int32 {
    ((end &- start) << 8) >> 8
  }
}

/// A packet status chunk (§3.1.3, §3.1.4): symbols of two bits, given as a run or one by one.
@usableFromInline
struct StatusChunk: Sendable {
  /// Symbols still to come, 0…8191.
  @usableFromInline var remaining: Int
  /// A run: its one symbol. A vector: the symbols that remain, next one in the highest bits.
  @usableFromInline var bits: UInt16
  /// 0 for a run, else bits of a symbol in the vector.
  @usableFromInline let width: UInt16

  /// No symbols.
  @inlinable
  init() {
    remaining = 0
    bits = 0
    width = 0
  }

  @inlinable
  init(_ word: UInt16) {
    if word & 0x8000 == 0 {
      remaining = Int(word & 0x1FFF)
      bits = word >> 13
      width = 0
    } else {
      width = word & 0x4000 == 0 ? 1 : 2
      remaining = width == 1 ? 14 : 7
      bits = word << 2
    }
  }

  @inlinable var isRun: Bool { width == 0 }
  @inlinable var runSymbol: Int { Int(bits) }

  @inlinable
  mutating func next() -> Int? {
    guard remaining > 0 else { return nil }
    remaining &-= 1
    guard width != 0 else { return Int(bits) }
    defer { bits <<= width }
    return Int(bits >> (16 &- width))
  }
}
