// Drops the higher temporal layers of a stream whose packets carry layer identifiers (VP8, VP9, and others by descriptor).

import MediaContract
import Streams

/// Lets frames up to a temporal layer through. A frame is let through or dropped as a whole.
public struct TemporalFilter: Sendable {
  /// Highest layer that flows, 0…3.
  public private(set) var current: UInt8 = 0
  /// Highest layer wanted.
  public var wanted: UInt8
  private var frameTimestamp: UInt32 = 0
  private var hasFrame = false
  private var admitsFrame = true

  @inlinable
  public init(wanted: UInt8) { self.wanted = wanted }

  /// A key frame begins: every layer can be taken up.
  public mutating func restart() {
    current = wanted
    hasFrame = false
  }

  /// Whether `packet`, the newest of its stream so far, goes through.
  public mutating func admits(_ packet: MediaPacket) -> Bool {
    guard packet.info.flags.contains(.layered) else { return true }
    if !hasFrame || packet.timestamp != frameTimestamp {
      hasFrame = true
      frameTimestamp = packet.timestamp
      admitsFrame = decide(packet)
    }
    return admitsFrame
  }

  /// Whether a packet that came late belongs to what flows. It changes nothing.
  public func admitsLate(_ packet: MediaPacket) -> Bool {
    !packet.info.flags.contains(.layered) || packet.info.temporal <= current
  }

  private mutating func decide(_ packet: MediaPacket) -> Bool {
    if wanted < current {
      // Nothing in a lower layer refers to a higher one: going down is free at any frame.
      current = wanted
    } else if wanted > current {
      if packet.info.flags.contains(.keyFrame) {
        current = wanted
      } else if packet.info.codec == .vp9 {
        return decideVP9(packet)
      } else if packet.info.temporal > current, packet.info.temporal <= wanted,
        packet.info.flags.contains(.switchingPoint)
      {
        // RFC 7741 §4.2, Y: this frame depends only on the base layer, so that its layer can be taken up here.
        current = packet.info.temporal
      }
    }
    return packet.info.temporal <= current
  }

  /// RFC 9628 §4.2, U: pictures *behind* this one refer to nothing above its temporal layer that came before it.
  private mutating func decideVP9(_ packet: MediaPacket) -> Bool {
    let isAdmitted = packet.info.temporal <= current
    if isAdmitted, packet.info.flags.contains(.switchingPoint) { current = wanted }
    return isAdmitted
  }
}
