// Deliveries: what is posted, in which order, how often, and what is given up.

import AccessTokens
import Chronology
import JSON
import LiveKitProtocol
import Randomness
import TestSupport
import Testing

@testable import Rooms

@Suite struct WebhookQueueTests {
  private static let key = APIKey(id: "hooks", secret: "a secret")
  private static let start = Moment(instant: .origin, wall: WallTime(milliseconds: 1_800_000_000_000))

  private func queue(_ urls: [String] = ["http://a"], _ adjust: (inout WebhookTarget) -> Void = { _ in })
    -> Deliveries
  {
    var number: UInt64 = 0
    return Deliveries(
      WebhookQueue(
        urls.map {
          var target = WebhookTarget(url: $0, key: Self.key)
          adjust(&target)
          return target
        },
        randomBits: {
          number &+= 0x9E37_79B9_7F4A_7C15
          return number
        }))
  }

  private func event(_ number: Int, in room: String = "hall") -> RoomEvent {
    .participantJoined(.with { $0.name = room }, .with { $0.identity = "p\(number)" })
  }

  private func after(_ interval: Interval) -> Moment {
    Moment(
      instant: Self.start.instant + interval,
      wall: WallTime(milliseconds: Self.start.wall.milliseconds + interval.milliseconds))
  }

  private func identity(_ delivery: WebhookDelivery?) throws -> String {
    let body = try #require(delivery).body
    return try #require(try WebhookEvent(json: body).participant).identity
  }

  private func room(_ delivery: WebhookDelivery) throws -> String {
    try #require(try WebhookEvent(json: delivery.body).room).name
  }

  @Test func `a delivery is what receivers check`() throws {
    let queue = queue()
    queue.submit(.roomStarted(.with { $0.name = "hall" }), at: Self.start)
    let delivery = try #require(queue.next(at: Self.start))
    #expect(delivery.url == "http://a")
    let headers = Dictionary(uniqueKeysWithValues: delivery.headers.map { ($0.name, $0.value) })
    #expect(headers["Content-Type"] == "application/webhook+json" && headers["User-Agent"] == "LiveKit")
    let claims = try AccessTokenClaims(verifying: try #require(headers["Authorization"]), at: Self.start.wall) {
      $0 == "hooks" ? Self.key.secret : nil
    }
    #expect(claims.vouches(for: delivery.body))
    let body = try JSONValue(parsing: delivery.body)
    #expect(body["event"] == "room_started" && body["room"] == ["name": "hall"])
    #expect(body["createdAt"] == "1800000000")
    #expect(body["id"]?.string?.hasPrefix("EV_") == true && body["id"]?.string?.utf8.count == 15)
  }

  @Test func `events of one room go out one at a time and in order`() throws {
    let queue = queue()
    for number in 0..<3 { queue.submit(event(number), at: Self.start) }
    for number in 0..<3 {
      let delivery = try #require(queue.next(at: Self.start))
      #expect(try identity(delivery) == "p\(number)")
      #expect(queue.next(at: Self.start) == nil)
      queue.finish(delivery.id, .status(200), at: Self.start)
    }
    #expect(queue.next(at: Self.start) == nil && queue.count == 0)
  }

  @Test func `rooms do not wait for each other, up to ten at once`() throws {
    let queue = queue()
    for number in 0..<12 { queue.submit(event(number, in: "room\(number)"), at: Self.start) }
    var deliveries: [WebhookDelivery] = []
    while let delivery = queue.next(at: Self.start) { deliveries.append(delivery) }
    #expect(deliveries.count == WebhookLimit.concurrent)
    queue.finish(deliveries[3].id, .status(200), at: Self.start)
    #expect(try identity(queue.next(at: Self.start)) == "p10")
  }

  @Test func `receivers do not wait for each other`() throws {
    let queue = queue(["http://a", "http://b"])
    queue.submit(event(1), at: Self.start)
    let first = try #require(queue.next(at: Self.start))
    let second = try #require(queue.next(at: Self.start))
    #expect([first.url, second.url] == ["http://a", "http://b"])
    #expect(first.body == second.body)
  }

  @Test func `a failed delivery is repeated after 1, 2, 4 and 8 seconds and then given up`() throws {
    let queue = queue()
    queue.submit(event(1), at: Self.start)
    queue.submit(event(2), at: Self.start)
    var waited = Interval.zero
    for wait in [0, 1, 2, 4, 8] as [Int64] {
      waited = waited + .seconds(wait)
      if wait > 0 {
        #expect(queue.nextDeadline == after(waited).instant)
        #expect(queue.next(at: after(waited - .nanoseconds(1))) == nil)
      }
      let delivery = try #require(queue.next(at: after(waited)))
      #expect(try identity(delivery) == "p1")
      queue.finish(delivery.id, wait % 2 == 0 ? .failed : .status(503), at: after(waited))
    }
    #expect(try identity(queue.next(at: after(waited))) == "p2")
  }

  @Test func `a repeated delivery has the same body and a fresh token`() throws {
    let queue = queue()
    queue.submit(event(1), at: Self.start)
    let first = try #require(queue.next(at: Self.start))
    queue.finish(first.id, .failed, at: Self.start)
    let second = try #require(queue.next(at: after(.seconds(1))))
    #expect(second.body == first.body)
    #expect(second.headers[2].value != first.headers[2].value)
  }

