import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import Testing

@testable import Rooms

/// Joining, staying and leaving.
struct SessionTests {
  let harness = Harness()

  @Test func `the first frame is a complete join response`() throws {
    let ann = harness.join("ann")
    guard case .join(let join)? = ann.messages.first else {
      Issue.record("no join first")
      return
    }
    #expect(join.room?.name == "hall")
    #expect(join.room?.sid.hasPrefix("RM_") == true)
    #expect(join.participant?.sid.hasPrefix("PA_") == true)
    #expect(join.participant?.sid.count == 15)
    #expect(join.participant?.identity == "ann")
    #expect(join.participant?.state == .joining)
    #expect(join.pingInterval > 0)
    #expect(join.pingTimeout > 0)
    #expect(join.serverInfo?.version.isEmpty == false)
    #expect(join.subscriberPrimary)
    #expect(join.fastPublish)
    #expect(join.sifTrailer.count == 16)
    #expect(join.enabledPublishCodecs.map(\.mime).prefix(2) == ["video/VP8", "video/H264"])
  }

  @Test func `the join response lists who is there, with tracks`() {
    let ann = harness.join("ann")
    ann.publish(.microphone, cid: "mic")
    _ = harness.join("ghost") { $0.video?.hidden = true }
    let bob = harness.join("bob")
    #expect(bob.joined?.otherParticipants.map(\.identity) == ["ann"])
    #expect(bob.joined?.otherParticipants.first?.tracks.first?.source == .microphone)
  }

  @Test func `both pings are answered in milliseconds`() {
    let ann = harness.join("ann")
    ann.send(.ping(7))
    var ping = Ping()
    ping.timestamp = 12_345
    ann.send(.pingReq(ping))
    #expect(ann.last(\.pong) == harness.moment.wall.milliseconds)
    #expect(ann.last(\.pongResp)?.lastPingTimestamp == 12_345)
    #expect(ann.last(\.pongResp)?.timestamp == harness.moment.wall.milliseconds)
  }

  @Test func `an idle client stays`() {
    let ann = harness.join("ann")
    ann.answerOffer()
    ann.connect()
    harness.advance(.seconds(240))
    #expect(ann.leaves.isEmpty)
    #expect(harness.participant("ann")?.state == .active)
  }

  @Test func `a request that is not known does no harm`() {
    let ann = harness.join("ann")
    ann.send(.binary([0xFA, 0x3E, 0x02, 0x01, 0x02]))
    #expect(!ann.isClosed)
    ann.send(.ping(1))
    #expect(ann.last(\.pong) != nil)
  }

