// A participant of Janus's VideoRoom, by its WebSocket API: a handle to publish on and one to subscribe with, as Janus's own
// page does it. Who only watches has no publishing handle and asks who is there instead: that is less work for Janus.

import Chronology
import Cryptography
import JSON
import SessionDescriptions

final class JanusParticipant: Participant {
  private enum Step: String {
    case create, attachPublisher, join, publish, attachSubscriber, list, subscribe, start, keepAlive, leave
  }

  private let room: Int
  /// How many others publish.
  private let expectedFeeds: Int
  private var session: Int64?
  private var publishingHandle: Int64?
  private var subscribingHandle: Int64?
  /// Publishers of the room that are subscribed to, and those that are not yet.
  private var feeds: Set<Int64> = []
  private var newFeeds: Set<Int64> = []
  private var isNegotiating = false
  private var isAttaching = false
  private var hasStarted = false
  private var hasFailed = false
  /// New feeds are waited for a moment, so that a room that fills up is one negotiation and not one for each of them.
  private var subscribesAt: Instant?
  private var keepsAliveAt: Instant
  private static let gathering = Interval.milliseconds(300)
  /// Janus ends sessions that are silent for a minute.
  private static let keepAlive = Interval.seconds(20)

  init(_ setup: ParticipantSetup, room: Int, expectedFeeds: Int, at time: Instant) throws {
    self.room = room
    self.expectedFeeds = expectedFeeds
    keepsAliveAt = time + Self.keepAlive
    try super.init(setup)
    say(.create, ["janus": "create"])
  }

  override var isClosed: Bool { super.isClosed || hasFailed }

  override var isReady: Bool { super.isReady && (!role.listens || (hasStarted && feeds.count >= expectedFeeds)) }

  override func receive(context: borrowing DTLSContext, at moment: Moment) -> Bool {
    var isNew = false
    for case .text(let bytes) in socket.receive() {
      guard let message = try? JSONValue(parsing: bytes) else { continue }
      if handle(message, context: context, at: moment) { isNew = true }
    }
    return isNew
  }

  override func advance(at moment: Moment) {
    if session != nil, moment.instant >= keepsAliveAt {
      keepsAliveAt = moment.instant + Self.keepAlive
      say(.keepAlive, ["janus": "keepalive"])
    }
    if let due = subscribesAt, due <= moment.instant, !isNegotiating { lookAndSubscribe(at: moment) }
  }

  override func leave() { say(.leave, ["janus": "destroy"]) }

  // MARK: Saying

  private func say(_ step: Step, _ members: JSONValue, handle: Int64? = nil) {
    guard var object = members.object else { return }
    object["transaction"] = .string(step.rawValue)
    if let session { object["session_id"] = .integer(session) }
    if let handle { object["handle_id"] = .integer(handle) }
    socket.send(.text(JSONValue.object(object).serialized))
  }

  private func ask(
    _ step: Step, _ body: JSONValue, _ description: (type: String, sdp: String)? = nil, on handle: Int64?
  ) {
    var object = JSONObject()
    object["janus"] = "message"
    object["body"] = body
    if let description {
      // Our layers are named from the lowest to the highest; Janus would take them to be the other way around.
      object["jsep"] = [
        "type": .string(description.type), "sdp": .string(description.sdp), "rid_order": "lmh",
      ]
    }
    say(step, .object(object), handle: handle)
  }

  private func attach(_ step: Step) {
    say(step, ["janus": "attach", "plugin": "janus.plugin.videoroom"])
  }

  private var roomNumber: JSONValue { .integer(Int64(room)) }

  // MARK: Hearing

  private func handle(_ message: JSONValue, context: borrowing DTLSContext, at moment: Moment) -> Bool {
    let step = message["transaction"]?.string.flatMap { Step(rawValue: $0) }
    switch message["janus"]?.string {
    case "success":
      if let data = message["plugindata"]?["data"] {
        note(data, at: moment)
      } else {
        succeed(step, message, at: moment)
      }
      return false
    case "event":
      guard let data = message["plugindata"]?["data"] else { return false }
      note(data, at: moment)
      if data["videoroom"]?.string == "joined" {
        hasJoined = true
        return publish(at: moment)
      }
      guard let type = message["jsep"]?["type"]?.string, let text = message["jsep"]?["sdp"]?.string,
        let sdp = try? SDP(parsing: text)
      else {
        if data["started"]?.string == "ok" { started(at: moment) }
        return false
      }
      return type == "offer" ? answer(sdp, context: context, at: moment) : accept(sdp, context: context, at: moment)
    case "error", "hangup", "timeout":
      fail("\(message)")
      return false
    default: return false
    }
  }

