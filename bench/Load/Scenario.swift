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
  }

  var name: String
  var rooms: [Room]
  /// Bits per second of the layers of a share, lowest first.
  var shareLayers = [150_000, 500_000, 2_500_000]
  /// Participants that join each second and leave again, beside those of `rooms`; in the first room.
  var joinsPerSecond = 0
  /// How long each of them stays.
  var stay = Interval.seconds(4)
  /// The floor that the scenario is held against: datagrams of one burst, their size, destinations, bursts a second.
  var floor: (burst: Int, byteCount: Int, destinations: Int, rate: Int)
  /// Voices pause, and pauses are not sent.
  var usesDTX = false

  static let names = ["share-1x50", "share-1x500", "voice-20x20", "voice-100-rooms-of-10", "meeting-20x20", "churn"]

  static func named(_ name: String) -> Scenario? {
    switch name {
    case "share-1x50": share(viewers: 50)
    case "share-1x500": share(viewers: 500)
    case "voice-20x20": voices(rooms: 1, people: 20, speakers: 20)
    case "voice-100-rooms-of-10": voices(rooms: 100, people: 10, speakers: 2)
    case "meeting-20x20": meeting
    case "churn": churn
    default: nil
    }
  }

  private static func share(viewers: Int) -> Scenario {
    let publisher = Role(sharesScreen: true, listens: false)
    return Scenario(
      name: "share-1x\(viewers)",
      rooms: [Room(name: "share", roles: [publisher] + Array(repeating: Role(), count: viewers))],
      floor: (9, 1_200, viewers, 30))
  }

  /// - Parameter speakers: how many of each room's people have their microphone open, and speak all the time.
  private static func voices(rooms: Int, people: Int, speakers: Int) -> Scenario {
    let roles = (0..<people).map { Role(speaks: $0 < speakers) }
    return Scenario(
      name: rooms == 1 ? "voice-\(people)x\(people)" : "voice-\(rooms)-rooms-of-\(people)",
      rooms: (0..<rooms).map { Room(name: "voice-\($0)", roles: roles) },
      floor: (1, 120, rooms * people, min(1_000, 50 * speakers)))
  }

  /// Twenty people with open microphones, one of whom shares the screen.
  private static var meeting: Scenario {
    var roles = Array(repeating: Role(speaks: true), count: 20)
    roles[0].sharesScreen = true
    return Scenario(
      name: "meeting-20x20", rooms: [Room(name: "meeting", roles: roles)], floor: (1, 400, 20, 1_220), usesDTX: true)
  }

  /// A share that 50 people a second come to look at and leave.
  private static var churn: Scenario {
    Scenario(
      name: "churn", rooms: [Room(name: "churn", roles: [Role(speaks: true, sharesScreen: true, listens: false)])],
      joinsPerSecond: 50, floor: (9, 1_200, 200, 30))
  }
}
