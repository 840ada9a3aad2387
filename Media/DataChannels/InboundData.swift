// The receiving half: which TSNs have come, fragments put together, ordered messages put in order.

import Bytes

/// The fields of a DATA chunk, RFC 9260 §3.3.1.
struct DataHeader: Sendable {
  var tsn: TSN
  var stream: UInt16
  var sequence: SSN
  var payloadProtocol: UInt32
  var flags: UInt8

  static let end: UInt8 = 1
  static let begin: UInt8 = 2
  static let unordered: UInt8 = 4
  /// RFC 7053: the sender asks for an acknowledgement at once.
  static let immediate: UInt8 = 8

  var isEnd: Bool { flags & Self.end != 0 }
  var isBegin: Bool { flags & Self.begin != 0 }
  var isUnordered: Bool { flags & Self.unordered != 0 }
}

/// A whole message, ready for its channel.
struct InboundMessage: Sendable {
  var stream: UInt16
  var payloadProtocol: UInt32
  var bytes: [UInt8]
}

/// What became of a DATA chunk.
enum DataOutcome: Equatable {
  case accepted
  case duplicate
  /// No room: the sender will repeat it.
  case refused
  /// The message grew above the limit.
  case tooLarge
}

struct InboundData: Sendable {
  /// TSNs that have come beyond a gap; ascending, apart from each other.
  struct Block: Sendable, Equatable {
    var first: TSN
    var last: TSN
  }

  /// Consecutive fragments of one message.
  private struct Run: Sendable {
    var first: TSN
    var last: TSN
    let stream: UInt16
    let sequence: SSN
    let isUnordered: Bool
    var payloadProtocol: UInt32
    var hasBegin: Bool
    var hasEnd: Bool
    var bytes: [UInt8]

    var isComplete: Bool { hasBegin && hasEnd }

    func isSameMessage(as header: DataHeader) -> Bool {
      stream == header.stream && sequence == header.sequence && isUnordered == header.isUnordered
    }
  }

  private struct Stream: Sendable {
    let id: UInt16
    var next: SSN
  }

  /// The last TSN before the first gap.
  private(set) var cumulative: TSN
  private(set) var blocks: [Block] = []
  /// TSNs that came again since the last SACK.
  private(set) var duplicates: [TSN] = []
  /// Bytes in fragments and early messages.
  private(set) var heldBytes = 0
  /// Messages that are whole and in order, for the association to take.
  var ready = Queue<InboundMessage>()
  private var runs: [Run] = []
  private var streams: [Stream] = []
  private let messageLimit: Int

  init(peerFirstTSN: TSN, messageLimit: Int) {
    cumulative = peerFirstTSN.previous
    self.messageLimit = messageLimit
  }

  var hasGaps: Bool { !blocks.isEmpty }

  /// Takes in one chunk. `pendingBytes` are delivered and not yet taken by the owner; they count against the window.
  mutating func receive(_ header: DataHeader, _ payload: RawSpan, pendingBytes: Int) -> DataOutcome {
    let distance = header.tsn.distance(from: cumulative)
    guard distance > 0, !isInBlock(header.tsn) else {
      if duplicates.count < Limit.reportedDuplicates { duplicates.append(header.tsn) }
      return .duplicate
    }
    // The next expected chunk may exceed the window by a message: without it nothing that is held could ever leave.
    let allowance = distance == 1 ? messageLimit : 0
    guard heldBytes + pendingBytes + payload.byteCount <= Limit.receiveWindow + allowance,
      distance == 1 || runs.count < Limit.heldMessages, note(header.tsn, distance: distance)
    else { return .refused }
    return place(header, payload)
  }

  // MARK: TSNs

  private func isInBlock(_ tsn: TSN) -> Bool {
    let index = blockIndex(after: tsn)
    return index > 0 && !tsn.isNewer(than: blocks[index - 1].last)
  }

