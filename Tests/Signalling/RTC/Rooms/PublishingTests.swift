import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import SessionDescriptions
import Testing

@testable import Rooms

/// Tracks from announcement to end.
struct PublishingTests {
  let harness = Harness()

  private func add(_ request: AddTrackRequest, to client: Client) { client.send(.addTrack(request)) }

  private func responses(_ client: Client) -> [RequestResponse] { client.all(\.requestResponse) }

  @Test func `an announcement is answered at once, before any media`() {
    let ann = harness.join("ann")
    add(.make(.microphone, cid: "mic"), to: ann)
    let reply = ann.last(\.trackPublished)
    #expect(reply?.cid == "mic")
    #expect(reply?.track?.sid.hasPrefix("TR_AM") == true)
    #expect(reply?.track?.stream == "camera")
    #expect(harness.publications.isEmpty)
  }

  @Test func `an offer that comes before the announcement is bound by it`() throws {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    var sdp = Descriptions.first(audio: 0, video: 0)
    sdp.add(.sendingVideo(cid: "cam", rids: ["q", "h", "f"]))
    ann.send(offer: sdp)
    #expect(ann.answer?.media.last?.direction == .recvonly)
    #expect(harness.publications.isEmpty)
    add(.make(.camera, cid: "cam", codec: "vp8", layers: 3), to: ann)
    let publication = try #require(harness.publications.first)
    #expect(publication.encodings.map(\.rid) == ["q", "h", "f"])
    #expect(bob.update(of: "ann")?.tracks.first?.mimeType == "video/VP8")
  }

  @Test func `an offer that crossed the end of its track is not taken for the next track`() throws {
    let ann = harness.join("ann")
    ann.publish(.microphone, cid: "old")
    let old = try #require(ann.offer)
    for mayPublish in [false, true] {
      var request = UpdateParticipantRequest()
      request.room = "hall"
      request.identity = "ann"
      request.permission = ParticipantPermission()
      request.permission?.canPublish = mayPublish
      _ = try harness.node.updateParticipant(request, at: harness.moment)
      harness.collect()
    }
    harness.clear()
    ann.send(offer: old)
    add(.make(.microphone, cid: "new"), to: ann)
    #expect(harness.publications.isEmpty)
    ann.unpublish(cid: "old")
    var sdp = try #require(ann.offer)
    sdp.add(.sendingAudio(cid: "new"))
    ann.send(offer: sdp)
    #expect(harness.publications.map(\.mid) == [sdp.media.last?.mid])
    #expect(harness.participant("ann")?.tracks.map(\.name) == ["new"])
  }

  @Test func `a track id that changed on the way is bound by kind`() {
    let ann = harness.join("ann")
    add(.make(.camera, cid: "announced"), to: ann)
    var sdp = Descriptions.first(audio: 0, video: 0)
    sdp.add(.sendingAudio(cid: "other-audio"))
    sdp.add(.sendingVideo(cid: "renamed", rids: []))
    ann.send(offer: sdp)
    #expect(harness.publications.map(\.kind) == [.video])
    #expect(harness.participant("ann")?.tracks.first?.codecs.first?.sdpCid == "renamed")
  }

  @Test func `an exact id wins over an older track of the kind`() {
    let ann = harness.join("ann")
    add(.make(.camera, cid: "first"), to: ann)
    add(.make(.screenShare, cid: "second"), to: ann)
    var sdp = Descriptions.first(audio: 0, video: 0)
    sdp.add(.sendingVideo(cid: "second", rids: []))
    ann.send(offer: sdp)
    #expect(harness.participant("ann")?.tracks.map(\.source) == [.screenShare])
  }

  @Test func `an announcement that is too large is refused and not told to anybody`() {
    let ann = harness.join("ann")
    var long = AddTrackRequest.make(.microphone, cid: "mic")
    long.name = String(repeating: "x", count: RoomLimit.trackRequest)
    add(long, to: ann)
    #expect(responses(ann).last?.reason == .limitExceeded)
    var many = AddTrackRequest.make(.camera, cid: "cam")
    many.simulcastCodecs = Array(repeating: SimulcastCodec(), count: RoomLimit.codecsPerTrack + 1)
    add(many, to: ann)
    #expect(responses(ann).count(where: { $0.reason == .limitExceeded }) == 2)
    #expect(ann.all(\.trackPublished).isEmpty)
  }

