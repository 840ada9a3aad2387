// Faults on request: test suites of the client SDKs ask for them (`simulate`, §5.5).

import Chronology
import LiveKitProtocol
import MediaContract

extension ControlNode {
  mutating func simulate(_ request: SimulateScenario, from participant: Participant) {
    switch request.scenario {
    case .speakerUpdate(let seconds): simulateSpeech(of: participant, seconds: seconds)
    case .nodeFailure:
      // As if the process had died: no leave, and the session is unknown afterwards.
      close(participant, reason: .unknownReason, isAnnounced: false)
    case .migration:
      sendLeave(to: participant, reason: .migration, action: .resume)
      dropConnection(of: participant)
    case .serverLeave: close(participant, reason: .serverShutdown)
    case .switchCandidateProtocol:
      guard let subscriber = participant.subscriber, !subscriber.sections.isEmpty else { break }
      restartICE(subscriber, of: participant)
      requestNegotiation(of: participant)
    case .subscriberBandwidth(let bitsPerSecond):
      guard let transport = participant.downstream else { break }
      command(
        .limitBandwidth(transport.id, bitsPerSecond: bitsPerSecond > 0 ? bitsPerSecond : nil), in: participant.room)
    // The next resume loses its connection again, with and without its first messages. Those are queued together here,
    // so the two are one: what was sent before the close arrives or does not.
    case .disconnectSignalOnResume, .disconnectSignalOnResumeNoMessages: participant.simulatesDisconnect = true
    case .leaveRequestFullReconnect: requireFullReconnect(of: participant, reason: .unknownReason)
    case nil: break
    }
  }

  private mutating func simulateSpeech(of participant: Participant, seconds: Int32) {
    let length = Interval.seconds(Int64(max(1, min(seconds, 60))))
    participant.simulatedSpeech = now.instant + length
    setSpeaking(participant, level: 0.875)
    schedule(.simulatedSpeech(participant: participant.key), after: length)
  }

  mutating func endSimulatedSpeech(of participant: Participant) {
    guard let end = participant.simulatedSpeech, end <= now.instant else { return }
    participant.simulatedSpeech = nil
    setSpeaking(participant, level: nil)
  }
}
