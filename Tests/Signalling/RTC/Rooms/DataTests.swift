import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import Testing

@testable import Rooms

/// Data packets and data tracks.
struct DataTests {
  let harness = Harness()

  private func connected(_ identity: String, _ adjust: (inout AccessTokenClaims) -> Void = { _ in }) -> Client {
    let client = harness.join(identity, adjust)
    client.answerOffer()
    client.connect()
    return client
  }

  private func packet(_ text: String, sequence: UInt32 = 0, _ adjust: (inout DataPacket) -> Void = { _ in })
    -> DataPacket
  {
    var user = UserPacket()
    user.payload = Array(text.utf8)
    var packet = DataPacket()
    packet.value = .user(user)
    packet.sequence = sequence
    adjust(&packet)
    return packet
  }

  private func send(_ packet: DataPacket, from client: Client, _ label: DataChannelLabel = .reliable) {
    harness.media(.data(client.transports[0], label, packet.protobuf, isBinary: true))
  }

  /// What one client got, in order.
  private func received(_ client: Client, _ label: DataChannelLabel = .reliable) -> [DataPacket] {
    harness.sentData.filter { $0.label == label && $0.to.contains(client.primary) }
      .compactMap { try? DataPacket(protobuf: $0.bytes) }
  }

  private func text(_ packet: DataPacket?) -> String? {
    packet?.value?.user.map { String(decoding: $0.payload, as: UTF8.self) }
  }

  @Test func `a reliable packet reaches the others once, with the true sender`() {
    let ann = connected("ann")
    let bob = connected("bob")
    let cleo = connected("cleo")
    send(
      packet("hello", sequence: 3) {
        $0.participantIdentity = "bob"
        $0.participantSid = "PA_forged"
        $0.kind = .lossy
      }, from: ann)
    #expect(harness.sentData.count == 1, "one command for all")
    for client in [bob, cleo] {
      let packets = received(client)
      #expect(packets.count == 1)
      #expect(packets.first?.participantIdentity == "ann")
      #expect(packets.first?.participantSid == ann.sid)
      #expect(packets.first?.sequence == 3)
      #expect(packets.first?.kind == .reliable)
      #expect(packets.first?.value?.user?.participantIdentity == "ann")
    }
    #expect(received(ann).isEmpty)
  }

  @Test func `a lossy packet goes to those who are active, and not back`() {
    let ann = connected("ann")
    let bob = connected("bob")
    let late = harness.join("late")
    send(packet("x"), from: ann, .lossy)
    #expect(received(bob, .lossy).first?.kind == .lossy)
    #expect(received(ann, .lossy).isEmpty)
    #expect(received(late, .lossy).isEmpty)
  }

  @Test func `destinations are respected in both places and mirrored`() {
    let ann = connected("ann")
    let bob = connected("bob")
    let cleo = connected("cleo")
    send(packet("outer") { $0.destinationIdentities = ["bob"] }, from: ann)
    var user = UserPacket()
    user.payload = Array("inner".utf8)
    user.destinationIdentities = ["cleo"]
    send(packet("") { $0.value = .user(user) }, from: ann)
    user.destinationIdentities = []
    user.destinationSids = [bob.sid]
    user.payload = Array("sid".utf8)
    send(packet("") { $0.value = .user(user) }, from: ann)
    #expect(received(bob).compactMap { text($0) } == ["outer", "sid"])
    #expect(received(cleo).compactMap { text($0) } == ["inner"])
    #expect(received(bob).first?.value?.user?.destinationIdentities == ["bob"])
    #expect(received(cleo).first?.destinationIdentities == ["cleo"])
  }

  @Test func `without the right to send data nothing is forwarded`() {
    let ann = connected("ann") { $0.video?.canPublishData = false }
    let bob = connected("bob")
    send(packet("no"), from: ann)
    #expect(received(bob).isEmpty)
    #expect(!ann.isClosed)
  }

  @Test func `a repeated sequence is dropped`() {
    let ann = connected("ann")
    let bob = connected("bob")
    for sequence in [1, 2, 2, 1, 3] as [UInt32] { send(packet("\(sequence)", sequence: sequence), from: ann) }
    #expect(received(bob).map(\.sequence) == [1, 2, 3])
  }

  @Test func `a packet of 60 kB passes untouched`() {
    let ann = connected("ann")
    let bob = connected("bob")
    let payload = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    send(packet("") { $0.value = .user(with(UserPacket()) { $0.payload = payload }) }, from: ann)
    #expect(received(bob).first?.value?.user?.payload == payload)
  }

  @Test func `what is said while a peer connects is delivered when its channel opens`() {
    let ann = connected("ann")
    send(packet("before", sequence: 1), from: ann)
    let bob = harness.join("bob")
    send(packet("during", sequence: 2), from: ann)
    #expect(received(bob).isEmpty)
    bob.connect()
    send(packet("after", sequence: 3), from: ann)
    #expect(received(bob).compactMap { text($0) } == ["during", "after"])
  }

