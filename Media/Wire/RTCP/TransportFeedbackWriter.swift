// Writes transport-wide feedback from arrival records: the chunks first, then the deltas behind them.

import Bytes

/// A packet that arrived.
public struct TransportArrival: Sendable, Hashable {
  /// Unwrapped transport-wide sequence number.
  public var sequenceNumber: Int64
  /// When it arrived, microseconds since any fixed origin.
  public var microseconds: Int64

  @inlinable
  public init(sequenceNumber: Int64, microseconds: Int64) {
    self.sequenceNumber = sequenceNumber
    self.microseconds = microseconds
  }
}

/// What a feedback packet came to.
public struct TransportFeedbackWritten: Sendable, Hashable {
  public var byteCount: Int
  /// How many of the arrivals are in the packet; call again with the rest.
  public var arrivalCount: Int
  /// The sequence number behind the last one reported: where the next packet starts.
  public var nextSequenceNumber: Int64
}

extension TransportFeedback {
  public enum Limit {
    /// Statuses in one packet: the count field has 16 bits.
    public static let statuses = 0xFFFF
  }

  /// Writes feedback about the packets from `base` to the last of `arrivals` that fits, at `offset`.
  ///
  /// A packet ends early where the space ends, where a gap needs more statuses than the count field holds, or where
  /// arrival times lie further apart than a delta can say (±8.19 s).
  ///
  /// - Parameters:
  ///   - base: the first sequence number to report, at most that of the first arrival; those in between are lost.
  ///   - arrivals: in strictly ascending order of sequence numbers, at least one.
  ///   - feedbackCount: the packet's place among those of this sender, modulo 256.
  /// - Throws: `.noRoom` when not even one arrival fits, `.tooMany` when `base` is more than 65534 before the first.
  public static func write(
    senderSSRC: UInt32, mediaSSRC: UInt32, base: Int64, arrivals: Span<TransportArrival>, feedbackCount: UInt8,
    into span: inout MutableRawSpan, at offset: Int
  ) throws(WireError) -> TransportFeedbackWritten {
    // A span inside an autoclosure stops the optimiser of Swift 6.3: it is read outside of the conditions.
    let arrivalCount = arrivals.count
    precondition(arrivalCount > 0, "feedback without an arrival")
    let first = arrivals[0]
    precondition(base <= first.sequenceNumber, "feedback without an arrival behind base")
    guard first.sequenceNumber - base < Int64(Limit.statuses) else { throw .tooMany }
    try span.requireRoom(headByteCount + 8, at: offset)

    let clock = DeltaClock(start: first.microseconds)
    var chunks = ChunkWriter(offset: offset + headByteCount)
    let count = chunks.write(arrivals, base: base, clock: clock, into: &span)
    guard count > 0 else { throw .noRoom }
    var end = chunks.offset
    writeDeltas(arrivals, count: count, clock: clock, into: &span, at: &end)
    while (end - offset) & 3 != 0 {
      span.store(0, at: end)
      end += 1
    }

    let next = arrivals[count - 1].sequenceNumber + 1
    span.storeRTCPHeader(count: 15, type: RTCPType.transportFeedback, byteCount: end - offset, at: offset)
    span.store32(senderSSRC, at: offset + 4)
    span.store32(mediaSSRC, at: offset + 8)
    span.store16(UInt16(truncatingIfNeeded: base), at: offset + 12)
    span.store16(UInt16(next - base), at: offset + 14)
    span.store24(UInt32(truncatingIfNeeded: clock.reference), at: offset + 16)
    span.store(feedbackCount, at: offset + 19)
    return TransportFeedbackWritten(byteCount: end - offset, arrivalCount: count, nextSequenceNumber: next)
  }

  private static func writeDeltas(
    _ arrivals: Span<TransportArrival>, count: Int, clock: DeltaClock, into span: inout MutableRawSpan,
    at offset: inout Int
  ) {
    var clock = clock
    for index in 0..<count {
      // Every one of these deltas was weighed when the chunks were written.
      guard let delta = clock.advance(to: arrivals[index].microseconds) else { return }
      if DeltaClock.byteCount(of: delta) == 1 {
        span.store(UInt8(truncatingIfNeeded: delta), at: offset)
        offset += 1
      } else {
        span.store16(UInt16(bitPattern: delta), at: offset)
        offset += 2
      }
    }
  }
}

/// Turns times into deltas of 250 µs. It goes on from what the receiver of the feedback will compute, so that rounding
/// errors do not add up.
private struct DeltaClock {
  /// In 64 ms, rounded down.
  let reference: Int64
  /// The last time as the deltas so far say it, in 250 µs.
  private var ticks: Int64

