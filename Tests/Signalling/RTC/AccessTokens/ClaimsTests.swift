// What tokens say: the SDK's and our own.

import AccessTokens
import Chronology
import Foundation
import JSON
import LiveKitProtocol
import Testing

@Suite struct ClaimsTests {
  private let key = APIKey(id: "devkey", secret: "a secret")
  private let now = WallTime(milliseconds: 1_800_000_000_000)

  private func verify(_ token: String, at seconds: Int64? = nil) throws -> AccessTokenClaims {
    try AccessTokenClaims(verifying: token, at: WallTime(milliseconds: (seconds ?? now.seconds) * 1000)) { _ in
      key.secret
    }
  }

  @Test func `everything that a token can say survives`() throws {
    var claims = AccessTokenClaims(joining: "lobby", as: "ann")
    claims.name = "Ann \"Ä\""
    claims.metadata = #"{"a":1}"#
    claims.attributes = ["role": "host", "": "x"]
    claims.kind = .egress
    claims.kindDetails = [.cloudAgent, .forwarded]
    claims.sip = SIPGrant()
    claims.sip?.call = true
    claims.roomPreset = "large"
    claims.roomConfig = .with {
      $0.emptyTimeout = 30
      $0.tags = ["a": "b"]
    }
    claims.sha256 = "AA=="
    claims.video?.roomCreate = true
    claims.video?.roomList = true
    claims.video?.roomRecord = true
    claims.video?.roomAdmin = true
    claims.video?.destinationRoom = "attic"
    claims.video?.canPublish = true
    claims.video?.canSubscribe = false
    claims.video?.canPublishData = false
    claims.video?.canPublishSources = [.camera, .screenShareAudio]
    claims.video?.canUpdateOwnMetadata = true
    claims.video?.ingressAdmin = true
    claims.video?.hidden = true
    claims.video?.recorder = true
    claims.video?.agent = true
    claims.video?.canSubscribeMetrics = true
    claims.video?.canManageAgentSession = false
    claims.setValidity(from: now, for: .seconds(60))
    var expected = claims
    expected.issuer = "devkey"
    #expect(try verify(claims.signed(with: key)) == expected)
  }

  @Test func `a plain token says only what it must`() throws {
    var claims = AccessTokenClaims(joining: "lobby", as: "ann")
    claims.setValidity(from: now, for: .seconds(60))
    let payload = try #require(claims.signed(with: key).split(separator: ".").dropFirst().first)
    let padded = String(payload).padding(toLength: (payload.count + 3) / 4 * 4, withPad: "=", startingAt: 0)
    let json = try #require(Data(base64Encoded: padded))
    #expect(
      String(decoding: json, as: UTF8.self)
        == #"{"video":{"roomJoin":true,"room":"lobby"},"sub":"ann","iss":"devkey","nbf":1800000000,"exp":1800000060}"#)
  }

  @Test func `permissions have their defaults`() {
    let permission = VideoGrant(joining: "lobby").permission
    #expect(permission.canPublish && permission.canSubscribe && permission.canPublishData)
    #expect(!permission.canUpdateMetadata && !permission.hidden && !permission.canSubscribeMetrics)
  }

  @Test func `publishing data follows publishing unless it is said`() {
    var grant = VideoGrant(joining: "lobby")
    grant.canPublish = false
    #expect(!grant.permission.canPublishData)
    grant.canPublishData = true
    #expect(grant.permission.canPublishData && !grant.permission.canPublish)
  }

  @Test func `sources narrow publishing and never widen it`() {
    var grant = VideoGrant(joining: "lobby")
    #expect(grant.permission.allowsPublishing(.camera))
    grant.canPublishSources = [.microphone]
    #expect(grant.permission.allowsPublishing(.microphone) && !grant.permission.allowsPublishing(.camera))
    grant.canPublish = false
    #expect(!grant.permission.allowsPublishing(.microphone))
  }

  @Test func `a list of unknown sources allows none of the known ones`() throws {
    var claims = AccessTokenClaims(joining: "lobby", as: "ann")
    claims.video?.canPublishSources = [TrackSource(rawValue: 77)]
    claims.setValidity(from: now, for: .seconds(60))
    let permission = try #require(try verify(claims.signed(with: key)).video?.permission)
    #expect(!permission.allowsPublishing(.camera))
  }

