import Chronology
import LiveKitProtocol
import MediaContract
import SessionDescriptions
import Testing

@testable import Rooms

/// Coming back: to the same session, or to be told that it is gone.
struct ResumeTests {
  let harness = Harness()

  private func connected(_ identity: String) -> Client {
    let client = harness.join(identity)
    client.answerOffer()
    client.connect()
    harness.advance(.milliseconds(200))
    return client
  }

  private func resume(_ client: Client, sid: String? = nil) -> Client {
    let request = SignalUpgradeRequest(
      path: "/rtc",
      query: [
        (name: "access_token", value: harness.token(client.identity)), (name: "reconnect", value: "1"),
        (name: "sid", value: sid ?? client.sid), (name: "protocol", value: "17"),
      ])
    return harness.open(request) ?? client
  }

  @Test func `a cut socket is resumed without anybody noticing`() {
    let ann = connected("ann")
    let bob = connected("bob")
    ann.close()
    harness.advance(.seconds(3))
    bob.forget()
    let again = resume(ann)
    guard case .reconnect? = again.messages.first else {
      Issue.record("reconnect is not the first frame")
      return
    }
    #expect(bob.all(\.update).isEmpty)
    #expect(harness.participant("ann")?.state == .active)
    #expect(harness.participant("ann")?.sid == ann.sid)
  }

  @Test func `the old socket is closed by a resume, without a leave`() {
    let ann = connected("ann")
    let again = resume(ann)
    #expect(ann.isClosed)
    #expect(ann.leaves.isEmpty)
    ann.close()
    #expect(harness.participant("ann") != nil)
    again.send(.ping(1))
    #expect(again.last(\.pong) != nil)
  }

  @Test func `a resume brings what was missed`() throws {
    let ann = connected("ann")
    let bob = connected("bob")
    let gone = connected("gone")
    ann.close()
    gone.send(.leave(LeaveRequest()))
    _ = connected("new")
    bob.publish(.microphone, cid: "mic")
    var metadata = UpdateRoomMetadataRequest()
    metadata.room = "hall"
    metadata.metadata = "changed"
    _ = try harness.node.updateRoomMetadata(metadata, at: harness.moment)
    harness.collect()
    let again = resume(ann)
    #expect(again.update(of: "gone")?.state == .disconnected)
    #expect(again.update(of: "new") != nil)
    #expect(again.update(of: "bob")?.tracks.count == 1)
    #expect(again.update(of: "ann")?.sid == ann.sid, "its own state is there too")
    #expect(again.last(\.roomUpdate)?.room?.metadata == "changed")
  }

  @Test func `the last sequence is returned, and what follows arrives once`() {
    let ann = connected("ann")
    let bob = connected("bob")
    let send = { (sequence: UInt32) in
      var packet = DataPacket()
      packet.value = .user(UserPacket())
      packet.sequence = sequence
      self.harness.media(
        .data(ann.transports.first ?? TransportID(rawValue: 0), .reliable, packet.protobuf, isBinary: true))
    }
    send(1)
    send(2)
    let again = resume(ann)
    #expect(again.last(\.reconnect)?.lastMessageSeq == 2)
    let transport = again.transports[0]
    for sequence in [2, 3] as [UInt32] {
      var packet = DataPacket()
      packet.value = .user(UserPacket())
      packet.sequence = sequence
      harness.media(.data(transport, .reliable, packet.protobuf, isBinary: true))
    }
    let sequences = harness.sentData.filter { $0.to.contains(bob.primary) }
      .compactMap { try? DataPacket(protobuf: $0.bytes).sequence }
    #expect(sequences == [1, 2, 3])
  }

  @Test func `a session that is not known is refused by the first frame`() {
    let stranger = Client(harness, ConnectionID(rawValue: 0), "nobody")
    let client = resume(stranger, sid: "PA_000000000000")
    #expect(client.messages.count == 1)
    #expect(client.leaves.first?.action == .reconnect)
    #expect(client.leaves.first?.reason == .stateMismatch)
    #expect(client.isClosed)
  }

  @Test func `another sid under the identity is not the session`() {
    let ann = connected("ann")
    let client = resume(ann, sid: "PA_000000000000")
    #expect(client.leaves.first?.reason == .stateMismatch)
    #expect(!ann.isClosed)
  }

  @Test func `an unknown published track in the sync state is a full reconnect`() {
    let ann = connected("ann")
    let again = resume(ann)
    var published = TrackPublishedResponse()
    published.track = TrackInfo()
    published.track?.sid = "TR_VCnobody00000"
    var state = SyncState()
    state.publishTracks = [published]
    again.send(.syncState(state))
    #expect(again.leaves.last?.action == .reconnect)
  }

  @Test func `a known one is not, and neither is a pending one`() {
    let ann = connected("ann")
    let sid = ann.publish(.microphone, cid: "mic")
    let again = resume(ann)
    var published = TrackPublishedResponse()
    published.track = TrackInfo()
    published.track?.sid = sid
    var state = SyncState()
    state.publishTracks = [published]
    again.send(.syncState(state))
    #expect(again.leaves.isEmpty)
  }

  @Test func `exceptions of the sync state hold`() {
    let bob = connected("bob")
    let mic = bob.publish(.microphone, cid: "mic")
    let camera = bob.publish(.camera, cid: "cam")
    let ann = connected("ann")
    harness.advance(.milliseconds(200))
    ann.answerOffer()
    let again = resume(ann)
    var state = SyncState()
    state.subscription = UpdateSubscription()
    state.subscription?.trackSids = [mic]
    state.trackSidsDisabled = [camera]
    again.send(.syncState(state))
    #expect(harness.removedSubscriptions == 1)
    harness.advance(.milliseconds(150))
    #expect(harness.targets.last?.isPaused == true)
  }

