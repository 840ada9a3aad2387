// Which outgoing sequence number stands for which source packet, in both directions (RFC 3550 §5.1, RFC 7667 §3.6.2).

import Chronology

/// What was changed in a packet beyond the RTP header, so that a resend changes the same: a packet that is sent again
/// under its own number must be the same in every byte (RFC 7714 §8.1). Offsets are subtracted from
/// the source's values, modulo their field's width.
public struct PacketRewrite: BitwiseCopyable, Sendable, Hashable {
  /// VP8 and VP9 picture ids (7 or 15 bits).
  public var pictureIDOffset: UInt16
  /// VP8 and VP9 TL0PICIDX (8 bits).
  public var tl0PictureIndexOffset: UInt8
  /// VP8 KEYIDX (5 bits).
  public var keyIndexOffset: UInt8
  /// The marker bit was set because the frame ends here for this subscriber, who does not get its higher layers.
  public var setsMarker: Bool
  /// Bytes of RTP padding behind the payload (RFC 3550 §5.1), which give the packet the size of others of its run.
  public var padding: UInt8

  @inlinable
  public init(
    pictureIDOffset: UInt16 = 0, tl0PictureIndexOffset: UInt8 = 0, keyIndexOffset: UInt8 = 0, setsMarker: Bool = false,
    padding: UInt8 = 0
  ) {
    self.pictureIDOffset = pictureIDOffset
    self.tl0PictureIndexOffset = tl0PictureIndexOffset
    self.keyIndexOffset = keyIndexOffset
    self.setsMarker = setsMarker
    self.padding = padding
  }
}

/// One outgoing sequence number: 24 bytes, because a subscriber of a 1080p share has some hundred of them.
public struct SequenceMapEntry: BitwiseCopyable, Sendable {
  /// The low 32 bits of `source`.
  @usableFromInline var sourceLow: UInt32
  /// Added to the source's timestamp.
  public var timestampOffset: UInt32
  /// The source's timestamp; of no meaning for a hole.
  @usableFromInline var timestamp: UInt32
  /// When it was sent last, in milliseconds of the node's clock, truncated.
  @usableFromInline var sentAt: UInt32
  /// The bits of `source` above 32: its numbers have 48, as SRTP's do.
  @usableFromInline var sourceHigh: Int16
  @usableFromInline var pictureIDOffset: UInt16
  @usableFromInline var tl0PictureIndexOffset: UInt8
  @usableFromInline var padding: UInt8
  /// Bits 0 to 4: what is subtracted from KEYIDX, which has five. Bits 5 to 7: the encoding.
  @usableFromInline var origin: UInt8
  /// Bits 0 to 3: resends. Bits 4 and 5: the state. Bit 6: the marker was set.
  @usableFromInline var flags: UInt8

  @usableFromInline
  enum State: UInt8, BitwiseCopyable, Sendable {
    /// Sent.
    case sent
    /// Reserved for a source packet that has not come.
    case hole
    /// Stands for an unknown number of lost packets. Nothing will fill it.
    case void
    /// A hole that a padding packet filled, because its source packet came and was not wanted.
    case padding
  }

  @inlinable
  init(source: Int64, timestampOffset: UInt32, encoding: UInt8, state: State) {
    sourceLow = UInt32(truncatingIfNeeded: source)
    sourceHigh = Int16(truncatingIfNeeded: source >> 32)
    self.timestampOffset = timestampOffset
    origin = encoding << 5
    timestamp = 0
    sentAt = 0
    pictureIDOffset = 0
    tl0PictureIndexOffset = 0
    padding = 0
    flags = state.rawValue << 4
  }

  /// The source packet's number on its encoding.
  @inlinable
  public var source: Int64 { Int64(sourceHigh) << 32 | Int64(sourceLow) }

  /// The encoding that the packet came on: not more than seven, of four that a publication may have.
  @inlinable
  public var encoding: UInt8 { origin >> 5 }

  @inlinable
  var state: State {
    get { State(rawValue: flags >> 4 & 3) ?? .void }
    set { flags = flags & ~0x30 | newValue.rawValue << 4 }
  }

  /// Not more than fifteen.
  @inlinable
  var resends: UInt8 {
    get { flags & 0x0F }
    set { flags = flags & 0xF0 | min(newValue, 0x0F) }
  }

