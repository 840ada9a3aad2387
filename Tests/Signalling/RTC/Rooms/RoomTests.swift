import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import Randomness
import TestSupport
import Testing

@testable import Rooms

/// Rooms, metadata, speakers and quality.
struct RoomTests {
  let harness = Harness()

  private func connected(_ identity: String, _ adjust: (inout AccessTokenClaims) -> Void = { _ in }) -> Client {
    let client = harness.join(identity, adjust)
    client.answerOffer()
    client.connect()
    harness.advance(.milliseconds(200))
    return client
  }

  // MARK: Lifetime

  @Test func `a room ends some time after the last one left, and comes back as another`() {
    let ann = connected("ann")
    let sid = ann.joined?.room?.sid
    ann.send(.leave(LeaveRequest()))
    harness.advance(.seconds(19))
    #expect(harness.node.roomCount == 1)
    harness.advance(.seconds(2))
    #expect(harness.node.roomCount == 0)
    #expect(harness.events.contains { if case .roomFinished = $0 { true } else { false } })
    #expect(harness.join("ann").joined?.room?.sid != sid)
  }

  @Test func `a room that nobody ever joined lasts for its empty timeout`() throws {
    var request = CreateRoomRequest()
    request.name = "quiet"
    request.emptyTimeout = 30
    _ = try harness.node.createRoom(request, at: harness.moment)
    harness.advance(.seconds(29))
    #expect(harness.node.roomCount == 1)
    harness.advance(.seconds(2))
    #expect(harness.node.roomCount == 0)
  }

  @Test func `somebody who returns in time keeps the room`() {
    let ann = connected("ann")
    ann.send(.leave(LeaveRequest()))
    harness.advance(.seconds(15))
    let bob = connected("bob")
    harness.advance(.seconds(60))
    #expect(harness.node.roomCount == 1)
    #expect(bob.joined?.room?.sid == ann.joined?.room?.sid)
  }

  @Test func `agents do not keep a room open`() {
    let ann = connected("ann")
    let robot = connected("robot") { $0.kind = .agent }
    ann.send(.leave(LeaveRequest()))
    harness.advance(.seconds(21))
    #expect(harness.node.roomCount == 0)
    #expect(robot.leaves.last?.reason == .roomClosed)
  }

  @Test func `the token's room settings count for the join that creates the room only`() {
    var settings = RoomConfiguration()
    settings.metadata = "from the token"
    settings.maxParticipants = 7
    settings.departureTimeout = 3
    let ann = connected("ann") { $0.roomConfig = settings }
    #expect(ann.joined?.room?.metadata == "from the token")
    #expect(ann.joined?.room?.maxParticipants == 7)
    let bob = connected("bob") {
      $0.roomConfig = settings
      $0.roomConfig?.metadata = "other"
    }
    #expect(bob.joined?.room?.metadata == "from the token")
  }

  @Test func `rooms are spread over the shards`() {
    let harness = Harness(shards: 3)
    for index in 0..<6 { _ = harness.join("ann", room: "room\(index)") }
    let shards = harness.node.rooms.values.map(\.shard).sorted()
    #expect(shards == [0, 0, 1, 1, 2, 2])
  }

  @Test func `counts are told within five seconds`() {
    let ann = connected("ann")
    ann.forget()
    _ = harness.join("bob")
    harness.advance(.seconds(6))
    #expect(ann.last(\.roomUpdate)?.room?.numParticipants == 2)
  }

  // MARK: Metadata

  private func update(_ client: Client, id: UInt32 = 5, _ adjust: (inout UpdateParticipantMetadata) -> Void) {
    var request = UpdateParticipantMetadata()
    request.requestId = id
    adjust(&request)
    client.send(.updateMetadata(request))
  }

