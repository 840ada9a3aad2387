// Events on their way to webhook receivers: in order within a room, retried for a while, and never without bound.
//
// Sans-IO: the owner posts what `next` gives it and reports with `finish`. Each receiver has a lane for each room; a lane has
// one delivery under way at most, and while it waits to be repeated everything behind it waits too, because receivers
// count on the order. Lanes take turns, so a busy room does not hold up the others.

import AccessTokens
import Chronology
import LiveKitProtocol

/// The deliveries of one server. Drive it from one thread.
public struct WebhookQueue {
  private var targets: [TargetQueue]
  private var underWay: [UInt64: (target: Int, room: String)] = [:]
  private var lastID: UInt64 = 0
  private var random: InjectedRandom

  /// - Parameter randomBits: 64 unpredictable bits, for the ids of events.
  public init(_ targets: [WebhookTarget], randomBits: @escaping () -> UInt64) {
    self.targets = targets.map(TargetQueue.init)
    random = InjectedRandom(bits: randomBits)
  }

  /// Events that wait or are under way, over all receivers.
  public var count: Int { targets.reduce(0) { $0 + $1.count } }

  /// When `next` has something that it does not have now, if nothing is submitted or finished until then.
  public var nextDeadline: Instant? { targets.compactMap(\.nextDeadline).min() }

  /// Queues an event for every receiver that wants it.
  public mutating func submit(_ event: RoomEvent, at moment: Moment) {
    guard !targets.isEmpty, let event = WebhookEvent(event, id: "EV_" + random.text(12), at: moment.wall) else {
      return
    }
    for index in targets.indices { targets[index].submit(event) }
  }

  /// The next delivery to make; nil when all wait for outcomes or for `nextDeadline`.
  public mutating func next(at moment: Moment) -> WebhookDelivery? {
    for index in targets.indices {
      guard let (room, body) = targets[index].begin(at: moment.instant) else { continue }
      lastID += 1
      underWay[lastID] = (index, room)
      return delivery(lastID, of: body, to: targets[index].target, at: moment.wall)
    }
    return nil
  }

  /// Reports what became of a delivery. Unknown ids are ignored.
  public mutating func finish(_ id: UInt64, _ outcome: WebhookOutcome, at moment: Moment) {
    guard let (target, room) = underWay.removeValue(forKey: id) else { return }
    targets[target].finish(room, outcome, at: moment.instant)
  }

  /// Each attempt has a fresh token, which is valid for minutes only.
  private func delivery(_ id: UInt64, of body: [UInt8], to target: WebhookTarget, at now: WallTime) -> WebhookDelivery {
    let token = AccessTokenClaims.webhookToken(for: body, at: now, with: target.key)
    return WebhookDelivery(
      id: id, url: target.url,
      headers: [
        ("Content-Type", "application/webhook+json"), ("User-Agent", "LiveKit"),
        ("Authorization", token),  // without "Bearer", as receivers expect it
      ],
      body: body)
  }
}

/// What waits for one receiver.
private struct TargetQueue {
  let target: WebhookTarget
  private(set) var count = 0
  private var lanes: [String: Lane] = [:]
  /// Rooms whose first event may be posted, in the order in which they became so.
  private var ready: [String] = []
  /// Rooms whose first event has failed and waits, with the time at which it is tried again.
  private var waiting: [(room: String, until: Instant)] = []
  private var underWay = 0
  /// Events lost since the last one that was queued; that next one tells the receiver.
  private var dropped: Int32 = 0

  init(_ target: WebhookTarget) { self.target = target }

  private struct Lane {
    var events: [WebhookEvent] = []
    var attempts = 0
  }

  var nextDeadline: Instant? {
    underWay < WebhookLimit.concurrent ? waiting.map(\.until).min() : nil
  }

  mutating func submit(_ event: WebhookEvent) {
    guard target.wants(event.event) else { return }
    let room = event.room?.name ?? ""
    var lane = lanes[room] ?? Lane()
    if lane.events.count >= WebhookLimit.queuedPerRoom || count >= WebhookLimit.queuedPerTarget {
      dropped &+= 1
      return
    }
    var event = event
    event.numDropped = dropped
    dropped = 0
    lane.events.append(event)
    count += 1
    if lane.events.count == 1 { ready.append(room) }
    lanes[room] = lane
  }

  /// Takes the next room's turn: its name, and the body to post.
  mutating func begin(at now: Instant) -> (room: String, body: [UInt8])? {
    guard underWay < WebhookLimit.concurrent else { return nil }
    for due in waiting.filter({ $0.until <= now }).sorted(by: { $0.until < $1.until }) { ready.append(due.room) }
    waiting.removeAll { $0.until <= now }
    guard let room = ready.first, let event = lanes[room]?.events.first else { return nil }
    ready.removeFirst()
    lanes[room]?.attempts += 1
    underWay += 1
    return (room, event.json(.compact))
  }

  mutating func finish(_ room: String, _ outcome: WebhookOutcome, at now: Instant) {
    underWay -= 1
    guard var lane = lanes[room] else { return }
    if outcome.isTemporary, lane.attempts < WebhookLimit.attempts {
      waiting.append((room, now + Self.wait(after: lane.attempts)))
      return
    }
    lane.events.removeFirst()
    lane.attempts = 0
    count -= 1
    lanes[room] = lane.events.isEmpty ? nil : lane
    if !lane.events.isEmpty { ready.append(room) }
  }

  /// 1, 2, 4, 8 … seconds.
  private static func wait(after attempts: Int) -> Interval {
    min(WebhookLimit.shortestWait * (Int64(1) << Int64(attempts - 1)), WebhookLimit.longestWait)
  }
}