  @inlinable
  public var rewrite: PacketRewrite {
    get {
      PacketRewrite(
        pictureIDOffset: pictureIDOffset, tl0PictureIndexOffset: tl0PictureIndexOffset,
        keyIndexOffset: origin & 0x1F, setsMarker: flags & 0x40 != 0, padding: padding)
    }
    set {
      pictureIDOffset = newValue.pictureIDOffset
      tl0PictureIndexOffset = newValue.tl0PictureIndexOffset
      origin = origin & 0xE0 | newValue.keyIndexOffset & 0x1F
      padding = newValue.padding
      flags = flags & ~0x40 | (newValue.setsMarker ? 0x40 : 0)
    }
  }
}

/// How to send one packet.
public struct Mapping: Sendable, Hashable {
  /// The outgoing number, unrolled; the low 16 bits go on the wire.
  public var sequence: Int64
  /// To be added to the source's timestamp.
  public var timestampOffset: UInt32
  /// What else to change: what the caller asked for, or, for a late packet, what its neighbours got.
  public var rewrite: PacketRewrite
  /// It fills a hole: packets behind it have gone out already.
  public var isLate: Bool

  @inlinable
  init(sequence: Int64, timestampOffset: UInt32, rewrite: PacketRewrite, isLate: Bool) {
    self.sequence = sequence
    self.timestampOffset = timestampOffset
    self.rewrite = rewrite
    self.isLate = isLate
  }
}

/// The numbering of one subscription.
///
/// Source packets come in runs: a run starts where the subscription begins, resumes or switches to another encoding. In a
/// run, every packet that is forwarded gets the next number; packets that are dropped get none; numbers that are missing
/// between two source packets get a reserved hole each, since they may be late. A late packet takes its hole, wherever
/// the numbering is by then, or, if it is dropped, leaves it to a padding packet.
///
/// The ring of entries, in order of outgoing number, is at the same time the way back from a NACK. Entries of one run
/// ascend by source number, so that a late packet is found by bisection and no other table is needed.
public struct SequenceMap: ~Copyable {
  struct Run: BitwiseCopyable {
    var encoding: UInt8
    /// The first outgoing number of the run.
    var firstOutput: Int64
    var firstSource: Int64
    var timestampOffset: UInt32
  }

  @usableFromInline var entries: [SequenceMapEntry]
  /// The newest run last.
  var runs: [Run] = []
  /// Ring positions at most; a power of two.
  let limit: Int
  /// The newest source number of the current run, forwarded or not.
  @usableFromInline var newestSource: Int64 = 0
  /// The oldest outgoing number that has an entry.
  @usableFromInline var oldest: Int64
  /// The outgoing number that comes next.
  public internal(set) var next: Int64
  /// The encoding of the current run; nil before the first.
  public private(set) var encoding: UInt8?
  /// The timestamp offset of the current run.
  @usableFromInline var timestampOffset: UInt32 = 0

  /// - Parameters:
  ///   - first: the first outgoing number. RFC 3550 §5.1 wants it random; below 2¹⁵, so that SRTP receivers that miss
  ///     the first packets do not take a wrap for a start (RFC 3711 §3.3.1).
  ///   - capacity: positions at first and at most; powers of two.
  public init(first: UInt16, initialCapacity: Int, capacity: Int) {
    precondition(initialCapacity > 0 && initialCapacity & (initialCapacity - 1) == 0)
    precondition(capacity >= initialCapacity && capacity & (capacity - 1) == 0)
    let nothing = SequenceMapEntry(source: 0, timestampOffset: 0, encoding: 0, state: .void)
    entries = Array(repeating: nothing, count: initialCapacity)
    limit = capacity
    // One cycle up: a NACK for a number before the first must not become negative.
    next = Int64(first) + 0x1_0000
    oldest = next
    runs.reserveCapacity(Limit.runs)
  }

  /// The first number, in place of the one that the map was made with.
  mutating func resume(at next: Int64) {
    self.next = next
    oldest = next
  }

  /// Starts a run: from now on packets of `encoding` from `source` on are numbered, one after the other.
  public mutating func begin(encoding: UInt8, at source: Int64, timestampOffset: UInt32) {
    if runs.count == Limit.runs { runs.removeFirst() }
    runs.append(
      Run(encoding: encoding, firstOutput: next, firstSource: source, timestampOffset: timestampOffset))
    self.encoding = encoding
    self.timestampOffset = timestampOffset
    newestSource = source - 1
  }

