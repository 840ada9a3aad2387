// The talk of the demo: two voices that take turns, encoded once when the server starts.

import MediaCodecs
import Randomness

/// A conversation, in frames of 20 ms for each of its voices.
struct VoiceRecording: Sendable {
  struct Frame: Sendable {
    var payload: [UInt8]
    /// −dBov, RFC 6464.
    var level: UInt8
    /// It is this voice's turn.
    var isVoice: Bool
  }

  enum Layout {
    /// The conversation ends with the first round of turns that is over after this many frames: about half a minute.
    static let frames = 1_500
    /// Hz: a higher and a lower voice.
    static let pitches = [190.0, 110.0]
    /// Out of 16: well below the loudness of people, who are to be heard above it.
    static let loudness = 6
    /// Bits a second.
    static let bitrate = 32_000
  }

  /// By voice, then by 20 ms; nil where there is nothing to send because it is silent (DTX).
  let voices: [[Frame?]]
  var length: Int { voices.first?.count ?? 0 }

  static func make(random: Random) throws(CodecError) -> VoiceRecording {
    let (turns, samples) = talk(random)
    var voices: [[Frame?]] = []
    for voice in Layout.pitches.indices {
      voices.append(try encode(voice, turns, samples))
    }
    return VoiceRecording(voices: voices)
  }

  /// Whose turn each frame is, and how it sounds. A turn is one phrase and the pause before it.
  private static func talk(_ random: Random) -> (turns: [Int], samples: [[Int16]]) {
    var random = random
    var voices = Layout.pitches.map { SyntheticVoice(random: Random(seed: random.next()), pitch: $0) }
    var turns: [Int] = []
    var samples: [[Int16]] = []
    var speaker = 0
    while true {
      let wasSpeaking = voices[speaker].isSpeaking
      samples.append(voices[speaker].nextFrame().map { $0 / 16 * Int16(Layout.loudness) })
      turns.append(speaker)
      guard wasSpeaking, !voices[speaker].isSpeaking else { continue }
      speaker = (speaker + 1) % voices.count
      // Ends when the last voice's turn is over, so that the first may begin again.
      if speaker == 0, turns.count >= Layout.frames { return (turns, samples) }
    }
  }

  private static func encode(
    _ voice: Int, _ turns: [Int], _ samples: [[Int16]]
  ) throws(CodecError) -> [Frame?] {
    var encoder = try OpusEncoder(bitrate: Layout.bitrate, usesDTX: true)
    let silence = [Int16](repeating: 0, count: Audio.frameSamples)
    var frames: [Frame?] = []
    for (index, turn) in turns.enumerated() {
      let heard = turn == voice ? samples[index] : silence
      let payload = try encoder.encode(heard)
      let level = Audio.level(of: heard)
      // Frames of at most two bytes are what DTX leaves out.
      frames.append(payload.count > 2 ? Frame(payload: payload, level: level, isVoice: level < 60) : nil)
    }
    return frames
  }
}