  @Test func `the cache for joiners forgets after two seconds`() {
    let ann = connected("ann")
    let bob = harness.join("bob")
    send(packet("old", sequence: 1), from: ann)
    harness.advance(.milliseconds(1_500))
    send(packet("new", sequence: 2), from: ann)
    harness.advance(.milliseconds(600))
    bob.connect()
    #expect(received(bob).compactMap { text($0) } == ["new"])
  }

  @Test func `a hidden sender stays unnamed`() {
    let ghost = connected("ghost") { $0.video?.hidden = true }
    let bob = connected("bob")
    send(packet("boo"), from: ghost)
    #expect(received(bob).first?.participantIdentity == "")
    #expect(received(bob).first?.participantSid == "")
    #expect(received(bob).first?.value?.user?.participantIdentity == "")
  }

  @Test func `transcriptions come from agents only`() {
    let ann = connected("ann")
    let robot = connected("robot") { $0.kind = .agent }
    let bob = connected("bob")
    let transcription = packet("") { $0.value = .transcription(Transcription()) }
    send(transcription, from: ann)
    #expect(received(bob).isEmpty)
    send(transcription, from: robot)
    #expect(received(bob).count == 1)
  }

  @Test func `an agent may write in somebody's name, marked as generated`() {
    let robot = connected("robot") { $0.kind = .agent }
    let ann = connected("ann")
    let bob = connected("bob")
    let chat = packet("") {
      $0.value = .chatMessage(ChatMessage())
      $0.participantIdentity = "ann"
    }
    send(chat, from: robot)
    #expect(received(bob).last?.participantIdentity == "ann")
    #expect(received(bob).last?.value?.chatMessage?.generated == true)
    send(chat, from: bob)
    #expect(received(ann).last?.participantIdentity == "bob")
  }

  @Test func `speaker lists and packets without content are not passed on`() {
    let ann = connected("ann")
    let bob = connected("bob")
    send(packet("") { $0.value = .speaker(ActiveSpeakerUpdate()) }, from: ann)
    send(packet("") { $0.value = nil }, from: ann)
    harness.media(.data(ann.transports[0], .reliable, [0xFF, 0xFF], isBinary: true))
    #expect(received(bob).isEmpty)
  }

  @Test func `an encrypted packet passes as it is`() {
    let ann = connected("ann")
    let bob = connected("bob")
    var encrypted = EncryptedPacket()
    encrypted.encryptionType = .gcm
    encrypted.iv = [1, 2, 3]
    encrypted.keyIndex = 4
    encrypted.encryptedValue = [UInt8](repeating: 9, count: 100)
    send(packet("") { $0.value = .encryptedPacket(encrypted) }, from: ann)
    #expect(received(bob).first?.value?.encryptedPacket == encrypted)
  }

  @Test func `metrics reach those who may see them and watch the sender`() {
    let ann = connected("ann")
    let seer = connected("seer") { $0.video?.canSubscribeMetrics = true }
    let bob = connected("bob")
    let metrics = packet("") { $0.value = .metrics(MetricsBatch()) }
    send(metrics, from: ann)
    #expect(received(seer).isEmpty)
    ann.publish(.microphone, cid: "mic")
    send(metrics, from: ann)
    #expect(received(seer).count == 1)
    #expect(received(bob).isEmpty)
  }

  @Test func `a channel of another name carries bare user packets`() {
    let ann = connected("ann")
    let bob = connected("bob")
    harness.media(.data(ann.transports[0], .other("stats"), [1, 2, 3], isBinary: true))
    #expect(received(bob).first?.value?.user?.payload == [1, 2, 3])
    #expect(received(bob).first?.value?.user?.topic == "stats")
    #expect(received(bob).first?.participantIdentity == "ann")
  }

  @Test func `client protocol and capabilities are told to peers`() {
    let ann = harness.join("ann")
    _ = harness.join(
      "bob", query: [(name: "client_protocol", value: "2"), (name: "capabilities", value: "CAP_PACKET_TRAILER")])
    harness.advance(.seconds(4))
    #expect(ann.update(of: "bob")?.clientProtocol == 2)
    #expect(ann.update(of: "bob")?.capabilities == [.packetTrailer])
  }

  // MARK: Data tracks

  private func publishTrack(_ client: Client, handle: UInt32 = 7, name: String = "pose") {
    var request = PublishDataTrackRequest()
    request.pubHandle = handle
    request.name = name
    client.send(.publishDataTrackRequest(request))
  }