  @Test func `the server restarts ICE of the connection that it offers`() throws {
    let ann = connected("ann")
    let before = try #require(ann.serverOffer?.effectiveTransport.usernameFragment)
    let again = resume(ann)
    let after = try #require(again.serverOffer?.effectiveTransport.usernameFragment)
    #expect(before != after)
    #expect(harness.restarts == 1)
  }

  @Test func `an ICE restart of the client is answered with new credentials`() throws {
    let ann = harness.joinSingle("ann")
    let before = try #require(ann.answer?.effectiveTransport.usernameFragment)
    let offer = try #require(ann.offer)
    ann.send(offer: offer)
    #expect(harness.restarts == 0)
    ann.send(offer: offer.restarted())
    #expect(harness.restarts == 1)
    #expect(ann.answer?.effectiveTransport.usernameFragment != before)
  }

  @Test func `failed media asks for a resume, and ends the session without one`() {
    let ann = connected("ann")
    let bob = connected("bob")
    bob.forget()
    harness.media(.transport(ann.primary, .failed, nil))
    harness.advance(.milliseconds(300))
    #expect(ann.leaves.last?.action == .resume)
    #expect(ann.isClosed)
    harness.advance(.milliseconds(4_600))
    #expect(bob.update(of: "ann")?.state != .disconnected)
    harness.advance(.milliseconds(200))
    #expect(bob.update(of: "ann")?.state == .disconnected)
    #expect(bob.update(of: "ann")?.disconnectReason == .connectionTimeout)
  }

  @Test func `a leave that follows the end of its media is heard`() {
    let ann = connected("ann")
    let bob = connected("bob")
    harness.media(.transport(ann.primary, .failed, nil))
    harness.advance(.milliseconds(100))
    ann.send(.leave(LeaveRequest()))
    #expect(ann.leaves.isEmpty)
    #expect(bob.update(of: "ann")?.disconnectReason == .clientInitiated)
  }

  @Test func `a resume whose media comes back keeps the session`() {
    let ann = connected("ann")
    let transport = ann.primary
    harness.media(.transport(transport, .failed, nil))
    harness.advance(.seconds(2))
    let again = resume(ann)
    again.answerOffer()
    harness.media(.transport(transport, .connected, .udp))
    harness.advance(.seconds(40))
    #expect(harness.participant("ann")?.state == .active)
  }

  @Test func `a resume whose media never comes back does not`() {
    let ann = connected("ann")
    harness.media(.transport(ann.primary, .failed, nil))
    let again = resume(ann)
    again.answerOffer()
    harness.advance(.seconds(16))
    #expect(harness.participant("ann") == nil)
  }

  @Test func `permissions to subscribe survive a resume`() {
    let ann = connected("ann")
    ann.send(.subscriptionPermission(SubscriptionPermission()))
    let again = resume(ann)
    let bob = connected("bob")
    again.publish(.microphone, cid: "mic")
    harness.advance(.milliseconds(200))
    bob.answerOffer()
    #expect(harness.mediaSubscriptions.isEmpty)
  }

  @Test func `dynacast is told again after a resume`() {
    let ann = connected("ann")
    ann.publish(.camera, cid: "cam", codec: "vp8", layers: 3)
    harness.advance(.seconds(6))
    let again = resume(ann)
    #expect(again.last(\.subscribedQualityUpdate)?.subscribedQualities.contains { $0.enabled } == false)
  }

  // MARK: Simulation

  private func simulate(_ scenario: SimulateScenario.Scenario, _ client: Client) {
    var request = SimulateScenario()
    request.scenario = scenario
    client.send(.simulate(request))
  }

  @Test func `a simulated server leave says so`() {
    let ann = connected("ann")
    simulate(.serverLeave(true), ann)
    #expect(ann.leaves.last?.reason == .serverShutdown)
    #expect(ann.isClosed)
  }

  @Test func `a simulated node failure forgets the session without a word`() {
    let ann = connected("ann")
    simulate(.nodeFailure(true), ann)
    #expect(ann.leaves.isEmpty)
    #expect(resume(ann).leaves.first?.action == .reconnect)
  }

  @Test func `a simulated migration can be resumed`() {
    let ann = connected("ann")
    simulate(.migration(true), ann)
    #expect(ann.leaves.last?.action == .resume)
    #expect(resume(ann).last(\.reconnect) != nil)
  }

  @Test func `a simulated speaker speaks for as long as asked`() {
    let ann = connected("ann")
    simulate(.speakerUpdate(2), ann)
    #expect(ann.last(\.speakersChanged)?.speakers.first?.active == true)
    harness.advance(.seconds(3))
    #expect(ann.last(\.speakersChanged)?.speakers.first?.active == false)
  }

  @Test func `a simulated full reconnect asks for one`() {
    let ann = connected("ann")
    simulate(.leaveRequestFullReconnect(true), ann)
    #expect(ann.leaves.last?.action == .reconnect)
  }

  @Test func `a simulated cut hits the next resume only`() {
    let ann = connected("ann")
    simulate(.disconnectSignalOnResume(true), ann)
    let first = resume(ann)
    #expect(first.isClosed)
    #expect(first.last(\.reconnect) != nil)
    #expect(!resume(ann).isClosed)
  }

  @Test func `a simulated bandwidth limits the connection`() {
    let ann = connected("ann")
    simulate(.subscriberBandwidth(300_000), ann)
    let limits = harness.commands.compactMap {
      if case .limitBandwidth(let id, let limit) = $0 { (id, limit) } else { nil }
    }
    #expect(limits.last?.1 == 300_000)
    #expect(limits.last?.0 == ann.primary)
  }
}
