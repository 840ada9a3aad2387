import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import SessionDescriptions
import Testing

@testable import Rooms

/// `/rtc/v1`: one peer connection, only the client offers.
struct SingleConnectionTests {
  let harness = Harness()

  /// The client does what the server asked for: new sections, and an offer.
  private func satisfy(_ client: Client) {
    guard let requirement = client.last(\.mediaSectionsRequirement), var sdp = client.offer else { return }
    for _ in 0..<requirement.numAudios { sdp.add(.audio(.recvonly)) }
    for _ in 0..<requirement.numVideos { sdp.add(.video(.recvonly)) }
    client.forget()
    client.send(offer: sdp)
  }

  @Test func `the offer of the join request is answered right after the join`() throws {
    let ann = harness.joinSingle("ann")
    #expect(ann.joined?.subscriberPrimary == false)
    let answer = try #require(ann.last(\.answer))
    #expect(answer.id == 0)
    #expect(ann.transports.count == 1)
    let kinds = ann.messages.map { message in
      switch message {
      case .join: "join"
      case .answer: "answer"
      default: ""
      }
    }
    #expect(kinds.first == "join")
    #expect(kinds.contains("answer"))
  }

  @Test func `an offer that comes later works as well`() {
    let ann = harness.joinSingle("ann", offer: nil)
    #expect(ann.last(\.answer) == nil)
    ann.send(offer: Descriptions.first())
    #expect(ann.last(\.answer) != nil)
    ann.connect()
    #expect(harness.participant("ann")?.state == .active)
  }

  @Test func `the first answer accepts mid, rid and repaired rid on every video section`() throws {
    let ann = harness.joinSingle("ann")
    let answer = try #require(ann.answer)
    for section in answer.media where section.kind == .video {
      let uris = section.extensions.map(\.uri)
      for name in ["mid", "rtp-stream-id", "repaired-rtp-stream-id"] {
        #expect(uris.contains("urn:ietf:params:rtp-hdrext:sdes:" + name))
      }
    }
  }

  @Test func `payload types of the answer are the offer's`() throws {
    var sdp = Descriptions.first()
    for index in sdp.media.indices where sdp.media[index].kind == .audio {
      sdp.media[index].formats[0].payloadType = 109
    }
    let bob = harness.joinSingle("bob")
    bob.publish(.microphone, cid: "mic")
    let ann = harness.joinSingle("ann", offer: sdp)
    let section = try #require(ann.answer?.media.first { $0.direction == .sendonly })
    #expect(section.formats.contains { $0.payloadType == 109 && $0.name == "opus" })
    #expect(harness.mediaSubscriptions.last?.formats.contains { $0.payloadType == 109 } == true)
  }

  @Test func `tracks that exist come with the first answer`() throws {
    let ann = harness.joinSingle("ann")
    let mic = ann.publish(.microphone, cid: "mic")
    let camera = ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    let bob = harness.joinSingle("bob")
    let message = try #require(bob.last(\.answer))
    #expect(Set(message.midToTrackId.values) == [mic, camera])
    for (mid, sid) in message.midToTrackId {
      let section = try #require(bob.answer?.section(mid))
      #expect(section.direction == .sendonly)
      #expect(section.msid?.stream == ann.sid + "|" + sid)
    }
  }

  @Test func `a track that comes later asks for an offer, and the answer brings it`() throws {
    let ann = harness.joinSingle("ann")
    let bob = harness.joinSingle("bob")
    bob.forget()
    let sid = ann.publish(.microphone, cid: "mic")
    harness.advance(.milliseconds(200))
    let requirement = try #require(bob.last(\.mediaSectionsRequirement))
    #expect(requirement.numAudios == 0)
    #expect(requirement.numVideos == 0)
    satisfy(bob)
    #expect(bob.last(\.answer)?.midToTrackId.values.contains(sid) == true)
    #expect(ann.last(\.trackSubscribed)?.trackSid == sid)
  }

  @Test func `the fourth audio track asks for one more section`() throws {
    let ann = harness.joinSingle("ann")
    let bob = harness.joinSingle("bob")
    for index in 0..<3 { ann.publish(.microphone, cid: "m\(index)") }
    harness.advance(.milliseconds(200))
    satisfy(bob)
    #expect(bob.last(\.answer)?.midToTrackId.count == 3)
    let fourth = ann.publish(.screenShareAudio, cid: "m3")
    harness.advance(.milliseconds(200))
    #expect(bob.last(\.mediaSectionsRequirement)?.numAudios == 1)
    #expect(bob.last(\.mediaSectionsRequirement)?.numVideos == 0)
    satisfy(bob)
    #expect(bob.last(\.answer)?.midToTrackId.count == 4)
    #expect(bob.last(\.answer)?.midToTrackId.values.contains(fourth) == true)
  }

  @Test func `the server never offers`() {
    let ann = harness.joinSingle("ann")
    let bob = harness.joinSingle("bob")
    ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    harness.advance(.seconds(1))
    satisfy(bob)
    harness.advance(.seconds(20))
    #expect(bob.all(\.offer).isEmpty)
    #expect(ann.all(\.offer).isEmpty)
  }