  @Test(arguments: [200, 204, 301, 400, 404, 501])
  func `an answer that will not change ends the delivery`(status: Int) throws {
    let queue = queue()
    queue.submit(event(1), at: Self.start)
    queue.finish(try #require(queue.next(at: Self.start)).id, .status(status), at: Self.start)
    #expect(queue.count == 0 && queue.nextDeadline == nil)
  }

  @Test(arguments: [WebhookOutcome.status(429), .status(500), .status(503), .failed])
  func `a temporary failure is repeated`(outcome: WebhookOutcome) throws {
    let queue = queue()
    queue.submit(event(1), at: Self.start)
    queue.finish(try #require(queue.next(at: Self.start)).id, outcome, at: Self.start)
    #expect(queue.count == 1 && queue.nextDeadline == after(.seconds(1)).instant)
  }

  @Test func `a full room drops its newest events and the next one tells how many`() throws {
    let queue = queue()
    for number in 0..<WebhookLimit.queuedPerRoom + 3 { queue.submit(event(number), at: Self.start) }
    #expect(queue.count == WebhookLimit.queuedPerRoom)
    let first = try #require(queue.next(at: Self.start))
    #expect(try WebhookEvent(json: first.body).numDropped == 0)
    queue.finish(first.id, .status(200), at: Self.start)
    queue.submit(event(1_000), at: Self.start)
    var last: WebhookDelivery?
    while let delivery = queue.next(at: Self.start) {
      queue.finish(delivery.id, .status(200), at: Self.start)
      last = delivery
    }
    #expect(try identity(last) == "p1000")
    #expect(try WebhookEvent(json: try #require(last).body).numDropped == 3)
  }

  @Test func `a receiver that is down costs no more than its limit`() {
    let queue = queue()
    for number in 0..<WebhookLimit.queuedPerTarget + 50 {
      queue.submit(event(number, in: "room\(number)"), at: Self.start)
    }
    #expect(queue.count == WebhookLimit.queuedPerTarget)
  }

  @Test func `a receiver gets only the events that it wants`() throws {
    let included = queue { $0.included = ["room_started"] }
    let excluded = queue { $0.excluded = ["participant_joined"] }
    included.submit(event(1), at: Self.start)
    excluded.submit(event(1), at: Self.start)
    #expect(included.count == 0 && excluded.count == 0)
    included.submit(.roomStarted(.with { $0.name = "hall" }), at: Self.start)
    excluded.submit(.roomStarted(.with { $0.name = "hall" }), at: Self.start)
    #expect(included.count == 1 && excluded.count == 1)
  }

  @Test func `an outcome that nobody waits for changes nothing`() {
    let queue = queue()
    queue.finish(99, .failed, at: Self.start)
    #expect(queue.count == 0)
  }

  @Test func `events of tracks only name their room and participant`() throws {
    let event = try #require(
      WebhookEvent(
        .trackPublished(
          .with {
            $0.name = "hall"
            $0.sid = "RM_1"
            $0.metadata = "secret"
          },
          .with {
            $0.identity = "ann"
            $0.sid = "PA_1"
            $0.metadata = "secret"
          }, .with { $0.sid = "TR_1" }), id: "EV_1", at: Self.start.wall))
    #expect(
      String(decoding: event.json(), as: UTF8.self) == """
        {"event":"track_published","room":{"sid":"RM_1","name":"hall"},"participant":{"sid":"PA_1","identity":"ann"},\
        "id":"EV_1","createdAt":"1800000000","track":{"sid":"TR_1"}}
        """)
  }

  @Test func `whatever receivers do, order holds and nothing is delivered twice after success`() throws {
    try forEachSeed(50) { seed, random in
      let queue = queue()
      var now = Self.start
      var submitted = 0
      var underWay: [WebhookDelivery] = []
      var lastDelivered: [String: Int] = [:]
      var passed = Interval.zero
      for _ in 0..<400 {
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
          queue.submit(event(submitted, in: "room\(Int.random(in: 0..<4, using: &random))"), at: now)
          submitted += 1
        case 1:
          if let delivery = queue.next(at: now) {
            let room = try room(delivery)
            let busy = try underWay.contains { try self.room($0) == room }
            #expect(!busy, "two deliveries of one room, seed \(seed)")
            underWay.append(delivery)
          }
        case 2:
          guard !underWay.isEmpty else { continue }
          let delivery = underWay.remove(at: Int.random(in: underWay.indices, using: &random))
          let succeeds = random.chance(0.5)
          if succeeds {
            let number = try #require(Int(try identity(delivery).dropFirst()))
            let room = try room(delivery)
            #expect(number > lastDelivered[room] ?? -1, "out of order, seed \(seed)")
            lastDelivered[room] = number
          }
          queue.finish(delivery.id, succeeds ? .status(200) : .failed, at: now)
        default:
          passed = passed + .milliseconds(Int64.random(in: 0...3_000, using: &random))
          now = after(passed)
        }
      }
      // Once the receiver is well, everything drains.
      for delivery in underWay { queue.finish(delivery.id, .status(200), at: now) }
      for _ in 0..<2_000 where queue.count > 0 {
        if let delivery = queue.next(at: now) {
          queue.finish(delivery.id, .status(200), at: now)
        } else {
          now = Moment(instant: try #require(queue.nextDeadline), wall: now.wall)
        }
      }
      #expect(queue.count == 0, "stuck, seed \(seed)")
    }
  }
}

/// The queue by reference, so that expectations may contain calls that change it.
private final class Deliveries {
  private var queue: WebhookQueue

  init(_ queue: WebhookQueue) { self.queue = queue }

  var count: Int { queue.count }
  var nextDeadline: Instant? { queue.nextDeadline }
  func submit(_ event: RoomEvent, at moment: Moment) { queue.submit(event, at: moment) }
  func next(at moment: Moment) -> WebhookDelivery? { queue.next(at: moment) }
  func finish(_ id: UInt64, _ outcome: WebhookOutcome, at moment: Moment) { queue.finish(id, outcome, at: moment) }
}
