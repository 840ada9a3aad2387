// The stream of events: numbers, audiences, resumes, slow readers, and what a new client is told.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import Testing

@testable import Gateway

@Suite struct StreamTests {
  @Test func `an event is encoded once and has one number for all`() {
    let harness = Harness(Facts.directory)
    let sockets = [Facts.ann, Facts.bob, Facts.eve].map { harness.connect($0) }
    harness.broadcasts = []
    harness.publish("server_update", ["server": ["name": "Yeni"]], to: .everyone)
    #expect(harness.broadcasts.map(\.receivers) == [3])
    let numbers = Set(sockets.map { harness.last($0, "server_update")?["s"]?.integer })
    #expect(numbers == [Int64(harness.node.sequence)])
  }

  @Test func `numbers rise with every event, also for who gets none in between`() {
    let harness = Harness(Facts.directory)
    let eve = harness.connect(Facts.eve)
    harness.publish("message_create", to: .channel(Facts.open))
    harness.publish("message_create", to: .channel(Facts.hidden))
    harness.publish("message_create", to: .channel(Facts.open))
    let numbers = harness.messages(eve, "message_create").compactMap { $0["s"]?.integer }
    #expect(numbers.count == 2 && numbers[1] == numbers[0] + 2)
  }

  @Test func `events go where their audience says`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let eve = harness.connect(Facts.eve)
    harness.forget()
    harness.publish("a", to: .channel(Facts.hidden))
    harness.publish("b", to: .users([Facts.eve]))
    harness.publish("c", to: .everyone)
    #expect(harness.ops(ann) == ["a", "c"])
    #expect(harness.ops(eve) == ["b", "c"])
  }

  @Test func `all devices of a person get an event`() {
    let harness = Harness(Facts.directory)
    let phone = harness.connect(Facts.ann)
    let desk = harness.connect(Facts.ann)
    harness.publish("read_state_update", to: .users([Facts.ann]))
    #expect(harness.last(phone, "read_state_update") != nil)
    #expect(harness.last(desk, "read_state_update") != nil)
  }

  // MARK: Resume

  @Test func `a client that comes back gets what it missed, once, and then hears that this was all`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    harness.publish("message_create", ["n": 1], to: .channel(Facts.open))
    let (session, sequence) = (harness.session(ann), harness.sequence(ann))
    harness.close(ann)
    harness.publish("message_create", ["n": 2], to: .channel(Facts.open))
    harness.publish("message_create", ["n": 3], to: .channel(Facts.hidden))
    let back = harness.open(Facts.ann, resume: Resumption(session: session, sequence: sequence))
    #expect(harness.ops(back) == ["message_create", "message_create", "resumed"])
    #expect(harness.messages(back, "message_create").compactMap { $0["d"]?["n"]?.int } == [2, 3])
    harness.publish("message_create", ["n": 4], to: .channel(Facts.open))
    #expect(harness.last(back, "message_create")?["d"]?["n"]?.int == 4)
  }

  @Test func `a half-open connection is replaced by the one that resumes`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let back = harness.open(
      Facts.ann, resume: Resumption(session: harness.session(ann), sequence: harness.sequence(ann)))
    #expect(harness.closed[ann] == .replaced)
    #expect(harness.ops(back) == ["resumed"])
    harness.close(ann)
    harness.publish("x", to: .everyone)
    #expect(harness.last(back, "x") != nil)
  }

  @Test func `nobody resumes the session of another`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let session = harness.session(ann)
    harness.close(ann)
    let thief = harness.open(Facts.eve, resume: Resumption(session: session, sequence: 0))
    #expect(harness.messages(thief, "resumed").isEmpty)
    #expect(harness.loads.count == 1)
  }

  @Test(arguments: ["", "zz", "00000000000000000000000000000000", "🙂"])
  func `a session that nobody has begun becomes a new one`(_ session: String) {
    let harness = Harness(Facts.directory)
    let socket = harness.open(Facts.ann, resume: Resumption(session: session, sequence: 5))
    harness.answerLoads()
    #expect(harness.ops(socket).first == "ready")
  }

  @Test func `a number from the future is not resumed`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let session = harness.session(ann)
    harness.close(ann)
    _ = harness.open(Facts.ann, resume: Resumption(session: session, sequence: 1_000_000))
    #expect(harness.loads.count == 1)
  }

  @Test func `a session waits five minutes and no longer`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let (session, sequence) = (harness.session(ann), harness.sequence(ann))
    harness.close(ann)
    harness.advance(.seconds(290))
    let back = harness.open(Facts.ann, resume: Resumption(session: session, sequence: sequence))
    #expect(harness.ops(back).last == "resumed")
    harness.close(back)
    harness.advance(.seconds(310))
    _ = harness.open(Facts.ann, resume: Resumption(session: session, sequence: harness.sequence(back)))
    #expect(harness.loads.count == 1)
  }

  @Test func `what the log has forgotten cannot be resumed`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let (session, sequence) = (harness.session(ann), harness.sequence(ann))
    harness.close(ann)
    let large = JSONValue.string(String(repeating: "x", count: 1 << 20))
    for _ in 0..<20 { harness.publish("x", ["text": large], to: .users([])) }
    #expect(harness.node.logBytes <= Limit.logBytes)
    _ = harness.open(Facts.ann, resume: Resumption(session: session, sequence: sequence))
    #expect(harness.loads.count == 1)
  }

  @Test func `a long replay is sent in parts that others can come between`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let (session, sequence) = (harness.session(ann), harness.sequence(ann))
    harness.close(ann)
    let text = JSONValue.string(String(repeating: "x", count: 50_000))
    for _ in 0..<10 { harness.publish("x", ["text": text], to: .everyone) }
    let back = harness.open(Facts.ann, resume: Resumption(session: session, sequence: sequence))
    #expect((1..<10).contains(harness.messages(back, "x").count))
    harness.publish("y", to: .everyone)
    #expect(harness.messages(back, "y").isEmpty)
    harness.advance(.zero)
    #expect(harness.messages(back, "x").count == 10)
    #expect(Array(harness.ops(back).suffix(2)) == ["y", "resumed"])
  }

  // MARK: Slow readers

  @Test func `a slow reader gets nothing until it has read, and then everything`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    harness.forget()
    harness.node.congested(ann)
    for n in 0..<3 { harness.publish("x", ["n": .integer(Int64(n))], to: .everyone) }
    #expect(harness.messages(ann).isEmpty)
    harness.node.drained(ann)
    harness.advance(.zero)
    #expect(harness.messages(ann, "x").compactMap { $0["d"]?["n"]?.int } == [0, 1, 2])
    harness.publish("y", to: .everyone)
    #expect(harness.ops(ann).last == "y")
  }

  @Test func `a reader that is slower than the log is told to start over, and is made ready again`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let session = harness.session(ann)
    harness.node.congested(ann)
    let large = JSONValue.string(String(repeating: "x", count: 1 << 20))
    for _ in 0..<20 { harness.publish("x", ["text": large], to: .users([])) }
    harness.forget()
    harness.node.drained(ann)
    harness.advance(.zero)
    #expect(harness.ops(ann) == ["resync"])
    harness.answerLoads()
    #expect(harness.ops(ann) == ["resync", "ready"])
    #expect(harness.session(ann) == session)
  }

  // MARK: Beginning

  @Test func `what is committed while ready is made comes after it, unless ready has it`() {
    let harness = Harness(Facts.directory)
    let ann = harness.open(Facts.ann)
    harness.publish("message_create", ["n": 1], to: .channel(Facts.open), commit: 1)
    harness.publish("message_create", ["n": 2], to: .channel(Facts.open), commit: 2)
    harness.answerLoads(commit: 1)
    #expect(harness.ops(ann) == ["ready", "message_create"])
    #expect(harness.last(ann, "message_create")?["d"]?["n"]?.int == 2)
  }

  @Test func `a commit that ready has and that is heard of later is not told again`() {
    let harness = Harness(Facts.directory)
    let ann = harness.open(Facts.ann)
    harness.answerLoads(commit: 2)
    harness.publish("message_create", ["n": 2], to: .channel(Facts.open), commit: 2)
    harness.publish("message_create", ["n": 3], to: .channel(Facts.open), commit: 3)
    #expect(harness.messages(ann, "message_create").compactMap { $0["d"]?["n"]?.int } == [3])
  }

  @Test func `ready tells the voices and presences that its reader may see`() {
    let harness = Harness(Facts.directory)
    _ = harness.connect(Facts.bob)
    harness.voices = [
      VoiceStateView(channel: Facts.open, json: ["user_id": "a"]),
      VoiceStateView(channel: Facts.hidden, json: ["user_id": "b"]),
    ]
    let eve = harness.open(Facts.eve)
    harness.answerLoads(members: [Facts.bob, Facts.ann])
    let ready = harness.last(eve, "ready")?["d"]
    #expect(ready?["voice_states"] == [["user_id": "a"]])
    #expect(ready?["presences"] == [["user_id": .string(Facts.bob.description), "status": "online"]])
  }

  // MARK: Sight

  @Test func `who comes to see a channel gets it, and who loses it loses it`() {
    let body: JSONValue = ["channel": ["id": .string(Facts.hidden.description), "name": "ekip"]]
    let harness = Harness(Facts.directory, channels: [Facts.hidden: body.serialized])
    let ann = harness.connect(Facts.ann)
    let eve = harness.connect(Facts.eve)
    harness.forget()
    var directory = Facts.directory
    directory.members[Facts.eve]?.roles = [Facts.staff]
    harness.change(directory)
    #expect(harness.messages(eve, "channel_create").map { $0["d"] } == [body])
    directory.members[Facts.eve]?.roles = []
    harness.change(directory)
    #expect(harness.last(eve, "channel_delete")?["d"]?["id"]?.string == Facts.hidden.description)
    #expect(harness.messages(ann).isEmpty)
  }

  @Test func `a channel comes into sight as it is called now`() {
    let harness = Harness(Facts.directory)
    let eve = harness.connect(Facts.eve)
    let body: JSONValue = ["channel": ["id": .string(Facts.hidden.description), "name": "yeni"]]
    harness.publish("channel_update", body, to: .channel(Facts.hidden))
    #expect(harness.messages(eve, "channel_update").isEmpty)
    var directory = Facts.directory
    directory.members[Facts.eve]?.roles = [Facts.staff]
    harness.change(directory)
    #expect(harness.last(eve, "channel_create")?["d"] == body)
  }

  @Test func `what was said before a channel came into sight is not replayed`() {
    let harness = Harness(Facts.directory)
    let eve = harness.connect(Facts.eve)
    let (session, sequence) = (harness.session(eve), harness.sequence(eve))
    harness.close(eve)
    harness.publish("message_create", ["n": 1], to: .channel(Facts.hidden))
    var directory = Facts.directory
    directory.members[Facts.eve]?.roles = [Facts.staff]
    harness.change(directory)
    harness.publish("message_create", ["n": 2], to: .channel(Facts.hidden))
    let back = harness.open(Facts.eve, resume: Resumption(session: session, sequence: sequence))
    #expect(harness.ops(back) == ["channel_create", "message_create", "resumed"])
    #expect(harness.last(back, "message_create")?["d"]?["n"]?.int == 2)
  }

  @Test func `the end of a channel is told to who saw it`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    let eve = harness.connect(Facts.eve)
    harness.forget()
    var directory = Facts.directory
    directory.channels[Facts.hidden] = nil
    let data: JSONValue = ["id": .string(Facts.hidden.description)]
    harness.change(directory, events: [Event("channel_delete", data.serialized, to: .channel(Facts.hidden))])
    #expect(harness.ops(ann) == ["channel_delete"])
    #expect(harness.messages(eve).isEmpty)
  }
}
