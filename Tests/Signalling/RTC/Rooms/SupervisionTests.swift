import AccessTokens
import Chronology
import LiveKitProtocol
import Randomness
import TestSupport
import Testing

@testable import Rooms

/// What the owner of a room can bound, hear and change.
struct SupervisionTests {
  private func limited(seed: UInt64 = 1) -> Harness {
    Harness(seed: seed) { $0.screenShareLimit = { $0 == "hall" ? 2 : nil } }
  }

  private func screens(_ harness: Harness, room: String = "hall") -> Int {
    harness.node.listParticipants(.room(room)).participants.flatMap(\.tracks).count { $0.source == .screenShare }
  }

  /// Asks for a screen, and sends it if the room agrees: what a client does.
  private func share(_ client: Client, _ cid: String) -> Bool {
    client.send(.addTrack(.make(.screenShare, cid: cid, codec: "vp8")))
    guard client.all(\.trackPublished).contains(where: { $0.cid == cid }) else { return false }
    var sdp = client.offer ?? Descriptions.first(audio: 0, video: 0)
    sdp.add(.sendingVideo(cid: cid, rids: []))
    client.send(offer: sdp)
    return true
  }

  // MARK: Screens

  @Test func `a third screen is refused, with the request itself in the answer`() {
    let harness = limited()
    let people = ["ann", "bob", "eve"].map { harness.join($0) }
    for client in people { client.publish(.screenShare, cid: "screen", codec: "vp8") }
    #expect(screens(harness) == 2)
    let response = people[2].last(\.requestResponse)
    #expect(response?.reason == .limitExceeded)
    #expect(response?.message.hasPrefix("STREAM_LIMIT") == true)
    #expect(people[2].all(\.trackPublished).isEmpty)
  }

  @Test func `cameras and the sound of a screen are not counted`() {
    let harness = limited()
    let ann = harness.join("ann")
    for number in 0..<2 { ann.publish(.screenShare, cid: "s\(number)", codec: "vp8") }
    ann.publish(.camera, cid: "cam", codec: "vp8")
    ann.publish(.screenShareAudio, cid: "sound")
    #expect(ann.all(\.trackPublished).count == 4)
  }

  @Test func `other rooms have no limit`() {
    let harness = limited()
    let ann = harness.join("ann", room: "cellar")
    for number in 0..<4 { ann.publish(.screenShare, cid: "s\(number)", codec: "vp8") }
    #expect(screens(harness, room: "cellar") == 4)
  }

  @Test func `who stops sharing, or leaves, makes room`() {
    let harness = limited()
    let people = ["ann", "bob", "eve"].map { harness.join($0) }
    people[0].publish(.screenShare, cid: "a", codec: "vp8")
    people[1].publish(.screenShare, cid: "b", codec: "vp8")
    people[0].unpublish(cid: "a")
    people[2].publish(.screenShare, cid: "c", codec: "vp8")
    #expect(people[2].all(\.trackPublished).count == 1)
    people[1].send(.leave(LeaveRequest()))
    people[0].publish(.screenShare, cid: "d", codec: "vp8")
    #expect(people[0].all(\.trackPublished).count == 2)
  }

  @Test func `two who ask at the same time take the places although nothing flows yet`() {
    let harness = limited()
    let people = ["ann", "bob", "eve"].map { harness.join($0) }
    for client in people { client.send(.addTrack(.make(.screenShare, cid: "screen", codec: "vp8"))) }
    #expect(people.map { $0.all(\.trackPublished).count } == [1, 1, 0])
  }

  @Test func `a place that was asked for and not taken is free again, and who comes late is turned away`() {
    let harness = limited()
    let late = harness.join("late")
    late.answerOffer()
    late.send(.addTrack(.make(.screenShare, cid: "screen", codec: "vp8")))
    harness.advance(harness.node.timings.negotiationTimeout)
    let others = ["ann", "bob"].map { harness.join($0) }
    for client in others { client.publish(.screenShare, cid: "screen", codec: "vp8") }
    #expect(screens(harness) == 2)
    late.publish(.screenShare, cid: "screen", codec: "vp8")
    #expect(screens(harness) == 2)
    #expect(late.last(\.trackUnpublished) != nil)
  }

