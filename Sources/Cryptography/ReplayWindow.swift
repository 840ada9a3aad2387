// Which packet indices were seen (RFC 3711 §3.3.1, §3.3.2).

/// The newest 48-bit RTP index and the 1024 before it.
public struct ReplayWindow: Sendable {
  /// Indices that the window covers.
  public static let span = 1024
  private var newest: UInt64 = 0
  private var isEmpty = true
  /// A ring of bits, addressed by index modulo `span`.
  private var seen = InlineArray<16, UInt64>(repeating: 0)

  public init() {}

  /// The 48-bit index that `sequence` most likely stands for: the one nearest to the newest (RFC 3711 §3.3.1).
  @inline(__always)
  public func estimate(_ sequence: UInt16) -> UInt64 {
    guard !isEmpty else { return UInt64(sequence) }
    let distance = Int64(Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: newest)))
    let index = Int64(bitPattern: newest) &+ distance
    // Before the first roll-over there is nothing to go back to.
    return index < 0 ? UInt64(sequence) : UInt64(bitPattern: index)
  }

  /// Whether a packet with `index` may still be new.
  @inline(__always)
  public func accepts(_ index: UInt64) -> Bool {
    if isEmpty || index > newest { return true }
    guard newest &- index < UInt64(Self.span) else { return false }
    return seen[Int(index >> 6) & 15] & (1 << (index & 63)) == 0
  }

  /// Notes that an authentic packet with `index` arrived. It was accepted before.
  @inline(__always)
  public mutating func record(_ index: UInt64) {
    if isEmpty {
      isEmpty = false
      newest = index
    } else if index > newest {
      advance(to: index)
    }
    seen[Int(index >> 6) & 15] |= 1 << (index & 63)
  }

  /// Notes everything up to `index` as seen: whoever counted before may have seen it.
  mutating func recordAll(upTo index: UInt64) {
    isEmpty = false
    newest = index
    seen = InlineArray(repeating: .max)
  }

  /// Clears the bits between the old newest index and the new one.
  private mutating func advance(to index: UInt64) {
    if index &- newest >= UInt64(Self.span) {
      seen = InlineArray(repeating: 0)
    } else {
      var cleared = newest &+ 1
      while cleared <= index {
        seen[Int(cleared >> 6) & 15] &= ~(1 << (cleared & 63))
        cleared &+= 1
      }
    }
    newest = index
  }
}

/// The newest SRTCP index and the 63 before it: RTCP is a packet now and then, hardly ever reordered.
struct ControlReplayWindow: Sendable {
  private var newest: UInt64 = 0
  /// Bit n: newest − n was seen.
  private var seen: UInt64 = 0

  func accepts(_ index: UInt64) -> Bool {
    if seen == 0 || index > newest { return true }
    let age = newest - index
    return age < 64 && seen & (1 << age) == 0
  }

  mutating func record(_ index: UInt64) {
    if seen == 0 || index > newest {
      let advance = seen == 0 ? 64 : index - newest
      seen = (advance < 64 ? seen << advance : 0) | 1
      newest = index
    } else {
      seen |= 1 << (newest - index)
    }
  }
}