  private func fail(_ text: String) {
    guard !hasFailed else { return }
    hasFailed = true
    Program.progress("Janus: \(identity): \(text)")
  }

  private func succeed(_ step: Step?, _ message: JSONValue, at moment: Moment) {
    let id = message["data"]?["id"]?.integer
    switch step {
    case .create:
      session = id
      if tracks.isEmpty { attach(.attachSubscriber) } else { attach(.attachPublisher) }
    case .attachPublisher:
      publishingHandle = id
      ask(
        .join,
        ["request": "join", "ptype": "publisher", "room": roomNumber, "display": .string(identity)],
        on: publishingHandle)
    case .attachSubscriber:
      subscribingHandle = id
      isAttaching = false
      if tracks.isEmpty { hasJoined = true }
      subscribesAt = moment.instant
    default: break
    }
  }

  /// Who publishes, by any message that tells it.
  private func note(_ data: JSONValue, at moment: Moment) {
    if let error = data["error"]?.string { fail(error) }
    guard role.listens else { return }
    let publishers = data["publishers"]?.array ?? []
    let participants = (data["participants"]?.array ?? []).filter { $0["publisher"]?.bool == true }
    let known = newFeeds.count
    for entry in publishers + participants {
      if let id = entry["id"]?.integer, !feeds.contains(id) { newFeeds.insert(id) }
    }
    if newFeeds.count > known { subscribesAt = moment.instant + Self.gathering }
  }

  // MARK: Publishing

  private func publish(at moment: Moment) -> Bool {
    guard let text = makeOffer(at: moment) else { return false }
    ask(.publish, ["request": "publish"], ("offer", text), on: publishingHandle)
    return true
  }

  private func accept(_ answer: SDP, context: borrowing DTLSContext, at moment: Moment) -> Bool {
    guard let server = answer.server else {
      fail("an answer without a candidate over UDP")
      return false
    }
    publisher?.describe(server, context: context, at: moment.instant)
    publisher?.flush()
    return false
  }

  // MARK: Subscribing

  private func lookAndSubscribe(at moment: Moment) {
    subscribesAt = nil
    guard subscribingHandle != nil else {
      guard !isAttaching else { return }
      isAttaching = true
      attach(.attachSubscriber)
      return
    }
    guard !newFeeds.isEmpty else {
      guard tracks.isEmpty, feeds.count < expectedFeeds else { return }
      // It hears of nobody by itself.
      subscribesAt = moment.instant + Self.gathering
      ask(.list, ["request": "listparticipants", "room": roomNumber], on: subscribingHandle)
      return
    }
    isNegotiating = true
    let streams = JSONValue.array(newFeeds.sorted().map { ["feed": .integer($0)] })
    if feeds.isEmpty {
      ask(
        .subscribe, ["request": "join", "ptype": "subscriber", "room": roomNumber, "streams": streams],
        on: subscribingHandle)
    } else {
      ask(.subscribe, ["request": "subscribe", "streams": streams], on: subscribingHandle)
    }
    feeds.formUnion(newFeeds)
    newFeeds = []
  }

  private func answer(_ offer: SDP, context: borrowing DTLSContext, at moment: Moment) -> Bool {
    let isNew = subscriber == nil
    guard let server = offer.server, let subscriber = makeSubscriber(at: moment) else {
      fail("an offer without a candidate over UDP")
      return false
    }
    subscriber.expect(offer.incoming)
    let text = ClientDescriptions.answer(to: offer, subscriber.end).text
    ask(.start, ["request": "start"], ("answer", text), on: subscribingHandle)
    subscriber.describe(server, context: context, at: moment.instant)
    subscriber.flush()
    return isNew
  }

  private func started(at moment: Moment) {
    hasStarted = true
    isNegotiating = false
    subscribesAt = moment.instant
  }
}
