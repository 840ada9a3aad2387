// The sending half: chunks in flight, their acknowledgement, loss and abandonment.

import Bytes
import Chronology

/// A piece of a message that has a TSN. It refers to the message's bytes; nothing is copied until it goes into a packet.
struct OutboundChunk: Sendable {
  enum State: Sendable { case inFlight, lost, acknowledged, abandoned }

  var message: [UInt8]
  var offset: Int
  var count: Int
  var stream: UInt16
  var sequence: SSN
  var payloadProtocol: UInt32
  /// Begin, end and unordered bits of RFC 9260 §3.3.1.
  var flags: UInt8
  /// Most times that it may be sent.
  var maximumTransmissions: UInt32
  /// When it is given up.
  var expiry: Instant
  var state = State.inFlight
  var transmissions: UInt32 = 1
  var sentAt: Instant
  var missingReports = 0
  /// A report of it missing counts when the SACK newly acknowledges something sent after this TSN, that is after the
  /// latest transmission. So a retransmission that is lost too is noticed without waiting for the timer, and one that
  /// is still under way is not taken for lost.
  var reportsCountAfter: TSN

  var isBegin: Bool { flags & DataHeader.begin != 0 }
  var isEnd: Bool { flags & DataHeader.end != 0 }
  var isUnordered: Bool { flags & DataHeader.unordered != 0 }
}

/// The fixed part of a SACK and its gap blocks as distances.
struct SelectiveAcknowledgement {
  var cumulative: TSN
  var window: Int
  var blocks: [ClosedRange<Int>]

  /// Nil when it is cut short; blocks out of order are left out.
  init?(_ body: RawSpan) {
    guard body.byteCount >= 12 else { return nil }
    cumulative = TSN(body.uint32(at: 0))
    window = Int(body.uint32(at: 4))
    let count = Int(body.uint16(at: 8))
    guard body.byteCount >= 12 + 4 * count else { return nil }
    blocks = []
    for index in 0..<count {
      let first = Int(body.uint16(at: 12 + 4 * index))
      let last = Int(body.uint16(at: 14 + 4 * index))
      guard first <= last, first > blocks.last?.upperBound ?? 0 else { continue }
      blocks.append(first...last)
    }
  }
}

struct OutboundData: Sendable {
  private(set) var nextTSN: TSN
  /// The last TSN that the other side has acknowledged with everything before it.
  private(set) var acknowledged: TSN
  /// What was sent behind `acknowledged`; the chunk at `i` has TSN `acknowledged + 1 + i`.
  private(set) var chunks = Queue<OutboundChunk>()
  /// Payload bytes that are under way.
  private(set) var bytesInFlight = 0
  private(set) var lostCount = 0
  /// A FORWARD TSN has to go out (RFC 3758 §3.5, C3).
  private(set) var isForwardDue = false
  private(set) var window: CongestionWindow
  private(set) var timeout = RetransmissionTimeout()
  /// The other side's receiver window as last announced.
  var peerWindow = 0
  /// The first retransmission of a fast recovery does not wait for the window (RFC 9260 §7.2.4, 3).
  private var mayExceedWindow = false
  private var lastSentAt = Instant.origin
  /// Fragments of one message have consecutive TSNs, so at most one message is partly sent at a time.
  private var interruptedStream: UInt16?

  init(firstTSN: TSN, packetBytes: Int) {
    nextTSN = firstTSN
    acknowledged = firstTSN.previous
    window = CongestionWindow(packetBytes: packetBytes)
  }

  var isEmpty: Bool { chunks.isEmpty }
  private var lastSent: TSN { nextTSN.previous }

  /// Whether `count` more bytes may go out. With nothing in flight one chunk always may: it probes a closed window
  /// (RFC 9260 §6.1 A).
  func maySend(_ count: Int) -> Bool {
    guard chunks.count < Limit.chunksInFlight else { return false }
    return bytesInFlight == 0 || (bytesInFlight < window.bytes && bytesInFlight + count <= peerWindow)
  }

  /// Gives `chunk` the next TSN and counts it as under way.
  mutating func send(_ chunk: OutboundChunk, at time: Instant) -> TSN {
    if chunks.isEmpty, time - lastSentAt > timeout.current { window.restartAfterIdle() }
    let tsn = nextTSN
    nextTSN = tsn.next
    chunks.append(chunk)
    bytesInFlight += chunk.count
    window.noteSent(inFlight: bytesInFlight)
    lastSentAt = time
    return tsn
  }

