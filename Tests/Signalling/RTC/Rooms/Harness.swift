// A control plane with clients that speak in message values: what the process does, without the process.

import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract
import Randomness
import SessionDescriptions

@testable import Rooms

/// One control plane, its clock, and everything that it said.
final class Harness {
  static let key = APIKey(id: "devkey", secret: "a secret of more than thirty-two bytes")

  var node: ControlNode
  private(set) var moment: Moment
  private var nextConnection: UInt64 = 1
  /// Messages by connection, in order; taken out by `Client.take`.
  var inbox: [ConnectionID: [SignalResponse.Message]] = [:]
  var closed: [ConnectionID: UInt16] = [:]
  var commands: [MediaCommand] = []
  var events: [RoomEvent] = []
  var replies: [ServiceToken: Result<String, ServiceError>] = [:]
  /// Frames as they were, to look at their form.
  var frames: [ConnectionID: [SignalFrame]] = [:]

  init(seed: UInt64 = 1, shards: Int = 1, _ adjust: (inout ControlConfiguration) -> Void = { _ in }) {
    let random = Generator(seed)
    var configuration = ControlConfiguration(
      keys: [Self.key],
      shards: (0..<shards).map {
        ShardDescription(addresses: ["192.0.2.1", "2001:db8::1"], udpPort: UInt16(7882 + $0), tcpPort: 7881)
      },
      certificateDigest: [UInt8](repeating: 0xAB, count: 32), randomBits: { random.next() },
      inflate: { compressed, limit in compressed.first == 0x1F ? Array(compressed.dropFirst()) : nil })
    adjust(&configuration)
    moment = Moment(instant: .origin, wall: WallTime(milliseconds: 1_800_000_000_000))
    node = ControlNode(configuration, at: moment)
  }

  private final class Generator {
    private var random: Random
    init(_ seed: UInt64) { random = Random(seed: seed) }
    func next() -> UInt64 { random.next() }
  }

  // MARK: Time

  /// Lets time pass, stopping at every deadline on the way.
  func advance(_ interval: Interval) {
    let end = moment.instant + interval
    while let due = node.nextDeadline, due <= end {
      set(max(due, moment.instant))
      node.advance(to: moment)
      collect()
    }
    set(end)
  }

  private func set(_ instant: Instant) {
    let passed = instant - moment.instant
    moment = Moment(
      instant: instant, wall: WallTime(milliseconds: moment.wall.milliseconds + passed.milliseconds))
  }

  func collect() {
    for effect in node.drainEffects() {
      switch effect {
      case .send(let connection, let frame):
        frames[connection, default: []].append(frame)
        let response: SignalResponse? =
          switch frame {
          case .binary(let bytes): try? SignalResponse(protobuf: bytes)
          case .text(let bytes): try? SignalResponse(json: bytes)
          }
        if let message = response?.message { inbox[connection, default: []].append(message) }
      case .close(let connection, let code, _): closed[connection] = code
      case .command(_, let command): commands.append(command)
      case .event(let event): events.append(event)
      case .serviceReply(let token, let result): replies[token] = result
      }
    }
  }

  /// Forgets the commands so far.
  func clear() {
    commands = []
    events = []
  }

  // MARK: Clients

  func token(_ identity: String, room: String = "hall", _ adjust: (inout AccessTokenClaims) -> Void = { _ in })
    -> String
  {
    var claims = AccessTokenClaims(joining: room, as: identity)
    claims.setValidity(from: moment.wall, for: .seconds(3600))
    adjust(&claims)
    return claims.signed(with: Self.key)
  }

  func admit(_ request: SignalUpgradeRequest) -> Admission { node.admit(request, at: moment) }

  func open(_ request: SignalUpgradeRequest) -> Client? {
    guard case .accept(let ticket) = admit(request) else { return nil }
    let connection = ConnectionID(rawValue: nextConnection)
    nextConnection += 1
    node.opened(connection, ticket, at: moment)
    collect()
    return Client(self, connection, ticket.identity)
  }

  /// Joins on `/rtc`, with two peer connections.
  func join(
    _ identity: String, query: [(name: String, value: String)] = [], room: String = "hall",
    _ adjust: (inout AccessTokenClaims) -> Void = { _ in }
  ) -> Client {
    let parameters = [
      (name: "access_token", value: token(identity, room: room, adjust)), (name: "protocol", value: "17"),
      (name: "sdk", value: "js"),
    ]
    let given = Set(query.map(\.name))
    let request = SignalUpgradeRequest(
      path: "/rtc", query: parameters.filter { !given.contains($0.name) } + query)
    return open(request) ?? Client(self, ConnectionID(rawValue: 0), identity)
  }

