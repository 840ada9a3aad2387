// Connection quality: a score from loss, jitter and delay of what a participant sends and gets, every five seconds.
//
// The model is a simplified E-model (ITU-T G.107): a perfect line scores 93.2; delay, jitter and loss take from it; the
// rest becomes a mean opinion score between 1 and 4.5. LiveKit's clients show three levels of it.

import LiveKitProtocol
import MediaContract

/// What a participant's line did in one period.
struct LineReport {
  /// 0…1, the worst of its streams.
  var loss = 0.0
  /// Milliseconds.
  var jitter = 0.0
  var roundTrip = 0.0

  /// 1…4.5.
  var score: Float {
    // G.107 annex: delay hurts a little below 160 ms and much beyond.
    let delay = roundTrip / 2 + jitter * 2 + 10
    let fromDelay = delay < 160 ? delay / 40 : (delay - 120) / 10
    let rating = max(0, min(93.2, 93.2 - fromDelay - loss * 250))
    let score = 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating)
    return Float(max(1, min(4.5, score)))
  }
}

/// What was last found, and told.
struct QualityState {
  var score: Float = 4.5
  var quality = ConnectionQuality.excellent
  /// Nothing arrives from the client at all.
  var isLost = false
  /// Not yet told to anybody.
  var isNew = true

  /// Takes a period's report; whether the quality is another one now.
  mutating func update(_ line: LineReport) -> Bool {
    let before = quality
    score = isLost ? 1 : line.score
    quality = isLost ? .lost : Self.quality(of: score)
    defer { isNew = false }
    return quality != before || isNew
  }

  static func quality(of score: Float) -> ConnectionQuality {
    switch score {
    case 4.1...: .excellent
    case 3...: .good
    default: .poor
    }
  }
}

extension ControlNode {
  /// A shard's account of the last five seconds.
  mutating func updateQuality(_ report: ShardReport) {
    var lines: [UInt64: LineReport] = [:]
    for entry in report.transports {
      guard let participant = transports[entry.id] else { continue }
      let roundTrip = entry.roundTrip ?? 0
      lines[participant.key, default: LineReport()].roundTrip =
        max(lines[participant.key]?.roundTrip ?? 0, roundTrip)
    }
    for entry in report.publications {
      guard let participant = publications[entry.id]?.publisher else { continue }
      for encoding in entry.encodings where encoding.packets + encoding.lost > 0 {
        let loss = Double(encoding.lost) / Double(encoding.packets + encoding.lost)
        lines[participant.key, default: LineReport()].take(loss: loss, jitter: encoding.jitter)
      }
    }
    for entry in report.subscriptions {
      guard let participant = subscriptions[entry.id]?.subscriber else { continue }
      lines[participant.key, default: LineReport()].take(loss: entry.lossFraction, jitter: 0)
    }
    var changed: Set<UInt64> = []
    var affected: [UInt64: Room] = [:]
    for key in lines.keys.sorted() {
      guard let participant = participants[key], let line = lines[key] else { continue }
      if participant.quality.update(line) {
        changed.insert(key)
        affected[participant.room.key] = participant.room
      }
    }
    for key in affected.keys.sorted() {
      if let room = affected[key] { tellQuality(in: room, changed: changed) }
    }
  }

  /// Each hears of itself and of those whom it watches.
  private mutating func tellQuality(in room: Room, changed: Set<UInt64>) {
    for receiver in room.participants where receiver.protocolVersion >= 5 {
      let seen = room.participants.filter { other in
        changed.contains(other.key)
          && (other === receiver || other.tracks.contains { $0.subscriptions[receiver.key] != nil })
      }
      if seen.isEmpty { continue }
      var update = ConnectionQualityUpdate()
      update.updates = seen.map { other in
        var info = ConnectionQualityInfo()
        info.participantSid = other.sid
        info.score = other.quality.score
        let isOld = receiver.protocolVersion < 11
        info.quality = isOld && other.quality.quality == .lost ? .poor : other.quality.quality
        return info
      }
      send(.connectionQuality(update), to: receiver)
    }
  }
}

extension LineReport {
  /// The worst stream decides: it is the one that people notice.
  fileprivate mutating func take(loss: Double, jitter: Double) {
    self.loss = max(self.loss, loss)
    self.jitter = max(self.jitter, jitter)
  }
}
