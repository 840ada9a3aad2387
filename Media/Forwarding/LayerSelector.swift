// Decides for one subscription which packets of a publication go through.

import MediaContract
import Streams

/// Layers of a publication: a simulcast encoding or an SVC layer, and the frame rate step within it.
public struct Layers: Sendable, Hashable {
  /// 0…2 (encodings and spatial layers count alike).
  public var spatial: UInt8
  /// 0…3.
  public var temporal: UInt8

  @inlinable
  public init(spatial: UInt8, temporal: UInt8) {
    self.spatial = spatial
    self.temporal = temporal
  }
}

/// The three ways in which streams are layered. All cases are trivial values: changing one in place allocates nothing.
public enum LayerSelector: Sendable {
  /// One or several encodings, each a stream of its own: audio, single video, simulcast.
  case encodings(SimulcastSelector)
  /// VP9 with several layers in one stream.
  case spatial(SpatialSelector)
  /// A stream with dependency descriptors and several layers (AV1, also encrypted).
  case dependencies(DependencySelector)

  /// Sets what is wanted; nil for nothing, which also stops at once what flows.
  public mutating func aim(_ layers: Layers?) {
    let spatial = layers.map { Int8($0.spatial) } ?? -1
    let temporal = layers?.temporal ?? 0
    switch self {
    case .encodings(var selector):
      selector.aim(encoding: spatial, temporal: temporal)
      self = .encodings(selector)
    case .spatial(var selector):
      selector.aim(spatial: spatial, temporal: temporal)
      self = .spatial(selector)
    case .dependencies(var selector):
      selector.aim(spatial: spatial, temporal: temporal)
      self = .dependencies(selector)
    }
  }

  /// The source began anew: nothing flows until its next key frame.
  public mutating func restart() {
    switch self {
    case .encodings(var selector):
      selector.restart()
      self = .encodings(selector)
    case .spatial(var selector):
      selector.restart()
      self = .spatial(selector)
    case .dependencies(var selector):
      selector.restart()
      self = .dependencies(selector)
    }
  }

  /// Whether packets of an encoding can matter at all: the quick look that most packets of a simulcast need no more than.
  public func concerns(_ encoding: UInt8) -> Bool {
    switch self {
    case .encodings(let selector):
      Int8(truncatingIfNeeded: encoding) == selector.current || Int8(truncatingIfNeeded: encoding) == selector.wanted
    case .spatial(let selector): selector.wantedSpatial >= 0
    case .dependencies(let selector): selector.wantedSpatial >= 0
    }
  }

  /// Decides about `packet`; `targets` is the structure of its frame where the stream has dependency descriptors.
  public mutating func select(_ packet: MediaPacket, _ targets: DecodeTargets) -> Verdict {
    switch self {
    case .encodings(var selector):
      let verdict = selector.select(packet)
      self = .encodings(selector)
      return verdict
    case .spatial(var selector):
      let verdict = selector.select(packet)
      self = .spatial(selector)
      return verdict
    case .dependencies(var selector):
      let verdict = selector.select(packet, targets)
      self = .dependencies(selector)
      return verdict
    }
  }

  /// The marker bit that the subscriber must see on a packet that goes through.
  public func marker(of packet: MediaPacket) -> Bool {
    switch self {
    case .encodings: packet.marker
    case .spatial(let selector): selector.endsPicture(packet)
    case .dependencies(let selector): selector.endsPicture(packet)
    }
  }

  /// The encoding that must send a key frame before what is wanted can flow.
  public var encodingInNeedOfKeyFrame: UInt8? {
    switch self {
    case .encodings(let selector): selector.encodingInNeedOfKeyFrame
    case .spatial(let selector): selector.needsKeyFrame ? 0 : nil
    case .dependencies(let selector): selector.needsKeyFrame ? 0 : nil
    }
  }

  /// What flows; nil while nothing does.
  public var current: Layers? {
    switch self {
    case .encodings(let selector):
      selector.current < 0
        ? nil : Layers(spatial: UInt8(selector.current), temporal: selector.temporal.current)
    case .spatial(let selector):
      selector.spatial < 0 ? nil : Layers(spatial: UInt8(selector.spatial), temporal: selector.temporal)
    case .dependencies(let selector):
      selector.layers.map { Layers(spatial: $0.spatial, temporal: $0.temporal) }
    }
  }
}
