// Voices as others see them: they follow the media rooms, whatever these report.

import API
import Access
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

@Suite struct StateTests {
  private func track(_ sid: String, _ source: TrackSource, muted: Bool = false) -> TrackInfo {
    .with {
      $0.sid = sid
      $0.source = source
      $0.muted = muted
    }
  }

  private func room(_ channel: Identifier) -> LiveKitProtocol.Room { .with { $0.name = VoiceRoom.name(channel) } }

  private func person(_ user: Identifier, _ session: String) -> ParticipantInfo {
    .with {
      $0.identity = user.description
      $0.sid = session
    }
  }

  private func take(_ event: RoomEvent, _ harness: Harness) {
    harness.voice.take(event, control: &harness.control, at: harness.moment)
    harness.collect()
  }

  // MARK: Coming and going

  @Test func `a voice appears when its media stands and goes when it leaves`() throws {
    let harness = Harness()
    let connection = try #require(try harness.join(Facts.ann, Facts.lounge))
    #expect(harness.told.map(\.op) == ["voice_state_update"])
    #expect(harness.told[0].audience == .channel(Facts.lounge))
    #expect(harness.known[Facts.ann]?["channel_id"]?.string == Facts.lounge.description)
    #expect(harness.known[Facts.ann]?["muted"]?.bool == true)
    harness.leave(connection)
    #expect(harness.told.last?.data["channel_id"]?.isNull == true)
    #expect(harness.voice.voices.isEmpty)
  }

  @Test func `one voice is in one channel: joining another leaves the first`() throws {
    let harness = Harness()
    let first = try #require(try harness.join(Facts.ann, Facts.lounge))
    try harness.join(Facts.ann, Facts.stage)
    #expect(harness.voice.channel(of: Facts.ann) == Facts.stage)
    #expect(harness.control.identities(in: VoiceRoom.name(Facts.lounge)).isEmpty)
    #expect(harness.closed.contains(first))
    let audiences = harness.told.map(\.audience)
    #expect(audiences == [.channel(Facts.lounge), .channel(Facts.lounge), .channel(Facts.stage)])
  }

  @Test func `a second device takes the place of the first in the same channel`() throws {
    let harness = Harness()
    try harness.join(Facts.ann, Facts.lounge)
    try harness.join(Facts.ann, Facts.lounge)
    #expect(harness.voice.participants(of: Facts.lounge).map(\.user) == [Facts.ann])
    #expect(harness.known[Facts.ann] != nil)
  }

  @Test func `the end of a room ends its voices`() throws {
    let harness = Harness()
    try harness.join(Facts.ann, Facts.lounge)
    var request = DeleteRoomRequest()
    request.room = VoiceRoom.name(Facts.lounge)
    try harness.control.deleteRoom(request, at: harness.moment)
    harness.collect()
    #expect(harness.voice.voices.isEmpty && harness.known.isEmpty)
  }

  @Test func `rooms that belong to no channel, and tools without an account, are passed over`() {
    let harness = Harness()
    take(.participantJoined(.with { $0.name = "hall" }, person(Facts.ann, "PA_1")), harness)
    take(.participantJoined(room(Facts.lounge), .with { $0.identity = "recorder" }), harness)
    #expect(harness.told.isEmpty)
  }

  // MARK: Moving

  @Test func `a member who is moved hears where to, and has a place there although it is full`() throws {
    let harness = Harness()
    try harness.join(Facts.bob, Facts.small)
    try harness.join(Facts.eve, Facts.small)
    let connection = try #require(try harness.join(Facts.ann, Facts.lounge))
    try harness.voice.move(Facts.ann, to: Facts.small, control: &harness.control, at: harness.moment)
    harness.collect()
    let move = try #require(harness.told.first { $0.op == "voice_move" })
    #expect(move.audience == .users([Facts.ann]))
    #expect(move.data["channel_id"]?.string == Facts.small.description)
    #expect(harness.closed.contains(connection))
    #expect(harness.voice.channel(of: Facts.ann) == nil)
    try harness.join(Facts.ann, Facts.small)
    #expect(harness.voice.channel(of: Facts.ann) == Facts.small)
  }

