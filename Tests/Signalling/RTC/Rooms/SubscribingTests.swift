import Chronology
import LiveKitProtocol
import MediaContract
import Testing

@testable import Rooms

/// Wishes, permissions, settings, and what publishers hear of them.
struct SubscribingTests {
  let harness = Harness()

  private func watcher(_ identity: String, _ query: [(name: String, value: String)] = []) -> Client {
    let client = harness.join(identity, query: query)
    client.answerOffer()
    client.connect()
    harness.advance(.milliseconds(200))
    return client
  }

  /// Lets the server offer what changed, and takes it.
  private func settle(_ client: Client) {
    harness.advance(.milliseconds(200))
    client.answerOffer()
  }

  private func settings(_ sid: String, _ adjust: (inout UpdateTrackSettings) -> Void) -> UpdateTrackSettings {
    var settings = UpdateTrackSettings()
    settings.trackSids = [sid]
    settings.quality = .high
    adjust(&settings)
    return settings
  }

  @Test func `without auto-subscribe only what is asked for comes`() {
    let ann = harness.join("ann")
    let bob = watcher("bob", [(name: "auto_subscribe", value: "0")])
    ann.publish(.microphone, cid: "mic")
    let camera = ann.publish(.camera, cid: "cam")
    settle(bob)
    #expect(harness.mediaSubscriptions.isEmpty)
    bob.subscribe([camera])
    settle(bob)
    #expect(bob.last(\.offer)?.midToTrackId.values.contains(camera) == true)
    #expect(harness.mediaSubscriptions.count == 1)
  }

  @Test func `unsubscribing stops the flow at once and stays`() {
    let ann = harness.join("ann")
    let bob = watcher("bob")
    let sid = ann.publish(.microphone, cid: "mic")
    settle(bob)
    bob.subscribe([sid], false)
    #expect(harness.removedSubscriptions == 1)
    settle(bob)
    #expect(bob.last(\.offer)?.midToTrackId.isEmpty == true)
  }

  @Test func `a wish for a track that comes later is met`() throws {
    let ann = harness.join("ann")
    let bob = watcher("bob", [(name: "auto_subscribe", value: "0")])
    var request = AddTrackRequest.make(.microphone, cid: "mic")
    request.name = "later"
    ann.send(.addTrack(request))
    let sid = try #require(ann.last(\.trackPublished)?.track?.sid)
    bob.subscribe([sid])
    harness.advance(.seconds(10))
    ann.publish(.microphone, cid: "mic")
    settle(bob)
    #expect(harness.mediaSubscriptions.count == 1)
  }

  @Test func `a track that never comes is not found after a minute`() {
    let bob = watcher("bob")
    bob.subscribe(["TR_AMnobody00000"])
    harness.advance(.seconds(59))
    #expect(bob.last(\.subscriptionResponse) == nil)
    harness.advance(.seconds(2))
    #expect(bob.last(\.subscriptionResponse)?.err == .trackNotfound)
  }

  @Test func `who is not on the publisher's list gets nothing until it is`() {
    let ann = harness.join("ann")
    var closed = SubscriptionPermission()
    ann.send(.subscriptionPermission(closed))
    let bob = watcher("bob")
    let sid = ann.publish(.microphone, cid: "mic")
    settle(bob)
    #expect(bob.last(\.subscriptionPermissionUpdate)?.allowed == false)
    #expect(bob.last(\.subscriptionPermissionUpdate)?.trackSid == sid)
    #expect(harness.mediaSubscriptions.isEmpty)
    var permission = TrackPermission()
    permission.participantIdentity = "bob"
    permission.allTracks = true
    closed.trackPermissions = [permission]
    ann.send(.subscriptionPermission(closed))
    settle(bob)
    #expect(bob.last(\.subscriptionPermissionUpdate)?.allowed == true)
    #expect(harness.mediaSubscriptions.count == 1)
    ann.send(.subscriptionPermission(SubscriptionPermission()))
    #expect(harness.removedSubscriptions == 1)
    #expect(bob.last(\.subscriptionPermissionUpdate)?.allowed == false)
  }