  // MARK: Retransmission

  /// Whether the window allows a retransmission.
  var mayResend: Bool { mayExceedWindow || bytesInFlight == 0 || bytesInFlight < window.bytes }

  /// The first lost chunk, if it fits into `room` bytes with its header and the window allows it.
  mutating func resend(room: Int, at time: Instant) -> (OutboundChunk, TSN)? {
    guard lostCount > 0 else { return nil }
    for index in 0..<chunks.count where chunks[index].state == .lost {
      let count = chunks[index].count
      guard PacketFormat.padded(count) + PacketFormat.dataHeaderBytes <= room else { return nil }
      guard mayResend else { return nil }
      mayExceedWindow = false
      chunks[index].state = .inFlight
      chunks[index].transmissions &+= 1
      chunks[index].missingReports = 0
      chunks[index].reportsCountAfter = lastSent
      chunks[index].sentAt = time
      lostCount -= 1
      bytesInFlight += count
      window.noteSent(inFlight: bytesInFlight)
      lastSentAt = time
      return (chunks[index], acknowledged.advanced(by: index + 1))
    }
    return nil
  }

  /// The timer fired: all that is under way counts as lost (RFC 9260 §6.3.3).
  mutating func expire(at time: Instant) {
    timeout.backOff()
    window.collapse()
    for index in 0..<chunks.count where chunks[index].state == .inFlight { lose(index, at: time) }
    updateForward()
  }

  private mutating func lose(_ index: Int, at time: Instant) {
    bytesInFlight -= chunks[index].count
    chunks[index].state = .lost
    lostCount += 1
    if chunks[index].transmissions >= chunks[index].maximumTransmissions || chunks[index].expiry <= time {
      abandon(around: index)
    }
  }

  /// Gives up the whole message that the chunk belongs to (RFC 3758 §3.5, A3).
  private mutating func abandon(around index: Int) {
    var first = index
    while first > 0, !chunks[first].isBegin { first -= 1 }
    var last = index
    while last + 1 < chunks.count, !chunks[last].isEnd { last += 1 }
    for position in first...last { abandonChunk(position) }
    if !chunks[last].isEnd { interrupt(chunks[last]) }
  }

  /// The message is abandoned before all of it was sent. What was sent may still arrive and be acknowledged, and then no
  /// FORWARD TSN would say that the rest never comes: a last piece that is never sent keeps the place for one.
  private mutating func interrupt(_ chunk: OutboundChunk) {
    interruptedStream = chunk.stream
    var end = chunk
    end.flags = chunk.flags & ~DataHeader.begin | DataHeader.end
    end.count = 0
    end.state = .abandoned
    chunks.append(end)
    nextTSN = nextTSN.next
  }

  private mutating func abandonChunk(_ index: Int) {
    switch chunks[index].state {
    case .inFlight: bytesInFlight -= chunks[index].count
    case .lost: lostCount -= 1
    case .acknowledged, .abandoned: break
    }
    chunks[index].state = .abandoned
    chunks[index].message = []
  }

  /// The stream whose message was abandoned before all of it had been sent, once.
  mutating func takeInterruptedStream() -> UInt16? {
    defer { interruptedStream = nil }
    return interruptedStream
  }

  // MARK: Acknowledgement

  /// What a SACK changed.
  struct Progress {
    /// It moved the cumulative acknowledgement on.
    var isAdvanced = false
    /// It acknowledged something that no SACK had before.
    var isNews = false
  }

  /// RFC 9260 §6.2.1 and §7.2.4. Nil for a SACK that is older than the last, or acknowledges what was never sent.
  mutating func acknowledge(_ sack: SelectiveAcknowledgement, at time: Instant) -> Progress? {
    let advance = sack.cumulative.distance(from: acknowledged)
    guard advance >= 0, advance <= chunks.count else { return nil }
    var news = News()
    for _ in 0..<advance { popAcknowledged(&news) }
    applyBlocks(sack.blocks, &news)
    if let sentAt = news.sentAt { timeout.measure(time - sentAt) }
    peerWindow = sack.window
    if let newest = news.newest, !sack.blocks.isEmpty { countMissing(before: newest, at: time) }
    if advance > 0 {
      window.acknowledge(news.bytes, upTo: acknowledged)
      timeout.recover()
    }
    updateForward()
    return Progress(isAdvanced: advance > 0, isNews: news.newest != nil)
  }

