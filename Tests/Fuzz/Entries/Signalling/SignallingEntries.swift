// Fuzz entries of what clients and API callers send over HTTP and WebSockets, and of the envelope of data packets.

import AccessTokens
import Chronology
import FuzzSupport
import JSON
import LiveKitProtocol
import MediaContract
import SessionDescriptions

extension FuzzEntry {
  /// Every parser of the signalling modules. A new entry is added here, in Package.swift and as folders in Tests/Fuzz.
  public static let signalling: [FuzzEntry] = [
    .json, .protobuf, .messageJSON, .dataPacket, .accessToken, .sessionDescription,
  ]

  /// A text that parses is written again and must then parse to the same value.
  public static let json = FuzzEntry(
    name: "JSON",
    seeds: [
      "everything": Array(
        #"{"a":[1,-2.5e3,"x\u00e9\ud83c\udfa7\n",true,null],"b":{"c":"zwölf","d":9007199254740993}}"#.utf8),
      "lone-surrogate": Array(#"["\ud83c","\udfa7\ud83c"]"#.utf8),
      "numbers": Array("[0,-0,1e-7,0.1,-9223372036854775808]".utf8),
      "spaces": Array(" \t{ \"a\" : [ ] }\r\n".utf8),
    ]
  ) { bytes in
    guard let value = try? JSONValue(parsing: bytes) else { return }
    precondition((try? JSONValue(parsing: value.serialized)) == value, "a value must survive the way there and back")
  }

  /// The first byte chooses the message; one that decodes is encoded again and must then be stable.
  public static let protobuf = FuzzEntry(name: "Protobuf", seeds: protobufSeeds) { bytes in
    guard let choice = bytes.first else { return }
    let body = Array(bytes.dropFirst())
    switch choice % 6 {
    case 0: checkProtobuf(SignalRequest.self, body)
    case 1: checkProtobuf(WrappedJoinRequest.self, body)
    case 2: checkProtobuf(JoinRequest.self, body)
    case 3: checkProtobuf(DataPacket.self, body)
    case 4: checkProtobuf(UpdateParticipantRequest.self, body)
    default: checkProtobuf(SignalResponse.self, body)
    }
  }

  /// The same for JSON; what it says must also survive the way through protobuf.
  public static let messageJSON = FuzzEntry(
    name: "MessageJSON",
    seeds: [
      "mute": [0] + Array(#"{"mute":{"sid":"TR_1","muted":true}}"#.utf8),
      "snake-case": [0] + Array(#"{"subscription":{"track_sids":["TR_1"],"subscribe":true}}"#.utf8),
      "offer": [0] + Array(#"{"offer":{"type":"offer","sdp":"v=0","id":1,"midToTrackId":{"0":"TR_1"}}}"#.utf8),
      "room": [1] + Array(#"{"name":"hall","empty_timeout":30,"tags":{"a":"b"},"agents":[{"restartPolicy":1}]}"#.utf8),
      "data": [2] + Array(#"{"room":"hall","data":"-_-_AQ","kind":"LOSSY","nonce":"AAAA"}"#.utf8),
    ]
  ) { bytes in
    guard let choice = bytes.first else { return }
    let body = Array(bytes.dropFirst())
    switch choice % 3 {
    case 0: checkJSON(SignalRequest.self, body)
    case 1: checkJSON(CreateRoomRequest.self, body)
    default: checkJSON(SendDataRequest.self, body)
    }
  }

  /// A packet that is forwarded twice is the same as one that is forwarded once.
  public static let dataPacket = FuzzEntry(name: "DataPacket", seeds: dataPacketSeeds) { bytes in
    guard let packet = try? Forwarded<DataPacketEnvelope>(protobuf: bytes) else { return }
    let once = packet.protobuf
    guard let again = try? Forwarded<DataPacketEnvelope>(protobuf: once) else { preconditionFailure("not a packet") }
    precondition(again.protobuf == once, "forwarding must be stable")
    guard let value = packet.message.value, value.field == .user else { return }
    if let user = try? Forwarded<UserPacket>(protobuf: value.payload) {
      precondition((try? Forwarded<UserPacket>(protobuf: user.protobuf)) == user, "the inner packet must be stable")
    }
  }

  /// An even first byte: the rest is a token, which must not pass unless it is a seed. An odd one: the rest is signed, so
  /// that the claims behind the signature are reached.
  public static let accessToken = FuzzEntry(name: "AccessToken", seeds: accessTokenSeeds) { bytes in
    guard let choice = bytes.first else { return }
    let rest = Array(bytes.dropFirst())
    guard choice & 1 == 1 else {
      _ = try? verify(String(decoding: rest, as: UTF8.self))
      return
    }
    var claims = AccessTokenClaims()
    claims.name = String(decoding: rest, as: UTF8.self)
    claims.attributes = [claims.name: claims.name]
    claims.setValidity(from: now, for: .seconds(60))
    claims.issuer = key.id
    precondition((try? verify(claims.signed(with: key))) == claims, "claims must survive the way there and back")
  }

  /// An offer that is read can be written, read again and answered, and what it is answered with can be read.
  public static let sessionDescription = FuzzEntry(name: "SessionDescription", seeds: ["offer": Array(offer.utf8)]) {
    bytes in
    guard let sdp = try? SDP(parsing: String(decoding: bytes, as: UTF8.self)) else { return }
    require((try? SDP(parsing: sdp.text)) != nil, "what was read must be readable when it is written")
    let sections = sdp.media.map { section -> AnswerSection in
      section.acceptReceiving(enabled: [.opus, .red, .vp8, .h264], preferred: nil, audio: AudioAnswerOptions())
        .map { .media($0) } ?? .application(maximumMessageSize: 65_536)
    }
    let local = LocalTransport(
      usernameFragment: "fragment", password: "password-of-22-characters",
      fingerprint: Fingerprint(algorithm: "sha-256", digest: [UInt8](repeating: 7, count: 32)), candidates: [])
    let answer = sdp.answer(sections: sections, local: local, sessionID: 1, version: 1)
    require(answer.media.count == sdp.media.count, "one section for each")
  }
}

// MARK: Checks

private func checkProtobuf<Message: ProtobufMessage>(_ type: Message.Type, _ bytes: [UInt8]) {
  guard let message = try? Message(protobuf: bytes) else { return }
  let once = message.protobuf
  // Bytes are compared, not messages: a level that is not a number differs from itself.
  guard let again = try? Message(protobuf: once) else { preconditionFailure("an encoded message must decode") }
  precondition(again.protobuf == once, "encoding must be stable")
  for style in [MessageJSONStyle.compact, .complete] {
    guard let json = try? Message(json: message.json(style), limits: JSONLimits(bytes: .max, values: .max)) else {
      preconditionFailure("a message in JSON must decode")
    }
    precondition(json.json(style) == message.json(style), "JSON must be stable")
  }
}

private func checkJSON<Message: ProtobufMessage>(_ type: Message.Type, _ text: [UInt8]) {
  guard let message = try? Message(json: text) else { return }
  guard let again = try? Message(protobuf: message.protobuf) else { preconditionFailure("not decodable") }
  precondition(again.protobuf == message.protobuf, "what JSON said must survive protobuf")
}

private let key = APIKey(id: "key", secret: "secret")
private let now = WallTime(milliseconds: 1_800_000_000_000)

private func verify(_ token: String) throws(AccessTokenError) -> AccessTokenClaims {
  try AccessTokenClaims(verifying: token, at: now) { $0 == key.id ? key.secret : nil }
}

// MARK: Seeds

private let offer = [
  "v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2", "a=extmap-allow-mixed",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63", "a=mid:0", "a=sendonly", "a=msid:s t", "a=rtpmap:111 opus/48000/2",
  "a=rtpmap:63 red/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtcp-fb:* transport-cc",
  "a=extmap:1/sendonly urn:ietf:params:rtp-hdrext:sdes:mid", "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901",
  "a=fingerprint:sha-256 00:11:22", "a=setup:actpass", "m=video 9 UDP/TLS/RTP/SAVPF 96 97", "a=mid:1",
  "a=rtpmap:96 VP8/90000", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "a=rid:q send", "a=rid:f send",
  "a=simulcast:send q;~f", "a=ssrc:1 cname:x", "a=ssrc-group:FID 1 2", "a=candidate:1 1 udp 1 127.0.0.1 9 typ host",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2", "a=sctp-port:5000", "a=max-message-size:262144", "",
].joined(separator: "\r\n")

private let protobufSeeds: [String: [UInt8]] = {
  let offer = SessionDescription.with {
    $0.type = "offer"
    $0.sdp = "v=0\r\n"
    $0.id = 3
    $0.midToTrackId = ["0": "TR_1"]
  }
  let track = AddTrackRequest.with {
    $0.cid = "c"
    $0.type = .video
    $0.source = .camera
    $0.layers = [
      .with {
        $0.width = 1280; $0.rid = "f"
      }
    ]
    $0.simulcastCodecs = [.with { $0.codec = "vp8" }]
    $0.audioFeatures = [.noDtx, .stereo]
  }
  let join = JoinRequest.with {
    $0.clientInfo = .with {
      $0.sdk = .python; $0.protocol = 18
    }
    $0.connectionSettings = .with { $0.subscriberAllowPause = false }
    $0.participantAttributes = ["a": "b"]
    $0.addTrackRequests = [track]
    $0.publisherOffer = offer
  }
  let wrapped = WrappedJoinRequest.with { $0.joinRequest = join.protobuf }
  let speakers = SpeakersChanged.with {
    $0.speakers = [
      .with {
        $0.sid = "PA_1"; $0.level = 0.5; $0.active = true
      }
    ]
  }
  return [
    "offer": [0] + SignalRequest.with { $0.message = .offer(offer) }.protobuf,
    "add-track": [0] + SignalRequest.with { $0.message = .addTrack(track) }.protobuf,
    "ping": [0] + SignalRequest.with { $0.message = .ping(-1) }.protobuf, "wrapped": [1] + wrapped.protobuf,
    "join": [2] + join.protobuf,
    "metrics": [3]
      + DataPacket.with {
        $0.value = .metrics(
          .with {
            $0.normalizedTimestamp = .with {
              $0.seconds = -1; $0.nanos = 5
            }
          })
      }.protobuf,
    "update": [4]
      + UpdateParticipantRequest.with { $0.permission = .with { $0.canPublishSources = [.camera] } }.protobuf,
    "speakers": [5] + SignalResponse.with { $0.message = .speakersChanged(speakers) }.protobuf,
  ]
}()

private let dataPacketSeeds: [String: [UInt8]] = {
  let user = UserPacket.with {
    $0.payload = [1, 2, 3]
    $0.topic = "chat"
    $0.destinationIdentities = ["ann"]
    $0.nonce = [UInt8](repeating: 7, count: 16)
  }
  return [
    "user": DataPacket.with {
      $0.value = .user(user); $0.sequence = 1; $0.participantSid = "PA_1"
    }.protobuf,
    "encrypted": DataPacket.with {
      $0.value = .encryptedPacket(
        .with {
          $0.iv = [1]; $0.encryptedValue = [2, 3]
        })
    }
    .protobuf,
    "unknown": DataPacket.with { $0.destinationIdentities = ["a", "b"] }.protobuf + [0xBB, 0x06, 0x08, 1, 0xBC, 0x06],
  ]
}()

private let accessTokenSeeds: [String: [UInt8]] = {
  var claims = AccessTokenClaims(joining: "hall", as: "ann")
  claims.setValidity(from: now, for: .seconds(60))
  claims.roomConfig = .with { $0.emptyTimeout = 5 }
  return [
    "valid": [0] + Array(claims.signed(with: key).utf8), "unsigned": [0] + Array("eyJhbGciOiJub25lIn0.e30.".utf8),
    "claims": [1] + Array("Ann \"Ä\" \u{1F3A7}".utf8),
  ]
}()
