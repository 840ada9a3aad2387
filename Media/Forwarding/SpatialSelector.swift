// Chooses the layers of a VP9 stream that carries several of them (RFC 9628): one SSRC, spatial and temporal identifiers.

import MediaContract
import Streams

/// Forwards all layer frames up to a spatial and a temporal layer.
///
/// Going down is free at any picture. Going up spatially needs a layer frame that refers to no earlier picture of its own
/// layer; with key-picture SVC (L3T3_KEY) that is a key picture, which must be asked for. Going up temporally is
/// possible behind any switching point.
public struct SpatialSelector: Sendable {
  /// Highest layer that flows; −1 while nothing does.
  public private(set) var spatial: Int8 = -1
  public private(set) var temporal: UInt8 = 0
  public private(set) var wantedSpatial: Int8 = -1
  public private(set) var wantedTemporal: UInt8 = 0
  private var pictureTimestamp: UInt32 = 0
  private var firstSequence: Int64 = 0

  public init() {}

  public mutating func aim(spatial layer: Int8, temporal other: UInt8) {
    wantedSpatial = layer
    wantedTemporal = other
    if layer < 0 { spatial = -1 }
  }

  /// What flowed has ended; the next key picture is a new beginning.
  public mutating func restart() { spatial = -1 }

  /// More is wanted than flows, and only a key picture is sure to bring it.
  public var needsKeyFrame: Bool { wantedSpatial > spatial }

  /// Decides about `packet`. Packets that came late change nothing.
  public mutating func select(_ packet: MediaPacket) -> Verdict {
    let info = packet.info
    guard spatial >= 0 else { return begin(packet) }
    if packet.isLate {
      guard packet.extendedSequence > firstSequence else { return .ignore }
      return Int8(info.spatial) <= spatial && info.temporal <= temporal ? .forward : .skip
    }
    if packet.timestamp != pictureTimestamp { startPicture(packet) }
    climb(info)
    let isWanted = Int8(info.spatial) <= spatial && info.temporal <= temporal
    if isWanted, info.flags.isSuperset(of: [.switchingPoint, .endsFrame]), wantedTemporal > temporal {
      // RFC 9628 §4.2, U: pictures behind this one refer to nothing above its temporal layer that came before it.
      temporal = wantedTemporal
    }
    return isWanted ? .forward : .skip
  }

  /// The last packet of the highest layer that flows ends the picture for this subscriber (RFC 9628 §4.1, M).
  public func endsPicture(_ packet: MediaPacket) -> Bool {
    packet.marker || (packet.info.flags.contains(.endsFrame) && Int8(packet.info.spatial) == spatial)
  }

  private mutating func begin(_ packet: MediaPacket) -> Verdict {
    guard wantedSpatial >= 0, packet.startsKeyFrame, packet.info.spatial == 0 else { return .ignore }
    spatial = wantedSpatial
    temporal = wantedTemporal
    pictureTimestamp = packet.timestamp
    firstSequence = packet.extendedSequence
    return .begin
  }

  private mutating func startPicture(_ packet: MediaPacket) {
    pictureTimestamp = packet.timestamp
    if wantedSpatial < spatial { spatial = wantedSpatial }
    if wantedTemporal < temporal { temporal = wantedTemporal }
    guard packet.startsKeyFrame, packet.info.spatial == 0 else { return }
    spatial = wantedSpatial
    temporal = wantedTemporal
  }

  /// A layer frame that refers only to the layer below it, within the same picture, makes its layer a way up.
  private mutating func climb(_ info: PacketInfo) {
    guard Int8(info.spatial) == spatial + 1, wantedSpatial > spatial, info.temporal <= temporal else { return }
    guard info.flags.contains(.startsFrame), !info.flags.contains(.interPicture) else { return }
    spatial += 1
  }
}
