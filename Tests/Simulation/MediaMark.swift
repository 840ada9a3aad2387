// Synthetic media: every packet says which track, layer, frame and piece it is, so that whoever gets it can be judged.

import Bytes

/// What stands in a packet.
struct MediaMark: Equatable {
  static let byteCount = 18

  var track: UInt32
  var layer: UInt8 = 0
  var isKey = false
  /// Counts the frames of one encoding.
  var frame: UInt32
  /// The packet's place in its frame, and how many there are.
  var packet: UInt8 = 0
  var packets: UInt8 = 1
  /// Virtual milliseconds at which the frame was made.
  var madeAt: UInt32

  var bytes: [UInt8] {
    var bytes: [UInt8] = [0x5D, layer, isKey ? 1 : 0, packet, packets, 0]
    for word in [track, frame, madeAt] {
      for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return bytes
  }

  init(track: UInt32, frame: UInt32, madeAt: UInt32) {
    self.track = track
    self.frame = frame
    self.madeAt = madeAt
  }

  /// Nil where there is no mark.
  init?(_ bytes: ArraySlice<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count >= Self.byteCount, bytes[0] == 0x5D else { return nil }
    func word(_ offset: Int) -> UInt32 { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }
    layer = bytes[1]
    isKey = bytes[2] == 1
    packet = bytes[3]
    packets = bytes[4]
    track = word(6)
    frame = word(10)
    madeAt = word(14)
  }
}

enum SyntheticOpus {
  /// One frame of 20 ms (RFC 6716 §3.1: CELT, full band, code 0).
  static func payload(_ mark: MediaMark) -> [UInt8] { [0xF8] + mark.bytes + [UInt8](repeating: 0x11, count: 20) }

  static func mark(of payload: ArraySlice<UInt8>) -> MediaMark? { MediaMark(payload.dropFirst()) }
}

/// One VP8 encoding (RFC 7741 §4.2), one temporal layer, with numbers of its own as real encoders have them.
struct SyntheticVP8 {
  static let descriptorBytes = 6

  private(set) var frame: UInt32 = 0
  private var pictureID: UInt16
  private var layerZeroIndex: UInt8
  private var keyIndex: UInt8 = 0

  init(pictureID: UInt16, layerZeroIndex: UInt8) {
    self.pictureID = pictureID & 0x7FFF
    self.layerZeroIndex = layerZeroIndex
  }

  /// The payloads of the next frame.
  mutating func next(track: UInt32, layer: UInt8, isKey: Bool, packets: Int, madeAt: UInt32) -> [[UInt8]] {
    frame += 1
    pictureID = (pictureID &+ 1) & 0x7FFF
    layerZeroIndex &+= 1
    if isKey { keyIndex = (keyIndex &+ 1) & 0x1F }
    var mark = MediaMark(track: track, frame: frame, madeAt: madeAt)
    mark.layer = layer
    mark.isKey = isKey
    mark.packets = UInt8(packets)
    return (0..<packets).map { index in
      mark.packet = UInt8(index)
      let descriptor: [UInt8] = [
        0x80 | (index == 0 ? 0x10 : 0), 0xF0, 0x80 | UInt8(pictureID >> 8), UInt8(pictureID & 0xFF), layerZeroIndex,
        0x20 | keyIndex,
      ]
      return descriptor + [isKey ? 0 : 1] + mark.bytes + [UInt8](repeating: 0x22, count: 60 + 40 * Int(layer))
    }
  }

  static func mark(of payload: ArraySlice<UInt8>) -> MediaMark? { MediaMark(payload.dropFirst(descriptorBytes + 1)) }
}