  @Test func `a permission may name single tracks`() {
    let ann = harness.join("ann")
    let bob = watcher("bob")
    let mic = ann.publish(.microphone, cid: "mic")
    ann.publish(.camera, cid: "cam")
    settle(bob)
    var permission = TrackPermission()
    permission.participantSid = bob.sid
    permission.trackSids = [mic]
    var only = SubscriptionPermission()
    only.trackPermissions = [permission]
    ann.send(.subscriptionPermission(only))
    #expect(harness.removedSubscriptions == 1)
  }

  @Test func `the right to subscribe can be taken and given back`() throws {
    let ann = harness.join("ann")
    let bob = watcher("bob")
    ann.publish(.microphone, cid: "mic")
    settle(bob)
    var request = UpdateParticipantRequest()
    request.room = "hall"
    request.identity = "bob"
    var permission = try #require(harness.participant("bob")?.permission)
    permission.canSubscribe = false
    request.permission = permission
    _ = try harness.node.updateParticipant(request, at: harness.moment)
    harness.collect()
    #expect(harness.removedSubscriptions == 1)
    permission.canSubscribe = true
    request.permission = permission
    _ = try harness.node.updateParticipant(request, at: harness.moment)
    settle(bob)
    settle(bob)
    #expect(harness.mediaSubscriptions.count == 2)
  }

  @Test func `losing the right to publish ends the tracks`() throws {
    let ann = harness.join("ann")
    let bob = watcher("bob")
    let sid = ann.publish(.camera, cid: "cam")
    var request = UpdateParticipantRequest()
    request.room = "hall"
    request.identity = "ann"
    request.permission = ParticipantPermission()
    request.permission?.canSubscribe = true
    _ = try harness.node.updateParticipant(request, at: harness.moment)
    harness.collect()
    #expect(ann.last(\.trackUnpublished)?.trackSid == sid)
    #expect(bob.update(of: "ann")?.tracks.isEmpty == true)
    #expect(ann.update(of: "ann")?.permission?.canPublish == false)
    #expect(harness.removedPublications == 1)
  }

  @Test func `a disabled track is paused and comes back at once`() {
    let ann = harness.join("ann")
    let bob = watcher("bob")
    let sid = ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    settle(bob)
    bob.send(.trackSetting(settings(sid) { $0.disabled = true }))
    harness.advance(.milliseconds(120))
    #expect(harness.targets.last?.isPaused == true)
    bob.send(.trackSetting(settings(sid) { $0.disabled = false }))
    #expect(harness.targets.last?.isPaused == false)
  }

  @Test(arguments: [
    (UInt32(320), UInt32(180), UInt8(0)), (400, 216, 0), (640, 360, 1), (700, 400, 1), (1280, 720, 2),
    (4000, 3000, 2),
  ])
  func `the window's size chooses the layer`(_ width: UInt32, _ height: UInt32, _ layer: UInt8) {
    let ann = harness.join("ann")
    let bob = watcher("bob")
    let sid = ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    settle(bob)
    let before = harness.mediaSubscriptions.last?.target.maximumSpatialLayer
    bob.send(
      .trackSetting(
        settings(sid) {
          $0.width = width
          $0.height = height
        }))
    harness.advance(.milliseconds(120))
    #expect((harness.targets.last?.maximumSpatialLayer ?? before) == layer)
  }

  @Test func `frames per second choose the temporal layer`() {
    let ann = harness.join("ann")
    let bob = watcher("bob")
    let sid = ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    settle(bob)
    bob.send(.trackSetting(settings(sid) { $0.fps = 15 }))
    harness.advance(.milliseconds(120))
    #expect(harness.targets.last?.maximumTemporalLayer == 1)
  }

  @Test func `many sizes within a moment are one change`() {
    let ann = harness.join("ann")
    let bob = watcher("bob")
    let sid = ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    settle(bob)
    for quality in [VideoQuality.low, .medium, .low, .medium] {
      bob.send(.trackSetting(settings(sid) { $0.quality = quality }))
    }
    harness.advance(.milliseconds(200))
    #expect(harness.targets.map(\.maximumSpatialLayer) == [1])
  }

