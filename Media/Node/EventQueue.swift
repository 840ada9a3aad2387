// Events on their way to the control plane: a bounded queue that never loses a change of state to a report.

import MediaContract

struct EventQueue: Sendable {
  private var events: [MediaEvent?] = []
  private var head = 0
  private(set) var dropped: UInt64 = 0

  var count: Int { events.count - head }

  /// Adds an event. Reports, speaker levels and messages yield at half of the limit, everything at the limit.
  mutating func append(_ event: MediaEvent) {
    guard count < (isExpendable(event) ? Limit.events / 2 : Limit.events) else {
      dropped &+= 1
      return
    }
    events.append(event)
  }

  mutating func popFirst() -> MediaEvent? {
    guard head < events.count else { return nil }
    let event = events[head]
    events[head] = nil
    head += 1
    if head == events.count {
      events.removeAll(keepingCapacity: true)
      head = 0
    }
    return event
  }

  private func isExpendable(_ event: MediaEvent) -> Bool {
    switch event {
    case .report, .speakers, .data: true
    default: false
    }
  }
}