  @Test func `who changes much in a loop is told of in batches`() {
    let ann = connected("ann") { $0.video?.canUpdateOwnMetadata = true }
    let bob = connected("bob")
    bob.forget()
    let metadata = String(repeating: "m", count: RoomLimit.metadata - 10)
    for number in 0..<50 { update(ann) { $0.metadata = metadata + String(number) } }
    let told = bob.all(\.update).flatMap(\.participants).reduce(0) { $0 + $1.metadata.utf8.count }
    #expect(told <= RoomLimit.updateBurst)
    harness.advance(.seconds(4))
    #expect(bob.update(of: "ann")?.metadata.hasSuffix("m49") == true, "the last word arrives")
  }

  @Test func `a change of one's own metadata is answered, and told to all`() {
    let ann = connected("ann") { $0.video?.canUpdateOwnMetadata = true }
    let bob = connected("bob")
    ann.forget()
    update(ann) {
      $0.metadata = "m"
      $0.name = "Ann"
      $0.attributes = ["a": "1", "b": "2"]
    }
    #expect(ann.last(\.requestResponse)?.requestId == 5)
    #expect(ann.last(\.requestResponse)?.reason == .ok)
    for client in [ann, bob] {
      #expect(client.update(of: "ann")?.metadata == "m")
      #expect(client.update(of: "ann")?.name == "Ann")
      #expect(client.update(of: "ann")?.attributes == ["a": "1", "b": "2"])
    }
    #expect(ann.last(\.refreshToken) != nil)
    update(ann) { $0.attributes = ["a": ""] }
    #expect(bob.update(of: "ann")?.attributes == ["b": "2"])
    #expect(bob.update(of: "ann")?.name == "Ann", "an empty name is no change")
  }

  @Test func `the same again is no news, but answered`() {
    let ann = connected("ann") {
      $0.video?.canUpdateOwnMetadata = true
      $0.name = "Ann"
    }
    let bob = connected("bob")
    bob.forget()
    update(ann) { $0.name = "Ann" }
    #expect(bob.update(of: "ann") == nil)
    #expect(ann.last(\.requestResponse)?.reason == .ok)
  }

  @Test func `without the right it is not allowed, too large is too large`() {
    let ann = connected("ann")
    update(ann) { $0.name = "x" }
    #expect(ann.last(\.requestResponse)?.reason == .notAllowed)
    let bob = connected("bob") { $0.video?.canUpdateOwnMetadata = true }
    update(bob) { $0.metadata = String(repeating: "m", count: RoomLimit.metadata + 1) }
    #expect(bob.last(\.requestResponse)?.reason == .limitExceeded)
    update(bob) { $0.attributes = ["k": String(repeating: "v", count: RoomLimit.attributes)] }
    #expect(bob.last(\.requestResponse)?.reason == .limitExceeded)
  }

  @Test func `older clients get no answer that says OK`() {
    let ann = harness.join("ann", query: [(name: "protocol", value: "14")]) { $0.video?.canUpdateOwnMetadata = true }
    update(ann) { $0.name = "x" }
    #expect(ann.last(\.requestResponse) == nil)
    #expect(ann.update(of: "ann")?.name == "x")
  }

  // MARK: Speakers

  @Test func `speakers are told to those who hear them, and to themselves`() throws {
    let ann = connected("ann")
    let bob = connected("bob")
    let deaf = harness.join("deaf", query: [(name: "auto_subscribe", value: "0")])
    ann.publish(.microphone, cid: "mic")
    let publication = try #require(harness.publications.last?.id)
    harness.media(.speakers([SpeakerLevel(publication: publication, level: 0.5, isActive: true)]))
    for client in [ann, bob] {
      #expect(client.last(\.speakersChanged)?.speakers.first?.sid == ann.sid)
      #expect(client.last(\.speakersChanged)?.speakers.first?.level == 0.5)
      #expect(client.last(\.speakersChanged)?.speakers.first?.active == true)
    }
    #expect(deaf.last(\.speakersChanged) == nil)
    harness.media(.speakers([SpeakerLevel(publication: publication, level: 0, isActive: false)]))
    #expect(bob.last(\.speakersChanged)?.speakers.first?.active == false)
    #expect(bob.last(\.speakersChanged)?.speakers.first?.level == 0)
  }

