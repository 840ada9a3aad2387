import AccessTokens
import Chronology
import LiveKitProtocol
import Testing

@testable import Rooms

/// Who may connect, and what everybody else is told before the upgrade.
struct AdmissionTests {
  let harness = Harness()

  private func refusal(_ request: SignalUpgradeRequest, _ harness: Harness) -> (status: Int, text: String)? {
    if case .refuse(let status, let text) = harness.admit(request) { return (status, text) }
    return nil
  }

  private func request(_ token: String?, path: String = "/rtc") -> SignalUpgradeRequest {
    SignalUpgradeRequest(path: path, query: token.map { [(name: "access_token", value: $0)] } ?? [])
  }

  @Test func `a token in the query is taken`() {
    #expect(refusal(request(harness.token("ann")), harness) == nil)
  }

  @Test func `a token in the header is taken`() {
    let request = SignalUpgradeRequest(
      path: "/rtc", query: [], authorization: "Bearer " + harness.token("ann"))
    #expect(refusal(request, harness) == nil)
  }

  @Test func `no token at all is 401`() {
    let answer = refusal(request(nil), harness)
    #expect(answer?.status == 401)
    #expect(answer?.text == "no permissions to access the room")
  }

  @Test func `a token without the right to join is 401`() {
    let answer = refusal(request(harness.token("ann") { $0.video?.roomJoin = false }), harness)
    #expect(answer?.status == 401)
    #expect(answer?.text == "permissions denied")
  }

  @Test func `an identity of 257 bytes is 400`() {
    #expect(refusal(request(harness.token(String(repeating: "a", count: 257))), harness)?.status == 400)
    #expect(refusal(request(harness.token(String(repeating: "a", count: 256))), harness) == nil)
  }

  @Test func `an empty identity is 400`() {
    #expect(refusal(request(harness.token("")), harness)?.text == "identity cannot be empty")
  }

  @Test func `a room name of 257 bytes is 400`() {
    let token = harness.token("ann", room: String(repeating: "r", count: 257))
    #expect(refusal(request(token), harness)?.status == 400)
  }

  @Test func `a token without a room is 400`() {
    #expect(refusal(request(harness.token("ann", room: "")), harness)?.text == "no room name")
  }

  @Test func `validation says what the upgrade would say`() {
    let good = harness.node.validate(request(harness.token("ann"), path: "/rtc/validate"), at: harness.moment)
    #expect(good.status == 200)
    #expect(good.text == "success")
    let bad = harness.node.validate(request(nil, path: "/rtc/v1/validate"), at: harness.moment)
    #expect(bad.status == 401)
  }

  @Test func `v1 needs a join request`() {
    let answer = refusal(request(harness.token("ann"), path: "/rtc/v1"), harness)
    #expect(answer?.status == 400)
    #expect(answer?.text == "join_request is required")
  }

  @Test(arguments: [("-_", true), ("-_", false), ("+/", true), (" /", false)])
  func `a join request is read in every form of base64`(_ alphabet: String, _ isPadded: Bool) {
    var join = JoinRequest()
    join.clientInfo = ClientInfo()
    join.clientInfo?.sdk = .rust
    join.metadata = "\u{3FFF}\u{7FFE}~~~???>>>"
    var wrapped = WrappedJoinRequest()
    wrapped.joinRequest = join.protobuf
    let text = Harness.base64(wrapped.protobuf, alphabet: alphabet, padded: isPadded)
    let request = SignalUpgradeRequest(
      path: "/rtc/v1",
      query: [(name: "join_request", value: text), (name: "access_token", value: harness.token("ann"))])
    guard case .accept(let ticket) = harness.admit(request) else {
      Issue.record("refused")
      return
    }
    #expect(ticket.client.sdk == .rust)
    #expect(ticket.isSinglePeerConnection)
  }

  @Test func `a compressed join request is inflated`() {
    var join = JoinRequest()
    join.participantSid = "PA_x"
    var wrapped = WrappedJoinRequest()
    wrapped.compression = .gzip
    wrapped.joinRequest = [0x1F] + join.protobuf
    let request = SignalUpgradeRequest(
      path: "/rtc/v1",
      query: [
        (name: "join_request", value: Harness.base64(wrapped.protobuf)),
        (name: "access_token", value: harness.token("ann")),
      ])
    guard case .accept(let ticket) = harness.admit(request) else {
      Issue.record("refused")
      return
    }
    #expect(ticket.participantSid == "PA_x")
  }

  @Test(arguments: ["!!!", "A", "////", ""])
  func `a join request that is garbage is 400`(_ text: String) {
    let request = SignalUpgradeRequest(
      path: "/rtc/v1",
      query: [(name: "join_request", value: text), (name: "access_token", value: harness.token("ann"))])
    #expect(refusal(request, harness)?.status == 400)
  }

  @Test func `a missing room is 404 where joining does not create rooms`() {
    let harness = Harness { $0.autoCreate = false }
    let answer = refusal(request(harness.token("ann")), harness)
    #expect(answer?.status == 404)
    #expect(answer?.text == "requested room does not exist")
  }

  @Test func `a full room refuses the next participant with 503`() throws {
    var create = CreateRoomRequest()
    create.name = "hall"
    create.maxParticipants = 1
    _ = try harness.node.createRoom(create, at: harness.moment)
    _ = harness.join("ann")
    #expect(refusal(request(harness.token("bob")), harness)?.status == 503)
    #expect(refusal(request(harness.token("ann")), harness) == nil, "its own successor is not one more")
    #expect(refusal(request(harness.token("robot") { $0.kind = .agent }), harness) == nil)
  }

  @Test func `settings of a v0 query are read`() {
    let request = SignalUpgradeRequest(
      path: "/rtc",
      query: [
        (name: "access_token", value: harness.token("ann")), (name: "auto_subscribe", value: "0"),
        (name: "adaptive_stream", value: "true"), (name: "protocol", value: "16"),
        (name: "capabilities", value: "CAP_PACKET_TRAILER,CAP_NEW"), (name: "client_protocol", value: "2"),
      ])
    guard case .accept(let ticket) = harness.admit(request) else {
      Issue.record("refused")
      return
    }
    #expect(!ticket.settings.autoSubscribe)
    #expect(ticket.settings.adaptiveStream)
    #expect(ticket.client.protocol == 16)
    #expect(ticket.client.capabilities == [.packetTrailer])
    #expect(ticket.client.clientProtocol == 2)
  }

  @Test func `attributes of the client itself need the right to change them`() {
    let attributes = Harness.base64(Array(#"{"mood":"fine"}"#.utf8))
    for isAllowed in [false, true] {
      let token = harness.token("ann") { $0.video?.canUpdateOwnMetadata = isAllowed }
      let request = SignalUpgradeRequest(
        path: "/rtc", query: [(name: "access_token", value: token), (name: "attributes", value: attributes)])
      guard case .accept(let ticket) = harness.admit(request) else {
        Issue.record("refused")
        return
      }
      #expect(ticket.attributes["mood"] == (isAllowed ? "fine" : nil))
    }
  }
}