  /// Joins on `/rtc/v1`, with one peer connection and its first offer in the request.
  func joinSingle(
    _ identity: String, offer: SDP? = Descriptions.first(), room: String = "hall",
    request adjustRequest: (inout JoinRequest) -> Void = { _ in },
    _ adjust: (inout AccessTokenClaims) -> Void = { _ in }
  ) -> Client {
    var join = JoinRequest()
    join.clientInfo = ClientInfo()
    join.clientInfo?.sdk = .python
    join.clientInfo?.protocol = 18
    join.connectionSettings = ConnectionSettings()
    join.connectionSettings?.autoSubscribe = true
    if let offer {
      var description = SessionDescription()
      description.type = "offer"
      description.sdp = offer.text
      join.publisherOffer = description
    }
    adjustRequest(&join)
    let request = SignalUpgradeRequest(
      path: "/rtc/v1", query: [(name: "join_request", value: Self.encode(join))],
      authorization: "Bearer " + token(identity, room: room, adjust))
    let client = open(request) ?? Client(self, ConnectionID(rawValue: 0), identity)
    client.offer = offer
    return client
  }

  static func encode(_ join: JoinRequest) -> String {
    var wrapped = WrappedJoinRequest()
    wrapped.joinRequest = join.protobuf
    return base64(wrapped.protobuf)
  }

  static func base64(_ bytes: [UInt8], alphabet last: String = "-_", padded: Bool = true) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last)
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for byte in group { bits = bits << 8 | UInt32(byte) }
      bits <<= UInt32(8 * (3 - group.count))
      for digit in 0...group.count { text.append(alphabet[Int(bits >> UInt32(18 - 6 * digit)) & 63]) }
      if padded { text += String(repeating: "=", count: 3 - group.count) }
    }
    return text
  }

  func media(_ event: MediaEvent) {
    node.media(event, shard: 0, at: moment)
    collect()
  }

  func participant(_ identity: String, room: String = "hall") -> ParticipantInfo? {
    var request = RoomParticipantIdentity()
    request.room = room
    request.identity = identity
    return try? node.getParticipant(request)
  }

  // MARK: Commands

  var publications: [PublicationParameters] {
    commands.compactMap { if case .setPublication(let value) = $0 { value } else { nil } }
  }
  var mediaSubscriptions: [SubscriptionParameters] {
    commands.compactMap { if case .setSubscription(let value) = $0 { value } else { nil } }
  }
  var removedSubscriptions: Int { commands.count { if case .removeSubscription = $0 { true } else { false } } }
  var removedPublications: Int { commands.count { if case .removePublication = $0 { true } else { false } } }
  var opened: [TransportID] {
    commands.compactMap { if case .openTransport(let value) = $0 { value.id } else { nil } }
  }
  var targets: [SubscriptionTarget] {
    commands.compactMap { if case .setTarget(_, let value) = $0 { value } else { nil } }
  }
  var restarts: Int { commands.count { if case .restartICE = $0 { true } else { false } } }
  var sentData: [(to: [TransportID], label: DataChannelLabel, bytes: [UInt8])] {
    commands.compactMap {
      if case .sendData(let to, let label, let bytes, _) = $0 { (to, label, bytes) } else { nil }
    }
  }
}

/// One client's end of a signalling connection.
final class Client {
  let harness: Harness
  private(set) var connection: ConnectionID
  let identity: String
  /// What it last offered.
  var offer: SDP?

  init(_ harness: Harness, _ connection: ConnectionID, _ identity: String) {
    self.harness = harness
    self.connection = connection
    self.identity = identity
  }

  var messages: [SignalResponse.Message] { harness.inbox[connection] ?? [] }

  func forget() { harness.inbox[connection] = [] }

  /// Every message of one kind so far.
  func all<Value>(_ kind: (SignalResponse.Message) -> Value?) -> [Value] { messages.compactMap(kind) }
  func last<Value>(_ kind: (SignalResponse.Message) -> Value?) -> Value? { all(kind).last }

  var joined: JoinResponse? { last(\.join) }
  var sid: String { joined?.participant?.sid ?? "" }
  var leaves: [LeaveRequest] { all(\.leave) }
  var isClosed: Bool { harness.closed[connection] != nil }