  private func subscribe(_ client: Client, _ sid: String, _ isSubscribed: Bool = true) {
    var update = UpdateDataSubscription.Update()
    update.trackSid = sid
    update.subscribe = isSubscribed
    var request = UpdateDataSubscription()
    request.updates = [update]
    client.send(.updateDataSubscription(request))
  }

  @Test func `frames of a data track arrive under the subscriber's handle`() throws {
    let ann = connected("ann")
    let bob = connected("bob")
    publishTrack(ann)
    let sid = try #require(ann.last(\.publishDataTrackResponse)?.info?.sid)
    #expect(sid.hasPrefix("DTR_"))
    #expect(bob.update(of: "ann")?.dataTracks.map(\.sid) == [sid])
    subscribe(bob, sid)
    let handles = try #require(bob.last(\.dataTrackSubscriberHandles)?.subHandles)
    let (handle, entry) = try #require(handles.first)
    #expect(entry.publisherIdentity == "ann")
    #expect(entry.publisherSid == ann.sid)
    #expect(entry.trackSid == sid)
    let frame: [UInt8] = [0x18, 0, 0, 7, 0, 1, 0, 1, 0, 0, 0, 9, 0xAA, 0xBB]
    harness.media(.data(ann.transports[0], .dataTrack, frame, isBinary: true))
    let sent = try #require(harness.sentData.last)
    #expect(sent.to == [bob.primary])
    #expect(UInt32(sent.bytes[2]) << 8 | UInt32(sent.bytes[3]) == handle)
    #expect(sent.bytes[..<2] == frame[..<2])
    #expect(sent.bytes[4...] == frame[4...])
  }

  @Test func `a subscription before the data track exists waits for it`() throws {
    let ann = connected("ann")
    let bob = connected("bob")
    publishTrack(ann)
    let sid = try #require(ann.last(\.publishDataTrackResponse)?.info?.sid)
    subscribe(bob, sid)
    subscribe(bob, sid, false)
    #expect(bob.last(\.dataTrackSubscriberHandles)?.subHandles.isEmpty == true)
    harness.media(.data(ann.transports[0], .dataTrack, [0, 0, 0, 7] + [UInt8](repeating: 0, count: 8), isBinary: true))
    #expect(harness.sentData.isEmpty)
  }

  @Test func `unpublishing a data track is answered and seen`() throws {
    let ann = connected("ann")
    let bob = connected("bob")
    publishTrack(ann)
    let sid = try #require(ann.last(\.publishDataTrackResponse)?.info?.sid)
    subscribe(bob, sid)
    var request = UnpublishDataTrackRequest()
    request.pubHandle = 7
    ann.send(.unpublishDataTrackRequest(request))
    #expect(ann.last(\.unpublishDataTrackResponse)?.info?.sid == sid)
    #expect(bob.update(of: "ann")?.dataTracks.isEmpty == true)
    #expect(bob.last(\.dataTrackSubscriberHandles)?.subHandles.isEmpty == true)
    ann.send(.unpublishDataTrackRequest(request))
    #expect(ann.last(\.requestResponse)?.reason == .notFound)
  }

  @Test func `each mistake in publishing a data track has its reason and its echo`() {
    let ann = connected("ann")
    publishTrack(ann, handle: 7, name: "pose")
    let cases: [(UInt32, String, RequestResponse.Reason)] = [
      (0, "a", .invalidHandle), (65_536, "a", .invalidHandle), (8, "", .invalidName),
      (8, String(repeating: "n", count: 257), .invalidName), (7, "b", .duplicateHandle), (8, "pose", .duplicateName),
    ]
    for (handle, name, reason) in cases {
      publishTrack(ann, handle: handle, name: name)
      #expect(ann.last(\.requestResponse)?.reason == reason)
      #expect(ann.last(\.requestResponse)?.request?.publishDataTrack?.pubHandle == handle)
    }
    var request = PublishDataTrackRequest()
    request.pubHandle = 9
    request.name = "c"
    request.frameEncoding = DataTrackFrameEncoding()
    request.frameEncoding?.value = .custom(String(repeating: "x", count: 33))
    ann.send(.publishDataTrackRequest(request))
    #expect(ann.last(\.requestResponse)?.reason == .invalidRequest)
    let bob = connected("bob") { $0.video?.canPublishData = false }
    publishTrack(bob)
    #expect(bob.last(\.requestResponse)?.reason == .notAllowed)
  }

  @Test func `data blobs are not allowed`() {
    let ann = connected("ann")
    var request = StoreDataBlobRequest()
    request.requestId = 11
    ann.send(.storeDataBlobRequest(request))
    #expect(ann.last(\.requestResponse)?.reason == .notAllowed)
    #expect(ann.last(\.requestResponse)?.requestId == 11)
  }

  private func with<Value>(_ value: Value, _ change: (inout Value) -> Void) -> Value {
    var value = value
    change(&value)
    return value
  }
}