  @Test func `requests that wait for a track's ids are bounded, whatever ids they bring besides`() {
    let ann = harness.join("ann")
    ann.publish(.microphone, cid: "mic")
    for number in 0..<RoomLimit.queuedRequests + 5 {
      var request = AddTrackRequest.make(.microphone, cid: "other-\(number)")
      request.simulcastCodecs = [.with { $0.cid = "mic" }]
      add(request, to: ann)
    }
    #expect(responses(ann).count(where: { $0.reason == .queued }) == RoomLimit.queuedRequests)
    #expect(responses(ann).count(where: { $0.reason == .limitExceeded }) == 5)
  }

  @Test func `a source that the token does not allow is refused with an echo`() {
    let ann = harness.join("ann") { $0.video?.canPublishSources = [.microphone] }
    add(.make(.camera, cid: "cam"), to: ann)
    #expect(responses(ann).last?.reason == .notAllowed)
    #expect(responses(ann).last?.request?.addTrack?.cid == "cam")
    #expect(ann.all(\.trackPublished).isEmpty)
    add(.make(.microphone, cid: "mic"), to: ann)
    #expect(ann.all(\.trackPublished).count == 1)
  }

  @Test func `the twenty-first pending track is one too many`() {
    let ann = harness.join("ann")
    for index in 0..<20 { add(.make(.microphone, cid: "t\(index)"), to: ann) }
    #expect(ann.all(\.trackPublished).count == 20)
    add(.make(.microphone, cid: "t20"), to: ann)
    #expect(responses(ann).last?.reason == .limitExceeded)
  }

  @Test func `announcing a pending track again keeps its sid`() {
    let ann = harness.join("ann")
    add(.make(.microphone, cid: "mic"), to: ann)
    add(.make(.microphone, cid: "mic"), to: ann)
    let sids = ann.all(\.trackPublished).compactMap { $0.track?.sid }
    #expect(sids.count == 2)
    #expect(Set(sids).count == 1)
  }

  @Test func `an id in use is queued until its track ends`() {
    let ann = harness.join("ann")
    let first = ann.publish(.microphone, cid: "mic")
    for _ in 0..<4 { add(.make(.microphone, cid: "mic"), to: ann) }
    #expect(responses(ann).map(\.reason) == [.queued, .queued, .queued, .limitExceeded])
    ann.unpublish(cid: "mic")
    let last = ann.last(\.trackPublished)?.track?.sid
    #expect(last != nil)
    #expect(last != first)
  }

  @Test func `a data track type is unsupported`() {
    let ann = harness.join("ann")
    var request = AddTrackRequest.make(.unknown, cid: "x")
    request.type = .data
    add(request, to: ann)
    #expect(responses(ann).last?.reason == .unsupportedType)
  }

  @Test func `muting is seen by all, the source included, and by late joiners`() {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    let sid = ann.publish(.microphone, cid: "mic")
    ann.forget()
    var mute = MuteTrackRequest()
    mute.sid = sid
    mute.muted = true
    ann.send(.mute(mute))
    #expect(bob.update(of: "ann")?.tracks.first?.muted == true)
    #expect(ann.update(of: "ann")?.tracks.first?.muted == true)
    #expect(harness.commands.contains { if case .setMuted(_, true) = $0 { true } else { false } })
    let cleo = harness.join("cleo")
    #expect(cleo.joined?.otherParticipants.first { $0.identity == "ann" }?.tracks.first?.muted == true)
  }

  @Test func `an inactive section unpublishes, and publishing again gives a new sid`() {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    let first = ann.publish(.camera, cid: "cam")
    #expect(bob.update(of: "ann")?.tracks.count == 1)
    ann.unpublish(cid: "cam")
    #expect(bob.update(of: "ann")?.tracks.isEmpty == true)
    #expect(harness.removedPublications == 1)
    #expect(harness.events.contains { if case .trackUnpublished = $0 { true } else { false } })
    let second = ann.publish(.camera, cid: "cam2")
    #expect(first != second)
  }

  @Test func `two simulcast layers are numbered by presence`() throws {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    let sid = ann.publish(.camera, cid: "cam", codec: "vp8", layers: 2) { request in
      request.simulcastCodecs[0].layers[1].quality = .high
    }
    harness.advance(.milliseconds(20))
    bob.answerOffer()
    harness.advance(.milliseconds(200))
    bob.answerOffer()
    #expect(harness.publications.last?.encodings.map(\.rid) == ["q", "h"])
    #expect(harness.mediaSubscriptions.last?.target.maximumSpatialLayer == 1)
    var settings = UpdateTrackSettings()
    settings.trackSids = [sid]
    settings.quality = .medium
    bob.send(.trackSetting(settings))
    harness.advance(.milliseconds(150))
    #expect(harness.targets.last?.maximumSpatialLayer == 0)
  }