  /// What it knows of another, from updates since `forget`.
  func update(of identity: String) -> ParticipantInfo? {
    all(\.update).flatMap(\.participants).last { $0.identity == identity }
  }

  func send(_ message: SignalRequest.Message) {
    var request = SignalRequest()
    request.message = message
    send(.binary(request.protobuf))
  }

  func send(_ frame: SignalFrame) {
    harness.node.received(connection, frame, at: harness.moment)
    harness.collect()
  }

  func close() {
    harness.node.closed(connection, at: harness.moment)
    harness.collect()
  }

  // MARK: Transports

  /// The session as the control plane has it; tests use it to name transports only.
  var transports: [TransportID] { harness.node.connections[connection]?.transports.map(\.id) ?? [] }
  var primary: TransportID { harness.node.connections[connection]?.primary.id ?? TransportID(rawValue: 0) }

  func connect() {
    harness.media(.transport(primary, .connected, .udp))
    harness.media(.dataChannelOpened(primary, .reliable))
    harness.media(.dataChannelOpened(primary, .lossy))
  }

  // MARK: Descriptions

  func send(offer sdp: SDP, id: UInt32 = 1) {
    offer = sdp
    var description = SessionDescription()
    description.type = "offer"
    description.sdp = sdp.text
    description.id = id
    send(.offer(description))
  }

  var answer: SDP? { last(\.answer).flatMap { try? SDP(parsing: $0.sdp) } }
  var serverOffer: SDP? { last(\.offer).flatMap { try? SDP(parsing: $0.sdp) } }

  /// Answers the server's last offer, taking everything.
  func answerOffer(refusing codecs: [String] = [], id: UInt32? = nil) {
    guard let message = last(\.offer), let offer = try? SDP(parsing: message.sdp) else { return }
    var description = SessionDescription()
    description.type = "answer"
    description.sdp = Descriptions.answer(to: offer, refusing: codecs).text
    description.id = id ?? message.id
    send(.answer(description))
  }

  // MARK: Tracks

  /// Announces a track and offers it; the answer of the control plane is in `answer`.
  @discardableResult
  func publish(
    _ source: TrackSource, cid: String, codec: String? = nil, layers: Int = 1, muted: Bool = false,
    _ adjust: (inout AddTrackRequest) -> Void = { _ in }
  ) -> String {
    var request = AddTrackRequest.make(source, cid: cid, codec: codec, layers: layers)
    request.muted = muted
    adjust(&request)
    send(.addTrack(request))
    let isVideo = request.type == .video
    var sdp = offer ?? Descriptions.first(audio: 0, video: 0)
    sdp.add(
      isVideo
        ? .sendingVideo(cid: cid, rids: ["q", "h", "f"].prefix(layers == 1 ? 0 : layers)) : .sendingAudio(cid: cid))
    send(offer: sdp)
    return all(\.trackPublished).last { $0.cid == cid }?.track?.sid ?? ""
  }

  /// Offers again with the section of this track inactive: that is how clients unpublish.
  func unpublish(cid: String) {
    guard var sdp = offer, let index = sdp.media.firstIndex(where: { $0.msid?.track == cid }) else { return }
    sdp.media[index].direction = .inactive
    sdp.media[index].msid = nil
    send(offer: sdp)
  }

  func subscribe(_ sids: [String], _ isSubscribed: Bool = true) {
    var update = UpdateSubscription()
    update.trackSids = sids
    update.subscribe = isSubscribed
    send(.subscription(update))
  }
}

extension AddTrackRequest {
  static func make(_ source: TrackSource, cid: String, codec: String? = nil, layers: Int = 1) -> AddTrackRequest {
    var request = AddTrackRequest()
    request.cid = cid
    request.name = cid
    request.source = source
    request.type = source == .camera || source == .screenShare ? .video : .audio
    if request.type == .video {
      request.width = 1280
      request.height = 720
      request.layers = (0..<layers).map { index in
        var layer = VideoLayer()
        layer.quality = VideoQuality(rawValue: Int32(layers == 1 ? 2 : index))
        layer.width = UInt32(1280 >> (layers - 1 - index))
        layer.height = UInt32(720 >> (layers - 1 - index))
        return layer
      }
    }
    if let codec {
      var entry = SimulcastCodec()
      entry.codec = codec
      entry.cid = cid
      entry.layers = request.layers
      request.simulcastCodecs = [entry]
    }
    return request
  }
}
