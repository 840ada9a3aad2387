// Dynacast: tell a publisher which qualities of which codec anybody watches, so that it encodes nothing else (§6.5).
// More is asked for at once; less only after a while, because viewers come and go.

import Chronology
import LiveKitProtocol

/// What a publisher was told, and what it should be told, by bare codec name.
struct Dynacast {
  /// Codec names in the order of the track's encodings, with the highest quality that is on.
  struct Demand: Equatable {
    var codec: String
    /// `off` = nothing.
    var quality: VideoQuality
  }

  private(set) var told: [Demand] = []
  private(set) var wanted: [Demand] = []
  /// When a decrease is due to be told.
  private(set) var decrease: Instant?

  /// A publisher starts with everything of its first codec on and sends others when asked.
  mutating func begin(codecs: [String]) {
    for (index, codec) in codecs.enumerated() where !told.contains(where: { $0.codec == codec }) {
      told.append(Demand(codec: codec, quality: index == 0 && told.isEmpty ? .high : .off))
    }
  }

  /// What follows from a new demand.
  enum Outcome: Equatable {
    case nothing
    /// Tell the publisher now.
    case tell
    /// Look again then.
    case wait(until: Instant)
  }

  mutating func update(_ demand: [Demand], at now: Instant, delay: Interval) -> Outcome {
    wanted = demand
    if demand == told {
      decrease = nil
      return .nothing
    }
    if demand.contains(where: { rank($0.quality) > rank(toldQuality($0.codec)) }) {
      // An increase of one codec does not wait, and does not take the others down early either.
      told = demand.map { entry in
        let before = toldQuality(entry.codec)
        return rank(before) > rank(entry.quality) ? Demand(codec: entry.codec, quality: before) : entry
      }
      if told == demand {
        decrease = nil
      } else if decrease == nil {
        decrease = now + delay
      }
      return .tell
    }
    if let decrease { return .wait(until: decrease) }
    let due = now + delay
    decrease = due
    return .wait(until: due)
  }

  /// The delay is over: whether there is something to tell.
  mutating func settle(at now: Instant) -> Bool {
    guard let due = decrease, due <= now else { return false }
    decrease = nil
    if told == wanted { return false }
    told = wanted
    return true
  }

  private func toldQuality(_ codec: String) -> VideoQuality { told.first { $0.codec == codec }?.quality ?? .off }

  private func rank(_ quality: VideoQuality) -> Int { quality == .off ? -1 : Int(quality.rawValue) }

  /// The message for what was last told: every quality is always listed.
  func message(track: String) -> SubscribedQualityUpdate {
    var update = SubscribedQualityUpdate()
    update.trackSid = track
    update.subscribedCodecs = told.map { demand in
      var codec = SubscribedCodec()
      codec.codec = demand.codec
      codec.qualities = [VideoQuality.low, .medium, .high].map { quality in
        var entry = SubscribedQuality()
        entry.quality = quality
        entry.enabled = rank(quality) <= rank(demand.quality)
        return entry
      }
      return codec
    }
    update.subscribedQualities = update.subscribedCodecs.first?.qualities ?? []
    return update
  }
}
