import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import SessionDescriptions
import Testing

@testable import Rooms

/// `/rtc`: two peer connections, the server offers what it sends.
struct DualConnectionTests {
  let harness = Harness()

  private func ready(_ identity: String) -> Client {
    let client = harness.join(identity)
    client.answerOffer()
    client.connect()
    harness.advance(.milliseconds(200))
    return client
  }

  @Test func `the server offers at once, also in an empty room`() throws {
    let ann = harness.join("ann")
    let offer = try #require(ann.serverOffer)
    #expect(offer.media.map(\.kind) == [.application])
    #expect(offer.isICELite)
    #expect(ann.last(\.offer)?.id == 1)
    #expect(offer.media[0].candidates.count == 4, "two addresses, UDP and TCP")
  }

  @Test func `the primary connection makes the participant active`() {
    let ann = harness.join("ann")
    ann.answerOffer()
    #expect(harness.participant("ann")?.state == .joined)
    harness.media(.transport(ann.transports[0], .connected, .udp))
    #expect(harness.participant("ann")?.state == .joined, "the publisher connection is not the primary one")
    harness.media(.transport(ann.transports[1], .connected, .udp))
    #expect(harness.participant("ann")?.state == .active)
  }

  @Test(arguments: [UInt32(0), 1, 77])
  func `an offer is answered with its own number`(_ id: UInt32) {
    let ann = harness.join("ann")
    ann.send(offer: Descriptions.first(audio: 0, video: 0), id: id)
    #expect(ann.last(\.answer)?.id == id)
    #expect(ann.last(\.answer)?.type == "answer")
  }

  @Test func `who may not subscribe has its publisher connection for everything`() {
    let ann = harness.join("ann") { $0.video?.canSubscribe = false }
    #expect(ann.joined?.subscriberPrimary == false)
    #expect(ann.serverOffer == nil)
    #expect(ann.primary == ann.transports[0])
    ann.send(offer: Descriptions.first(audio: 0, video: 0))
    ann.connect()
    #expect(harness.participant("ann")?.state == .active)
  }

  @Test func `two participants hear each other`() throws {
    let ann = ready("ann")
    let bob = ready("bob")
    let annMic = ann.publish(.microphone, cid: "a")
    let bobMic = bob.publish(.microphone, cid: "b")
    harness.advance(.milliseconds(200))
    for (client, publisher, sid) in [(ann, bob, bobMic), (bob, ann, annMic)] {
      let offer = try #require(client.serverOffer)
      let section = try #require(offer.media.first { $0.kind == .audio })
      #expect(section.msid?.stream == publisher.sid + "|" + sid)
      #expect(section.msid?.track == sid)
      #expect(client.last(\.offer)?.midToTrackId == [section.mid: sid])
      client.answerOffer()
    }
    #expect(harness.mediaSubscriptions.count == 2)
    #expect(harness.mediaSubscriptions.allSatisfy { $0.formats.contains { $0.codec == .opus } })
    #expect(ann.last(\.trackSubscribed)?.trackSid == annMic)
  }

  @Test func `a late joiner has the tracks in its first offer`() throws {
    let ann = ready("ann")
    let sid = ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    let bob = harness.join("bob")
    let offer = try #require(bob.serverOffer)
    #expect(offer.media.contains { $0.msid?.track == sid })
    #expect(bob.last(\.offer)?.id == 1)
  }

  @Test func `before protocol 8 tracks wait for the connection`() {
    let ann = ready("ann")
    ann.publish(.microphone, cid: "mic")
    let bob = harness.join("bob", query: [(name: "protocol", value: "7")])
    #expect(bob.serverOffer?.media.count == 1)
    bob.answerOffer()
    bob.connect()
    harness.advance(.milliseconds(200))
    #expect(bob.serverOffer?.media.count == 2)
  }

