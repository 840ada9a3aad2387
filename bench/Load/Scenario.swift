// What a run consists of: rooms, who is in them, and what they send.

import Chronology

struct Scenario {
  /// One participant.
  struct Role {
    var speaks = false
    var sharesScreen = false
    var listens = true
  }

  struct Room {
    var name: String
    var roles: [Role]

    /// Participants that publish something, beside the one at `index`.
    func publishers(beside index: Int) -> Int {
      roles.indices.count { $0 != index && (roles[$0].speaks || roles[$0].sharesScreen) }
    }
  }

  /// What a room's people do.
  enum Kind {
    /// Publishers share their screens; subscribers watch.
    case share
    /// Publishers speak, all the time; subscribers listen. They are the same people as far as the numbers go.
    case voice
    /// Subscribers speak and listen, and publishers among them share their screens.
    case meeting
    /// A share with sound that people come to look at and leave again.
    case churn
  }

  var name: String
  var kind: Kind
  var roomCount: Int
  /// In each room.
  var publishers: Int
  var subscribers: Int
  /// Of each voice.
  var packetsPerSecond = 50
  /// Bits per second of the highest layer of a share; the lower ones have a fifth and a sixteenth of it.
  var bitrate = 2_500_000
  /// Participants that join each second and leave again, beside those of the rooms; in the first room.
  var joinsPerSecond = 0
  /// How long each of them stays.
  var stay = Interval.seconds(4)
  /// The share of datagrams to subscribers that is thrown away before anybody looks at it.
  var loss = 0.0
  /// Voices pause, and pauses are not sent.
  var usesDTX = false

  static let all = [
    Scenario(name: "share-1x50", kind: .share, roomCount: 1, publishers: 1, subscribers: 50),
    Scenario(name: "share-1x500", kind: .share, roomCount: 1, publishers: 1, subscribers: 500),
    Scenario(name: "voice-20x20", kind: .voice, roomCount: 1, publishers: 20, subscribers: 20),
    Scenario(name: "voice-100-rooms-of-10", kind: .voice, roomCount: 100, publishers: 2, subscribers: 10),
    Scenario(name: "meeting-20x20", kind: .meeting, roomCount: 1, publishers: 1, subscribers: 20, usesDTX: true),
    Scenario(name: "churn", kind: .churn, roomCount: 1, publishers: 1, subscribers: 0, joinsPerSecond: 50),
  ]

  /// Lowest first.
  var shareLayers: [Int] { [bitrate / 16, bitrate / 5, bitrate] }

  var rooms: [Room] { (0..<roomCount).map { Room(name: "\(name)-\($0)", roles: roles) } }

  var roles: [Role] {
    switch kind {
    case .share:
      return Array(repeating: Role(sharesScreen: true, listens: false), count: publishers)
        + Array(repeating: Role(), count: subscribers)
    case .voice:
      let people = max(publishers, subscribers)
      return (0..<people).map { Role(speaks: $0 < publishers, listens: $0 >= people - subscribers) }
    case .meeting:
      return (0..<max(publishers, subscribers)).map { Role(speaks: true, sharesScreen: $0 < publishers) }
    case .churn:
      return Array(repeating: Role(speaks: true, sharesScreen: true, listens: false), count: publishers)
        + Array(repeating: Role(), count: subscribers)
    }
  }

  /// The floor that the scenario is held against.
  var floor: FanOutShape {
    // A frame of the highest layer, thirty times a second.
    let burst = max(1, min(40, (bitrate / 8 / 30 + 1_199) / 1_200))
    switch kind {
    case .share:
      return FanOutShape(
        burst: burst, byteCount: 1_200, destinations: max(1, roomCount * subscribers), rate: 30 * publishers)
    case .voice:
      return FanOutShape(
        burst: 1, byteCount: 120, destinations: max(1, roomCount * subscribers),
        rate: min(1_000, packetsPerSecond * publishers))
    case .meeting:
      return FanOutShape(
        burst: 1, byteCount: 400, destinations: max(1, roomCount * subscribers),
        rate: packetsPerSecond * subscribers + 260 * publishers)
    case .churn:
      let visitors = joinsPerSecond * Int(stay.seconds)
      return FanOutShape(
        burst: burst, byteCount: 1_200, destinations: max(1, roomCount * subscribers + visitors),
        rate: 30 * publishers)
    }
  }
}