  @Test func `only microphones speak`() throws {
    let ann = connected("ann")
    ann.publish(.screenShareAudio, cid: "sound")
    let publication = try #require(harness.publications.last?.id)
    harness.media(.speakers([SpeakerLevel(publication: publication, level: 1, isActive: true)]))
    #expect(ann.last(\.speakersChanged) == nil)
  }

  @Test func `who begins to hear a speaker learns of it, who stops sees it silent`() throws {
    let ann = connected("ann")
    let sid = ann.publish(.microphone, cid: "mic")
    let publication = try #require(harness.publications.last?.id)
    harness.media(.speakers([SpeakerLevel(publication: publication, level: 0.25, isActive: true)]))
    let bob = connected("bob")
    #expect(bob.last(\.speakersChanged)?.speakers.first?.active == true)
    bob.subscribe([sid], false)
    #expect(bob.last(\.speakersChanged)?.speakers.first?.active == false)
  }

  // MARK: Connection quality

  private func report(_ client: Client, roundTrip: Double, loss: UInt64 = 0) -> MediaEvent {
    var report = ShardReport()
    report.transports = [TransportReport(id: client.primary, path: .udp, roundTrip: roundTrip, estimate: nil)]
    if let publication = harness.publications.last?.id, loss > 0 {
      let encoding = EncodingReport(
        spatialLayer: 0, ssrc: 1, packets: 100 - loss, bytes: 0, lost: loss, bitsPerSecond: 0, framesPerSecond: 0,
        jitter: 5)
      report.publications = [PublicationReport(id: publication, codec: nil, encodings: [encoding])]
    }
    return .report(report)
  }

  @Test func `quality is told after the start and when it changes, one's own included`() {
    let ann = connected("ann")
    let bob = connected("bob")
    ann.publish(.microphone, cid: "mic")
    harness.media(report(ann, roundTrip: 20))
    #expect(ann.last(\.connectionQuality)?.updates.first?.quality == .excellent)
    #expect(bob.last(\.connectionQuality)?.updates.first?.participantSid == ann.sid)
    ann.forget()
    harness.media(report(ann, roundTrip: 21))
    #expect(ann.last(\.connectionQuality) == nil)
    harness.media(report(ann, roundTrip: 400, loss: 30))
    #expect(ann.last(\.connectionQuality)?.updates.first?.quality == .poor)
  }

  @Test func `a lost line is lost, and poor for old clients`() {
    let ann = connected("ann")
    harness.media(report(ann, roundTrip: 20))
    harness.media(.transport(ann.primary, .disconnected, nil))
    harness.media(report(ann, roundTrip: 20))
    #expect(ann.last(\.connectionQuality)?.updates.first?.quality == .lost)
    let old = harness.join("old", query: [(name: "protocol", value: "10")])
    old.answerOffer()
    old.connect()
    harness.media(report(old, roundTrip: 20))
    harness.media(.transport(old.primary, .disconnected, nil))
    harness.media(report(old, roundTrip: 20))
    #expect(old.last(\.connectionQuality)?.updates.first?.quality == .poor)
  }

  @Test func `the score falls with loss and delay and stays within its range`() {
    forEachSeed(200) { seed, random in
      var line = LineReport()
      line.loss = random.unit()
      line.jitter = random.unit() * 500
      line.roundTrip = random.unit() * 3_000
      var worse = line
      worse.loss = min(1, line.loss + random.unit() * 0.2)
      worse.roundTrip += random.unit() * 200
      #expect((1...4.5).contains(line.score), "seed \(seed)")
      #expect(worse.score <= line.score, "seed \(seed)")
    }
  }
}