  @Test func `twenty tracks at once take few offers, none overlapping`() {
    let bob = ready("bob")
    bob.forget()
    let ann = harness.join("ann")
    for index in 0..<20 { ann.publish(.microphone, cid: "t\(index)") }
    #expect(bob.all(\.offer).count <= 1)
    harness.advance(.milliseconds(20))
    #expect(bob.all(\.offer).count == 1)
    ann.publish(.microphone, cid: "t20")
    harness.advance(.seconds(1))
    #expect(bob.all(\.offer).count == 1, "no second offer before the answer")
    bob.answerOffer()
    harness.advance(.milliseconds(200))
    #expect(bob.all(\.offer).count == 2)
    #expect(bob.serverOffer?.media.count == 22)
  }

  @Test func `no answer for fifteen seconds is a full reconnect`() {
    let ann = harness.join("ann")
    harness.advance(.seconds(16))
    #expect(ann.leaves.last?.action == .reconnect)
    #expect(ann.leaves.last?.reason == .stateMismatch)
    #expect(ann.isClosed)
  }

  @Test func `an answer to an older offer is ignored`() {
    let ann = ready("ann")
    let bob = ready("bob")
    bob.publish(.microphone, cid: "b")
    harness.advance(.milliseconds(200))
    harness.clear()
    ann.answerOffer(id: 1)
    #expect(harness.mediaSubscriptions.isEmpty)
    ann.answerOffer(id: 0)
    #expect(harness.mediaSubscriptions.count == 1)
  }

  @Test func `receiving sections on the publisher connection stay inactive, whatever their mids`() throws {
    let ann = harness.join("ann")
    var sdp = Descriptions.first()
    for index in sdp.media.indices { sdp.media[index].mid = String(index + 7) }
    sdp.bundle = sdp.media.map(\.mid)
    ann.send(offer: sdp)
    let answer = try #require(ann.answer)
    #expect(answer.media.map(\.mid) == sdp.media.map(\.mid))
    #expect(answer.media.dropFirst().allSatisfy { $0.direction == .inactive })
  }

  @Test func `a section that came free carries the next track of its kind`() throws {
    let ann = ready("ann")
    let bob = ready("bob")
    let first = ann.publish(.microphone, cid: "one")
    harness.advance(.milliseconds(200))
    bob.answerOffer()
    let mid = bob.last(\.offer)?.midToTrackId.first { $0.value == first }?.key
    ann.unpublish(cid: "one")
    harness.advance(.milliseconds(200))
    bob.answerOffer()
    let second = ann.publish(.microphone, cid: "two")
    harness.advance(.milliseconds(200))
    #expect(bob.last(\.offer)?.midToTrackId == [try #require(mid): second])
  }

  @Test func `a section is not free before the client saw its stream end`() throws {
    let ann = ready("ann")
    let bob = ready("bob")
    let first = ann.publish(.microphone, cid: "one")
    harness.advance(.milliseconds(200))
    bob.answerOffer()
    let mid = try #require(bob.last(\.offer)?.midToTrackId.first { $0.value == first }?.key)
    ann.unpublish(cid: "one")
    let second = ann.publish(.microphone, cid: "two")
    harness.advance(.milliseconds(200))
    #expect(bob.serverOffer?.section(mid)?.direction == .inactive)
    let other = try #require(bob.last(\.offer)?.midToTrackId.first { $0.value == second }?.key)
    #expect(other != mid)
    bob.answerOffer()
    let third = ann.publish(.screenShareAudio, cid: "three")
    harness.advance(.milliseconds(200))
    #expect(bob.last(\.offer)?.midToTrackId == [other: second, mid: third])
  }

  @Test func `a description that cannot be read ends in a full reconnect`() {
    let ann = ready("ann")
    var offer = SessionDescription()
    offer.type = "offer"
    offer.sdp = "nonsense"
    ann.send(.offer(offer))
    #expect(ann.leaves.last?.action == .reconnect)
  }

  @Test func `who cannot decode the codec is told so`() throws {
    let ann = ready("ann")
    let bob = ready("bob")
    let sid = ann.publish(.camera, cid: "cam", codec: "vp8")
    harness.advance(.milliseconds(200))
    bob.answerOffer(refusing: ["VP8"])
    #expect(bob.last(\.subscriptionResponse)?.trackSid == sid)
    #expect(bob.last(\.subscriptionResponse)?.err == .codecUnsupported)
    #expect(harness.mediaSubscriptions.isEmpty)
  }
}