  @Test func `whatever people do, no more screens are shared than allowed, and none is refused without need`() {
    forEachSeed { seed, random in
      let harness = limited(seed: seed)
      var people = (0..<4).map { harness.join("p\($0)") }
      var shared: [Int: Set<String>] = [:]
      for step in 0..<40 {
        let index = Int.random(in: 0..<people.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0, 1:
          let count = shared.values.reduce(0) { $0 + $1.count }
          let isShared = share(people[index], "s\(step)")
          #expect(isShared == (count < 2), "seed \(seed)")
          if isShared { shared[index, default: []].insert("s\(step)") }
        case 2:
          guard let cid = shared[index]?.sorted().randomElement(using: &random) else { continue }
          people[index].unpublish(cid: cid)
          shared[index]?.remove(cid)
        default:
          people[index].send(.leave(LeaveRequest()))
          shared[index] = nil
          people[index] = harness.join("p\(index)")
        }
        #expect(screens(harness) == shared.values.reduce(0) { $0 + $1.count }, "seed \(seed)")
      }
    }
  }

  // MARK: Hearing

  private func mutes(_ harness: Harness) -> [Bool] {
    harness.events.compactMap { if case .trackMuteChanged(_, _, let track) = $0 { track.muted } else { nil } }
  }

  @Test func `muting and unmuting are events, each once`() {
    let harness = Harness()
    let ann = harness.join("ann")
    let sid = ann.publish(.microphone, cid: "mic")
    for muted in [true, true, false] {
      var request = MuteTrackRequest()
      request.sid = sid
      request.muted = muted
      ann.send(.mute(request))
    }
    #expect(mutes(harness) == [true, false])
  }

  @Test func `a source can be muted from outside, and its publisher is asked to stop`() {
    let harness = Harness()
    let ann = harness.join("ann")
    ann.publish(.microphone, cid: "mic")
    ann.publish(.camera, cid: "cam", codec: "vp8")
    harness.node.mute(.microphone, of: "ann", in: "hall", at: harness.moment)
    harness.collect()
    #expect(ann.last(\.mute)?.muted == true)
    #expect(harness.participant("ann")?.tracks.map(\.muted) == [true, false])
    #expect(mutes(harness) == [true])
  }

  // MARK: Changing

  @Test func `rights that are taken end what they allowed at once`() {
    let harness = Harness()
    let ann = harness.join("ann")
    ann.publish(.microphone, cid: "mic")
    ann.publish(.camera, cid: "cam", codec: "vp8")
    var permission = ParticipantPermission()
    permission.canSubscribe = true
    permission.canPublish = true
    permission.canPublishSources = [.camera]
    harness.node.setPermission(permission, of: "ann", in: "hall", at: harness.moment)
    harness.collect()
    #expect(harness.participant("ann")?.tracks.map(\.source) == [.camera])
    #expect(harness.node.permission(of: "ann", in: "hall") == permission)
    ann.publish(.microphone, cid: "again")
    #expect(ann.last(\.requestResponse)?.reason == .notAllowed)
  }

  @Test func `limit and metadata of a room can be changed and taken away`() {
    let harness = Harness()
    let ann = harness.join("ann")
    harness.node.configure(room: "hall", maximumParticipants: 1, metadata: "new", at: harness.moment)
    harness.collect()
    #expect(ann.last(\.roomUpdate)?.room?.metadata == "new")
    #expect(harness.join("bob").joined == nil)
    harness.node.configure(room: "hall", maximumParticipants: 0, metadata: "new", at: harness.moment)
    #expect(harness.join("bob").joined != nil)
    #expect(harness.node.identities(in: "hall") == ["ann", "bob"])
    #expect(harness.node.identities(in: "nowhere").isEmpty)
    #expect(harness.node.occupancy(of: "hall") == 2)
  }
}