  @Test func `a backup codec keeps the sid and reaches those who need it`() throws {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    bob.answerOffer()
    bob.connect()
    let sid = ann.publish(.camera, cid: "cam", codec: "vp9") { request in
      var backup = SimulcastCodec()
      backup.codec = "vp8"
      request.simulcastCodecs.append(backup)
    }
    harness.advance(.milliseconds(200))
    bob.answerOffer(refusing: ["VP9"])
    #expect(harness.mediaSubscriptions.isEmpty)
    let wanted = try #require(ann.last(\.subscribedQualityUpdate))
    let vp8 = try #require(wanted.subscribedCodecs.first { $0.codec == "vp8" })
    #expect(vp8.qualities.contains { $0.enabled })
    var request = AddTrackRequest.make(.camera, cid: "cam-backup", codec: "vp8")
    request.sid = sid
    add(request, to: ann)
    #expect(ann.last(\.trackPublished)?.track?.sid == sid)
    var sdp = try #require(ann.offer)
    sdp.add(.sendingVideo(cid: "cam-backup", rids: []))
    ann.send(offer: sdp)
    let publication = try #require(harness.publications.last)
    #expect(publication.formats.first?.codec == .vp8)
    #expect(harness.mediaSubscriptions.last?.publication == publication.id)
    #expect(harness.participant("ann")?.tracks.count == 1)
  }

  @Test func `a backup for an unknown sid is not found`() {
    let ann = harness.join("ann")
    var request = AddTrackRequest.make(.camera, cid: "x", codec: "vp8")
    request.sid = "TR_VCnobody00000"
    add(request, to: ann)
    #expect(responses(ann).last?.reason == .notFound)
  }

  @Test func `RED is preferred for a microphone unless it is disabled`() {
    let ann = harness.join("ann")
    ann.publish(.microphone, cid: "a")
    #expect(harness.publications.last?.formats.first?.codec == .red)
    ann.publish(.microphone, cid: "b") { $0.disableRed = true }
    #expect(harness.publications.last?.formats.contains { $0.codec == .red } == false)
    ann.publish(.microphone, cid: "c") { $0.encryption = .gcm }
    #expect(harness.publications.last?.formats.contains { $0.codec == .red } == false)
    #expect(harness.publications.last?.isEncrypted == true)
  }

  @Test func `DTX and stereo in the answer follow the audio features`() throws {
    let ann = harness.join("ann")
    ann.publish(.microphone, cid: "speech")
    let speech = try #require(ann.answer?.media.last?.formats.first { $0.name == "opus" })
    #expect(speech.parameters.contains("usedtx=1"))
    #expect(!speech.parameters.contains("stereo=1"))
    ann.publish(.microphone, cid: "music") { $0.audioFeatures = [.stereo, .noDtx] }
    let music = try #require(ann.answer?.media.last?.formats.first { $0.name == "opus" })
    #expect(!music.parameters.contains("usedtx=1"))
    #expect(music.parameters.contains("stereo=1"))
  }

  @Test func `a disabled codec gives way to the first enabled one`() {
    let harness = Harness { $0.videoCodecs = [.vp8, .h264] }
    let ann = harness.join("ann")
    ann.publish(.camera, cid: "cam", codec: "av1")
    #expect(ann.last(\.trackPublished)?.track?.mimeType == "video/VP8")
    #expect(harness.publications.last?.formats.first?.codec == .vp8)
  }

  @Test func `the encryption of a track is told to subscribers`() {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    ann.publish(.camera, cid: "cam") { $0.encryption = .gcm }
    #expect(bob.update(of: "ann")?.tracks.first?.encryption == .gcm)
  }

  @Test func `features and size of a track can change`() {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    let mic = ann.publish(.microphone, cid: "mic")
    let camera = ann.publish(.camera, cid: "cam")
    var audio = UpdateLocalAudioTrack()
    audio.trackSid = mic
    audio.features = [.stereo, .noiseSuppression]
    ann.send(.updateAudioTrack(audio))
    var video = UpdateLocalVideoTrack()
    video.trackSid = camera
    video.width = 640
    video.height = 360
    ann.send(.updateVideoTrack(video))
    let tracks = bob.update(of: "ann")?.tracks ?? []
    #expect(tracks.first { $0.sid == mic }?.stereo == true)
    #expect(tracks.first { $0.sid == camera }?.width == 640)
  }

  @Test func `the codec that really flows is told`() throws {
    let ann = harness.join("ann")
    let bob = harness.join("bob")
    ann.publish(.camera, cid: "cam")
    let publication = try #require(harness.publications.last)
    harness.media(.publicationStarted(publication.id, .h264))
    #expect(bob.update(of: "ann")?.tracks.first?.mimeType == "video/H264")
  }
}
