// Telling other servers what happened: what is due is taken from the outbox, sent, and what came of it written back.

import API
import Chronology
import Fetch
import Identifiers
import Integrations
import Problems
import Store

extension CommunityPlane {
  private enum OutboxRhythm {
    /// Looked into at least this often, should a reminder be lost.
    static let longest = Interval.seconds(60)
  }

  /// Takes what is due. Each counts as attempted from now on, so that a crash repeats it and loses nothing.
  mutating func deliver(at moment: Moment) {
    outboxDue = moment.instant + OutboxRhythm.longest
    let keys = keys
    let job = expect(.deliveries)
    let accepted = rows.change(under: job, at: moment) { writing throws(Problem) in
      let deliveries = try Outbox.take(&writing, keys)
      return .deliveries(deliveries, next: try Outbox.next(writing.tables))
    }
    if !accepted { pending[job] = nil }
  }

  mutating func tell(_ deliveries: [Delivery], next: WallTime?, at moment: Moment) {
    for delivery in deliveries {
      // The number of the row: the answer finds it again.
      let request = FetchRequest(
        id: UInt64(bitPattern: delivery.id.rawValue), url: delivery.url, headers: delivery.headers, body: delivery.body)
      if !fetcher.post(request) { delivered(FetchResult(id: request.id, status: nil), at: moment) }
    }
    guard let next else { return }
    let wait = Interval.milliseconds(max(0, next.milliseconds - moment.wall.milliseconds))
    outboxDue = min(outboxDue, moment.instant + wait)
  }

  func delivered(_ result: FetchResult, at moment: Moment) {
    // Under no number: what is not written back is sent once more, under the same id.
    _ = rows.change(under: 0, at: moment) { writing throws(Problem) in
      try Outbox.finish(Identifier(rawValue: Int64(bitPattern: result.id)), status: result.status, &writing)
      return .done
    }
  }
}
