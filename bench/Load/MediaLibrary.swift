// What publishers send: real encodings, made once and sent again and again.

import Chronology
import MediaCodecs
import Randomness
import Wire

/// Speech: Opus frames of 20 ms with their loudness. Frames that DTX leaves out are empty.
struct VoiceClip {
  struct Frame {
    var payload: [UInt8]
    var level: AudioLevel
  }

  var frames: [Frame]
}

/// One simulcast layer: the payloads of each frame; the first frame is a key frame.
struct ScreenLayer {
  var rid: String
  var width: Int
  var height: Int
  var bitrate: Int
  var frames: [[[UInt8]]]
}

enum MediaLibrary {
  /// The time of sending stands in the last bytes of a payload that has room for it.
  static let stampBytes = 8
  static let smallestStamped = 24

  private static let voiceSeconds = 8

  static func voice(seed: UInt64, usesDTX: Bool) throws -> VoiceClip {
    var source = SyntheticVoice(random: Random(seed: seed))
    var encoder = try OpusEncoder(usesDTX: usesDTX)
    var frames: [VoiceClip.Frame] = []
    for _ in 0..<(voiceSeconds * 50) {
      let samples = source.nextFrame()
      let payload = try encoder.encode(samples)
      let level = AudioLevel(level: Audio.level(of: samples), isVoice: source.isSpeaking)
      // At most two bytes: silence that is not sent.
      frames.append(VoiceClip.Frame(payload: payload.count > 2 ? payload : [], level: level))
    }
    return VoiceClip(frames: frames)
  }

  /// A shared screen in layers that each have half the size of the next, lowest first.
  ///
  /// - Parameters:
  ///   - bitrates: of the layers; the last one is 1920x1080.
  ///   - frameCount: of one round, at 30 a second.
  static func screen(bitrates: [Int], frameCount: Int) throws -> [ScreenLayer] {
    var source = SyntheticScreen(random: Random(seed: 1))
    var pictures = (0..<frameCount).map { _ in source.nextPicture() }
    let rids = bitrates.count == 1 ? [""] : Array(["q", "h", "f"].suffix(bitrates.count))
    var layers: [ScreenLayer] = []
    for (index, bitrate) in bitrates.enumerated().reversed() {
      layers.insert(try encode(pictures, rid: rids[index], bitrate: bitrate), at: 0)
      if index > 0 { pictures = pictures.map { $0.halved() } }
    }
    return layers
  }

  private static func encode(_ pictures: [Picture], rid: String, bitrate: Int) throws -> ScreenLayer {
    let (width, height) = (pictures[0].width, pictures[0].height)
    var encoder = try VP8Encoder(VP8Encoder.Configuration(width: width, height: height, bitrate: bitrate))
    var packetizer = VP8Packetizer(firstPictureID: 0)
    var frames: [[[UInt8]]] = []
    for (index, picture) in pictures.enumerated() {
      guard let frame = try encoder.encode(picture, timestamp: Int64(index) * 3_000) else { continue }
      frames.append(packetizer.packetize(frame))
    }
    return ScreenLayer(rid: rid, width: width, height: height, bitrate: bitrate, frames: frames)
  }
}
