// One participant's subscription to one track: where it flows, in which codec, and how much of it is wanted.

import Chronology
import LiveKitProtocol
import MediaContract

/// A subscription that exists because it is wanted and allowed. It flows once an m-line was negotiated for it.
final class Subscription {
  let subscriber: Participant
  let track: PublishedTrack
  /// Rises with every subscription of the process: m-lines are given out in this order.
  let order: UInt64
  /// The m-line that was given to it.
  var mid: String?
  /// Ours, on the wire.
  let ssrc: UInt32
  let rtxSSRC: UInt32
  /// The media plane's name; nil while it does not flow.
  var id: SubscriptionID?
  /// The publication that flows.
  var publication: PublicationID?
  var settings: UpdateTrackSettings
  /// What the media plane was last told.
  var target = SubscriptionTarget()
  var isSettingsChangeScheduled = false
  /// Congestion control took the video away, and the client was told.
  var isStreamPaused = false
  var codecErrorWasSent = false

  init(
    subscriber: Participant, track: PublishedTrack, order: UInt64, ssrc: UInt32, rtxSSRC: UInt32,
    settings: UpdateTrackSettings
  ) {
    self.order = order
    self.subscriber = subscriber
    self.track = track
    self.ssrc = ssrc
    self.rtxSSRC = rtxSSRC
    self.settings = settings
  }

  var key: SubscriptionKey { SubscriptionKey(participant: subscriber.key, track: track.sid) }

  /// The viewer looks away. A muted track is not paused here: the media plane knows of it by itself.
  var isDisabled: Bool { settings.disabled || settings.quality == .off }

  /// The quality that the subscriber needs now; `off` where nothing is to flow.
  var wantedQuality: VideoQuality {
    if isDisabled || track.info.muted { return .off }
    return LayerChoice.quality(for: settings, of: track)
  }

  /// What the media plane has to do for it.
  var wantedTarget: SubscriptionTarget {
    let priority: UInt8
    if settings.priority > 0 {
      priority = UInt8(min(settings.priority, 255))
    } else {
      priority = track.info.source == .screenShare ? 255 : 1
    }
    return SubscriptionTarget(
      isPaused: isDisabled,
      maximumSpatialLayer: LayerChoice.spatialLayer(for: settings, of: track),
      maximumTemporalLayer: LayerChoice.temporalLayer(framesPerSecond: settings.fps),
      priority: priority)
  }
}

/// How a viewer's window becomes a layer (§6.4 of the protocol reference).
enum LayerChoice {
  /// A layer that is at most this much smaller than the window is large enough.
  static let tolerance = 0.2

  /// The quality asked for: by size where one is given, else by name.
  static func quality(for settings: UpdateTrackSettings, of track: PublishedTrack) -> VideoQuality {
    guard track.kind == .video else { return .high }
    guard settings.width > 0, settings.height > 0 else { return settings.quality }
    let layers = track.layers
    let isPortrait = track.info.height > track.info.width
    let wanted = Double(isPortrait ? settings.width : settings.height)
    let size = { (layer: VideoLayer) in Double(isPortrait ? layer.width : layer.height) }
    let fitting = layers.first { size($0) > 0 && size($0) >= wanted * (1 - tolerance) }
    return (fitting ?? layers.last)?.quality ?? .high
  }

  /// The spatial layer to forward at most: layers are numbered by presence, so two layers LOW and HIGH are 0 and 1.
  static func spatialLayer(for settings: UpdateTrackSettings, of track: PublishedTrack) -> UInt8 {
    let quality = quality(for: settings, of: track)
    let layers = track.layers
    guard layers.count > 1 else { return quality.spatialLayer }
    let index = layers.lastIndex { $0.quality.rawValue <= quality.rawValue } ?? 0
    return UInt8(min(index, 2))
  }

  /// The temporal layer for a frame rate: layers halve the rate, and 30 frames per second are all of them. 0 = all.
  static func temporalLayer(framesPerSecond: UInt32) -> UInt8 {
    switch framesPerSecond {
    case 0: 3
    case ...8: 0
    case ...16: 1
    default: 3
    }
  }
}

extension VideoQuality {
  /// LOW, MEDIUM and HIGH are spatial layers 0 to 2.
  var spatialLayer: UInt8 {
    switch self {
    case .low, .off: 0
    case .medium: 1
    default: 2
    }
  }
}