  /// Whether `forward` would give the packet the next number, and not that of a hole.
  @inlinable
  public func isAhead(encoding: UInt8, source: Int64) -> Bool { encoding == self.encoding && source > newestSource }

  /// Numbers a packet that is to be forwarded.
  ///
  /// - Returns: nil when the packet must not be sent: it was sent before, was dropped before, or belongs to no run that
  ///   is still known.
  @inlinable
  public mutating func forward(
    encoding: UInt8, source: Int64, timestamp: UInt32, rewrite: PacketRewrite, at time: Instant
  ) -> Mapping? {
    guard encoding == self.encoding, source > newestSource else {
      return fillHole(encoding: encoding, source: source, timestamp: timestamp, at: time)
    }
    if source > newestSource &+ 1 { reserveHoles(before: source, at: time) }
    newestSource = source
    var entry = SequenceMapEntry(
      source: source, timestampOffset: timestampOffset, encoding: encoding, state: .sent)
    entry.timestamp = timestamp
    entry.rewrite = rewrite
    let sequence = append(entry, at: time)
    return Mapping(sequence: sequence, timestampOffset: timestampOffset, rewrite: rewrite, isLate: false)
  }

  /// Takes note of a packet that is not to be forwarded: a layer that is not wanted, or nothing but padding.
  ///
  /// - Returns: the outgoing number of the hole that was reserved for it, if there was one. Nothing of content will ever
  ///   fill it; the caller should send a padding packet with this number, or the receiver asks for it in vain.
  @inlinable
  public mutating func drop(encoding: UInt8, source: Int64, at time: Instant) -> Mapping? {
    guard encoding == self.encoding, source > newestSource else {
      return closeHole(encoding: encoding, source: source, at: time)
    }
    if source > newestSource &+ 1 { reserveHoles(before: source, at: time) }
    newestSource = source
    return nil
  }

  /// The entry of an outgoing number as it comes in a NACK; nil when it is too old or was never given out.
  @inlinable
  public func entry(of number: UInt16) -> SequenceMapEntry? {
    guard let sequence = unrolled(number) else { return nil }
    return entries[position(of: sequence)]
  }
}

// MARK: - The ring

extension SequenceMap {
  @inlinable @inline(__always)
  func position(of sequence: Int64) -> Int { Int(truncatingIfNeeded: sequence) & (entries.count &- 1) }

  @inlinable
  func unrolled(_ number: UInt16) -> Int64? {
    let newest = next &- 1
    let sequence = newest &+ Int64(Int16(bitPattern: number &- UInt16(truncatingIfNeeded: newest)))
    return sequence >= oldest && sequence < next ? sequence : nil
  }

  @inlinable @discardableResult
  mutating func append(_ entry: SequenceMapEntry, at time: Instant) -> Int64 {
    let sequence = next
    if sequence &- oldest >= Int64(entries.count) { makeRoom(at: time) }
    let position = position(of: sequence)
    entries[position] = entry
    entries[position].sentAt = SequenceMap.milliseconds(time)
    advance()
    return sequence
  }

  @usableFromInline
  mutating func advance() { next &+= 1 }

  @inlinable @inline(__always)
  static func milliseconds(_ time: Instant) -> UInt32 { UInt32(truncatingIfNeeded: time.nanoseconds / 1_000_000) }

  /// Doubles the ring while it would forget what may still be asked for; else forgets the oldest.
  @usableFromInline
  mutating func makeRoom(at time: Instant) {
    let age = SequenceMap.milliseconds(time) &- entries[position(of: oldest)].sentAt
    guard age < Limit.sentLife, entries.count < limit else {
      oldest &+= 1
      return
    }
    var grown = [SequenceMapEntry](repeating: entries[0], count: entries.count * 2)
    for sequence in oldest..<next {
      grown[Int(truncatingIfNeeded: sequence) & (grown.count - 1)] = entries[position(of: sequence)]
    }
    entries = grown
  }

