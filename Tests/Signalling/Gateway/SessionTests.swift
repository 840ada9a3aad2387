// Connections from their first frame to their last: ready, heartbeats, limits, the ends of logins.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import TestSupport
import Testing

@testable import Gateway

@Suite struct SessionTests {
  @Test func `the first message is ready, with a secret session and the interval of heartbeats`() {
    let harness = Harness(Facts.directory)
    let socket = harness.connect(Facts.ann)
    #expect(harness.ops(socket).first == "ready")
    let ready = harness.messages(socket, "ready")[0]
    #expect(ready["d"]?["session_id"]?.string?.utf8.count == 32)
    #expect(ready["d"]?["heartbeat_interval"]?.int == 30_000)
    #expect(ready["d"]?["user"] != nil)
  }

  @Test func `two sessions have different secrets`() {
    let harness = Harness(Facts.directory)
    let first = harness.connect(Facts.ann)
    let second = harness.connect(Facts.ann)
    #expect(harness.session(first) != harness.session(second))
  }

  @Test func `who has no good token, or is no member, is sent away`() {
    let harness = Harness(Facts.directory)
    let socket = harness.nextSocket()
    harness.node.opened(socket, nil, resume: nil, at: harness.moment)
    harness.collect()
    #expect(harness.closed[socket] == .unauthorized)
    let stranger = harness.open(id(999))
    #expect(harness.closed[stranger] == .unauthorized)
  }

  @Test func `a heartbeat is acknowledged and has the login checked`() {
    let harness = Harness(Facts.directory)
    let socket = harness.connect(Facts.ann)
    harness.send(socket, ["op": "heartbeat"])
    #expect(harness.ops(socket).last == "heartbeat_ack")
    #expect(harness.checks == [socket])
  }

  @Test func `who says nothing for 75 seconds is closed, and who beats stays`() {
    let harness = Harness(Facts.directory)
    let silent = harness.connect(Facts.ann)
    let living = harness.connect(Facts.bob)
    harness.live(.seconds(120), [living])
    #expect(harness.closed[silent] == .silent)
    #expect(harness.closed[living] == nil)
  }

  @Test func `a revoked login is closed and cannot be resumed`() {
    let harness = Harness(Facts.directory)
    let socket = harness.connect(Facts.ann)
    let session = harness.session(socket)
    harness.node.revoked(socket)
    harness.collect()
    #expect(harness.closed[socket] == .unauthorized)
    let again = harness.open(Facts.ann, resume: Resumption(session: session, sequence: 0))
    #expect(harness.loads.count == 1)
    #expect(harness.messages(again, "resumed").isEmpty)
  }

  @Test func `ending a login closes its connections and no others`() {
    let harness = Harness(Facts.directory)
    let old = harness.connect(Facts.ann, login: id(501))
    let other = harness.connect(Facts.ann, login: id(502))
    harness.node.ended(logins: [id(501)])
    harness.collect()
    #expect(harness.closed[old] == .unauthorized)
    #expect(harness.closed[other] == nil)
  }

  @Test func `who is removed from the community is disconnected at once`() {
    let harness = Harness(Facts.directory)
    let socket = harness.connect(Facts.eve)
    var directory = Facts.directory
    directory.members[Facts.eve] = nil
    harness.change(directory)
    #expect(harness.closed[socket] == .unauthorized)
  }

  @Test func `the seventeenth connection of an account is refused`() {
    let harness = Harness(Facts.directory)
    let sockets = (0..<Limit.sessionsPerUser + 1).map { _ in harness.open(Facts.ann) }
    #expect(harness.closed == [sockets[Limit.sessionsPerUser]: .tooManySessions])
  }

  @Test func `a waiting session gives way to a new connection`() {
    let harness = Harness(Facts.directory)
    let sockets = (0..<Limit.sessionsPerUser).map { _ in harness.connect(Facts.ann) }
    harness.close(sockets[0])
    let next = harness.open(Facts.ann)
    #expect(harness.closed[next] == nil)
    #expect(harness.node.sessionCount == Limit.sessionsPerUser)
  }

  @Test func `a failed read closes the connection so that the client comes again`() {
    let harness = Harness(Facts.directory)
    let socket = harness.open(Facts.ann)
    harness.node.loaded(harness.loads[0].id, .failure(.internal), voices: [], at: harness.moment)
    harness.collect()
    #expect(harness.closed[socket] == .failed)
    #expect(harness.node.sessionCount == 0)
  }

  @Test func `shutting down tells everybody to come back`() {
    let harness = Harness(Facts.directory)
    let socket = harness.connect(Facts.ann)
    harness.node.shutDown(at: harness.moment)
    harness.collect()
    #expect(harness.closed[socket] == .goingAway)
    #expect(harness.notes.last?.seen.map(\.user) == [Facts.ann])
  }

  // MARK: Messages

  @Test(arguments: [
    "", "[]", "{", "{\"op\":3}", "null", "{\"op\":\"dance\"}", "{\"op\":\"typing\",\"d\":{\"channel_id\":5}}",
  ])
  func `a wrong message is answered with an error`(_ text: String) {
    let harness = Harness(Facts.directory)
    let socket = harness.connect(Facts.ann)
    harness.send(socket, Array(text.utf8))
    let error = harness.last(socket, "error")
    #expect(error?["d"]?["code"]?.string == "VALIDATION_ERROR")
    #expect(error?["d"]?["error"]?.string?.isEmpty == false)
    #expect(harness.closed[socket] == nil)
  }

