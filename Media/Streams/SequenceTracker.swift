// Unrolls a stream's sequence numbers, tells duplicates and restarts, counts what was expected (RFC 3550 appendix A.1).

import Wire

/// What a sequence number turned out to be.
public enum SequenceVerdict: Sendable, Hashable {
  /// Ahead of everything so far; `skipped` numbers between it and the newest before it have not come (yet).
  case newer(Int64, skipped: Int)
  /// Behind the newest and not seen before: late, or a retransmission.
  case late(Int64)
  /// Seen before.
  case duplicate
  /// Too far behind to tell.
  case stale
  /// A jump that may be a restart: believed when the next packet follows on (RFC 3550 A.1, probation of two).
  case suspect
  /// The sender started anew; the number is far ahead of all earlier ones, which nobody will fill.
  case restarted(Int64)
}

/// The sequence numbers of one SSRC.
///
/// Appendix A.1 holds every new source on probation until two packets came in order. Here packets are authenticated and
/// their SSRC was signalled, so the first one counts at once: it may be the start of a key frame. Probation remains for
/// jumps of more than `Limit.dropout`.
public struct SequenceTracker: Sendable {
  /// One bit for each of the newest `Limit.duplicateWindow` numbers: it came.
  @usableFromInline var seen = InlineArray<32, UInt64>(repeating: 0)
  /// The number that would confirm a restart.
  var expectedAfterJump: UInt16?
  /// The newest number, unrolled; nil before the first packet.
  public internal(set) var newest: Int64?
  /// The first number since the (last) start.
  public internal(set) var first: Int64 = 0
  /// Numbers that must have been sent before the last restart.
  var expectedBefore: Int64 = 0

  public init() {}

  /// How many packets the sender must have sent, RFC 3550 A.3.
  public var expected: Int64 { expectedBefore + (newest.map { $0 - first + 1 } ?? 0) }

  /// Takes note of a number.
  public mutating func receive(_ number: UInt16) -> SequenceVerdict {
    guard let newest else {
      // One cycle up, so that packets that overtook the first one stay positive.
      let value = Int64(number) + 0x1_0000
      start(at: value)
      return .newer(value, skipped: 0)
    }
    let step = SequenceNumber.distance(from: UInt16(truncatingIfNeeded: newest), to: number)
    if step > 0, step < Limit.dropout {
      expectedAfterJump = nil
      advance(from: newest, by: step)
      return .newer(newest + Int64(step), skipped: step - 1)
    }
    if step <= 0, -step < Limit.duplicateWindow {
      let value = newest + Int64(step)
      guard !contains(value) else { return .duplicate }
      insert(value)
      first = min(first, value)
      return .late(value)
    }
    return jump(to: number, from: newest, step: step)
  }

  /// What `number` stands for, seen from the newest, without taking note of it.
  public func unrolled(_ number: UInt16) -> Int64? {
    newest.map { $0 + Int64(SequenceNumber.distance(from: UInt16(truncatingIfNeeded: $0), to: number)) }
  }

  /// Whether the number, within the window, came.
  public func contains(_ value: Int64) -> Bool {
    guard let newest, value <= newest, value > newest - Int64(Limit.duplicateWindow) else { return false }
    let (word, mask) = SequenceTracker.bit(of: value)
    return seen[word] & mask != 0
  }

  /// Takes a number back as if its packet had never come: the payload was not usable.
  public mutating func forget(_ value: Int64) {
    guard contains(value) else { return }
    let (word, mask) = SequenceTracker.bit(of: value)
    seen[word] &= ~mask
  }
}

extension SequenceTracker {
  private mutating func start(at value: Int64) {
    seen = InlineArray(repeating: 0)
    newest = value
    first = value
    expectedAfterJump = nil
    insert(value)
  }

  private mutating func jump(to number: UInt16, from newest: Int64, step: Int) -> SequenceVerdict {
    guard number == expectedAfterJump else {
      expectedAfterJump = number &+ 1
      return step < 0 && -step < Limit.dropout ? .stale : .suspect
    }
    expectedBefore = expected
    // The next cycle: extended numbers never run backwards, so that every map keyed by them stays in order.
    let value = (newest | 0xFFFF) + 1 + 0x1_0000 + Int64(number)
    start(at: value)
    return .restarted(value)
  }

  private mutating func advance(from newest: Int64, by step: Int) {
    if step >= Limit.duplicateWindow {
      seen = InlineArray(repeating: 0)
    } else {
      for value in (newest + 1)..<(newest + Int64(step)) {
        let (word, mask) = SequenceTracker.bit(of: value)
        seen[word] &= ~mask
      }
    }
    self.newest = newest + Int64(step)
    insert(newest + Int64(step))
  }

  private mutating func insert(_ value: Int64) {
    let (word, mask) = SequenceTracker.bit(of: value)
    seen[word] |= mask
  }

  @inline(__always)
  private static func bit(of value: Int64) -> (word: Int, mask: UInt64) {
    let index = Int(truncatingIfNeeded: value) & (Limit.duplicateWindow - 1)
    return (index >> 6, 1 << UInt64(index & 63))
  }
}