  @Test func `a permission can be put into a grant and read back`() {
    let permission = ParticipantPermission.with {
      $0.canSubscribe = true
      $0.canPublishSources = [.camera]
      $0.canUpdateMetadata = true
      $0.hidden = true
    }
    var grant = VideoGrant(joining: "lobby")
    grant.permission = permission
    #expect(grant.permission == permission)
    #expect(grant.roomJoin && grant.room == "lobby")
  }

  @Test func `administration is bound to its room`() {
    var grant = VideoGrant()
    grant.roomAdmin = true
    #expect(!grant.administers(""))
    grant.room = "lobby"
    #expect(grant.administers("lobby") && !grant.administers("attic"))
    grant.roomAdmin = false
    #expect(!grant.administers("lobby"))
  }

  @Test func `a refreshed token keeps the later of the original expiry and ten minutes`() throws {
    var claims = AccessTokenClaims(joining: "lobby", as: "ann")
    claims.setValidity(from: now, for: .seconds(3600))
    let early = try verify(claims.refreshed(at: now, with: key))
    #expect(early.expires == now.seconds + 3600)
    let late = WallTime(milliseconds: (now.seconds + 3500) * 1000)
    let refreshed = try verify(claims.refreshed(at: late, with: key), at: late.seconds)
    #expect(refreshed.expires == late.seconds + 600)
    #expect(refreshed.notBefore == late.seconds)
    #expect(refreshed.identity == "ann" && refreshed.video == claims.video)
  }

  @Test func `a webhook token vouches for its body and no other`() throws {
    let body = Array(#"{"event":"room_started"}"#.utf8)
    let claims = try verify(AccessTokenClaims.webhookToken(for: body, at: now, with: key))
    #expect(claims.vouches(for: body))
    #expect(!claims.vouches(for: body + [0x20]))
    #expect(claims.expires == now.seconds + 300)
    #expect(claims.video == nil)
  }
}

@Suite struct SDKTokenTests {
  private struct Tokens {
    var tokens: JSONValue
    var issued: Int64

    init() throws {
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../Fixtures/AccessTokens/tokens.json")
      tokens = try JSONValue(parsing: [UInt8](try Data(contentsOf: file)))
      issued = try #require(tokens["issued"]?.integer)
    }

    func claims(_ name: String) throws -> AccessTokenClaims {
      try AccessTokenClaims(
        verifying: try #require(tokens["tokens"]?[name]?.string), at: WallTime(milliseconds: (issued + 5) * 1000)
      ) { $0 == tokens["key"]?.string ? tokens["secret"]?.string : nil }
    }
  }

  @Test func `a participant's token is understood`() throws {
    let claims = try Tokens().claims("joining")
    #expect(claims.identity == "ann" && claims.name == "Ann Ä" && claims.metadata == #"{"a":1}"#)
    #expect(claims.attributes == ["role": "host"])
    #expect(claims.kind == .agent)
    #expect(claims.roomPreset == "large")
    #expect(
      claims.roomConfig
        == .with {
          $0.name = "lobby"
          $0.emptyTimeout = 30
          $0.maxParticipants = 7
          $0.metadata = "m"
        })
    let grant = try #require(claims.video)
    #expect(grant.roomJoin && grant.room == "lobby" && grant.hidden)
    #expect(grant.canPublishSources == [.camera, .screenShare])
    #expect(grant.canPublishData == false && grant.canUpdateOwnMetadata == true)
    #expect(!grant.permission.canPublishData && grant.permission.canUpdateMetadata)
  }

  @Test func `a service token is understood`() throws {
    let claims = try Tokens().claims("service")
    let grant = try #require(claims.video)
    #expect(claims.identity.isEmpty)
    #expect(grant.roomCreate && grant.roomList && grant.administers("lobby") && !grant.roomJoin)
    #expect(claims.sip?.admin == true)
  }

  @Test func `a webhook token vouches for the body`() throws {
    #expect(try Tokens().claims("webhook").vouches(for: Array("hello world\n".utf8)) == false)
    #expect(try Tokens().claims("webhook").vouches(for: Array("hello".utf8)))
  }
}