  /// A SHUTDOWN acknowledges too, without blocks or window.
  mutating func acknowledge(upTo cumulative: TSN) -> Progress? {
    let advance = cumulative.distance(from: acknowledged)
    guard advance >= 0, advance <= chunks.count else { return nil }
    var news = News()
    for _ in 0..<advance { popAcknowledged(&news) }
    updateForward()
    return Progress(isAdvanced: advance > 0, isNews: news.newest != nil)
  }

  private struct News {
    var bytes = 0
    var newest: TSN?
    /// When the newest chunk that was sent only once had been sent.
    var sentAt: Instant?

    mutating func take(_ chunk: OutboundChunk, _ tsn: TSN) {
      bytes += chunk.count
      newest = tsn
      if chunk.transmissions == 1 { sentAt = chunk.sentAt }
    }
  }

  private mutating func popAcknowledged(_ news: inout News) {
    guard let chunk = chunks.popFirst() else { return }
    acknowledged = acknowledged.next
    switch chunk.state {
    case .inFlight:
      bytesInFlight -= chunk.count
      news.take(chunk, acknowledged)
    case .lost:
      lostCount -= 1
      news.take(chunk, acknowledged)
    case .acknowledged: break
    case .abandoned: if news.newest == nil { news.newest = acknowledged }
    }
  }

  private mutating func applyBlocks(_ blocks: [ClosedRange<Int>], _ news: inout News) {
    var block = 0
    for index in 0..<chunks.count {
      while block < blocks.count, blocks[block].upperBound < index + 1 { block += 1 }
      let isCovered = block < blocks.count && blocks[block].contains(index + 1)
      switch chunks[index].state {
      case .inFlight where isCovered:
        bytesInFlight -= chunks[index].count
        chunks[index].state = .acknowledged
        news.take(chunks[index], acknowledged.advanced(by: index + 1))
      case .lost where isCovered:
        lostCount -= 1
        chunks[index].state = .acknowledged
        news.take(chunks[index], acknowledged.advanced(by: index + 1))
      case .acknowledged where !isCovered:
        // The receiver took its word back (RFC 9260 §6.2.1 iii).
        chunks[index].state = .lost
        lostCount += 1
      case .inFlight, .lost, .acknowledged, .abandoned: break
      }
    }
  }

  /// HTNA of RFC 9260 §7.2.4: what is older than the newest acknowledged chunk and still out is missing once more.
  private mutating func countMissing(before newest: TSN, at time: Instant) {
    var isAnyLost = false
    for index in 0..<chunks.count {
      guard newest.isNewer(than: acknowledged.advanced(by: index + 1)) else { break }
      guard chunks[index].state == .inFlight, newest.isNewer(than: chunks[index].reportsCountAfter) else { continue }
      chunks[index].missingReports += 1
      guard chunks[index].missingReports >= Limit.missingReports else { continue }
      isAnyLost = true
      lose(index, at: time)
    }
    if isAnyLost, window.lose(lastSent: lastSent) { mayExceedWindow = true }
  }

  // MARK: Abandoned chunks

  /// How many chunks from the first on are abandoned: what FORWARD TSN passes over (RFC 3758 §3.5, C2).
  private var abandonedCount: Int {
    var count = 0
    while count < chunks.count, chunks[count].state == .abandoned { count += 1 }
    return count
  }

  private mutating func updateForward() { isForwardDue = abandonedCount > 0 }

  /// The FORWARD TSN chunk that is due (RFC 3758 §3.2): the new cumulative TSN, and per stream the last ordered message
  /// that will not come.
  mutating func takeForward() -> [UInt8] {
    isForwardDue = false
    let count = abandonedCount
    var skipped: [(stream: UInt16, sequence: SSN)] = []
    for index in 0..<count where !chunks[index].isUnordered {
      let chunk = chunks[index]
      if let known = skipped.firstIndex(where: { $0.stream == chunk.stream }) {
        skipped[known].sequence = chunk.sequence
      } else {
        skipped.append((chunk.stream, chunk.sequence))
      }
    }
    return makeChunk(ChunkType.forwardTSN) { writer in
      writer.uint32(acknowledged.advanced(by: count).rawValue)
      for skip in skipped {
        writer.uint16(skip.stream)
        writer.uint16(skip.sequence.rawValue)
      }
    }
  }

  mutating func measure(_ roundTrip: Interval) { timeout.measure(roundTrip) }
  mutating func backOff() { timeout.backOff() }
}
