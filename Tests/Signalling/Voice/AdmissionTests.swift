// Who may come into a voice channel and with which rights, when they ask, when they connect, and ever after.

import API
import Access
import AccessTokens
import Chronology
import Identifiers
import JSON
import LiveKitProtocol
import Problems
import Randomness
import Rooms
import TestSupport
import Testing

@testable import Voice

@Suite struct AdmissionTests {
  private func claims(_ answer: JSONValue, _ harness: Harness) throws -> AccessTokenClaims {
    let token = try #require(answer["token"]?.string)
    return try AccessTokenClaims(verifying: token, at: harness.moment.wall) { _ in Harness.key.secret }
  }

  // MARK: Tokens

  @Test func `a token grants one member one room, for a minute`() throws {
    let harness = Harness()
    let answer = try harness.token(Facts.ann, Facts.lounge)
    let claims = try claims(answer, harness)
    #expect(claims.identity == Facts.ann.description)
    #expect(claims.name == "Name of \(Facts.ann)")
    #expect(claims.video?.room == "channel:" + Facts.lounge.description)
    #expect(claims.video?.roomJoin == true)
    #expect(claims.expires == harness.moment.wall.seconds + 60)
    #expect(answer["url"]?.string == "wss://example.org")
    #expect(answer["bitrate"]?.int == 96_000)
  }

  @Test func `a token administers nothing`() throws {
    let harness = Harness()
    let video = try #require(try claims(harness.token(Facts.ann, Facts.lounge), harness).video)
    #expect(!video.roomAdmin && !video.roomCreate && !video.roomList && !video.roomRecord && !video.hidden)
    #expect(video.canUpdateOwnMetadata != true && video.canPublishData == false)
  }