  @Test func `a client that writes JSON gets JSON until it writes protobuf`() {
    let ann = harness.join("ann")
    ann.send(.text(Array(#"{"ping":"5"}"#.utf8)))
    guard case .text(let text)? = harness.frames[ann.connection]?.last else {
      Issue.record("not a text frame")
      return
    }
    #expect(String(decoding: text, as: UTF8.self).contains("pong"))
    ann.send(.ping(6))
    guard case .binary? = harness.frames[ann.connection]?.last else {
      Issue.record("not a binary frame")
      return
    }
  }

  @Test func `a client that asks for JSON frames gets its join as JSON`() {
    let ann = harness.join("ann", query: [(name: "frames", value: "json")])
    guard case .text? = harness.frames[ann.connection]?.first else {
      Issue.record("not a text frame")
      return
    }
    #expect(ann.joined?.participant?.identity == "ann")
  }

  @Test func `a shutdown sends everybody to a new session`() {
    let ann = harness.join("ann")
    harness.node.shutDown(at: harness.moment)
    harness.collect()
    #expect(ann.leaves.last?.reason == .serverShutdown)
    #expect(ann.leaves.last?.action == .reconnect)
    #expect(ann.isClosed)
  }

  @Test func `a frame beyond 2 MiB closes the socket and nothing else`() {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    ann.connect()
    ann.send(.binary([UInt8](repeating: 0, count: RoomLimit.signalMessage + 1)))
    #expect(harness.closed[ann.connection] == 1009)
    bob.send(.ping(1))
    #expect(bob.last(\.pong) != nil)
  }

  @Test func `a frame that cannot be read closes the socket`() {
    let ann = harness.join("ann")
    ann.connect()
    ann.send(.binary([0x0A, 0xFF, 0xFF, 0xFF]))
    #expect(harness.closed[ann.connection] == 1007)
  }

  @Test func `leaving is at once, and the others are told who wanted it`() {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    bob.forget()
    ann.send(.leave(LeaveRequest()))
    #expect(bob.update(of: "ann")?.state == .disconnected)
    #expect(bob.update(of: "ann")?.disconnectReason == .clientInitiated)
    #expect(ann.leaves.isEmpty)
    #expect(ann.isClosed)
  }

  @Test func `a reason that is the client's to give is kept`() {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    var leave = LeaveRequest()
    leave.reason = .userRejected
    ann.send(.leave(leave))
    #expect(bob.update(of: "ann")?.disconnectReason == .userRejected)
    var forged = LeaveRequest()
    forged.reason = .serverShutdown
    bob.send(.leave(forged))
    let left = harness.events.compactMap {
      if case .participantConnectionAborted(_, let info) = $0 { info.disconnectReason } else { nil }
    }
    #expect(left == [.userRejected, .clientInitiated])
  }

  @Test func `a token is refreshed after the join and every five minutes`() {
    let ann = harness.join("ann")
    ann.answerOffer()
    ann.connect()
    #expect(ann.all(\.refreshToken).count == 1)
    harness.advance(.seconds(301))
    #expect(ann.all(\.refreshToken).count == 2)
  }

  @Test func `the refreshed token lets in after the original expired`() throws {
    let ann = harness.join("ann") { $0.setValidity(from: self.harness.moment.wall, for: .seconds(60)) }
    let token = try #require(ann.last(\.refreshToken))
    harness.advance(.seconds(300))
    let request = SignalUpgradeRequest(path: "/rtc", query: [(name: "access_token", value: token)])
    guard case .accept(let ticket) = harness.admit(request) else {
      Issue.record("refused")
      return
    }
    #expect(ticket.identity == "ann")
  }

  @Test func `the same identity again replaces the first session`() {
    let old = harness.join("ann")
    let bob = harness.join("bob")
    bob.forget()
    let new = harness.join("ann")
    #expect(old.leaves.first?.reason == .duplicateIdentity)
    #expect(old.leaves.first?.action == .disconnect)
    #expect(old.isClosed)
    #expect(old.sid != new.sid)
    let updates = bob.all(\.update).flatMap(\.participants).filter { $0.identity == "ann" }
    #expect(updates.map(\.sid) == [new.sid], "clients that know sessions by identity see no departure")
    #expect(harness.node.listParticipants(ListParticipantsRequest.room("hall")).participants.count == 2)
  }

  @Test func `an old client sees the replaced session go`() {
    let old = harness.join("ann")
    let bob = harness.join("bob", query: [(name: "protocol", value: "9")])
    bob.forget()
    let new = harness.join("ann")
    let updates = bob.all(\.update).flatMap(\.participants).filter { $0.identity == "ann" }
    #expect(updates.first?.sid == old.sid)
    #expect(updates.first?.state == .disconnected)
    #expect(updates.last?.sid == new.sid)
  }

  @Test func `who never gets a media connection is gone after a minute`() {
    let ann = harness.join("ann")
    harness.advance(.seconds(59))
    ann.answerOffer()
    harness.advance(.seconds(2))
    #expect(ann.leaves.last?.reason == .joinFailure || ann.leaves.last?.reason == .stateMismatch)
    #expect(harness.participant("ann") == nil)
  }

  @Test func `a joined client that answers but never connects fails to join`() {
    let ann = harness.join("ann")
    ann.answerOffer()
    harness.advance(.seconds(61))
    #expect(ann.leaves.last?.reason == .joinFailure)
    #expect(ann.leaves.last?.action == .disconnect)
  }

  @Test func `a socket that goes before any media ends the session`() {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    ann.close()
    #expect(bob.update(of: "ann")?.disconnectReason == .signalClose)
  }

  @Test func `the join is an event once media stands, and an abort otherwise`() {
    let ann = harness.join("ann")
    #expect(!harness.events.contains { if case .participantJoined = $0 { true } else { false } })
    ann.connect()
    #expect(harness.events.contains { if case .participantJoined = $0 { true } else { false } })
    ann.send(.leave(LeaveRequest()))
    #expect(harness.events.contains { if case .participantLeft = $0 { true } else { false } })
    let bob = harness.join("bob")
    bob.send(.leave(LeaveRequest()))
    #expect(harness.events.contains { if case .participantConnectionAborted = $0 { true } else { false } })
  }

  @Test func `a mere watcher is announced within three seconds, a publisher at once`() {
    let ann = harness.join("ann")
    ann.answerOffer()
    ann.connect()
    ann.forget()
    let bob = harness.join("bob")
    #expect(ann.update(of: "bob") == nil)
    harness.advance(.milliseconds(3_001))
    #expect(ann.update(of: "bob")?.state == .joined)
    let cleo = harness.join("cleo")
    cleo.publish(.microphone, cid: "mic")
    #expect(ann.update(of: "cleo")?.tracks.count == 1)
    #expect(bob.update(of: "cleo")?.isPublisher == true)
  }

  @Test func `versions rise and the time of joining stays`() {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    let joined = harness.participant("bob")?.joinedAtMs
    bob.publish(.microphone, cid: "a")
    harness.advance(.seconds(2))
    bob.publish(.camera, cid: "b")
    bob.unpublish(cid: "a")
    let updates = ann.all(\.update).flatMap(\.participants).filter { $0.identity == "bob" }
    #expect(updates.count >= 3)
    #expect(zip(updates, updates.dropFirst()).allSatisfy { $0.version < $1.version })
    #expect(updates.allSatisfy { $0.joinedAtMs == joined })
  }

  @Test func `a hidden participant is seen by nobody and sees everybody`() throws {
    let ann = harness.join("ann")
    let ghost = harness.join("ghost") { $0.video?.hidden = true }
    ghost.answerOffer()
    ghost.connect()
    ann.publish(.microphone, cid: "mic")
    harness.advance(.seconds(6))
    #expect(ann.update(of: "ghost") == nil)
    #expect(ghost.update(of: "ann")?.tracks.count == 1)
    #expect(harness.node.listRooms(ListRoomsRequest()).rooms.first?.numParticipants == 1)
    #expect(ann.all(\.trackSubscribed).isEmpty)
    ghost.send(.leave(LeaveRequest()))
    #expect(ann.update(of: "ghost") == nil)
  }

  @Test func `kind and attributes of the token are visible to others`() {
    let ann = harness.join("ann")
    _ = harness.join("robot") {
      $0.kind = .agent
      $0.attributes = ["model": "7"]
      $0.metadata = "m"
      $0.name = "Robot"
    }
    harness.advance(.seconds(4))
    let robot = ann.update(of: "robot")
    #expect(robot?.kind == .agent)
    #expect(robot?.attributes == ["model": "7"])
    #expect(robot?.metadata == "m")
    #expect(robot?.name == "Robot")
    #expect(harness.node.listRooms(ListRoomsRequest()).rooms.first?.numParticipants == 1)
  }

  @Test func `every sid has its prefix and twelve characters`() {
    let ann = harness.join("ann")
    let sid = ann.publish(.camera, cid: "cam")
    #expect(sid.hasPrefix("TR_VC"))
    #expect(sid.count == 15)
    #expect(ann.all(\.trickle).isEmpty)
  }
}

extension ListParticipantsRequest {
  static func room(_ name: String) -> ListParticipantsRequest {
    var request = ListParticipantsRequest()
    request.room = name
    return request
  }
}
