// The timers of an association as one row: which is next is a comparison, not a queue.

import Chronology

enum TimerKind: Int, CaseIterable, Sendable {
  /// T1 of RFC 9260 §4: INIT or COOKIE ECHO was not answered.
  case handshake
  /// T2: SHUTDOWN or SHUTDOWN ACK was not answered.
  case shutdown
  /// T3: data was not acknowledged.
  case retransmission
  /// Received data has to be acknowledged.
  case acknowledgement
  case heartbeat
  /// A RE-CONFIG request was not answered.
  case reconfiguration
}

struct Timers: Sendable {
  private var deadlines: InlineArray<6, Instant> = .init(repeating: .distantFuture)

  var earliest: Instant? {
    var earliest = Instant.distantFuture
    for index in 0..<6 { earliest = min(earliest, deadlines[index]) }
    return earliest == .distantFuture ? nil : earliest
  }

  func isRunning(_ kind: TimerKind) -> Bool { deadlines[kind.rawValue] != .distantFuture }

  mutating func start(_ kind: TimerKind, at deadline: Instant) { deadlines[kind.rawValue] = deadline }

  mutating func stop(_ kind: TimerKind) { deadlines[kind.rawValue] = .distantFuture }

  mutating func stopAll() { self = Timers() }

  /// A timer that is due, stopped; nil when none is.
  mutating func takeDue(at time: Instant) -> TimerKind? {
    for kind in TimerKind.allCases where deadlines[kind.rawValue] <= time {
      stop(kind)
      return kind
    }
    return nil
  }
}