  @Test func `settings before the subscription are kept`() {
    let ann = harness.join("ann")
    let bob = watcher("bob", [(name: "auto_subscribe", value: "0")])
    let sid = ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    bob.send(.trackSetting(settings(sid) { $0.quality = .medium }))
    bob.subscribe([sid])
    settle(bob)
    #expect(harness.mediaSubscriptions.last?.target.maximumSpatialLayer == 1)
  }

  @Test(arguments: [("1", UInt8(0)), ("0", UInt8(2))])
  func `adaptive streams start low, others high`(_ isAdaptive: String, _ layer: UInt8) {
    let ann = harness.join("ann")
    let bob = watcher("bob", [(name: "adaptive_stream", value: isAdaptive)])
    ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    settle(bob)
    #expect(harness.mediaSubscriptions.last?.target.maximumSpatialLayer == layer)
  }

  @Test func `a screen goes before cameras where bandwidth is short`() {
    let ann = harness.join("ann")
    let bob = watcher("bob")
    ann.publish(.camera, cid: "cam")
    ann.publish(.screenShare, cid: "screen")
    settle(bob)
    #expect(Set(harness.mediaSubscriptions.map(\.target.priority)) == [1, 255])
  }

  @Test func `what congestion control takes away is told, once`() throws {
    let ann = harness.join("ann")
    let bob = watcher("bob")
    let sid = ann.publish(.camera, cid: "cam")
    settle(bob)
    let id = try #require(harness.mediaSubscriptions.last?.id)
    for _ in 0..<2 { harness.media(.subscriptionLayer(id, spatial: nil, temporal: nil, byBandwidth: true)) }
    #expect(bob.all(\.streamStateUpdate).count == 1)
    #expect(bob.last(\.streamStateUpdate)?.streamStates.first?.state == .paused)
    #expect(bob.last(\.streamStateUpdate)?.streamStates.first?.trackSid == sid)
    harness.media(.subscriptionLayer(id, spatial: 0, temporal: 0, byBandwidth: true))
    #expect(bob.last(\.streamStateUpdate)?.streamStates.first?.state == .active)
  }

  // MARK: Dynacast

  @Test func `nobody watching switches everything off within six seconds`() throws {
    let ann = harness.joinSingle("ann")
    ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    harness.advance(.milliseconds(4_900))
    #expect(ann.last(\.subscribedQualityUpdate) == nil)
    harness.advance(.milliseconds(200))
    let update = try #require(ann.last(\.subscribedQualityUpdate))
    #expect(update.subscribedCodecs.map(\.codec) == ["vp8"])
    #expect(update.subscribedQualities.map(\.enabled) == [false, false, false])
    #expect(update.subscribedQualities.map(\.quality) == [.low, .medium, .high])
  }

  @Test func `a new watcher switches on at once`() throws {
    let ann = harness.joinSingle("ann")
    ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    harness.advance(.seconds(6))
    ann.forget()
    _ = harness.joinSingle("bob")
    #expect(ann.last(\.subscribedQualityUpdate)?.subscribedQualities.map(\.enabled) == [true, true, true])
  }

  @Test func `a smaller window is told after five seconds, a larger one at once`() {
    let ann = harness.joinSingle("ann")
    let sid = ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    let bob = harness.joinSingle("bob")
    bob.send(.trackSetting(settings(sid) { $0.quality = .low }))
    harness.advance(.seconds(4))
    #expect(ann.last(\.subscribedQualityUpdate) == nil)
    harness.advance(.seconds(2))
    #expect(ann.last(\.subscribedQualityUpdate)?.subscribedQualities.map(\.enabled) == [true, false, false])
    bob.send(.trackSetting(settings(sid) { $0.quality = .medium }))
    harness.advance(.milliseconds(150))
    #expect(ann.last(\.subscribedQualityUpdate)?.subscribedQualities.map(\.enabled) == [true, true, false])
  }
}
