// The control thread: what the web edge hears, what the shards report and what the clock demands, all into one place.

import AccessTokens
import Chronology
import Reactor
import Settings
import Telemetry
import WebEdge

struct ControlPlane: WebHandler, ~Copyable {
  enum Limit {
    /// Between SIGTERM and the end: time for clients to read that they should come back.
    static let farewell = Interval.seconds(2)
  }

  let settings: Settings
  let key: APIKey
  let log: Log
  let files: StaticFiles
  let termination: Termination
  let started: Instant
  var joins: RateLimiter
  var isStopping = false
  var webCounters = WebCounters()

  var nextDeadline: Instant { .distantFuture }

  mutating func request(_ request: HTTPRequest, id: RequestID, at moment: Moment, replies: inout WebReplies) {
    replies.respond(id, answer(request, at: moment))
  }

  mutating func upgrade(_ request: HTTPRequest, id: ConnectionID, at moment: Moment) -> UpgradeDecision {
    .refuse(.text(404, "not found"))
  }

  mutating func opened(_ connection: ConnectionID, at moment: Moment, replies: inout WebReplies) {}

  mutating func message(
    _ connection: ConnectionID, _ bytes: [UInt8], isText: Bool, at moment: Moment, replies: inout WebReplies
  ) {}

  mutating func closed(_ connection: ConnectionID, _ reason: ClosedReason, at moment: Moment, replies: inout WebReplies)
  {}

  mutating func wake(at moment: Moment, replies: inout WebReplies) {
    if !isStopping, termination.take() {
      isStopping = true
      log.record(.info, "server.stopping")
      replies.stop(within: Limit.farewell)
    }
  }
}