  @Test func `an unsubscribed section becomes inactive and is used again`() throws {
    let ann = harness.joinSingle("ann")
    let bob = harness.joinSingle("bob")
    let first = ann.publish(.microphone, cid: "one")
    harness.advance(.milliseconds(200))
    satisfy(bob)
    let mid = try #require(bob.last(\.answer)?.midToTrackId.first?.key)
    harness.clear()
    bob.subscribe([first], false)
    #expect(harness.removedSubscriptions == 1)
    harness.advance(.milliseconds(200))
    #expect(bob.last(\.mediaSectionsRequirement) != nil)
    satisfy(bob)
    #expect(bob.answer?.section(mid)?.direction == .inactive)
    let second = ann.publish(.microphone, cid: "two")
    harness.advance(.milliseconds(200))
    satisfy(bob)
    #expect(bob.last(\.answer)?.midToTrackId == [mid: second])
  }

  @Test func `a section is not free before the client saw its stream end`() throws {
    let ann = harness.joinSingle("ann")
    let bob = harness.joinSingle("bob", offer: Descriptions.first(audio: 1, video: 0))
    let first = ann.publish(.microphone, cid: "one")
    harness.advance(.milliseconds(200))
    satisfy(bob)
    let mid = try #require(bob.last(\.answer)?.midToTrackId.first { $0.value == first }?.key)
    ann.unpublish(cid: "one")
    let second = ann.publish(.microphone, cid: "two")
    harness.advance(.milliseconds(200))
    #expect(bob.last(\.mediaSectionsRequirement)?.numAudios == 1)
    satisfy(bob)
    #expect(bob.answer?.section(mid)?.direction == .inactive)
    #expect(bob.last(\.answer)?.midToTrackId.values.sorted() == [second])
  }

  @Test func `tracks that come while sections are on their way are asked for at once`() {
    let ann = harness.joinSingle("ann")
    let bob = harness.joinSingle("bob", offer: Descriptions.first(audio: 0, video: 0))
    ann.publish(.microphone, cid: "one")
    harness.advance(.milliseconds(200))
    let second = ann.publish(.screenShareAudio, cid: "two")
    satisfy(bob)
    harness.advance(.milliseconds(200))
    #expect(bob.last(\.mediaSectionsRequirement)?.numAudios == 1)
    satisfy(bob)
    #expect(bob.last(\.answer)?.midToTrackId.values.contains(second) == true)
    #expect(bob.last(\.answer)?.midToTrackId.count == 2)
  }

  @Test func `a client that never adds sections is not asked in a hurry`() {
    let ann = harness.joinSingle("ann")
    let bob = harness.joinSingle("bob", offer: Descriptions.first(audio: 0, video: 0))
    ann.publish(.microphone, cid: "mic")
    for _ in 0..<40 {
      harness.advance(.milliseconds(250))
      if bob.last(\.mediaSectionsRequirement) != nil, let sdp = bob.offer { bob.send(offer: sdp) }
    }
    #expect(bob.all(\.mediaSectionsRequirement).count < 6)
  }

  @Test func `simulcast is negotiated by rids in order of quality`() throws {
    let ann = harness.joinSingle("ann")
    ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    let publication = try #require(harness.publications.last)
    #expect(publication.encodings.map(\.rid) == ["q", "h", "f"])
    #expect(publication.extensions.rid == 10)
    #expect(publication.extensions.repairedRid == 11)
    #expect(ann.last(\.answer)?.sdp.contains("a=simulcast:recv") == true)
    #expect(ann.answer?.media.last?.direction == .recvonly)
  }

  @Test func `rooms that keep streams in step name the group instead of the track`() throws {
    var settings = RoomConfiguration()
    settings.syncStreams = true
    let ann = harness.joinSingle("ann", request: { _ in }) { $0.roomConfig = settings }
    ann.publish(.microphone, cid: "mic")
    ann.publish(.camera, cid: "cam")
    let bob = harness.joinSingle("bob")
    let streams = bob.answer?.media.compactMap { $0.msid?.stream } ?? []
    #expect(streams == [ann.sid + "|camera", ann.sid + "|camera"])
  }

  @Test func `a microphone that is added later brings its loudness`() throws {
    let ann = harness.joinSingle("ann")
    ann.publish(.microphone, cid: "mic")
    #expect(harness.publications.last?.extensions.audioLevel == 1)
    let tables = harness.commands.compactMap {
      if case .setRemote(_, let remote) = $0 { remote.extensions } else { nil }
    }
    #expect(tables.map(\.audioLevel) == [1, 1], "the table of a transport is known from its first description on")
    #expect(ann.answer?.media.last?.extensions.contains { $0.uri.hasSuffix("ssrc-audio-level") } == true)
  }

  @Test func `downstream data takes the client's own connection`() {
    let ann = harness.joinSingle("ann")
    #expect(ann.primary == ann.transports[0])
    #expect(!harness.commands.contains { if case .openDataChannel = $0 { true } else { false } })
  }
}