  init(start microseconds: Int64) {
    // An arithmetic shift rounds down for negative times too: 64000 = 2⁹ · 125.
    reference = (microseconds >> 9).flooredQuotient(125)
    ticks = reference * 256
  }

  /// The delta to `microseconds`; nil, and no change, when it does not fit into 16 bits.
  mutating func advance(to microseconds: Int64) -> Int16? {
    let target = (microseconds &+ 125).flooredQuotient(250)
    guard let delta = Int16(exactly: target &- ticks) else { return nil }
    ticks = target
    return delta
  }

  /// §3.1.5: one byte for 0…255, two for all others.
  static func byteCount(of delta: Int16) -> Int { (0...255).contains(delta) ? 1 : 2 }
}

extension Int64 {
  /// Division that rounds down, for a positive divisor.
  fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}

/// Packs symbols into chunks: a run when they are all equal, else 14 of one bit or 7 of two, whichever holds more.
private struct ChunkWriter {
  /// Where the next chunk goes.
  var offset: Int
  /// Symbols that are in no chunk yet; the first 14 of them in `symbols`, first one in the lowest bits.
  private var pending = 0
  private var symbols: UInt32 = 0
  private var areEqual = true
  private var hasLarge = false

  init(offset: Int) { self.offset = offset }

  /// Writes the chunks of as many arrivals as fit together with their deltas, and returns how many those are.
  mutating func write(
    _ arrivals: Span<TransportArrival>, base: Int64, clock: DeltaClock, into span: inout MutableRawSpan
  ) -> Int {
    var clock = clock
    var next = base
    var deltaBytes = 0
    for index in 0..<arrivals.count {
      let number = arrivals[index].sequenceNumber
      precondition(number >= next, "arrivals out of order")
      guard number - base < Int64(TransportFeedback.Limit.statuses),
        let delta = clock.advance(to: arrivals[index].microseconds)
      else { return finish(index, into: &span) }
      // One arrival adds at most two chunks for itself and what was pending, one for each 8191 lost in front of it, and
      // the end needs one more and padding.
      let symbol = DeltaClock.byteCount(of: delta)
      let chunkBytes = 2 * (4 + Int(number - next) / 8191)
      guard offset + chunkBytes + deltaBytes + symbol + 3 <= span.byteCount else { return finish(index, into: &span) }
      while next < number {
        add(0, into: &span)
        next += 1
      }
      add(UInt32(symbol), into: &span)
      next += 1
      deltaBytes += symbol
    }
    return finish(arrivals.count, into: &span)
  }

  private mutating func finish(_ count: Int, into span: inout MutableRawSpan) -> Int {
    if count > 0, pending > 0 { emit(isLast: true, into: &span) }
    return count
  }

  private mutating func add(_ symbol: UInt32, into span: inout MutableRawSpan) {
    while !canAdd(symbol) { emit(isLast: false, into: &span) }
    if pending < 14 { symbols |= symbol << UInt32(2 * pending) }
    areEqual = areEqual && symbol == symbols & 3
    hasLarge = hasLarge || symbol == 2
    pending += 1
  }

  /// Whether some single chunk can hold the pending symbols and this one.
  private func canAdd(_ symbol: UInt32) -> Bool {
    if pending < 7 { return true }
    if pending < 14, !hasLarge, symbol != 2 { return true }
    return areEqual && pending < 8191 && symbol == symbols & 3
  }

  private mutating func emit(isLast: Bool, into span: inout MutableRawSpan) {
    let word: UInt16
    var emitted = pending
    if areEqual {
      word = UInt16(symbols & 3) << 13 | UInt16(pending)
    } else if !hasLarge, isLast || pending == 14 {
      word = 0x8000 | vector(of: pending, width: 1)
    } else {
      emitted = min(pending, 7)
      word = 0xC000 | vector(of: emitted, width: 2)
    }
    span.store16(word, at: offset)
    offset += 2
    keepSymbols(after: emitted)
  }

  /// The first `count` symbols with `width` bits each, the first one in the highest of 14 bits.
  private func vector(of count: Int, width: Int) -> UInt16 {
    var word: UInt16 = 0
    for index in 0..<count {
      let symbol = UInt16(truncatingIfNeeded: symbols >> UInt32(2 * index)) & 3
      word |= symbol << UInt16(14 - width * (index + 1))
    }
    return word
  }

  /// Drops the symbols that were emitted; at most seven stay.
  private mutating func keepSymbols(after emitted: Int) {
    pending -= emitted
    symbols = pending == 0 ? 0 : symbols >> UInt32(2 * emitted)
    areEqual = true
    hasLarge = false
    for index in 0..<pending {
      let symbol = symbols >> UInt32(2 * index) & 3
      areEqual = areEqual && symbol == symbols & 3
      hasLarge = hasLarge || symbol == 2
    }
  }
}
