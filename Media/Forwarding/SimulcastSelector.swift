// Chooses one of the encodings that a simulcast publisher sends, and the temporal layers within it. A publication of one
// encoding without spatial layers is the simplest case of the same thing.

import MediaContract
import Streams

/// What to do with one packet for one subscriber.
public enum Verdict: UInt8, Sendable {
  /// Not of the stream that flows: as if it had never come.
  case ignore
  /// Of the stream that flows, but not wanted: its number is closed up behind it.
  case skip
  case forward
  /// The first packet of another stream, or of the same one after a pause: clocks and numbers are joined here.
  case begin
}

/// Forwards one encoding at a time and changes only at a key frame of the encoding that is wanted. The old one flows
/// until then.
public struct SimulcastSelector: Sendable {
  /// Encoding that flows; −1 while none does.
  public private(set) var current: Int8 = -1
  /// Encoding that is wanted; −1 for none.
  public private(set) var wanted: Int8 = -1
  /// False for audio, which can be joined at any packet.
  public let needsKeyFrame: Bool
  public private(set) var temporal: TemporalFilter
  /// First packet of the encoding that flows: whatever came before it was never promised to the subscriber.
  private var firstSequence: Int64 = 0

  public init(needsKeyFrame: Bool) {
    self.needsKeyFrame = needsKeyFrame
    temporal = TemporalFilter(wanted: 0)
  }

  /// Sets what is wanted: an encoding (−1 for none) and its highest temporal layer.
  public mutating func aim(encoding: Int8, temporal layer: UInt8) {
    wanted = encoding
    temporal.wanted = layer
    // Nothing wanted means nothing flows, at once; coming back starts afresh with a key frame.
    if encoding < 0 { current = -1 }
  }

  /// What flowed has ended (another source took the encoding's place): the next key frame is a new beginning.
  public mutating func restart() { current = -1 }

  /// The encoding whose key frame would bring what is wanted.
  public var encodingInNeedOfKeyFrame: UInt8? {
    needsKeyFrame && wanted >= 0 && wanted != current ? UInt8(wanted) : nil
  }

  /// Decides about `packet`. Packets that came late change nothing.
  public mutating func select(_ packet: MediaPacket) -> Verdict {
    if Int8(packet.info.encoding) == current {
      if packet.isLate { return late(packet) }
      return temporal.admits(packet) ? .forward : .skip
    }
    guard Int8(packet.info.encoding) == wanted, packet.startsKeyFrame || !needsKeyFrame else { return .ignore }
    current = wanted
    firstSequence = packet.extendedSequence
    temporal.restart()
    return .begin
  }

  private func late(_ packet: MediaPacket) -> Verdict {
    guard packet.extendedSequence > firstSequence else { return .ignore }
    return temporal.admitsLate(packet) ? .forward : .skip
  }
}