  /// The first block that starts beyond `tsn`.
  private func blockIndex(after tsn: TSN) -> Int {
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].first.isNewer(than: tsn) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Records a TSN that has not come before; false when the table of blocks has no place for it.
  private mutating func note(_ tsn: TSN, distance: Int) -> Bool {
    if distance == 1 {
      cumulative = tsn
      absorbFirstBlock()
      return true
    }
    // A gap block names its ends by 16-bit distances (RFC 9260 §3.3.4).
    guard distance <= 0xFFFF else { return false }
    let index = blockIndex(after: tsn)
    let joinsBefore = index > 0 && blocks[index - 1].last.next == tsn
    let joinsAfter = index < blocks.count && tsn.next == blocks[index].first
    switch (joinsBefore, joinsAfter) {
    case (true, true):
      blocks[index - 1].last = blocks[index].last
      blocks.remove(at: index)
    case (true, false): blocks[index - 1].last = tsn
    case (false, true): blocks[index].first = tsn
    case (false, false):
      guard blocks.count < Limit.gapBlocks else { return false }
      blocks.insert(Block(first: tsn, last: tsn), at: index)
    }
    return true
  }

  private mutating func absorbFirstBlock() {
    guard let block = blocks.first, !block.first.isNewer(than: cumulative.next) else { return }
    if block.last.isNewer(than: cumulative) { cumulative = block.last }
    blocks.removeFirst()
  }

  // MARK: Messages

  private mutating func place(_ header: DataHeader, _ payload: RawSpan) -> DataOutcome {
    if header.isBegin && header.isEnd && (header.isUnordered || isExpected(header.sequence, on: header.stream)) {
      guard payload.byteCount <= messageLimit else { return .tooLarge }
      deliver(header.stream, header.payloadProtocol, payload.toArray())
      if !header.isUnordered { finish(header.sequence, on: header.stream) }
      return .accepted
    }
    let index = insert(header, payload)
    guard runs[index].bytes.count <= messageLimit else { return .tooLarge }
    guard runs[index].isComplete else { return .accepted }
    if runs[index].isUnordered {
      take(index)
    } else if isExpected(runs[index].sequence, on: runs[index].stream) {
      let (sequence, stream) = (runs[index].sequence, runs[index].stream)
      take(index)
      finish(sequence, on: stream)
    }
    return .accepted
  }

  /// Adds a fragment to the run before or behind it, or begins one; returns the run's place.
  private mutating func insert(_ header: DataHeader, _ payload: RawSpan) -> Int {
    let index = runIndex(after: header.tsn)
    heldBytes += payload.byteCount
    let joinsBefore =
      index > 0 && runs[index - 1].last.next == header.tsn && !runs[index - 1].hasEnd && !header.isBegin
      && runs[index - 1].isSameMessage(as: header)
    if joinsBefore {
      runs[index - 1].bytes.append(contentsOf: payload.toArray())
      runs[index - 1].last = header.tsn
      runs[index - 1].hasEnd = header.isEnd
      joinRuns(index - 1)
      return index - 1
    }
    runs.insert(
      Run(
        first: header.tsn, last: header.tsn, stream: header.stream, sequence: header.sequence,
        isUnordered: header.isUnordered, payloadProtocol: header.payloadProtocol, hasBegin: header.isBegin,
        hasEnd: header.isEnd, bytes: payload.toArray()), at: index)
    joinRuns(index)
    return index
  }

  /// Joins the run at `index` with the one behind it when that goes on with the same message.
  private mutating func joinRuns(_ index: Int) {
    guard index + 1 < runs.count else { return }
    let behind = runs[index + 1]
    guard !runs[index].hasEnd, !behind.hasBegin, runs[index].last.next == behind.first,
      runs[index].stream == behind.stream, runs[index].sequence == behind.sequence,
      runs[index].isUnordered == behind.isUnordered
    else { return }
    runs[index].bytes.append(contentsOf: behind.bytes)
    runs[index].last = behind.last
    runs[index].hasEnd = behind.hasEnd
    runs.remove(at: index + 1)
  }

  private func runIndex(after tsn: TSN) -> Int {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].first.isNewer(than: tsn) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private mutating func deliver(_ stream: UInt16, _ payloadProtocol: UInt32, _ bytes: [UInt8]) {
    ready.append(InboundMessage(stream: stream, payloadProtocol: payloadProtocol, bytes: bytes))
  }

