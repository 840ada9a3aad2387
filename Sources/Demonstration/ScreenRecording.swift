// The shared screen of the demo: encoded once when the server starts, and played again and again (the first time as it
// grows). Encoding 1080p all day
// for somebody who may come would cost a core; sending what is encoded costs next to nothing.

import MediaCodecs
import Randomness

/// A few seconds of a screen in three simulcast layers. Every layer begins with a key frame.
struct ScreenRecording: Sendable {
  enum Layout {
    static let width = 1920
    static let height = 1080
    static let framesPerSecond = 30
    /// Bits a second of each layer, lowest quality first; each has twice the width and height of the one before.
    static let bitrates = [200_000, 700_000, 2_500_000]
    /// Five seconds: one still, two that scroll, two still. Longer would take longer to encode at the start.
    static let pictures = 150
    /// The pictures before the one with which the recording begins: the screen starts to scroll with number 180.
    static let skipped = 150
  }

  /// One picture by layer; nil where the encoder left it out to keep its rate.
  typealias Layers = [VP8Frame?]

  private var pictures: [Layers] = []

  /// The picture at a position; nil while it is still to be recorded.
  subscript(position: Int) -> Layers? { position < pictures.count ? pictures[position] : nil }

  /// The position behind another one. The first follows the last.
  func position(after position: Int) -> Int { (position + 1) % Layout.pictures }

  /// Adds the next picture. What comes beyond the last is ignored.
  mutating func append(_ picture: Layers) {
    if pictures.count < Layout.pictures { pictures.append(picture) }
  }
}

/// Draws and encodes the pictures of a recording: a few seconds of work for one core.
struct ScreenRecorder: ~Copyable {
  private var screen: SyntheticScreen
  private var full: VP8Encoder
  private var half: VP8Encoder
  private var quarter: VP8Encoder
  private var count = 0

  /// - Parameter threads: how many the encoder of the largest layer may use.
  init(random: Random, threads: Int) throws(CodecError) {
    let full = try Self.encoder(layer: 2, threads: threads)
    let half = try Self.encoder(layer: 1, threads: 1)
    let quarter = try Self.encoder(layer: 0, threads: 1)
    screen = SyntheticScreen(
      width: ScreenRecording.Layout.width, height: ScreenRecording.Layout.height, random: random)
    for _ in 0..<ScreenRecording.Layout.skipped { _ = screen.nextPicture() }
    self.full = full
    self.half = half
    self.quarter = quarter
  }

  private static func encoder(layer: Int, threads: Int) throws(CodecError) -> VP8Encoder {
    typealias Layout = ScreenRecording.Layout
    let shift = Layout.bitrates.count - 1 - layer
    return try VP8Encoder(
      VP8Encoder.Configuration(
        width: Layout.width >> shift, height: Layout.height >> shift, bitrate: Layout.bitrates[layer],
        framesPerSecond: Layout.framesPerSecond, temporalLayers: 2, threads: threads))
  }

  /// The next picture; nil when the recording is complete.
  mutating func next() throws(CodecError) -> ScreenRecording.Layers? {
    guard count < ScreenRecording.Layout.pictures else { return nil }
    let timestamp = Int64(count * 90_000 / ScreenRecording.Layout.framesPerSecond)
    count += 1
    let picture = screen.nextPicture()
    let smaller = picture.halved()
    return [
      try quarter.encode(smaller.halved(), timestamp: timestamp), try half.encode(smaller, timestamp: timestamp),
      try full.encode(picture, timestamp: timestamp),
    ]
  }
}