  @Test func `wrong messages again and again end the connection`() {
    let harness = Harness(Facts.directory)
    let socket = harness.connect(Facts.ann)
    for _ in 0..<Limit.violations { harness.send(socket, Array("?".utf8)) }
    #expect(harness.closed[socket] == .malformed)
  }

  @Test func `a message of more than four kilobytes is refused`() {
    let harness = Harness(Facts.directory)
    let socket = harness.connect(Facts.ann)
    let padding = String(repeating: "x", count: Limit.frameBytes)
    harness.send(socket, ["op": "heartbeat", "d": .string(padding)])
    #expect(harness.last(socket, "error") != nil)
    #expect(harness.messages(socket, "heartbeat_ack").isEmpty)
  }

  @Test func `the hundred and twenty-first message of a minute ends the connection`() {
    let harness = Harness(Facts.directory)
    let socket = harness.connect(Facts.ann)
    for _ in 0..<Limit.operations { harness.send(socket, ["op": "heartbeat"]) }
    #expect(harness.closed[socket] == nil)
    harness.send(socket, ["op": "heartbeat"])
    #expect(harness.closed[socket] == .tooFast)
  }

  @Test func `a new minute has its own count`() {
    let harness = Harness(Facts.directory)
    let socket = harness.connect(Facts.ann)
    for _ in 0..<Limit.operations { harness.send(socket, ["op": "heartbeat"]) }
    harness.advance(.seconds(61))
    harness.send(socket, ["op": "heartbeat"])
    #expect(harness.closed[socket] == nil)
  }

  @Test func `random bytes never do more than end a connection`() {
    forEachSeed { _, random in
      let harness = Harness(Facts.directory)
      let socket = harness.connect(Facts.ann)
      for _ in 0..<20 {
        var bytes = Array("{\"op\":\"presence_update\",\"d\":{\"status\":\"idle\"}}".utf8)
        for _ in 0..<Int.random(in: 0..<6, using: &random) {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        harness.send(socket, bytes)
      }
      #expect(harness.closed[socket] == nil || harness.closed[socket] == .malformed)
    }
  }

  // MARK: Operations

  @Test func `typing is heard by who sees the channel, once in three seconds`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let bob = harness.connect(Facts.bob)
    let eve = harness.connect(Facts.eve)
    let typing: JSONValue = ["op": "typing", "d": ["channel_id": .string(Facts.hidden.description)]]
    harness.send(ann, typing)
    harness.send(ann, typing)
    #expect(harness.messages(bob, "typing_start").count == 1)
    #expect(harness.last(bob, "typing_start")?["d"]?["user_id"]?.string == Facts.ann.description)
    #expect(harness.messages(eve, "typing_start").isEmpty)
    harness.advance(.seconds(4))
    harness.send(ann, typing)
    #expect(harness.messages(bob, "typing_start").count == 2)
  }

  @Test func `typing where one may not write or look is refused as anywhere else`() {
    let harness = Harness(Facts.directory)
    let eve = harness.connect(Facts.eve)
    harness.send(eve, ["op": "typing", "d": ["channel_id": .string(Facts.hidden.description)]])
    #expect(harness.last(eve, "error")?["d"]?["code"]?.string == "NOT_FOUND")
    var directory = Facts.directory
    directory.roles[Facts.everyone]?.permissions = .viewChannel
    harness.change(directory)
    harness.send(eve, ["op": "typing", "d": ["channel_id": .string(Facts.open.description)]])
    #expect(harness.last(eve, "error")?["d"]?["code"]?.string == "FORBIDDEN")
  }

  @Test func `the older name of typing does the same`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let bob = harness.connect(Facts.bob)
    harness.send(ann, ["op": "chat:typing-start", "d": ["conversation_id": .string(Facts.open.description)]])
    #expect(harness.messages(bob, "typing_start").count == 1)
  }

  @Test func `joining a room asks whether one may`() {
    let harness = Harness(Facts.directory)
    let eve = harness.connect(Facts.eve)
    harness.send(eve, ["op": "join-room", "d": ["room": .string("channel:" + Facts.open.description)]])
    #expect(harness.ops(eve).last == "room-joined")
    harness.send(eve, ["op": "join-room", "d": ["room": .string("channel:" + Facts.hidden.description)]])
    #expect(harness.last(eve, "error")?["d"]?["code"]?.string == "NOT_FOUND")
    harness.send(eve, ["op": "join-room", "d": ["room": .string("user:" + Facts.ann.description)]])
    #expect(harness.messages(eve, "error").count == 2)
  }

  @Test func `what a client says of its microphone goes to the voice rooms`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    harness.send(ann, ["op": "voice_state", "d": ["deafened": true]])
    #expect(harness.voice.count == 1)
    #expect(harness.voice.first?.user == Facts.ann && harness.voice.first?.deafened == true)
    #expect(harness.voice.first?.muted == nil)
    harness.send(ann, ["op": "voice_state", "d": ["deafened": "yes"]])
    #expect(harness.voice.count == 1)
  }

  @Test func `members are answered with their presence and the client's nonce`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    _ = harness.connect(Facts.bob)
    harness.send(
      ann, ["op": "members_request", "d": ["user_ids": [.string(Facts.bob.description)], "nonce": "7"]])
    #expect(harness.loads.map(\.query) == [.members(user: Facts.ann, [Facts.bob])])
    harness.answerLoads(members: [Facts.bob])
    let chunk = harness.last(ann, "members_chunk")?["d"]
    #expect(chunk?["nonce"]?.string == "7")
    #expect(chunk?["presences"]?[0]?["status"]?.string == "online")
  }
}
