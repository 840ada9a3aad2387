// A voice that nobody has: pulses through formants in syllables, phrases and pauses, so that levels rise and fall as
// speech does and speaker detection has something to decide.

import Glibc
import Randomness

public struct SyntheticVoice: Sendable {
  /// A vowel by its first three resonances, Hz.
  private static let vowels: [(Double, Double, Double)] = [
    (730, 1_090, 2_440), (530, 1_840, 2_480), (390, 1_990, 2_550), (570, 840, 2_410), (300, 870, 2_240),
    (270, 2_290, 3_010),
  ]

  /// A resonator of second order.
  private struct Formant: Sendable {
    private var feedback: (Double, Double) = (0, 0)
    private var gain = 0.0
    private var memory: (Double, Double) = (0, 0)

    mutating func tune(to frequency: Double, bandwidth: Double) {
      let radius = exp(-Double.pi * bandwidth / Double(Audio.sampleRate))
      let angle = 2 * Double.pi * frequency / Double(Audio.sampleRate)
      feedback = (2 * radius * cos(angle), -radius * radius)
      gain = 1 - feedback.0 - feedback.1
    }

    mutating func pass(_ input: Double) -> Double {
      let output = gain * input + feedback.0 * memory.0 + feedback.1 * memory.1
      memory = (output, memory.0)
      return output
    }
  }

  private var random: Random
  /// Pitch of the voice, Hz.
  private let pitch: Double
  private var formants = (Formant(), Formant(), Formant())
  private var phase = 0.0
  private var pitchNow: Double
  /// Samples until the phrase or the pause ends.
  private var left = 0
  private var syllableLength = 1
  private var syllablePlace = 0
  private var stress = 1.0
  private var noise = 0.0
  /// Between phrases nothing but a faint room noise is heard.
  public private(set) var isSpeaking = false

  /// - Parameter pitch: 80…300 Hz; nil for one that the seed chooses.
  public init(random: Random, pitch: Double? = nil) {
    self.random = random
    let chosen = 90 + 130 * self.random.unit()
    self.pitch = pitch ?? chosen
    pitchNow = self.pitch
    // The first phrase begins within half a second.
    left = Int(0.5 * self.random.unit() * Double(Audio.sampleRate))
  }

  /// The next 20 ms, one channel.
  public mutating func nextFrame() -> [Int16] {
    var samples: [Int16] = []
    samples.reserveCapacity(Audio.frameSamples)
    for _ in 0..<Audio.frameSamples {
      if left == 0 { turn() }
      left -= 1
      let value = isSpeaking ? nextVoiced() : 0
      let hiss = (random.unit() - 0.5) * 8
      samples.append(Int16(max(-32_000, min(32_000, value + hiss))))
    }
    return samples
  }

  /// From a phrase of 1.2 to 4 s to a pause of 0.6 to 2.5 s, and back.
  private mutating func turn() {
    isSpeaking.toggle()
    let seconds = isSpeaking ? 1.2 + 2.8 * random.unit() : 0.6 + 1.9 * random.unit()
    left = Int(seconds * Double(Audio.sampleRate))
    if isSpeaking { beginSyllable() }
  }

  /// Three to six syllables a second, each with its vowel, stress and melody.
  private mutating func beginSyllable() {
    syllablePlace = 0
    syllableLength = Int((0.16 + 0.17 * random.unit()) * Double(Audio.sampleRate))
    stress = 0.5 + 0.5 * random.unit()
    pitchNow = pitch * (0.88 + 0.3 * random.unit())
    let vowel = Self.vowels[Int.random(in: 0..<Self.vowels.count, using: &random)]
    formants.0.tune(to: vowel.0, bandwidth: 90)
    formants.1.tune(to: vowel.1, bandwidth: 110)
    formants.2.tune(to: vowel.2, bandwidth: 170)
  }

  private mutating func nextVoiced() -> Double {
    if syllablePlace >= syllableLength { beginSyllable() }
    let place = Double(syllablePlace) / Double(syllableLength)
    syllablePlace += 1
    // A quick rise, a slow fall, and silence for the consonant between.
    let envelope = place < 0.12 ? place / 0.12 : max(0, 1 - (place - 0.12) / 0.74)
    phase += pitchNow / Double(Audio.sampleRate)
    if phase >= 1 { phase -= 1 }
    // Air through vocal folds: open for a third of the cycle, with a sharp closing.
    let pulse = phase < 0.33 ? sin(Double.pi * phase / 0.33) * phase * 3 : 0
    noise = noise * 0.7 + (random.unit() - 0.5) * 0.06
    let source = (pulse + noise) * envelope * stress
    return 22_000 * (formants.0.pass(source) + 0.6 * formants.1.pass(source) + 0.35 * formants.2.pass(source))
  }
}