  @Test func `the room's metadata names the bit rate of the channel's voices`() throws {
    let harness = Harness()
    let claims = try claims(harness.token(Facts.ann, Facts.lounge), harness)
    let metadata = try JSONValue(parsing: try #require(claims.roomConfig?.metadata))
    #expect(metadata["bitrate"]?.int == 96_000)
  }

  @Test(
    arguments: [
      (Permissions([.speak, .stream]), [TrackSource.microphone, .camera, .screenShare, .screenShareAudio]),
      (.speak, [.microphone]), (.stream, [.camera, .screenShare, .screenShareAudio]), (Permissions(), [TrackSource]()),
    ])
  func `sources follow the permissions`(_ held: Permissions, _ sources: [TrackSource]) throws {
    var directory = Facts.directory
    directory.roles[Facts.everyone]?.permissions = held.union([.viewChannel, .connectVoice])
    let harness = Harness(directory)
    let video = try #require(try claims(harness.token(Facts.ann, Facts.lounge), harness).video)
    #expect(video.canPublishSources == sources)
    #expect(video.canPublish == !sources.isEmpty)
    #expect(video.canSubscribe == true)
  }

  @Test func `a moderator's mute and deafening are in the token`() throws {
    var directory = Facts.directory
    directory.members[Facts.ann]?.isServerMuted = true
    directory.members[Facts.ann]?.isServerDeafened = true
    let harness = Harness(directory)
    let video = try #require(try claims(harness.token(Facts.ann, Facts.lounge), harness).video)
    #expect(!video.canPublishSources.contains(.microphone) && video.canPublishSources.contains(.screenShare))
    #expect(video.canSubscribe == false)
  }

  @Test func `without CONNECT_VOICE there is no token, and of a channel out of sight not even a word`() throws {
    var directory = Facts.directory
    directory.channels[Facts.lounge]?.overrides[.member(Facts.ann)] = Override(deny: .connectVoice)
    directory.channels[Facts.stage]?.overrides[.member(Facts.ann)] = Override(deny: .viewChannel)
    let harness = Harness(directory)
    #expect(throws: Problem.forbidden) { try harness.token(Facts.ann, Facts.lounge) }
    #expect(throws: Problem.notFound("channel")) { try harness.token(Facts.ann, Facts.stage) }
    #expect(throws: Problem.notFound("channel")) { try harness.token(Facts.ann, id(999)) }
  }

  @Test func `a text channel has no voice`() {
    let harness = Harness()
    #expect(throws: Problem.self) { try harness.token(Facts.ann, Facts.text) }
  }

  @Test func `people of a conversation can call each other, and others cannot`() throws {
    var directory = Facts.directory
    directory.channels[id(300)] = Channel(id: id(300), kind: .direct, participants: [Facts.ann, Facts.bob])
    let harness = Harness(directory)
    _ = try harness.token(Facts.ann, id(300))
    #expect(throws: Problem.notFound("channel")) { try harness.token(Facts.eve, id(300)) }
  }

  // MARK: Places

  @Test func `who has a token has a place, and the next hears that the channel is full`() throws {
    let harness = Harness()
    _ = try harness.token(Facts.ann, Facts.small)
    try harness.join(Facts.bob, Facts.small)
    #expect(throws: Problem(.channelFull, "the channel is full")) { try harness.token(Facts.eve, Facts.small) }
    _ = try harness.token(Facts.ann, Facts.small)
  }

  @Test func `a place that is not taken is free after a while`() throws {
    let harness = Harness()
    _ = try harness.token(Facts.ann, Facts.small)
    _ = try harness.token(Facts.bob, Facts.small)
    harness.advance(Limit.reservation)
    _ = try harness.token(Facts.eve, Facts.small)
  }

  @Test func `who comes after the place was given away is turned away at the door`() throws {
    let harness = Harness()
    let late = try #require(try harness.token(Facts.ann, Facts.small)["token"]?.string)
    harness.advance(Limit.reservation)
    try harness.join(Facts.bob, Facts.small)
    try harness.join(Facts.eve, Facts.small)
    guard case .refuse(let status, _) = harness.admit(late) else { return #expect(Bool(false)) }
    #expect(status == 503)
  }

  @Test func `however people come and go, a channel never holds more than its limit`() {
    forEachSeed { seed, random in
      var directory = Facts.directory
      for user in 0..<6 { directory.members[id(Int64(50 + user))] = Member(id: id(Int64(50 + user))) }
      let harness = Harness(directory)
      var inside: [Identifier: ConnectionID] = [:]
      var tokens: [Identifier: String] = [:]
      for _ in 0..<40 {
        let user = id(Int64(50 + Int.random(in: 0..<6, using: &random)))
        switch Int.random(in: 0..<4, using: &random) {
        case 0: tokens[user] = (try? harness.token(user, Facts.small))?["token"]?.string ?? tokens[user]
        case 1: if let token = tokens[user] { inside[user] = harness.enter(token) ?? inside[user] }
        case 2:
          if let connection = inside.removeValue(forKey: user) { harness.leave(connection) }
        default: harness.advance(.seconds(Int64.random(in: 0...40, using: &random)))
        }
        #expect(harness.control.occupancy(of: VoiceRoom.name(Facts.small)) <= 2, "seed \(seed)")
      }
    }
  }

  // MARK: Connections

  @Test func `what was taken away since the token was made is not there when connecting`() throws {
    let harness = Harness()
    let token = try #require(try harness.token(Facts.ann, Facts.lounge)["token"]?.string)
    harness.change { $0.roles[Facts.everyone]?.permissions.remove(.speak) }
    #expect(harness.enter(token) != nil)
    #expect(harness.permission(Facts.ann, Facts.lounge)?.canPublishSources.contains(.microphone) == false)
  }

  @Test func `who was removed since the token was made does not get in`() throws {
    let harness = Harness()
    let token = try #require(try harness.token(Facts.ann, Facts.lounge)["token"]?.string)
    harness.change { $0.members[Facts.ann] = nil }
    guard case .refuse(let status, _) = harness.admit(token) else { return #expect(Bool(false)) }
    #expect(status == 403)
  }

  @Test func `a second connection beside the first is not let in past the rules`() throws {
    let harness = Harness()
    let token = try #require(try harness.token(Facts.ann, Facts.lounge)["token"]?.string)
    guard case .refuse(let status, _) = harness.admit(token, query: [("publish", "x")]) else {
      return #expect(Bool(false))
    }
    #expect(status == 403)
  }

  @Test func `the operator's tools and other rooms are none of our business`() throws {
    let harness = Harness()
    for (room, identity) in [("hall", "ann"), (VoiceRoom.name(Facts.lounge), "recorder")] {
      var claims = AccessTokenClaims(joining: room, as: identity)
      claims.setValidity(from: harness.moment.wall, for: .seconds(60))
      guard case .accept = harness.admit(claims.signed(with: Harness.key)) else { return #expect(Bool(false)) }
    }
  }

  // MARK: Change

  @Test func `a speaker who loses SPEAK is silenced at once, and who loses CONNECT is put out`() throws {
    let harness = Harness()
    try harness.join(Facts.ann, Facts.lounge)
    harness.change { $0.channels[Facts.lounge]?.overrides[.member(Facts.ann)] = Override(deny: .speak) }
    #expect(
      harness.permission(Facts.ann, Facts.lounge)?.canPublishSources == [.camera, .screenShare, .screenShareAudio])
    harness.change { $0.channels[Facts.lounge]?.overrides[.member(Facts.ann)] = Override(deny: .connectVoice) }
    #expect(harness.permission(Facts.ann, Facts.lounge) == nil)
    #expect(harness.known[Facts.ann] == nil)
  }

  @Test func `a timeout, a kick and the end of the channel put people out`() throws {
    let harness = Harness()
    for user in Facts.people { try harness.join(user, Facts.lounge) }
    harness.change { $0.members[Facts.ann]?.timedOutUntil = WallTime(milliseconds: 1_900_000_000_000) }
    #expect(harness.voice.channel(of: Facts.ann) == nil)
    harness.change { $0.members[Facts.bob] = nil }
    #expect(harness.voice.channel(of: Facts.bob) == nil)
    harness.change { $0.channels[Facts.lounge] = nil }
    #expect(harness.voice.voices.isEmpty)
    #expect(harness.control.identities(in: VoiceRoom.name(Facts.lounge)).isEmpty)
  }

  @Test func `who has connected without media yet is put out as well`() throws {
    let harness = Harness()
    let token = try #require(try harness.token(Facts.ann, Facts.lounge)["token"]?.string)
    _ = harness.enter(token)
    harness.change { $0.members[Facts.ann] = nil }
    #expect(harness.control.identities(in: VoiceRoom.name(Facts.lounge)).isEmpty)
  }

  @Test func `a moderator's mute takes the microphone and is told; taking it back gives both back`() throws {
    let harness = Harness()
    try harness.join(Facts.ann, Facts.lounge)
    harness.change { $0.members[Facts.ann]?.isServerMuted = true }
    #expect(harness.permission(Facts.ann, Facts.lounge)?.canPublishSources.contains(.microphone) == false)
    #expect(harness.known[Facts.ann]?["server_muted"]?.bool == true)
    harness.change { $0.members[Facts.ann]?.isServerMuted = false }
    #expect(harness.permission(Facts.ann, Facts.lounge)?.canPublishSources.contains(.microphone) == true)
    #expect(harness.known[Facts.ann]?["server_muted"]?.bool == false)
  }

  @Test func `whoever changes what, everybody inside has exactly the rights of the evaluator`() {
    forEachSeed { seed, random in
      let harness = Harness()
      for user in Facts.people {
        _ = try? harness.join(user, Facts.channels.randomElement(using: &random) ?? Facts.lounge)
      }
      for _ in 0..<12 {
        let user = Facts.people.randomElement(using: &random) ?? Facts.ann
        let channel = Facts.channels.randomElement(using: &random) ?? Facts.lounge
        let bits: [Permissions] = [.speak, .stream, .connectVoice, .viewChannel]
        let bit = bits.randomElement(using: &random) ?? .speak
        let choice = Int.random(in: 0..<5, using: &random)
        harness.change { directory in
          switch choice {
          case 0: directory.roles[Facts.everyone]?.permissions.formSymmetricDifference(bit)
          case 1: directory.channels[channel]?.overrides[.member(user)] = Override(deny: bit)
          case 2: directory.channels[channel]?.overrides[.member(user)] = Override(allow: bit)
          case 3: directory.members[user]?.isServerMuted.toggle()
          default: directory.members[user]?.isServerDeafened.toggle()
          }
        }
        if random.chance(0.5) { _ = try? harness.join(user, channel) }
        for channel in Facts.channels {
          for identity in harness.control.identities(in: VoiceRoom.name(channel)) {
            guard let member = Identifier(identity) else { continue }
            let allowed = harness.voice.permission(of: member, in: channel, at: harness.moment.wall)
            #expect(allowed != nil, "seed \(seed)")
            #expect(harness.permission(member, channel) == allowed, "seed \(seed)")
          }
        }
      }
    }
  }
}
