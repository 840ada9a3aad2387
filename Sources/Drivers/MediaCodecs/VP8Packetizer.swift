// Cuts VP8 frames into RTP payloads, RFC 7741.

public struct VP8Packetizer: Sendable {
  public enum Limit {
    /// Largest payload with its descriptor, bytes: header, extensions, SRTP and UDP fit into 1280 with it.
    public static let payloadBytes = 1_180
    /// Descriptor with every field that we write.
    static let descriptorBytes = 6
  }

  /// Whether temporal layers are told apart: TL0PICIDX, TID and KEYIDX stand in the descriptor.
  public let hasTemporalLayers: Bool
  /// Of the next frame, 15 bits.
  public private(set) var pictureID: UInt16
  private var temporalLevelZeroIndex: UInt8
  private var keyIndex: UInt8 = 0

  /// - Parameter firstPictureID: any number; RFC 7741 §4.2 recommends a random one.
  public init(firstPictureID: UInt16, hasTemporalLayers: Bool = false) {
    pictureID = firstPictureID & 0x7FFF
    temporalLevelZeroIndex = UInt8(truncatingIfNeeded: firstPictureID)
    self.hasTemporalLayers = hasTemporalLayers
  }

  /// The payloads of one frame, in order; the last one's packet has the marker bit. All are of equal size but for a byte,
  /// so that they leave as one run.
  public mutating func packetize(_ frame: VP8Frame) -> [[UInt8]] {
    if frame.temporalLayer == 0 { temporalLevelZeroIndex &+= 1 }
    if frame.isKeyFrame { keyIndex = keyIndex &+ 1 & 0x1F }
    let descriptor = descriptor(of: frame)
    let room = Limit.payloadBytes - descriptor.count
    let pieces = max(1, (frame.bytes.count + room - 1) / room)
    var payloads: [[UInt8]] = []
    payloads.reserveCapacity(pieces)
    for index in 0..<pieces {
      let start = frame.bytes.count * index / pieces
      let end = frame.bytes.count * (index + 1) / pieces
      var payload = [UInt8](capacity: descriptor.count + end - start)
      payload.append(contentsOf: descriptor)
      payload.append(contentsOf: frame.bytes[start..<end])
      // S: only the first payload starts the (one) partition.
      if index > 0 { payload[0] &= ~0x10 }
      payloads.append(payload)
    }
    pictureID = (pictureID + 1) & 0x7FFF
    return payloads
  }

  /// RFC 7741 §4.2: X N S, then I L T K, the picture id with 15 bits, and the layer fields.
  private func descriptor(of frame: VP8Frame) -> [UInt8] {
    var bytes = [UInt8](capacity: Limit.descriptorBytes)
    bytes.append(0x90 | (frame.isDiscardable ? 0x20 : 0))
    bytes.append(hasTemporalLayers ? 0xF0 : 0x80)
    bytes.append(0x80 | UInt8(truncatingIfNeeded: pictureID >> 8))
    bytes.append(UInt8(truncatingIfNeeded: pictureID))
    if hasTemporalLayers {
      bytes.append(temporalLevelZeroIndex)
      bytes.append(frame.temporalLayer << 6 | (frame.isLayerSync ? 0x20 : 0) | keyIndex)
    }
    return bytes
  }
}

extension Array where Element == UInt8 {
  fileprivate init(capacity: Int) {
    self = []
    reserveCapacity(capacity)
  }
}