  @Test func `a member who is disconnected is out and hears it`() throws {
    let harness = Harness()
    try harness.join(Facts.ann, Facts.lounge)
    try harness.voice.move(Facts.ann, to: nil, control: &harness.control, at: harness.moment)
    harness.collect()
    #expect(harness.told.contains { $0.op == "voice_move" && $0.data["channel_id"]?.isNull == true })
    #expect(harness.control.identities(in: VoiceRoom.name(Facts.lounge)).isEmpty)
  }

  @Test func `nobody is moved who is not in voice, or where they may not be`() throws {
    let harness = Harness()
    let now = harness.moment
    #expect(throws: Problem.notFound("voice")) {
      try harness.voice.move(Facts.ann, to: nil, control: &harness.control, at: now)
    }
    try harness.join(Facts.ann, Facts.lounge)
    harness.change { $0.channels[Facts.stage]?.overrides[.member(Facts.ann)] = Override(deny: .connectVoice) }
    #expect(throws: Problem.forbidden) {
      try harness.voice.move(Facts.ann, to: Facts.stage, control: &harness.control, at: now)
    }
    #expect(harness.voice.channel(of: Facts.ann) == Facts.lounge)
  }

  // MARK: Sending

  @Test func `a voice is muted when nothing of its microphone is forwarded`() throws {
    let harness = Harness()
    take(.participantJoined(room(Facts.lounge), person(Facts.ann, "PA_1")), harness)
    let ann = person(Facts.ann, "PA_1")
    take(.trackPublished(room(Facts.lounge), ann, track("TR_1", .microphone)), harness)
    #expect(harness.known[Facts.ann]?["muted"]?.bool == false)
    take(.trackMuteChanged(room(Facts.lounge), ann, track("TR_1", .microphone, muted: true)), harness)
    #expect(harness.known[Facts.ann]?["muted"]?.bool == true)
    take(.trackMuteChanged(room(Facts.lounge), ann, track("TR_1", .microphone)), harness)
    take(.trackUnpublished(room(Facts.lounge), ann, track("TR_1", .microphone)), harness)
    #expect(harness.known[Facts.ann]?["muted"]?.bool == true)
  }

  @Test func `deafening is the member's own word`() throws {
    let harness = Harness()
    try harness.join(Facts.ann, Facts.lounge)
    harness.voice.declare(Facts.ann, muted: nil, deafened: true, control: &harness.control, at: harness.moment)
    harness.collect()
    #expect(harness.known[Facts.ann]?["deafened"]?.bool == true)
    let count = harness.told.count
    harness.voice.declare(Facts.ann, muted: nil, deafened: true, control: &harness.control, at: harness.moment)
    harness.voice.declare(Facts.bob, muted: true, deafened: true, control: &harness.control, at: harness.moment)
    harness.collect()
    #expect(harness.told.count == count)
  }

  @Test func `a shared screen begins and ends with its track, and with its member`() throws {
    let harness = Harness()
    let ann = person(Facts.ann, "PA_1")
    take(.participantJoined(room(Facts.lounge), ann), harness)
    take(.trackPublished(room(Facts.lounge), ann, track("TR_1", .screenShare)), harness)
    let start = try #require(harness.told.first { $0.op == "voice_stream_start" })
    #expect(
      start.data
        == [
          "user_id": .string(Facts.ann.description), "channel_id": .string(Facts.lounge.description),
          "stream_type": "screen",
        ])
    #expect(harness.known[Facts.ann]?["streaming"]?.bool == true)
    take(.participantLeft(room(Facts.lounge), ann), harness)
    #expect(harness.told.contains { $0.op == "voice_stream_end" })
  }

  // MARK: Against a model

  /// The rooms' reports folded in the plainest way: who is where, with which session and tracks.
  private struct Model {
    struct Voice {
      var channel: Identifier
      var session: String
      var tracks: [String: TrackInfo] = [:]
    }
    var voices: [Identifier: Voice] = [:]

    var streams: [String] {
      voices.flatMap { user, voice in
        voice.tracks.values.compactMap { track in
          switch track.source {
          case .screenShare: "\(user) \(voice.channel) screen"
          case .camera: "\(user) \(voice.channel) camera"
          default: nil
          }
        }
      }.sorted()
    }
  }

  @Test func `states are what the rooms reported, and clients that fold the events know the same`() {
    forEachSeed { seed, random in
      let harness = Harness()
      var model = Model()
      for step in 0..<60 {
        let user = Facts.people.randomElement(using: &random) ?? Facts.ann
        let voice = model.voices[user]
        switch (Int.random(in: 0..<6, using: &random), voice) {
        case (0, _), (_, nil):
          let channel = Facts.channels.randomElement(using: &random) ?? Facts.lounge
          model.voices[user] = Model.Voice(channel: channel, session: "PA_\(step)")
          take(.participantJoined(room(channel), person(user, "PA_\(step)")), harness)
          // What a session that is over still reports does not count.
          if let voice { take(.participantLeft(room(voice.channel), person(user, voice.session)), harness) }
        case (1, let voice?):
          model.voices[user] = nil
          take(.participantLeft(room(voice.channel), person(user, voice.session)), harness)
        case (2, let voice?), (3, let voice?):
          let sources: [TrackSource] = [.microphone, .camera, .screenShare, .screenShareAudio]
          let info = track(
            "TR_\(step)", sources.randomElement(using: &random) ?? .microphone, muted: random.chance(0.3))
          model.voices[user]?.tracks[info.sid] = info
          take(.trackPublished(room(voice.channel), person(user, voice.session), info), harness)
        case (4, let voice?):
          guard let sid = voice.tracks.keys.sorted().randomElement(using: &random) else { continue }
          model.voices[user]?.tracks[sid]?.muted.toggle()
          guard let info = model.voices[user]?.tracks[sid] else { continue }
          take(.trackMuteChanged(room(voice.channel), person(user, voice.session), info), harness)
        case (_, let voice?):
          guard let sid = voice.tracks.keys.sorted().randomElement(using: &random), let info = voice.tracks[sid] else {
            continue
          }
          model.voices[user]?.tracks[sid] = nil
          take(.trackUnpublished(room(voice.channel), person(user, voice.session), info), harness)
        }
        check(harness, model, seed)
      }
    }
  }

  private func check(_ harness: Harness, _ model: Model, _ seed: UInt64) {
    #expect(harness.voice.voices.map(\.user) == model.voices.keys.sorted(), "seed \(seed)")
    for state in harness.voice.voices {
      let voice = model.voices[state.user]
      #expect(state.channel == voice?.channel, "seed \(seed)")
      let live = voice?.tracks.values.filter { !$0.muted } ?? []
      if !live.contains(where: { $0.source == .microphone }) { #expect(state.muted, "seed \(seed)") }
      #expect(state.streaming == voice?.tracks.values.contains { $0.source == .screenShare }, "seed \(seed)")
      #expect(state.camera == live.contains { $0.source == .camera }, "seed \(seed)")
      #expect(harness.known[state.user] == state.json, "seed \(seed)")
    }
    #expect(harness.known.count == model.voices.count, "seed \(seed)")
    var streams: [String] = []
    for (op, data, _) in harness.told where op.hasPrefix("voice_stream") {
      let text = [data["user_id"], data["channel_id"], data["stream_type"]].map { $0?.string ?? "" }
        .joined(separator: " ")
      if op == "voice_stream_start" {
        streams.append(text)
      } else if let index = streams.firstIndex(of: text) {
        streams.remove(at: index)
      } else {
        Issue.record("\(text) ended without having begun; seed \(seed)")
      }
    }
    #expect(streams.sorted() == model.streams, "seed \(seed)")
  }
}
