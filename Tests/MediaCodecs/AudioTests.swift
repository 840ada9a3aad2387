// Opus there and back, and the voice that tests are spoken with.

import MediaCodecs
import Randomness
import TestSupport
import Testing

/// Strength of one frequency in the samples (Goertzel), relative to their whole energy: 0…1.
private func share(of frequency: Double, in samples: [Int16]) -> Double {
  let turn = 2 * Double.pi * frequency / Double(Audio.sampleRate)
  let (cosine, sine) = (cosineAndSine(turn))
  var (real, imaginary, energy) = (0.0, 0.0, 0.0)
  var (c, s) = (1.0, 0.0)
  for sample in samples {
    real += Double(sample) * c
    imaginary += Double(sample) * s
    energy += Double(sample) * Double(sample)
    (c, s) = (c * cosine - s * sine, s * cosine + c * sine)
  }
  guard energy > 0 else { return 0 }
  return 2 * (real * real + imaginary * imaginary) / (Double(samples.count) * energy)
}

/// By their series: small angles only.
private func cosineAndSine(_ angle: Double) -> (Double, Double) {
  var (cosine, sine, term) = (0.0, 0.0, 1.0)
  for step in 0..<20 {
    switch step % 4 {
    case 0: cosine += term
    case 1: sine += term
    case 2: cosine -= term
    default: sine -= term
    }
    term *= angle / Double(step + 1)
  }
  return (cosine, sine)
}

private func tone(_ frequency: Double, frames: Int) -> [[Int16]] {
  let (cosine, sine) = cosineAndSine(2 * Double.pi * frequency / Double(Audio.sampleRate))
  var (c, s) = (1.0, 0.0)
  return (0..<frames).map { _ in
    (0..<Audio.frameSamples).map { _ in
      (c, s) = (c * cosine - s * sine, s * cosine + c * sine)
      return Int16(8_000 * s)
    }
  }
}

@Suite struct AudioTests {
  @Test func `a tone is found again behind encoder and decoder`() throws {
    var encoder = try OpusEncoder(bitrate: 32_000)
    var decoder = try OpusDecoder()
    var heard: [Int16] = []
    for frame in tone(440, frames: 50) {
      let packet = try encoder.encode(frame)
      #expect(packet.count > 10 && packet.count < 400)
      let samples = try decoder.decode(packet)
      #expect(samples.count == Audio.frameSamples)
      heard += samples
    }
    let settled = Array(heard.suffix(Audio.frameSamples * 40))
    #expect(share(of: 440, in: settled) > 0.8)
    #expect(share(of: 700, in: settled) < 0.05)
  }

  @Test func `silence is hardly sent when transmission is discontinuous`() throws {
    var encoder = try OpusEncoder(usesDTX: true)
    var sent = 0
    for _ in 0..<100 {
      let packet = try encoder.encode([Int16](repeating: 0, count: Audio.frameSamples))
      if packet.count > 2 { sent += 1 }
    }
    #expect(sent < 30)
  }

  @Test func `a lost packet is concealed`() throws {
    var encoder = try OpusEncoder()
    var decoder = try OpusDecoder()
    for frame in tone(300, frames: 10) {
      let packet = try encoder.encode(frame)
      _ = try decoder.decode(packet)
    }
    let concealed = try decoder.decode([])
    #expect(concealed.count == Audio.frameSamples)
    #expect(Audio.level(of: concealed) < 40)
  }

  @Test func `a frame of the wrong length is refused`() throws {
    var encoder = try OpusEncoder()
    var failure: CodecError?
    do throws(CodecError) { _ = try encoder.encode([1, 2, 3]) } catch { failure = error }
    #expect(failure == .encoding)
  }

  @Test func `damaged packets are an error or noise`() throws {
    var decoder = try OpusDecoder()
    forEachSeed(200) { _, random in
      let packet = (0..<Int.random(in: 1...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      if let samples = try? decoder.decode(packet) { #expect(samples.count <= 5760) }
    }
  }

  @Test func `levels are those of RFC 6465`() {
    #expect(Audio.level(of: [Int16](repeating: 32_767, count: 960)) == 0)
    #expect(Audio.level(of: [Int16](repeating: 3_277, count: 960)) == 20)
    #expect(Audio.level(of: [Int16](repeating: 0, count: 960)) == 127)
    #expect(Audio.level(of: []) == 127)
  }

  @Test func `the voice speaks loudly and pauses quietly`() {
    forEachSeed(5) { seed, random in
      var voice = SyntheticVoice(random: random)
      var (loud, quiet, turns) = (0, 0, 0)
      var wasSpeaking = voice.isSpeaking
      for _ in 0..<1_500 {
        let level = Audio.level(of: voice.nextFrame())
        if voice.isSpeaking != wasSpeaking { turns += 1 }
        if voice.isSpeaking, wasSpeaking, level < 40 { loud += 1 }
        if !voice.isSpeaking, !wasSpeaking, level > 60 { quiet += 1 }
        wasSpeaking = voice.isSpeaking
      }
      #expect(turns >= 6, "seed \(seed): \(turns) turns in 30 s")
      #expect(loud > 450, "seed \(seed): \(loud) loud frames")
      #expect(quiet > 250, "seed \(seed): \(quiet) quiet frames")
    }
  }
}
