// What a room costs by time alone, whatever its packets cost: reports, feedback, bandwidth, consent.

import Chronology
import Harness

/// One second of the timers of a share with 50 viewers. A turn is a second with its packets, which are not counted here.
struct TimersShare: Operation, ~Copyable {
  static let name = "timers-share"
  static let unit = "transport and second"
  static let turns = 100
  static let preparesInTurns = true

  private var share = ForwardShare()

  mutating func prepare(turns: Int) {
    share.prepare(turns: 30)
    _ = share.run(turns: 30)
  }

  mutating func run(turns: Int) -> Int {
    for _ in 0..<turns {
      share.room.now += .milliseconds(10)
      share.room.tick()
    }
    return (ForwardShare.viewers + 1) * turns / 100
  }
}

/// The same for twenty people who hear each other.
struct TimersVoice: Operation, ~Copyable {
  static let name = "timers-voice"
  static let unit = "transport and second"
  static let turns = 100
  static let preparesInTurns = true

  private var voice = ForwardVoice()

  mutating func prepare(turns: Int) {
    voice.prepare(turns: 50)
    _ = voice.run(turns: 50)
  }

  mutating func run(turns: Int) -> Int {
    for _ in 0..<turns {
      voice.room.now += .milliseconds(10)
      voice.room.tick()
    }
    return ForwardVoice.people * turns / 100
  }
}