  /// A hole for each number between the newest source and `source`. A gap that is too large for that starts a new run
  /// behind one void number, which makes the loss visible to the receiver.
  @usableFromInline
  mutating func reserveHoles(before source: Int64, at time: Instant) {
    guard let encoding else { return }
    if source - newestSource - 1 > Int64(Limit.reservedHoles) {
      append(
        SequenceMapEntry(source: newestSource + 1, timestampOffset: timestampOffset, encoding: encoding, state: .void),
        at: time)
      begin(encoding: encoding, at: source, timestampOffset: timestampOffset)
      return
    }
    for missing in (newestSource + 1)..<source {
      append(
        SequenceMapEntry(source: missing, timestampOffset: timestampOffset, encoding: encoding, state: .hole), at: time)
    }
  }
}

// MARK: - Late packets

extension SequenceMap {
  @usableFromInline
  mutating func fillHole(encoding: UInt8, source: Int64, timestamp: UInt32, at time: Instant) -> Mapping? {
    guard let sequence = hole(encoding: encoding, source: source) else { return nil }
    let position = position(of: sequence)
    let rewrite = rewriteOfNeighbours(of: sequence, timestamp: timestamp)
    entries[position].state = .sent
    entries[position].timestamp = timestamp
    entries[position].rewrite = rewrite
    entries[position].sentAt = SequenceMap.milliseconds(time)
    return Mapping(
      sequence: sequence, timestampOffset: entries[position].timestampOffset, rewrite: rewrite, isLate: true)
  }

  @usableFromInline
  mutating func closeHole(encoding: UInt8, source: Int64, at time: Instant) -> Mapping? {
    guard let sequence = hole(encoding: encoding, source: source) else { return nil }
    let position = position(of: sequence)
    entries[position].state = .padding
    entries[position].sentAt = SequenceMap.milliseconds(time)
    return Mapping(
      sequence: sequence, timestampOffset: entries[position].timestampOffset, rewrite: PacketRewrite(), isLate: true)
  }

  /// Whether a number is reserved for that source packet and nothing filled it yet.
  public func hasHole(encoding: UInt8, source: Int64) -> Bool { hole(encoding: encoding, source: source) != nil }

  /// Finds the hole of a source packet by bisection in the runs of its encoding, newest first.
  private func hole(encoding: UInt8, source: Int64) -> Int64? {
    var end = next
    for run in runs.reversed() {
      let start = max(run.firstOutput, oldest)
      defer { end = run.firstOutput }
      guard run.encoding == encoding, source >= run.firstSource, start < end else { continue }
      var low = start
      var high = end
      while low < high {
        let middle = low + (high - low) / 2
        if entries[position(of: middle)].source < source { low = middle + 1 } else { high = middle }
      }
      guard low < end else { return nil }
      let entry = entries[position(of: low)]
      return entry.source == source && entry.state == .hole ? low : nil
    }
    return nil
  }

  /// What the packets around a hole got. A packet of the same frame decides; else a neighbour from which no packet was
  /// dropped on the way to the hole, since offsets change only where something is dropped.
  private func rewriteOfNeighbours(of sequence: Int64, timestamp: UInt32) -> PacketRewrite {
    let hole = entries[position(of: sequence)]
    let after = neighbour(of: sequence, step: 1)
    let before = neighbour(of: sequence, step: -1)
    var rewrite: PacketRewrite
    if let after, entries[position(of: after)].timestamp == timestamp {
      rewrite = entries[position(of: after)].rewrite
    } else if let before, entries[position(of: before)].timestamp == timestamp {
      rewrite = entries[position(of: before)].rewrite
    } else if let before, hole.source - entries[position(of: before)].source == sequence - before {
      rewrite = entries[position(of: before)].rewrite
    } else if let after {
      rewrite = entries[position(of: after)].rewrite
    } else {
      rewrite = before.map { entries[position(of: $0)].rewrite } ?? PacketRewrite()
    }
    rewrite.setsMarker = false
    rewrite.padding = 0
    return rewrite
  }

  /// The nearest packet of the same run in one direction that was sent.
  private func neighbour(of sequence: Int64, step: Int64) -> Int64? {
    let hole = entries[position(of: sequence)]
    var other = sequence + step
    while other >= oldest, other < next {
      let entry = entries[position(of: other)]
      guard entry.encoding == hole.encoding, entry.timestampOffset == hole.timestampOffset else { return nil }
      if entry.state == .sent { return other }
      other += step
    }
    return nil
  }
}
