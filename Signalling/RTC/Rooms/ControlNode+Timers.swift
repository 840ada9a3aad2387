// What happens because time passed. Every entry is checked against the state as it is now: it may have been overtaken.

import Chronology
import LiveKitProtocol

extension ControlNode {
  /// Does everything that is due.
  public mutating func advance(to moment: Moment) {
    now = moment
    while let kind = timers.next(at: moment.instant) { fire(kind) }
  }

  private mutating func fire(_ kind: TimerKind) {
    switch kind {
    case .negotiate(let key): with(key) { $0.negotiate($1) }
    case .negotiationTimeout(let key, let offer): with(key) { $0.negotiationTimedOut($1, offer: offer) }
    case .joinTimeout(let key):
      with(key) { if !$1.wasActive { $0.close($1, reason: .joinFailure) } }
    case .askForResume(let key, let attempt): with(key) { $0.askForResume($1, attempt: attempt) }
    case .resumeTimeout(let key, let attempt):
      with(key) { node, participant in
        guard participant.isAwaitingResume, participant.failures == attempt else { return }
        node.close(participant, reason: .connectionTimeout)
      }
    case .refreshToken(let key):
      with(key) { node, participant in
        node.refreshToken(of: participant)
        node.schedule(kind, after: node.timings.tokenRefresh)
      }
    case .dynacast(let room, let track): settleDynacast(of: track, in: room)
    case .applySettings(let key): applySettings(key)
    case .participantUpdates(let room): announceBatch(room: room)
    case .roomCounters(let room): announceCounters(room: room)
    case .roomLifetime(let room): endIfExpired(room: room)
    case .unknownTrack(let key, let track): with(key) { $0.reportUnknownTrack(track, to: $1) }
    case .rpcAcknowledgement(let call): acknowledgementIsDue(call)
    case .rpcResponse(let call): responseIsDue(call)
    case .simulatedSpeech(let key): with(key) { $0.endSimulatedSpeech(of: $1) }
    }
  }

  private mutating func with(_ key: UInt64, _ body: (inout ControlNode, Participant) -> Void) {
    guard let participant = participants[key] else { return }
    body(&self, participant)
  }
}
