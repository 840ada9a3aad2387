// The end of the process: clients are told to come back, and find the next one.

public import Chronology
import LiveKitProtocol

extension ControlNode {
  /// Tells every client to begin anew (`leave` with action RECONNECT) and closes its connection. Nobody hears of
  /// departures: everyone is sent away at the same time.
  public mutating func shutDown(at moment: Moment) {
    now = moment
    for key in participants.keys.sorted() {
      guard let participant = participants[key] else { continue }
      sendLeave(to: participant, reason: .serverShutdown, action: .reconnect)
      dropConnection(of: participant)
    }
  }
}
