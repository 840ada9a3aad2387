// The controlling side, as a client of an ICE-lite server needs it: checks, nomination, keepalives with consent.

import Bytes
import Chronology
import Cryptography
import MediaContract
import Randomness
import Wire

extension ICEAgent {
  /// An address of the other side, from its description. False beyond `Limit.paths`.
  public mutating func addCandidate(_ path: Path, at time: Instant) -> Bool {
    guard role == .controlling, !candidates.contains(where: { $0.path == path }) else { return role == .controlling }
    guard candidates.count < Limit.paths else { return false }
    candidates.append(CheckedCandidate(path: path, nextCheck: time))
    return true
  }

  mutating func sendChecks(at time: Instant) {
    guard remote != nil else { return }
    for place in candidates.indices where candidates[place].nextCheck <= time {
      sendCheck(to: candidates[place].path, at: time)
      let doublings = min(candidates[place].unanswered, 10)
      candidates[place].nextCheck = time + min(Limit.firstRetransmission * (1 << Int64(doublings)), Limit.keepalive)
      candidates[place].unanswered += 1
    }
  }

  /// RFC 8445 §7.2.2. Every check nominates until one path is selected, then that path's do.
  private mutating func sendCheck(to path: Path, at time: Instant) {
    guard let remote else { return }
    let id = STUNTransactionID(high: UInt32(truncatingIfNeeded: random.next()), low: random.next())
    var request = STUNBuilder(.request, transactionID: id)
    request.username("\(remote.fragment):\(local.fragment)")
    request.role(.controlling(tieBreaker: tieBreaker))
    request.priority(Self.priority(of: path))
    if selectedPath == nil || selectedPath == path { request.useCandidate() }
    depart(request.finish { remote.hmac.code(for: $0) }, to: path)
    if pending.count == Limit.pendingChecks { pending.removeFirst() }
    pending.append(PendingCheck(id: id, path: path, sent: time))
  }

  mutating func acceptResponse(_ message: STUNMessage, _ packet: RawSpan, from path: Path, at time: Instant) {
    guard let remote, let place = pending.firstIndex(where: { $0.id == message.transactionID }),
      message.hasValidIntegrity(in: packet, hmac: { remote.hmac.code(for: $0) }),
      // RFC 8445 §7.2.5.2.1: a response that comes from elsewhere proves no pair.
      pending[place].path == path
    else {
      refusedMessages &+= 1
      return
    }
    let check = pending.remove(at: place)
    // Older checks on the path are answered by this one.
    pending.removeAll { $0.path == path && $0.sent <= check.sent }
    roundTrip = time - check.sent
    if let candidate = candidates.firstIndex(where: { $0.path == path }) {
      candidates[candidate].unanswered = 0
      candidates[candidate].nextCheck = time + Limit.keepalive
    }
    let before = selectedPath
    // The first path that answers is kept while it lives; only UDP may take over from TCP.
    let isBetter = before?.kind == .tcp && path.kind == .udp
    confirm(path, priority: Self.priority(of: path), isNominated: before == path || isBetter, at: time)
    // A path that was selected only now has to be nominated (or nominated again) at once.
    if let selectedPath, selectedPath != before, before != nil { sendCheck(to: selectedPath, at: time) }
  }

  /// An authentic error ends the wait for the check; the next one comes by its own time.
  mutating func acceptError(_ message: STUNMessage, _ packet: RawSpan) {
    guard let remote, message.hasValidIntegrity(in: packet, hmac: { remote.hmac.code(for: $0) }) else {
      refusedMessages &+= 1
      return
    }
    pending.removeAll { $0.id == message.transactionID }
  }

  /// RFC 8445 §5.1.2.1 for a peer-reflexive candidate; UDP goes before TCP.
  private static func priority(of path: Path) -> UInt32 {
    110 << 24 | (path.kind == .udp ? 0xFFFF : 0x7FFF) << 8 | 255
  }
}