  private mutating func take(_ index: Int) {
    let run = runs.remove(at: index)
    heldBytes -= run.bytes.count
    deliver(run.stream, run.payloadProtocol, run.bytes)
  }

  // MARK: Order

  private func isExpected(_ sequence: SSN, on stream: UInt16) -> Bool {
    if let known = streams.first(where: { $0.id == stream }) { return known.next == sequence }
    // A stream beyond the table has no order: nobody can have opened a channel on it.
    return sequence.rawValue == 0 || streams.count == Limit.inboundStreams
  }

  /// The message `sequence` of `stream` was delivered or given up: what waited for it may go.
  private mutating func finish(_ sequence: SSN, on stream: UInt16) {
    guard let index = streams.firstIndex(where: { $0.id == stream }) else {
      guard streams.count < Limit.inboundStreams else { return }
      streams.append(Stream(id: stream, next: sequence.next))
      return release(streams.count - 1)
    }
    streams[index].next = sequence.next
    release(index)
  }

  /// Delivers the messages of a stream that are now in order. In TSN order they are in order of sequence too, so that
  /// one pass is enough.
  private mutating func release(_ index: Int) {
    guard !runs.isEmpty else { return }
    let id = streams[index].id
    var kept = 0
    for position in 0..<runs.count {
      let isDue =
        runs[position].stream == id && !runs[position].isUnordered && runs[position].isComplete
        && !runs[position].sequence.isNewer(than: streams[index].next)
      if isDue {
        heldBytes -= runs[position].bytes.count
        deliver(id, runs[position].payloadProtocol, runs[position].bytes)
        streams[index].next = runs[position].sequence.next
      } else {
        if kept != position { runs.swapAt(kept, position) }
        kept += 1
      }
    }
    runs.removeLast(runs.count - kept)
  }

  // MARK: Skipping and resetting

  /// FORWARD TSN, RFC 3758 §3.6: everything up to `tsn` counts as received; fragments among it never become whole.
  mutating func forward(to tsn: TSN, skipping skipped: [(stream: UInt16, sequence: SSN)]) {
    guard tsn.isNewer(than: cumulative) else { return }
    cumulative = tsn
    while let block = blocks.first, !block.first.isNewer(than: cumulative.next) { absorbFirstBlock() }
    runs.removeAll { run in
      guard !run.isComplete, !run.first.isNewer(than: tsn) else { return false }
      heldBytes -= run.bytes.count
      return true
    }
    for skip in skipped {
      if let known = streams.first(where: { $0.id == skip.stream }), known.next.isNewer(than: skip.sequence) {
        continue
      }
      finish(skip.sequence, on: skip.stream)
    }
  }

  /// RFC 6525 §5.2.2: the next message of these streams is number 0 again. An empty list means all streams.
  mutating func reset(_ ids: [UInt16]) {
    streams.removeAll { ids.isEmpty || ids.contains($0.id) }
    runs.removeAll { run in
      guard ids.isEmpty || ids.contains(run.stream), !run.first.isNewer(than: cumulative) else { return false }
      heldBytes -= run.bytes.count
      return true
    }
  }

  /// A SACK chunk of at most `room` bytes (RFC 9260 §3.3.4).
  mutating func acknowledgement(window: Int, room: Int) -> [UInt8] {
    defer { duplicates.removeAll() }
    let reportable = max(0, (room - 16 - 4 * duplicates.count) / 4)
    let reported = blocks.prefix(reportable)
    return makeChunk(ChunkType.selectiveAcknowledgement) { writer in
      writer.uint32(cumulative.rawValue)
      writer.uint32(UInt32(clamping: window))
      writer.uint16(UInt16(truncatingIfNeeded: reported.count))
      writer.uint16(UInt16(truncatingIfNeeded: duplicates.count))
      for block in reported {
        writer.uint16(UInt16(truncatingIfNeeded: block.first.distance(from: cumulative)))
        writer.uint16(UInt16(truncatingIfNeeded: block.last.distance(from: cumulative)))
      }
      for duplicate in duplicates { writer.uint32(duplicate.rawValue) }
    }
  }
}
