// What the demo plays: turns of talk, and the pace at which they are played.

import Chronology
import MediaCodecs
import Randomness
import TestSupport
import Testing

@testable import Demonstration

struct RecordingTests {
  @Test func `voices take turns and never talk at the same time`() throws {
    let recording = try VoiceRecording.make(random: Random(seed: 1))
    #expect(recording.voices.count == 2)
    #expect(recording.length >= VoiceRecording.Layout.frames)
    var turns: [Int] = []
    for index in 0..<recording.length {
      let speaking = recording.voices.indices.filter { recording.voices[$0][index]?.isVoice == true }
      #expect(speaking.count <= 1)
      if let speaker = speaking.first, speaker != turns.last { turns.append(speaker) }
    }
    #expect(turns.count >= 6, "half a minute has many turns: \(turns)")
    #expect(turns.first == 0 && turns.last == 1, "the loop goes on where it began")
  }

  @Test func `silence is hardly sent`() throws {
    let recording = try VoiceRecording.make(random: Random(seed: 2))
    for voice in recording.voices {
      let silent = voice.count { $0 == nil }
      #expect(silent > voice.count / 4)
    }
  }

  @Test func `voices are softer than people`() throws {
    let recording = try VoiceRecording.make(random: Random(seed: 3))
    let levels = recording.voices.flatMap { $0.compactMap { $0 } }.filter(\.isVoice).map(\.level)
    let loudest = try #require(levels.min())
    #expect((15...35).contains(loudest), "heard by speaker detection, and not loud: −\(loudest) dBov")
  }

  @Test func `a cadence keeps its pace whenever it is asked`() {
    forEachSeed(100) { _, random in
      let start = Instant(nanoseconds: 5)
      var cadence = Cadence(every: .milliseconds(20), from: start)
      var now = start
      var ticks: [Int64] = []
      for _ in 0..<200 {
        now += .microseconds(Int64.random(in: 1...40_000, using: &random))
        while let tick = cadence.take(at: now) { ticks.append(tick) }
      }
      #expect(ticks == Array(0..<Int64(ticks.count)))
      #expect(cadence.due > now && cadence.due - now <= .milliseconds(20))
    }
  }

  @Test func `a cadence leaves out what was missed by much`() {
    var cadence = Cadence(every: .milliseconds(20), from: .origin)
    #expect(cadence.take(at: .origin) == 0)
    let later = Instant.origin + .seconds(10)
    #expect(cadence.take(at: later) == 500)
    #expect(cadence.take(at: later) == nil)
  }
}

struct ScreenRecordingTests {
  @Test func `what is not recorded yet is not played`() {
    var recording = ScreenRecording()
    #expect(recording[0] == nil)
    recording.append([nil, nil, nil])
    #expect(recording[0] != nil)
    #expect(recording[1] == nil)
  }

  @Test func `the first picture follows the last, and nothing comes behind it`() {
    var recording = ScreenRecording()
    for _ in 0..<ScreenRecording.Layout.pictures + 10 { recording.append([nil, nil, nil]) }
    let last = ScreenRecording.Layout.pictures - 1
    #expect(recording[last] != nil)
    #expect(recording[last + 1] == nil)
    #expect(recording.position(after: last) == 0)
  }

  @Test func `a decoder can begin with the first picture of every layer`() throws {
    var recorder = try ScreenRecorder(random: Random(seed: 1), threads: 1)
    let first = try #require(try recorder.next())
    #expect(first.count == 3)
    #expect(first.allSatisfy { $0?.isKeyFrame == true })
    let second = try #require(try recorder.next())
    #expect(second.allSatisfy { $0?.isKeyFrame != true })
  }
}
